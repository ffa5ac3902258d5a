// Reads a cache trace from disk in one pass, in any of the formats of cache-formats.ts and any packing of unpack.ts. Memory: the
// requests, the keys' names where they have some, one chunk and one line.

import {
  CACHE_SAMPLE_BYTES,
  CACHE_TRACE_FORMATS,
  type CacheReader,
  type CacheTraceFormat,
  cacheTraceFormat,
  sniffCacheFormat,
} from "./cache-formats.ts";
import { type CacheTrace, CacheTraceBuilder } from "./cache-trace.ts";
import { LineFeed } from "./line-feed.ts";
import { openUnpacked } from "./unpack.ts";

const PACKINGS = ["gz", "br", "zip"];

export interface ReadCacheTraceOptions {
  /** Id of a format; by default, or with "auto", the content decides. */
  readonly format?: string | undefined;
}

/**
 * Reads one cache trace. `archive.zip:entry` names an entry of an archive.
 * Errors: NOT_FOUND; INVALID_TRACE with the file and the line or byte, also for an empty, cut or damaged file; UNKNOWN_FORMAT.
 */
export async function readCacheTrace(path: string, options: ReadCacheTraceOptions = {}): Promise<CacheTrace> {
  const { format: wanted = "auto" } = options;
  let format = wanted === "auto" ? undefined : cacheTraceFormat(wanted);
  const extensions = new Set(CACHE_TRACE_FORMATS.flatMap((candidate) => candidate.extensions));
  const source = await openUnpacked(path, new Set([...extensions, ...PACKINGS]));
  const builder = new CacheTraceBuilder(source.file);
  let reader: CacheReader | undefined;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const begin = (): CacheReader => {
    const head = Buffer.concat(pending);
    pending = [];
    format ??= sniffCacheFormat(head.subarray(0, CACHE_SAMPLE_BYTES), source.file);
    const started = createReader(format, builder);
    started.push(head);
    return started;
  };
  for await (const chunk of source.chunks()) {
    if (reader !== undefined) reader.push(chunk);
    else {
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes >= CACHE_SAMPLE_BYTES) reader = begin();
    }
  }
  if (reader === undefined && pendingBytes === 0) builder.fail({ line: 1 }, "a cache trace", "an empty file");
  reader ??= begin();
  reader.end();
  return builder.finish(cacheTraceName(source.file), format!.id);
}

/** "arc_OLTP" of "traces/arc_OLTP.vb.br", "cloudPhysicsIO" of "cloudPhysicsIO.oracleGeneral.bin.gz". */
export function cacheTraceName(file: string): string {
  const endings = new Set([...PACKINGS, ...CACHE_TRACE_FORMATS.flatMap((format) => format.extensions)]);
  let name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"), file.lastIndexOf(":")) + 1);
  for (;;) {
    const dot = name.lastIndexOf(".");
    if (dot <= 0 || !endings.has(name.slice(dot + 1).toLowerCase())) return name;
    name = name.slice(0, dot);
  }
}

function createReader(format: CacheTraceFormat, builder: CacheTraceBuilder): CacheReader {
  return format.kind === "binary" ? format.create(builder) : new LineFeed(format.create(builder), builder);
}
