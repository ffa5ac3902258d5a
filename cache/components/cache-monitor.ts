// A cache watched over time: snapshots, the last thousand kept, trends over windows of a hundred, and what to do about them.
// Ratios of a window come from the differences of counters, so that a long good past hides no bad present.

import { assert } from "../../core/errors.ts";

export const MOST_SNAPSHOTS = 1000;
export const TREND_WINDOW = 100;
/** Healthy: at least so many of the requests of the window hit, and less than so much of the memory is used. */
export const HEALTHY_HIT_RATIO = 0.75;
export const HEALTHY_MEMORY_RATIO = 0.8;

/** Counters of a cache at one moment, all since its beginning. */
export interface CacheSnapshot {
  readonly atMillis: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  /** Loads that failed. */
  readonly failures: number;
  readonly entries: number;
  readonly bytes: number;
  readonly mostEntries: number;
  readonly mostBytes: number;
  /** 95th percentile of the time of a load, ms; 0 before the first. */
  readonly loadMillisP95: number;
}

export type TrendDirection = "rising" | "steady" | "falling";

export interface CacheTrend {
  /** Snapshots that it is over. */
  readonly snapshots: number;
  readonly spanMillis: number;
  /** Of the requests in the window; NaN when there were none. */
  readonly hitRatio: number;
  /** Of the window's second half less that of its first; NaN without requests in both. */
  readonly hitRatioChange: number;
  readonly direction: TrendDirection;
  readonly requestsPerSecond: number;
  readonly evictionsPerSecond: number;
  readonly bytesPerSecond: number;
}

export type RecommendationCode =
  | "low-hit-ratio"
  | "falling-hit-ratio"
  | "memory-tight"
  | "evicts-often"
  | "loads-fail"
  | "loads-slow"
  | "too-large"
  | "no-traffic";

export interface Recommendation {
  readonly code: RecommendationCode;
  readonly text: string;
}

export interface CacheHealth {
  readonly isHealthy: boolean;
  readonly memoryRatio: number;
  readonly trend: CacheTrend;
  readonly recommendations: readonly Recommendation[];
}

/** A ratio has to move by so much to be called rising or falling. */
const CHANGE_RATIO = 0.05;
const FEW_REQUESTS = 20;
const SLOW_MILLIS = 100;
const LARGE_RATIO = 0.25;

export class CacheMonitor {
  isOn: boolean;
  readonly #snapshots: CacheSnapshot[] = [];

  constructor(isOn = true) {
    this.isOn = isOn;
  }

  /** Snapshots kept, oldest first, at most MOST_SNAPSHOTS. */
  get snapshots(): readonly CacheSnapshot[] {
    return this.#snapshots;
  }

