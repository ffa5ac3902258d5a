// The result file, `mempred.result/1`: what a run is reduced to. No wall-clock value is in it, so equal seeds give equal
// bytes. The types here are the contract between the simulator, the command line and anyone who reads a file.

import type { RequestMix } from "../core/demand.ts";
import type { ForecastReport } from "../predictor/forecast-report.ts";
import type { AttackReport } from "./attacks.ts";

export const RESULT_SCHEMA = "mempred.result/1";

export const OOM_CAUSES = ["capacity", "pinned", "reserve", "limit", "fragmentation"] as const;
export type OomCause = (typeof OOM_CAUSES)[number];
export const CAUSE_CAPACITY = 0; // no layout could serve it
export const CAUSE_PINNED = 1; // a whole slide, pins left in place, would not make the hole
export const CAUSE_RESERVE = 2; // the policy keeps what is left for atomic requests
export const CAUSE_LIMIT = 3; // the limiter, the watchdog or a busy compactor stood in the way
export const CAUSE_FRAGMENTATION = 4; // would fit after compaction, but its class could not wait for it

export interface OomReport {
  readonly total: number;
  /** limit + fragmentation: what a better policy could have served. */
  readonly avoidable: number;
  readonly byCause: Readonly<Record<OomCause, number>>;
  readonly byClass: { readonly atomic: number; readonly deadline: number; readonly wait: number };
  readonly deniedBytes: number;
  /** Runs of OOMs less than 1 s apart. */
  readonly episodes: number;
}

export interface CompactionReport {
  readonly runs: number;
  readonly proactive: number;
  /** Those of the proactive runs that packed the whole heap. */
  readonly proactivePacks: number;
  readonly reactive: number;
  /** Proactive runs within 5 s of which a request succeeded that failed in the shadow arena. Null without a shadow arena. */
  readonly useful: number | null;
  readonly movedBytes: number;
  /** Bytes of the blocks placed, headers and rounding included: over `movedBytes`, what a moved byte bought. */
  readonly allocatedBytes: number;
  /** Mean duration of a run in virtual µs; 0 when there was none. */
  readonly meanMicros: number;
  /** Longest slice: how long a request that may wait can be kept waiting by one step. */
  readonly maxPauseMicros: number;
  readonly maxRunMicros: number;
  /** Share of the time in which the compactor worked. */
  readonly dutyRatio: number;
  readonly maxRunsInAnySecond: number;
  /** Times that a run was wanted and the limiter said no. */
  readonly refusedByLimiter: number;
}

export interface PressureReport {
  readonly peakOccupancy: number;
  readonly meanOccupancy: number;
  readonly peakEffective: number;
  readonly meanEffective: number;
  readonly criticalThreshold: number;
  readonly criticalExit: number;
  readonly criticalEpisodes: number;
  readonly criticalRatio: number;
  /** Largest share of a sliding second in which some request waited. */
  readonly peakStallRatio: number;
  readonly meanStallRatio: number;
}

