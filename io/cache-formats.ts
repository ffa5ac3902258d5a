// The formats of cache traces, and which of them a file is: binary ones by what the bytes would mean, text by its first lines.
// The name is asked only where the content leaves it open.

import { MempredError } from "../core/errors.ts";
import { TRACE_FORMATS } from "../scenarios/trace/registry.ts";
import { ArcReader, looksLikeArc, TextKeysReader } from "./cache-lines.ts";
import { looksLikeOracleGeneral, OracleGeneralReader } from "./cache-oracle-general.ts";
import {
  CsvCacheReader,
  commonFieldCount,
  JsonlCacheReader,
  looksLikeCacheCsv,
  looksLikeCacheJsonl,
} from "./cache-records.ts";
import type { CacheTraceBuilder } from "./cache-trace.ts";
import { looksLikeVb, VbReader } from "./cache-vb.ts";
import type { LineReader } from "./line-feed.ts";
import { looksLikeSessions, SessionLines } from "./session-lines.ts";

/** Takes in unpacked bytes, in pieces of any length. Throws INVALID_TRACE. */
export interface CacheReader {
  push(chunk: Uint8Array): void;
  end(): void;
}

/** Throws INVALID_TRACE. */
export type CacheLineReader = LineReader;

interface FormatBase {
  readonly id: string;
  readonly title: string;
  /** Endings of names, without the dot, in lower case, the one that is its own first. */
  readonly extensions: readonly string[];
}
export interface BinaryCacheFormat extends FormatBase {
  readonly kind: "binary";
  looksLike(sample: Uint8Array): boolean;
  create(builder: CacheTraceBuilder): CacheReader;
}
export interface TextCacheFormat extends FormatBase {
  readonly kind: "text";
  looksLike(lines: readonly string[]): boolean;
  create(builder: CacheTraceBuilder): CacheLineReader;
}
export type CacheTraceFormat = BinaryCacheFormat | TextCacheFormat;

/** Bytes that are enough to tell. */
export const CACHE_SAMPLE_BYTES = 65_536;

/** In the order in which they are tried. */
export const CACHE_TRACE_FORMATS: readonly CacheTraceFormat[] = [
  {
    id: "vb",
    title: "dense ids as LEB128 varints",
    extensions: ["vb"],
    kind: "binary",
    looksLike: looksLikeVb,
    create: (builder) => new VbReader(builder),
  },
  {
    id: "oracle-general",
    title: "libCacheSim oracleGeneral, 24-byte records with sizes",
    extensions: ["oraclegeneral", "bin"],
    kind: "binary",
    looksLike: looksLikeOracleGeneral,
    create: (builder) => new OracleGeneralReader(builder),
  },
  {
    id: "jsonl",
    title: "JSON Lines, an object or a key a line",
    extensions: ["jsonl", "ndjson"],
    kind: "text",
    looksLike: looksLikeCacheJsonl,
    create: (builder) => new JsonlCacheReader(builder),
  },
  {
    id: "csv",
    title: "CSV with a header, or time,key,size",
    extensions: ["csv", "tsv", "tr"],
    kind: "text",
    looksLike: looksLikeCacheCsv,
    create: (builder) => new CsvCacheReader(builder),
  },
  {
    id: "arc",
    title: "block ranges of the ARC traces",
    extensions: ["lis"],
    kind: "text",
    looksLike: looksLikeArc,
    create: (builder) => new ArcReader(builder),
  },
  {
    id: "sequence",
    title: "a session a line, its keys with blanks between",
    extensions: ["seq"],
    kind: "text",
    looksLike: looksLikeSessions,
    create: (builder) =>
      new SessionLines((keys) => {
        for (const key of keys) builder.request(builder.name(key), -1);
      }),
  },
  {
    id: "text",
    title: "one key a line",
    extensions: ["txt", "trc", "keys", "log"],
    kind: "text",
    looksLike: (lines) => lines.some((line) => line.trim() !== "") && commonFieldCount(lines) === 0,
    create: (builder) => new TextKeysReader(builder),
  },
];

export const CACHE_TRACE_FORMAT_IDS: readonly string[] = CACHE_TRACE_FORMATS.map((format) => format.id);

/** The format of that id. Throws UNKNOWN_FORMAT. */
export function cacheTraceFormat(id: string): CacheTraceFormat {
  const format = CACHE_TRACE_FORMATS.find((candidate) => candidate.id === id);
  if (format !== undefined) return format;
  throw new MempredError("UNKNOWN_FORMAT", `there is no cache trace format "${id}"`, {
    expected: CACHE_TRACE_FORMAT_IDS.join(", "),
  });
}

/**
 * The format of what starts with `sample`.
 * @param file as it stands in messages; binary content, in which little is certain, is first taken for what its name says
 * Throws UNKNOWN_FORMAT, which says what to do.
 */
export function sniffCacheFormat(sample: Uint8Array, file: string): CacheTraceFormat {
  const endings = file.toLowerCase().split(".");
  const isNamed = (format: CacheTraceFormat) => format.extensions.some((extension) => endings.includes(extension));
  const text = new TextDecoder("utf-8").decode(sample);
  if (looksBinary(sample, text)) {
    const binary = CACHE_TRACE_FORMATS.filter((format) => format.kind === "binary");
    const isNamedSurely = (format: CacheTraceFormat) => endings.includes(format.extensions[0]!);
    const fitting = binary.filter((format) => format.looksLike(sample));
    const format = binary.find(isNamedSurely) ?? fitting.find(isNamed) ?? fitting[0] ?? binary.find(isNamed);
    if (format !== undefined) return format;
    throw unknown(file, "binary data of no known kind");
  }
  const lines = text.split(/\r?\n/);
  if (sample.length >= CACHE_SAMPLE_BYTES && lines.length > 1) lines.pop(); // perhaps half a line
  const format = CACHE_TRACE_FORMATS.find((candidate) => candidate.kind === "text" && candidate.looksLike(lines));
  if (format !== undefined && format.id !== "text") return format;
  const heap = TRACE_FORMATS.find((candidate) => candidate.looksLike(lines));
  if (heap !== undefined)
    throw unknown(file, `a recording of allocations (${heap.id}), which \`mempred replay\` reads, not of a cache`);
  if (format !== undefined) return format;
  const fields = commonFieldCount(lines);
  if (fields === 0) throw unknown(file, "no line with anything in it");
  throw unknown(file, `${fields} fields a line and no header that names them: add one such as "time,key,size"`);
}

/** Zero bytes, or more than a tenth of characters that are not UTF-8. */
function looksBinary(sample: Uint8Array, text: string): boolean {
  if (sample.includes(0)) return true;
  let foreign = 0;
  for (let at = text.indexOf("\ufffd"); at >= 0; at = text.indexOf("\ufffd", at + 1)) foreign++;
  return foreign * 10 > text.length;
}

function unknown(file: string, what: string): MempredError {
  const known = CACHE_TRACE_FORMAT_IDS.join(", ");
  return new MempredError("UNKNOWN_FORMAT", `${file}: ${what}; formats of --format: ${known}`, {
    file,
    line: 1,
    expected: known,
  });
}
