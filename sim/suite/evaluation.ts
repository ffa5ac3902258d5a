// The document of an evaluation, `mempred.evaluation/1`: what every run of the frozen suite, the recordings, the budgets and
// the hours of autonomy came to, as vectors over seeds. It keeps less of a run than a result file (result.ts) and more runs:
// figures without their runs' decisions, so that 15,000 runs fit a file and every table of the report can be made from it
// again. No wall-clock value is in it but those of `costs`, when they were asked for.

import type { BaselineId } from "../../predictor/baselines/registry.ts";
import type { ForecastCounts } from "../../predictor/forecast-counts.ts";
import { OOM_CAUSES, type RunResult } from "../result.ts";
import type { LossDifferential } from "./diebold-mariano.ts";
import { metricNamed } from "./metrics.ts";
import { BOUNDS } from "./plan.ts";

export const EVALUATION_SCHEMA = "mempred.evaluation/1";

/** What can be run alone and merged later. */
export const EVALUATION_PARTS = ["suite", "traces", "budgets", "forecast", "autonomy"] as const;
export type EvaluationPartId = (typeof EVALUATION_PARTS)[number];
/** Parts whose rows are figures of runs. */
export const RUN_PARTS = ["suite", "traces", "budgets", "autonomy"] as const;
export type RunPartId = (typeof RUN_PARTS)[number];

const FROM_METRICS = [
  "oom_avoidable",
  "oom_events",
  "oom_denied_bytes",
  "oom_episodes",
  "requests_total",
  "requests_served",
  "pressure_mean_occupancy",
  "pressure_mean_effective",
  "pressure_critical_ratio",
  "compaction_runs",
  "compaction_proactive",
  "compaction_useful",
  "compaction_moved_bytes",
  "compaction_mean_micros",
  "compaction_max_pause_micros",
  "compaction_duty_ratio",
  "compaction_max_runs_in_any_second",
  "response_mean_micros",
  "response_p99_micros",
  "response_max_micros",
  "reclaim_shed_bytes",
  "watchdog_trips",
  "watchdog_fallback_ticks",
  "decisions_per_hour",
] as const;
const OF_CAUSES = OOM_CAUSES.map((cause) => `oom_cause_${cause}` as const);
const OF_CLASSES = ["oom_class_atomic", "oom_class_deadline", "oom_class_wait"] as const;

/** Names of the figures of a row; those of metrics.ts mean what they mean there. */
export const EVALUATION_FIGURES = [...FROM_METRICS, ...OF_CAUSES, ...OF_CLASSES] as const;
export type EvaluationFigure = (typeof EVALUATION_FIGURES)[number];

/** The figures of a run in the order of EVALUATION_FIGURES; null where the run has none. */
export function figuresOf(run: RunResult): (number | null)[] {
  const { byCause, byClass } = run.ooms;
  return [
    ...FROM_METRICS.map((name) => metricNamed(name).of(run)),
    ...OOM_CAUSES.map((cause) => byCause[cause]),
    byClass.atomic,
    byClass.deadline,
    byClass.wait,
  ];
}

/** One policy in one (scenario, level), at one budget, over seeds. */
export interface EvaluationRow {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly policy: string;
  /** Bytes/s that proactive runs could move; null: as the policy likes. */
  readonly budgetBytesPerSecond: number | null;
  readonly seeds: readonly number[];
  /** Over the digests of the runs, in the order of seeds. */
  readonly digest: string;
  /** False when two seeds gave the same run: no demand was drawn, or the run is a stub. */
  readonly isEachSeedDistinct: boolean;
  /** One vector per figure, one value per seed. */
  readonly values: Readonly<Record<EvaluationFigure, readonly (number | null)[]>>;
  /** Forecasts of all seeds together; null for a policy that makes none. */
  readonly forecast: { readonly criticalThreshold: number; readonly counts: ForecastCounts } | null;
}

/** What was run, beside the rows. */
export interface PartDescription {
  readonly scenarios: readonly string[];
  readonly pressures: readonly number[];
  readonly seeds: readonly number[];
  readonly policies: readonly string[];
  /** Virtual seconds of a run; 0 where each recording has its own. */
  readonly durationSeconds: number;
  readonly isPartial?: boolean;
}

export interface RunPart extends PartDescription {
  readonly rows: readonly EvaluationRow[];
}

/** How well a policy's forecaster did in one (scenario, level), run by run. */
export interface ForecastRow {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly policy: string;
  readonly weights: "shipped" | "cold";
  readonly seeds: readonly number[];
  /** Mean absolute error of each seed, in percentage points. */
  readonly maePercentPoints: readonly number[];
  /** Absolute errors of the policy − those of each baseline, in percentage points, one per seed. */
  readonly losses: Readonly<Record<BaselineId, readonly LossDifferential[]>>;
  /** Errors of the first 200 forecasts and of those after the 1,000th, over persistence's on the same forecasts. */
  readonly firstScaledError: readonly (number | null)[];
  readonly lateScaledError: readonly (number | null)[];
}

export interface ForecastPart extends PartDescription {
  readonly rows: readonly ForecastRow[];
}

/** A policy as it was when the evaluation ran. */
export interface EvaluatedPolicy {
  readonly id: string;
  readonly compactor: string;
  readonly proactiveCompactor: string;
  readonly isProactive: boolean;
  /** True for what no real policy can be: it knows the future or pays nothing. */
  readonly isBound: boolean;
}

/** What the forecaster of a policy costs. Nanoseconds are wall-clock time. */
export interface ForecasterCost {
  readonly policy: string;
  readonly forecaster: string;
  /** Numbers that were fitted, offline or online; null where nobody says. */
  readonly parameters: number | null;
  /** All of its state, weights and history included. */
  readonly stateBytes: number;
  /** Whether the policy pays these bytes in the arena; if not, it runs beside it. */
  readonly isInArena: boolean;
  /** Bytes that the policy beside it pays in the arena. */
  readonly controllerBytes: number;
  readonly requestNanos: number;
  /** Each 500 ms: learning and the new forecast. */
  readonly tickNanos: number;
  readonly forecastNanos: number;
}

export interface ForecasterCosts {
  /** Engine, system, processor. */
  readonly measuredOn: string;
  readonly rows: readonly ForecasterCost[];
}

export interface EvaluationFile {
  readonly schema: typeof EVALUATION_SCHEMA;
  readonly version: string;
  /** The short form: what it says is a trial of the machinery, not a result. */
  readonly isQuick: boolean;
  readonly policies: readonly EvaluatedPolicy[];
  readonly parts: {
    readonly [K in RunPartId]?: RunPart;
  } & { readonly forecast?: ForecastPart };
  /** The only wall-clock figures, measured when asked for; in no digest. */
  readonly costs?: ForecasterCosts;
}

/** Policies that are bounds. */
export const BOUND_POLICIES: readonly string[] = [...BOUNDS, "zero-cost"];
/** The best forecaster, whatever its size. */
export const BEST_WATCHER = "watch-ensemble";
/** Policies that a forecaster watches without acting: they have forecasts to score, and nothing else to show. */
export function isWatcher(policy: string): boolean {
  return policy.startsWith("watch-");
}
/** Families whose pressure has a structure that can be forecast. */
export const STRUCTURED_FAMILIES: readonly string[] = ["ramp", "burst", "tide", "sawtooth", "stampede"];
