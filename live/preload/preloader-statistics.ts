// What a preloader counted, as one plain object.

import type { CacheStore } from "../../cache/store.ts";
import type { RefusalReason, RemovalReason } from "../../cache/store-statistics.ts";
import type { PressureLevel } from "../../core/pressure.ts";
import type { HitFigures, PreloadFigures } from "../../preload/accounting.ts";
import { QUEUE_NAMES, type QueueName } from "../../preload/contract.ts";
import type { LeaseCounts } from "../../preload/lease-book.ts";
import type { DropReason, LoadAhead } from "./load-ahead.ts";
import type { ResponseTimes } from "./response-times.ts";

export interface QueueFigures {
  /** Entries that wait; places now, and when memory is plenty. */
  readonly waiting: number;
  readonly places: number;
  readonly running: number;
  readonly workers: number;
}

/** Mean durations, ms; NaN without any. */
export interface ResponseFigures {
  /** Of hits, one in 64 of them measured. */
  readonly hitMillis: number;
  /** Of requests that waited for a load ahead that was under way. */
  readonly lateMillis: number;
  /** Of requests that waited for a load of their own: cold. */
  readonly coldMillis: number;
  /** Of all. */
  readonly meanMillis: number;
  /** All against cold (P49): under 1 as far as memory and loading ahead save waiting. */
  readonly ratioToCold: number;
}

export interface MemoryFigures {
  /** Bytes of components held; of them loaded ahead and not asked for yet. */
  readonly heldBytes: number;
  readonly speculativeBytes: number;
  /** Expected bytes of loads under way; the most there ever was. */
  readonly leasedBytes: number;
  readonly peakLeasedBytes: number;
  /** What was learned; columns of the cache, costs and queues. */
  readonly modelBytes: number;
  readonly stateBytes: number;
  /** What preloading takes beyond what a cache would (P48): speculation held and under way, what was learned, queues and costs. */
  readonly overheadBytes: number;
}

export interface ComponentPreloaderStatistics extends HitFigures {
  readonly entries: number;
  readonly misses: number;
  /** Of the requests that found it already loaded or would have waited, those that preloading answered: preload hits / (preload hits + misses) (P46). */
  readonly preloadHitRatio: number;
  /** Loads ahead by what came of them: all, and by source (P47: `wastedShare`). */
  readonly preloads: PreloadFigures;
  readonly bySource: Readonly<Record<string, PreloadFigures>>;
  readonly responses: ResponseFigures;
  readonly queues: Readonly<Record<QueueName, QueueFigures>>;
  /** Entries that left a queue without being loaded, by reason; offers that found no place. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly refusedFull: number;
  /** Expectations that were met already; those that can wait until after the next request. */
  readonly expectedPresent: number;
  readonly expectedLater: number;
  readonly loads: {
    /** Calls of the loader; those that failed. */
    readonly started: number;
    readonly failed: number;
    readonly inFlight: number;
    /** Loads of workers that took too long or were aborted. */
    readonly timedOut: number;
    readonly aborted: number;
  };
  readonly leases: Readonly<LeaseCounts>;
  readonly memory: MemoryFigures;
  readonly pressure: {
    readonly level: PressureLevel;
    readonly changes: number;
    readonly queueRatio: number;
    readonly budgetRatio: number;
    readonly prefetchPrice: number;
  };
  readonly removed: Readonly<Record<RemovalReason, number>>;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Requests that were learned from; those that came too fast for it. */
  readonly learned: number;
  readonly unlearned: number;
  /** Errors of the model, the router and listeners, which nobody else noticed. */
  readonly troubles: number;
}

/** An entry of a queue with its name, about. */
const QUEUED_BYTES = 200;

export function describePreloader<V>(parts: {
  readonly cache: CacheStore<V>;
  readonly ahead: LoadAhead;
  readonly loads: { readonly started: number; readonly failed: number; readonly inFlight: number };
  readonly times: ResponseTimes;
  readonly comparedHits: HitFigures;
  readonly modelBytes: number;
  readonly costBytes: number;
  readonly prefetchPrice: number;
  readonly learned: number;
  readonly unlearned: number;
  readonly troubles: number;
}): ComponentPreloaderStatistics {
  const { cache, ahead, loads } = parts;
  const { pool, queues, adaptation } = ahead;
  const { accounting, leases } = ahead.loads;
  const hits = accounting.hits;
  const misses = hits.requests - hits.hits;
  const speculativeBytes = cache.speculativeSize;
  const queueBytes = queues.count * QUEUED_BYTES;
  return {
    ...hits,
    hitRatioWithout: parts.comparedHits.hitRatioWithout,
    misses,
    entries: cache.count,
    preloadHitRatio: hits.preloadHits / (hits.preloadHits + misses),
    preloads: accounting.figures(),
    bySource: Object.fromEntries(accounting.sources().map((source) => [source, accounting.figures(source)])),
    responses: parts.times.figures(),
    queues: byQueue((queue) => ({
      waiting: queues.countOf(queue),
      places: queues.placesOf(queue),
      running: pool.runningOf(queue),
      workers: pool.workersOf(queue),
    })),
    dropped: { ...ahead.dropped },
    refusedFull: ahead.refusedFull,
    expectedPresent: ahead.expectedPresent,
    expectedLater: ahead.expectedLater,
    loads: {
      started: loads.started,
      failed: loads.failed,
      inFlight: loads.inFlight,
      timedOut: pool.timedOut,
      aborted: pool.aborted,
    },
    leases: { ...leases.counts },
    memory: {
      heldBytes: cache.size,
      speculativeBytes,
      leasedBytes: leases.usedBytes,
      peakLeasedBytes: leases.peakBytes,
      modelBytes: parts.modelBytes,
      stateBytes: cache.stateBytes + parts.costBytes + queueBytes,
      overheadBytes: speculativeBytes + leases.speculativeBytes + parts.modelBytes + parts.costBytes + queueBytes,
    },
    pressure: {
      level: adaptation.level,
      changes: adaptation.changes,
      queueRatio: adaptation.queueRatio,
      budgetRatio: cache.budgetRatio,
      prefetchPrice: parts.prefetchPrice,
    },
    removed: { ...cache.statistics.removed },
    refused: { ...cache.statistics.refused },
    learned: parts.learned,
    unlearned: parts.unlearned,
    troubles: parts.troubles,
  };
}

function byQueue<T>(describe: (queue: QueueName) => T): Record<QueueName, T> {
  return Object.fromEntries(QUEUE_NAMES.map((queue) => [queue, describe(queue)])) as Record<QueueName, T>;
}
