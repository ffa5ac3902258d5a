// Opens a file on disk as the bytes that are in it: plain, gzip (one or many members), brotli (by its ending), or an entry of a
// zip archive, which may be gzip in turn. The content decides, not the name. Bytes go through in chunks, so that a file of
// any size takes no memory of its own.

import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { MempredError } from "../core/errors.ts";
import { openZipEntry } from "./zip-entry.ts";

const CHUNK_BYTES = 262_144;
const HEAD_BYTES = 6;

/** An opened file. */
export interface UnpackedFile {
  /** What messages call it: the path, with the entry of an archive. */
  readonly file: string;
  /** Of the file on disk (of the zip entry, uncompressed); 0 for a pipe. */
  readonly totalBytes: number;
  /** How many of them were read so far. */
  readonly bytesRead: number;
  /** The unpacked bytes, once. Errors: INVALID_TRACE when it is cut or damaged, NOT_FOUND when it cannot be read. */
  chunks(): AsyncGenerator<Buffer, void, undefined>;
}

/**
 * Opens one file. `archive.zip:entry` names an entry of an archive; without it the only one that looks like a trace.
 * @param extensions endings, without the dot, of what is looked for in an archive
 * Errors: NOT_FOUND; INVALID_TRACE for a folder, a packing that is not known here, a damaged archive.
 */
export async function openUnpacked(path: string, extensions: ReadonlySet<string>): Promise<UnpackedFile> {
  const [archive, entry] = splitEntry(path);
  const kind = await inspect(archive);
  if (kind.packing === "zip") {
    const { stream, name, sizeBytes } = await openZipEntry(archive, entry, extensions);
    const packing = name.endsWith(".gz") ? "gzip" : name.endsWith(".br") ? "brotli" : "plain";
    return unpacked(stream, packing, sizeBytes, entry === undefined ? path : `${archive}:${name}`);
  }
  if (entry !== undefined) throw unreadable(archive, "a zip archive, because an entry is named", kind.packing);
  return unpacked(createReadStream(archive, { highWaterMark: CHUNK_BYTES }), kind.packing, kind.sizeBytes, path);
}

type Packing = "plain" | "gzip" | "brotli" | "zip";

function unpacked(source: Readable, packing: Packing, totalBytes: number, file: string): UnpackedFile {
  const unpack =
    packing === "plain"
      ? undefined
      : packing === "gzip"
        ? createGunzip({ chunkSize: CHUNK_BYTES })
        : createBrotliDecompress({ chunkSize: CHUNK_BYTES });
  let plainBytes = 0;
  return {
    file,
    totalBytes,
    get bytesRead() {
      return unpack?.bytesWritten ?? plainBytes;
    },
    async *chunks() {
      source.on("error", (error) => unpack?.destroy(error));
      try {
        for await (const chunk of unpack ? source.pipe(unpack) : source) {
          plainBytes += (chunk as Buffer).length;
          yield chunk as Buffer;
        }
      } catch (error) {
        throw packing === "plain" ? fileError(file, error) : packingError(file, packing, error);
      } finally {
        source.destroy();
        unpack?.destroy();
      }
    },
  };
}

/** `a.zip:b` in two, unless that is the name of a file itself. */
function splitEntry(path: string): [string, string | undefined] {
  const at = path.toLowerCase().lastIndexOf(".zip:");
  return at < 0 ? [path, undefined] : [path.slice(0, at + 4), path.slice(at + 5)];
}

async function inspect(path: string): Promise<{ readonly packing: Packing; readonly sizeBytes: number }> {
  let handle: FileHandle | undefined;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw unreadable(path, "a trace file", "a folder");
    if (!stats.isFile()) return { packing: "plain", sizeBytes: 0 }; // a pipe: its head cannot be read twice
    handle = await open(path, "r");
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    return { packing: packingOf(path, head.subarray(0, bytesRead)), sizeBytes: stats.size };
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await handle?.close();
  }
}

function packingOf(path: string, head: Buffer): Packing {
  const startsWith = (...bytes: number[]) => head.length >= bytes.length && bytes.every((byte, i) => head[i] === byte);
  if (startsWith(0x1f, 0x8b) || (head.length === 1 && head[0] === 0x1f)) return "gzip";
  if (startsWith(0x50, 0x4b, 0x03, 0x04) || startsWith(0x50, 0x4b, 0x05, 0x06)) return "zip";
  if (startsWith(0x28, 0xb5, 0x2f, 0xfd)) throw foreignPacking(path, "zstd", "zstd -d");
  if (startsWith(0xfd, 0x37, 0x7a, 0x58, 0x5a)) throw foreignPacking(path, "xz", "xz -d");
  if (startsWith(0x42, 0x5a, 0x68)) throw foreignPacking(path, "bzip2", "bzip2 -d");
  if (path.toLowerCase().endsWith(".br")) return "brotli"; // brotli has no mark of its own
  return "plain";
}

function packingError(file: string, packing: Packing, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "Z_BUF_ERROR") return unreadable(file, `a whole ${packing} file`, `a truncated ${packing}`, error);
  if (/^(?:Z_|ERR_|BR_)/.test(code)) return unreadable(file, `a sound ${packing} file`, `a damaged ${packing}`, error);
  return fileError(file, error);
}

function fileError(file: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof MempredError || code === undefined) return error;
  const isThere = code !== "ENOENT" && code !== "ENOTDIR";
  const message = isThere ? `${file}: cannot be read (${code})` : `${file}: there is no such file`;
  return new MempredError("NOT_FOUND", message, { file, expected: "a trace file that can be read" }, error);
}

function foreignPacking(path: string, name: string, command: string): MempredError {
  return unreadable(path, `plain text, gzip or zip; unpack it with ${command}`, `a file packed with ${name}`);
}

function unreadable(file: string, expected: string, got: string, cause?: unknown): MempredError {
  const details = { file, line: 1, expected };
  return new MempredError("INVALID_TRACE", `${file}: expected ${expected}, got ${got}`, details, cause);
}
