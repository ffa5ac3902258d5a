// One entry of a zip archive as a stream, with its checksum verified. Which entry: the one that is named, else the only
// file, else the first that looks like a trace: archives carry licences and readmes beside it.

import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { MempredError } from "../core/errors.ts";

/** An opened entry. */
export interface ZipEntryStream {
  readonly stream: Readable;
  readonly name: string;
  /** Uncompressed. */
  readonly sizeBytes: number;
}

/**
 * Opens one entry of an archive.
 * @param wanted its name; undefined to choose
 * @param extensions endings, without the dot, of what is looked for
 * Errors: INVALID_TRACE for a damaged, encrypted or empty archive, NOT_FOUND for a name that is not in it.
 */
export async function openZipEntry(
  archive: string,
  wanted: string | undefined,
  extensions: ReadonlySet<string>,
): Promise<ZipEntryStream> {
  const { openPromise } = await import("yauzl"); // only archives pay for it
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(archive, { autoClose: false, lazyEntries: true });
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith("/")) entries.push(entry);
    const entry = choose(archive, entries, wanted, extensions);
    if (entry.isEncrypted()) throw invalid(archive, "an entry that is not encrypted", entry.fileName);
    const stream = await zip.openReadStreamPromise(entry);
    return {
      stream: Readable.from(checked(archive, entry, stream, zip), { objectMode: false }),
      name: entry.fileName,
      sizeBytes: entry.uncompressedSize,
    };
  } catch (error) {
    zip?.close();
    if (error instanceof MempredError) throw error;
    throw invalid(archive, "a sound zip archive", "a truncated or damaged one", error);
  }
}

async function* checked(archive: string, entry: Entry, stream: Readable, zip: ZipFile): AsyncGenerator<Buffer> {
  let sum = 0;
  try {
    for await (const chunk of stream) {
      sum = crc32(chunk as Buffer, sum);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw invalid(archive, "a sound zip archive", "a truncated or damaged one", error);
  } finally {
    zip.close();
  }
  if (sum !== entry.crc32) throw invalid(archive, "a sound zip archive", "one whose checksum does not match");
}

function choose(
  archive: string,
  entries: readonly Entry[],
  wanted: string | undefined,
  extensions: ReadonlySet<string>,
): Entry {
  const names = entries.map((entry) => entry.fileName).join(", ");
  if (wanted !== undefined) {
    const entry = entries.find((candidate) => candidate.fileName === wanted);
    if (entry) return entry;
    const message = `${archive}: there is no entry "${wanted}"; there are: ${names}`;
    throw new MempredError("NOT_FOUND", message, { file: archive, expected: names });
  }
  const files = entries.filter((entry) => !isBeside(entry.fileName));
  const traces = files.filter((entry) => extensions.has(ending(entry.fileName)));
  const entry = entries.length === 1 ? entries[0] : (traces[0] ?? (files.length === 1 ? files[0] : undefined));
  if (!entry) throw invalid(archive, "an archive with a trace; name the entry as archive.zip:entry", names || "none");
  return entry;
}

function isBeside(name: string): boolean {
  const base = name.slice(name.lastIndexOf("/") + 1);
  return name.startsWith("__MACOSX/") || base.startsWith(".") || /^(?:readme|licen[cs]e|notice|copying)/i.test(base);
}

function ending(name: string): string {
  const plain = name.toLowerCase().replace(/\.gz$/, "");
  return plain.slice(plain.lastIndexOf(".") + 1);
}

function invalid(file: string, expected: string, got: string, cause?: unknown): MempredError {
  const details = { file, line: 1, expected };
  return new MempredError("INVALID_TRACE", `${file}: expected ${expected}, got ${got}`, details, cause);
}
