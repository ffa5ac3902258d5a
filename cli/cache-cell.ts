// One cell of a cache replay: a policy (or the exact curve of LRU) on a trace. The same code in a worker and in a test.

import { cachePolicyOrBound } from "../cache/policies/registry.ts";
import { type ReplayResult, replayCache } from "../cache/replay.ts";
import { lruHitsBySize, stackDistanceCounts } from "../cache/stack-distances.ts";

/** A trace as workers see it: its columns are shared memory. */
export interface CacheColumns {
  readonly keys: Uint32Array;
  readonly keyCount: number;
  readonly sizesBytes: Uint32Array | null;
  /** Bytes of all distinct objects, each at its largest; 0 without sizes. */
  readonly footprintBytes: number;
}

export type CacheJob =
  | {
      readonly kind: "replay";
      /** Index of the trace. */
      readonly trace: number;
      readonly policy: string;
      readonly unit: "entries" | "bytes";
      readonly capacity: number;
      readonly seed: number;
    }
  | { readonly kind: "curve"; readonly trace: number; readonly entries: readonly number[] };

export type CacheOutcome =
  | { readonly kind: "replay"; readonly result: ReplayResult }
  /** Hits of LRU at each of the sizes. */
  | { readonly kind: "curve"; readonly hits: readonly number[] };

/** Runs it. Throws UNKNOWN_POLICY. */
export function runCacheCell(job: CacheJob, trace: CacheColumns): CacheOutcome {
  const { keys, keyCount, sizesBytes } = trace;
  if (job.kind === "curve") {
    const hits = lruHitsBySize(stackDistanceCounts(keys, keyCount));
    return { kind: "curve", hits: job.entries.map((entries) => hits[Math.min(entries, keyCount)]!) };
  }
  // A cache that holds everything evicts nothing, whatever its policy: a larger one is the same and would only cost memory.
  const isByBytes = job.unit === "bytes";
  const capacity = Math.min(job.capacity, isByBytes ? trace.footprintBytes : keyCount);
  const weights = isByBytes ? sizesBytes! : undefined;
  const definition = cachePolicyOrBound(job.policy);
  return { kind: "replay", result: replayCache(definition, { keys, weights }, { capacity, keyCount, seed: job.seed }) };
}
