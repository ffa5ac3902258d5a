// What a cache counted, as one plain object.

import type { CacheStore } from "../cache/store.ts";
import type { RefusalReason, RemovalReason } from "../cache/store-statistics.ts";
import type { Loading } from "./loading.ts";
import type { SecondLevel } from "./second-level.ts";

export interface SmartCacheStatistics {
  readonly policy: string;
  readonly entries: number;
  /** Units of size; entries where sizes are not kept. */
  readonly size: number;
  readonly requests: number;
  readonly hits: number;
  readonly staleHits: number;
  readonly misses: number;
  readonly missesByReason: { readonly absent: number; readonly expired: number };
  /** (hits + stale hits) / requests; 0 without requests. */
  readonly hitRatio: number;
  readonly insertions: number;
  readonly replacements: number;
  readonly removed: Readonly<Record<RemovalReason, number>>;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  readonly prefetched: {
    readonly inserted: number;
    readonly used: number;
    readonly wasted: number;
    readonly held: number;
  };
  readonly loads: {
    /** Calls of loaders; those that failed, of them by time; requests that waited for a load of another's. */
    readonly started: number;
    readonly failed: number;
    readonly timedOut: number;
    readonly coalesced: number;
    readonly inFlight: number;
    /** Failed loads answered with a stale value. */
    readonly staleIfError: number;
    /** Loads that waited for another process. */
    readonly leaseWaits: number;
  };
  /** Of the second level; undefined without one. */
  readonly backend:
    | {
        readonly id: string;
        readonly hits: number;
        readonly misses: number;
        readonly errors: number;
        readonly undecodable: number;
        readonly written: number;
        readonly writeFailures: number;
        readonly writesDropped: number;
        readonly writesPending: number;
      }
    | undefined;
  readonly budgetRatio: number;
  readonly prefetchPrice: number;
  /** Errors that listeners of the caller's threw. */
  readonly listenerErrors: number;
}

export function describeCache<V>(parts: {
  readonly store: CacheStore<V>;
  readonly loading: Loading<V>;
  readonly second: SecondLevel<V> | undefined;
  readonly listenerErrors: number;
}): SmartCacheStatistics {
  const { store, loading, second } = parts;
  const counted = store.statistics;
  return {
    policy: store.policyId,
    entries: store.count,
    size: store.size,
    requests: counted.requests,
    hits: counted.hits,
    staleHits: counted.staleHits,
    misses: counted.misses,
    missesByReason: { absent: counted.absentMisses, expired: counted.expiredMisses },
    hitRatio: counted.hitRatio,
    insertions: counted.insertions,
    replacements: counted.replacements,
    removed: { ...counted.removed },
    refused: { ...counted.refused },
    prefetched: {
      inserted: counted.speculativeInsertions,
      used: counted.speculativeUsed,
      wasted: counted.speculativeWasted,
      held: store.speculativeCount,
    },
    loads: {
      started: loading.loads,
      failed: loading.loadFailures,
      timedOut: loading.loadTimeouts,
      coalesced: loading.coalesced,
      inFlight: loading.inFlight,
      staleIfError: loading.staleIfErrorHits,
      leaseWaits: loading.leaseWaits,
    },
    backend:
      second === undefined
        ? undefined
        : {
            id: second.backendId,
            hits: second.hits,
            misses: second.misses,
            errors: second.errors,
            undecodable: second.undecodable,
            written: second.writes.written,
            writeFailures: second.writes.failed,
            writesDropped: second.writes.dropped,
            writesPending: second.writes.pending,
          },
    budgetRatio: store.budgetRatio,
    prefetchPrice: store.prefetchPrice,
    listenerErrors: parts.listenerErrors,
  };
}
