// Reads small documents that people and programs write (JSON, YAML, Markdown) as text. Recordings, which may be of any size,
// go through read-trace.ts instead.

import { readFile, stat } from "node:fs/promises";
import { MempredError } from "../core/errors.ts";

/** The largest document by default: 64 MiB, well over any result file. */
export const MAX_TEXT_BYTES = 67_108_864;

/**
 * The text of a file, a byte order mark removed.
 * Errors: NOT_FOUND; INVALID_INPUT for a folder, a file over `maxBytes`, or bytes that are not UTF-8.
 */
export async function readText(path: string, maxBytes = MAX_TEXT_BYTES): Promise<string> {
  let bytes: Uint8Array;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw invalid(path, "a file", "a folder");
    if (stats.size > maxBytes) throw invalid(path, `at most ${maxBytes} bytes`, `${stats.size}`);
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof MempredError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    const isThere = code !== "ENOENT" && code !== "ENOTDIR";
    const message = isThere ? `${path}: cannot be read (${code})` : `${path}: there is no such file`;
    throw new MempredError("NOT_FOUND", message, { file: path, expected: "a file that can be read" }, error);
  }
  if (bytes.length > maxBytes) throw invalid(path, `at most ${maxBytes} bytes`, `${bytes.length}`); // a pipe has no size
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid(path, "text in UTF-8", "other bytes", error);
  }
}

function invalid(file: string, expected: string, got: string, cause?: unknown): MempredError {
  const details = { file, expected };
  return new MempredError("INVALID_INPUT", `${file}: expected ${expected}, got ${got}`, details, cause);
}