export interface ResponseReport {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface ReclaimReport {
  readonly sheds: number;
  readonly shedBytes: number;
  readonly shedBlocks: number;
}

/** What was asked of the cache among the tenants, and what of it was there. */
export interface CacheReport {
  readonly lookups: number;
  readonly hits: number;
  /** Null without a lookup. */
  readonly hitRatio: number | null;
  /** The hit ratio, were every request served and nothing shed: the demand's own. */
  readonly hitRatioUnshed: number | null;
  /** Misses of keys whose last block the shrinker had let go. */
  readonly missesAfterShedding: number;
}

/** The closed-loop variant: denied requests that came again, and those of them that were served. Apart from all other counts. */
export interface ClosedLoopReport {
  readonly retries: number;
  readonly recovered: number;
}

export interface WatchdogReport {
  readonly trips: readonly { readonly atMicros: number; readonly reason: string }[];
  readonly fallbackTicks: number;
  readonly readmissions: number;
}

/** One decision of the autonomy loop: which stage spoke, what was done, why, and what came of it. */
export interface Decision {
  readonly atMicros: number;
  readonly stage: "watchdog" | "autonomy" | "predictor" | "watermark" | "none";
  readonly action: "hold" | "compact" | "shed" | "fallback" | "reserve";
  readonly reason: string;
  readonly pressure: number;
  readonly forecast: number | null;
  readonly upper: number | null;
  readonly confidence: number | null;
  /** For a run: bytes moved and the largest hole before and after; filled in when it ended. */
  readonly outcome: string | null;
}

export interface AutonomyReport {
  readonly isOn: boolean;
  readonly decisions: number;
  readonly predictions: number;
  readonly decisionsPerHour: number;
  readonly predictionsPerHour: number;
  readonly byStage: Readonly<Record<string, number>>;
  readonly byAction: Readonly<Record<string, number>>;
  /** The last decisions that did something, oldest first. */
  readonly recent: readonly Decision[];
}

export interface RunResult {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly seed: number;
  readonly policy: string;
  readonly compactor: string;
  readonly fit: string;
  readonly capacityBytes: number;
  readonly durationSeconds: number;
  readonly timing: string;
  readonly mix: RequestMix;
  /** Mean and peak of the demanded bytes over capacity: what the level came to. */
  readonly demandLevel: { readonly mean: number; readonly peak: number };
  readonly requests: {
    readonly total: number;
    readonly atomic: number;
    readonly deadline: number;
    readonly wait: number;
    readonly served: number;
  };
  readonly ooms: OomReport;
  readonly compaction: CompactionReport;
  readonly pressure: PressureReport;
  readonly responseMicros: ResponseReport;
  readonly reclaim: ReclaimReport;
  /** There where the scenario has lookups. */
  readonly cache?: CacheReport;
  readonly closedLoop: ClosedLoopReport;
  /** Null for a policy that forecasts nothing. */
  readonly forecast: ForecastReport | null;
  readonly predictor: {
    readonly stateBytes: number;
    readonly watchdogBytes: number;
    readonly trainedLabels: number;
  } | null;
  readonly watchdog: WatchdogReport;
  /** What was broken on purpose, and how the run came through. Null without attacks. */
  readonly attacks: AttackReport | null;
  readonly autonomy: AutonomyReport;
  /** What a reader must know of this run, in sentences: usually none. */
  readonly notes: readonly string[];
  /** Digest over everything that happened in the run, in order. */
  readonly hash: string;
}

export interface Interval {
  readonly baseline: number;
  readonly policy: number;
  /** (policy − baseline) / baseline; null when the baseline is 0. */
  readonly changeRatio: number | null;
  /** 95 % paired-bootstrap interval of the mean difference policy − baseline; null with one seed. */
  readonly ci95: readonly [number, number] | null;
}

export interface Comparison {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly baseline: string;
  readonly policy: string;
  readonly seeds: number;
  readonly avoidableOoms: Interval;
  readonly totalOoms: Interval;
  readonly deniedBytes: Interval;
  readonly compactionRuns: Interval;
  readonly movedBytes: Interval;
  readonly responseMeanMicros: Interval;
  readonly responseP99Micros: Interval;
}

export interface SuiteDescription {
  readonly scenarios: readonly string[];
  readonly pressures: readonly number[];
  readonly seeds: readonly number[];
  readonly policies: readonly string[];
  readonly durationSeconds: number;
  /** Null where each scenario uses its own. */
  readonly mix: RequestMix | null;
  readonly rate: number;
}

export interface ResultFile {
  readonly schema: typeof RESULT_SCHEMA;
  /** Version of the product that wrote it. */
  readonly version: string;
  readonly suite: SuiteDescription;
  /** True when the suite was interrupted: `runs` holds what was done. */
  readonly isPartial?: boolean;
  readonly runs: readonly RunResult[];
  readonly comparisons: readonly Comparison[];
}
