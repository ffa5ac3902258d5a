// Reads a recording from disk in one pass: plain text, gzip (one or many members), brotli (by its ending), or an entry of a
// zip archive, which may be gzip in turn. The content decides, not the name. The text goes chunk by chunk to the pure
// parser, so that a file of any size takes memory for its events only.

import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { MempredError } from "../core/errors.ts";
import type { RawTrace } from "../scenarios/trace/raw-trace.ts";
import { TRACE_FORMATS, traceFormat } from "../scenarios/trace/registry.ts";
import { TraceParser } from "../scenarios/trace/trace-parser.ts";
import { openZipEntry } from "./zip-entry.ts";

const CHUNK_BYTES = 262_144;
const HEAD_BYTES = 6;

/** How far reading has come, in bytes of the file on disk (of the zip entry, uncompressed). */
export interface ReadProgress {
  readonly bytesRead: number;
  readonly totalBytes: number;
  readonly operations: number;
}

export interface ReadTraceOptions {
  /** Id of a format; by default, or with "auto", the content decides. */
  readonly format?: string | undefined;
  /** Called after each chunk. */
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

/**
 * Reads one recording. `archive.zip:entry` names an entry of an archive; without it the only one that looks like a trace.
 * Errors: NOT_FOUND; INVALID_TRACE with file and line, also for a folder, an empty, cut or damaged file; UNKNOWN_FORMAT.
 */
export async function readTrace(path: string, options: ReadTraceOptions = {}): Promise<RawTrace> {
  if (options.format !== undefined && options.format !== "auto") traceFormat(options.format);
  const [archive, entry] = splitEntry(path);
  const kind = await inspect(archive);
  if (kind.packing === "zip") {
    const extensions = new Set(TRACE_FORMATS.flatMap((format) => format.extensions));
    const { stream, name, sizeBytes } = await openZipEntry(archive, entry, extensions);
    const packing = name.endsWith(".gz") ? "gzip" : "plain";
    return parse(stream, packing, sizeBytes, entry === undefined ? path : `${archive}:${name}`, options);
  }
  if (entry !== undefined) throw unreadable(archive, "a zip archive, because an entry is named", kind.packing);
  const stream = createReadStream(archive, { highWaterMark: CHUNK_BYTES });
  return parse(stream, kind.packing, kind.sizeBytes, path, options);
}

type Packing = "plain" | "gzip" | "brotli" | "zip";

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

async function parse(
  source: Readable,
  packing: Packing,
  totalBytes: number,
  file: string,
  options: ReadTraceOptions,
): Promise<RawTrace> {
  const parser = new TraceParser(file, options.format);
  const decoder = new StringDecoder("utf8");
  const unpack =
    packing === "plain"
      ? undefined
      : packing === "gzip"
        ? createGunzip({ chunkSize: CHUNK_BYTES })
        : createBrotliDecompress();
  source.on("error", (error) => unpack?.destroy(error));
  let textBytes = 0;
  try {
    for await (const chunk of unpack ? source.pipe(unpack) : source) {
      textBytes += (chunk as Buffer).length;
      parser.push(decoder.write(chunk as Buffer));
      options.onProgress?.({ bytesRead: unpack?.bytesWritten ?? textBytes, totalBytes, operations: parser.length });
    }
    parser.push(decoder.end());
    return parser.end();
  } catch (error) {
    throw packing === "plain" ? fileError(file, error) : packingError(file, packing, error);
  } finally {
    source.destroy();
  }
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

function foreignPacking(file: string, name: string, command: string): MempredError {
  return unreadable(file, `plain text, gzip or zip; unpack it with ${command}`, `a file packed with ${name}`);
}

function unreadable(file: string, expected: string, got: string, cause?: unknown): MempredError {
  const details = { file, line: 1, expected };
  return new MempredError("INVALID_TRACE", `${file}: expected ${expected}, got ${got}`, details, cause);
}
