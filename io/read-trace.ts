// Reads a recording from disk in one pass. The text goes chunk by chunk to the pure parser, so that a file of any size takes
// memory for its events only. How it is packed is told by unpack.ts.

import { StringDecoder } from "node:string_decoder";
import type { RawTrace } from "../scenarios/trace/raw-trace.ts";
import { TRACE_FORMATS, traceFormat } from "../scenarios/trace/registry.ts";
import { TraceParser } from "../scenarios/trace/trace-parser.ts";
import { openUnpacked } from "./unpack.ts";

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
  const source = await openUnpacked(path, new Set(TRACE_FORMATS.flatMap((format) => format.extensions)));
  const parser = new TraceParser(source.file, options.format);
  const decoder = new StringDecoder("utf8");
  for await (const chunk of source.chunks()) {
    parser.push(decoder.write(chunk));
    options.onProgress?.({ bytesRead: source.bytesRead, totalBytes: source.totalBytes, operations: parser.length });
  }
  parser.push(decoder.end());
  return parser.end();
}
