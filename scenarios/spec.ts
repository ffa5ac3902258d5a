// A scenario as plain data. The built-in families and the files that people write are both values of `ScenarioSpec` and
// go through the same generator, so that a file can do whatever a family does.

import type { RequestMix } from "../core/demand.ts";

/** Laws of request sizes. All bounds are payload bytes, both included. See size-law.ts. */
export type SizeLaw = SimpleSizeLaw | { readonly law: "blend"; readonly parts: readonly SizeBlendPart[] };

export type SimpleSizeLaw =
  | { readonly law: "uniform"; readonly lowBytes: number; readonly highBytes: number }
  | { readonly law: "pareto"; readonly lowBytes: number; readonly highBytes: number; readonly alpha: number }
  | {
      readonly law: "lognormal";
      readonly medianBytes: number;
      readonly spread: number;
      readonly lowBytes: number;
      readonly highBytes: number;
    }
  | { readonly law: "choice"; readonly choices: readonly { readonly bytes: number; readonly share: number }[] };

export interface SizeBlendPart {
  readonly share: number;
  readonly sizes: SimpleSizeLaw;
}

/**
 * Laws of lifetimes, as ages in allocated volume, in units of the mean: how *unequal* lives are. How long they are on
 * average is set by the level (live bytes = allocation rate × mean life). See lifetime-law.ts.
 */
export type LifetimeLaw =
  | { readonly law: "exponential" }
  | { readonly law: "uniform" }
  | { readonly law: "fixed"; readonly jitter: number }
  | { readonly law: "two-speed"; readonly shortShare: number; readonly ratio: number }
  | { readonly law: "pareto"; readonly alpha: number };

/** A periodic shape with values in [−1, 1]. See wave.ts. */
export interface WaveSpec {
  readonly shape: "constant" | "wave" | "triangle" | "ramp" | "sawtooth" | "square" | "steps";
  readonly periodSeconds?: number;
  /** Each cycle's length is drawn from period × (1 ± jitter); 0..0.9. */
  readonly jitter?: number;
  /** The period shrinks so that a run has at least so many cycles. */
  readonly leastCycles?: number;
  /** ramp: the share of the cycle that climbs; square: the share that is high. 0..1 */
  readonly highShare?: number;
  /** Share of a cycle by which this wave runs ahead. */
  readonly lead?: number;
  /** steps: the values of equal parts of the cycle, each in [−1, 1]. */
  readonly steps?: readonly number[];
}

export interface LevelSpec extends WaveSpec {
  /** Half the swing of the wave as a ratio of capacity; made smaller where it does not fit under the peak. */
  readonly swingRatio: number;
  /** Amplitude of a slow random wander on top, as a ratio of capacity; shrinks along with the swing. */
  readonly wanderRatio?: number;
  /** Time between the wander's knots. Default 6 s. */
  readonly wanderSeconds?: number;
  /** True: what the level climbs within a cycle is leaked blocks, all released when the cycle ends. */
  readonly leaks?: boolean;
}

export interface ArrivalSpec {
  /** `poisson`: exponential gaps. `regular`: gaps of mean × (1 ± 0.5). */
  readonly law: "poisson" | "regular";
  /** Modulates the rate: rate × (1 + swing × wave). */
  readonly rate?: WaveSpec & { readonly swing: number };
}

/** One regime of a scenario that changes its ways from time to time. */
export interface RegimeSpec {
  readonly seconds: number;
  /** Length drawn from seconds × (1 ± jitter). */
  readonly jitter?: number;
  readonly sizes?: SizeLaw;
  readonly lifetimes?: LifetimeLaw;
  /** Arrivals come so many times as fast (before normalising the mean rate). */
  readonly rateFactor?: number;
  /** True: every second block born in it is freed when it ends (a checkerboard). */
  readonly freesEverySecond?: boolean;
}

/** Bursts and herds: what happens at moments of its own schedule. */
export interface EventSpec {
  /** Mean time from the end of one to the start of the next. */
  readonly gapSeconds: number;
  /** `jittered`: gaps of gapSeconds × (1 ± jitter). `poisson`: exponential, at least `leastGapSeconds`. */
  readonly schedule: "jittered" | "poisson";
  readonly jitter?: number;
  readonly leastGapSeconds?: number;
  /** It lasts from lowSeconds to highSeconds. */
  readonly lowSeconds: number;
  readonly highSeconds: number;
  /** While it lasts arrivals come so many times as fast; the surplus are the event's own blocks. */
  readonly rateFactor?: number;
  /** A number of requests at once, at its start. */
  readonly herd?: { readonly lowRequests: number; readonly highRequests: number; readonly withinMillis: number };
  /** Herd requests are of class `atomic` (as far as the mix has room for them). */
  readonly isAtomic?: boolean;
  readonly sizes?: SizeLaw;
  /** Mean life of the event's own blocks, by the clock. */
  readonly lifeSeconds: number;
  /** How much the level is lifted while it lasts, as a ratio of capacity. */
  readonly liftRatio: number;
  /** A rising rate beforehand: up to `rateFactor` over `seconds`. */
  readonly warning?: { readonly seconds: number; readonly rateFactor: number };
}

/** Lookups in a cache tenant: what is asked of its blocks. See lookups.ts. */
export interface LookupSpec {
  /** Lookups for each insertion, on average. */
  readonly perInsertion: number;
  /** How many keys there are for each block that the cache holds on average. */
  readonly keysPerBlock: number;
  /** Zipf exponent: the key of rank r is asked for in proportion to 1 / r^skew. */
  readonly skew: number;
  /** Mean time until two keys exchange their ranks. */
  readonly driftSeconds: number;
}

export interface TenantSpec {
  readonly name: string;
  /** Share of the requests; shares are relative to their sum. */
  readonly share: number;
  readonly sizes?: SizeLaw;
  readonly lifetimes?: LifetimeLaw;
  /** Its blocks are a cache's: a shrinker may free them at any time. Needs `occupies`. */
  readonly isReclaimable?: boolean;
  /** Its live bytes wander between these ratios of capacity, apart from the other tenants'. */
  readonly occupies?: { readonly lowRatio: number; readonly highRatio: number };
  /** What is asked of it, for a cache: at most one tenant. Needs `isReclaimable`. */
  readonly lookups?: LookupSpec;
  /** Works only for `forSeconds` of each `everySeconds`. */
  readonly active?: { readonly everySeconds: number; readonly forSeconds: number };
}

export interface ScenarioSpec {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly durationSeconds?: number;
  readonly ratePerSecond?: number;
  readonly pressureRatio?: number;
  readonly mix: RequestMix;
  readonly sizes: SizeLaw;
  /** No request is larger; further limits come from the level, see `largestRequestBytes`. Default 4,096. */
  readonly largestBytes?: number;
  readonly lifetimes: LifetimeLaw;
  readonly level: LevelSpec;
  readonly arrivals: ArrivalSpec;
  readonly regimes?: readonly RegimeSpec[];
  /** Regimes follow one another in the order written, or at random, never the same twice in a row. Default `cycle`. */
  readonly regimeOrder?: "cycle" | "random";
  readonly events?: EventSpec;
  readonly tenants?: readonly TenantSpec[];
  /** Peak of all demanded bytes / capacity. Over 0.99 only with reclaimable tenants: the rest stays under 0.99. */
  readonly peakRatio?: number;
  /** How fast the shrinker of reclaimable blocks works. */
  readonly shedBytesPerSecond?: number;
}