  /** Takes a snapshot in; does nothing while the monitor is off. Times must not decrease. */
  add(snapshot: CacheSnapshot): void {
    if (!this.isOn) return;
    const last = this.#snapshots.at(-1);
    assert(last === undefined || snapshot.atMillis >= last.atMillis, "snapshots come in the order of their times");
    this.#snapshots.push(snapshot);
    if (this.#snapshots.length > MOST_SNAPSHOTS) this.#snapshots.shift();
  }

  clear(): void {
    this.#snapshots.length = 0;
  }

  /** The last TREND_WINDOW snapshots, or as many as there are. */
  trend(): CacheTrend {
    const recent = this.#snapshots.slice(-TREND_WINDOW);
    const first = recent[0];
    const last = recent.at(-1);
    if (first === undefined || last === undefined) return NO_TREND;
    const middle = recent[recent.length >> 1];
    const change = hitRatioBetween(middle, last) - hitRatioBetween(first, middle);
    const spanMillis = last.atMillis - first.atMillis;
    const perSecond = (count: number): number => (spanMillis > 0 ? (1000 * count) / spanMillis : 0);
    return {
      snapshots: recent.length,
      spanMillis,
      hitRatio: hitRatioBetween(first, last),
      hitRatioChange: change,
      direction: change > CHANGE_RATIO ? "rising" : change < -CHANGE_RATIO ? "falling" : "steady",
      requestsPerSecond: perSecond(requestsBetween(first, last)),
      evictionsPerSecond: perSecond(last.evictions - first.evictions),
      bytesPerSecond: perSecond(last.bytes - first.bytes),
    };
  }

  /** The cache as it stands and what to do. A window without requests says nothing against the cache. */
  health(): CacheHealth {
    const trend = this.trend();
    const last = this.#snapshots.at(-1);
    const memoryRatio = last === undefined ? 0 : last.bytes / last.mostBytes;
    const hitsEnough = Number.isNaN(trend.hitRatio) || trend.hitRatio >= HEALTHY_HIT_RATIO;
    return {
      isHealthy: hitsEnough && memoryRatio < HEALTHY_MEMORY_RATIO,
      memoryRatio,
      trend,
      recommendations: last === undefined ? [] : this.#recommend(trend, last, memoryRatio),
    };
  }

  #recommend(trend: CacheTrend, last: CacheSnapshot, memoryRatio: number): Recommendation[] {
    const first = this.#snapshots.slice(-TREND_WINDOW)[0];
    const requests = requestsBetween(first, last);
    const evictions = last.evictions - first.evictions;
    const found: Recommendation[] = [];
    const say = (code: RecommendationCode, text: string): void => {
      found.push({ code, text });
    };
    const isFull = memoryRatio >= HEALTHY_MEMORY_RATIO || last.entries >= last.mostEntries;
    if (requests === 0) say("no-traffic", "nothing was asked for in this window");
    if (requests >= FEW_REQUESTS && trend.hitRatio < HEALTHY_HIT_RATIO)
      say(
        "low-hit-ratio",
        isFull && evictions > 0
          ? `${percent(trend.hitRatio)} hit while entries are evicted: raise max or maxSize`
          : `${percent(trend.hitRatio)} hit although there is room: preload hot components, or raise ttl`,
      );
    if (requests >= FEW_REQUESTS && trend.direction === "falling")
      say("falling-hit-ratio", `the hit ratio fell by ${percent(-trend.hitRatioChange)} within this window`);
    if (memoryRatio >= HEALTHY_MEMORY_RATIO)
      say("memory-tight", `${percent(memoryRatio)} of maxSize is used: raise it, or expect evictions`);
    if (requests >= FEW_REQUESTS && evictions > requests / 4)
      say("evicts-often", `${evictions} evictions in ${requests} requests: the working set does not fit`);
    if (last.failures > first.failures)
      say("loads-fail", `${last.failures - first.failures} loads failed in this window`);
    if (last.loadMillisP95 > SLOW_MILLIS)
      say("loads-slow", `one load in twenty takes over ${SLOW_MILLIS} ms: preload what is hot`);
    if (
      this.#snapshots.length >= TREND_WINDOW &&
      evictions === 0 &&
      trend.hitRatio >= HEALTHY_HIT_RATIO &&
      memoryRatio < LARGE_RATIO &&
      last.entries < LARGE_RATIO * last.mostEntries
    )
      say("too-large", `${percent(memoryRatio)} of maxSize is used and nothing is evicted: it could be smaller`);
    return found;
  }
}

const NO_TREND: CacheTrend = {
  snapshots: 0,
  spanMillis: 0,
  hitRatio: Number.NaN,
  hitRatioChange: Number.NaN,
  direction: "steady",
  requestsPerSecond: 0,
  evictionsPerSecond: 0,
  bytesPerSecond: 0,
};

function requestsBetween(from: CacheSnapshot, to: CacheSnapshot): number {
  return to.hits + to.misses - from.hits - from.misses;
}

function hitRatioBetween(from: CacheSnapshot, to: CacheSnapshot): number {
  const requests = requestsBetween(from, to);
  return requests === 0 ? Number.NaN : (to.hits - from.hits) / requests;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
