// What `mempred cache replay --json` writes: `mempred.cache/1`. No wall-clock value is in it, so equal input gives equal bytes.

export const CACHE_SCHEMA = "mempred.cache/1";

/** A policy at one size on one trace. */
export interface CacheRow {
  readonly trace: string;
  readonly policy: string;
  /** The size in entries; null where it was in bytes. */
  readonly entries: number | null;
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  /** hits / requests. */
  readonly hitRatio: number;
  readonly evictions: number;
  /** The size in bytes, and what was asked for and found in bytes: in rows whose size is in bytes alone. */
  readonly bytes?: number;
  readonly requestedBytes?: number;
  readonly hitBytes?: number;
  readonly byteHitRatio?: number;
}

export interface CacheTraceSummary {
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly requests: number;
  readonly keys: number;
  /** Bytes of all distinct objects, each at its largest; null without sizes. */
  readonly footprintBytes: number | null;
}

export interface CachePolicySummary {
  readonly id: string;
  readonly title: string;
  /** It knows the future: a yardstick that does not compete. */
  readonly isBound: boolean;
}

/** LRU at many sizes, exact, from stack distances. */
export interface CacheCurve {
  readonly trace: string;
  readonly policy: "lru";
  readonly points: readonly { readonly entries: number; readonly misses: number; readonly missRatio: number }[];
}

export interface CacheDocument {
  readonly schema: typeof CACHE_SCHEMA;
  readonly version: string;
  readonly seed: number;
  readonly traces: readonly CacheTraceSummary[];
  readonly policies: readonly CachePolicySummary[];
  /** By trace, then size (entries before bytes, as asked for), then policy. */
  readonly rows: readonly CacheRow[];
  /** With --curve. */
  readonly curves?: readonly CacheCurve[];
  /** Over the hits, misses and evictions of all rows. */
  readonly digest: string;
  /** It was interrupted: rows are missing. */
  readonly isPartial?: true;
}

/** As JSON, a line a row, so that two files can be told apart line by line. */
export function stringifyCacheDocument(document: CacheDocument): string {
  const { schema, version, seed, digest, isPartial, traces, policies, rows, curves } = document;
  const head = JSON.stringify({ schema, version, seed, digest, isPartial });
  const lines = (items: readonly unknown[]) =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
  const parts = [`"traces":${lines(traces)}`, `"policies":${lines(policies)}`, `"rows":${lines(rows)}`];
  if (curves !== undefined) parts.push(`"curves":${lines(curves)}`);
  return `${head.slice(0, -1)},\n${parts.join(",\n")}}\n`;
}
