// What goes into a run and what comes out of it. A run is a pure function of (demand, policy, seed, options).

import type { Demand } from "../core/demand.ts";
import type { ForecastCounts } from "../predictor/forecast-counts.ts";
import type { SampleCollector } from "../predictor/sample-collector.ts";
import type { Attack } from "./attacks.ts";
import type { Decision, RunResult } from "./result.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { ShedOrderName } from "./shed-order.ts";

/** Limits on compaction, DESIGN section 1. */
export interface Limits {
  /** At most this many runs start in any sliding second. Infinity switches it off. */
  readonly runsPerSecond: number;
  /** Token bucket: bytes moved per second, and how many may be saved up. */
  readonly movedBytesPerSecond: number;
  readonly movedBytesBurst: number;
  /** A budget of their own for proactive runs, bytes/s; Infinity, the default, sets none. Ten seconds of it may be saved up. */
  readonly proactiveBytesPerSecond: number;
  /** Least time between the end of a proactive run and the start of the next. */
  readonly proactiveCooldownMicros: number;
}

/** T = startMicros + scanMicrosPerBlock · blocks + moved / copyBytesPerMicro. All zero/Infinity = free of cost. */
export interface CostModel {
  readonly startMicros: number;
  readonly scanMicrosPerBlock: number;
  readonly copyBytesPerMicro: number;
  readonly sliceMicros: number;
}

/** Receives each journal line as a finished JSON text without the newline. Throwing stops the run. */
export type JournalSink = (line: string) => void;

export interface SimulateOptions {
  readonly demand: Demand;
  /** A policy id of the registry, with an optional compactor: "reactive", "reactive:window", "neural:slide". */
  readonly policy: string;
  readonly seed: number;
  readonly fit?: "segregated" | "best";
  readonly limits?: Partial<Limits>;
  readonly cost?: Partial<CostModel>;
  /** The 500 ms loop. Off: only the consult at each allocation acts. Default on. */
  readonly autonomy?: boolean;
  /** Watchdog over the forecaster. Default on. */
  readonly watchdog?: boolean;
  /** The arena that gets the same demand and no proactive action; forecasts learn from it and are scored against it. Default on. */
  readonly shadow?: boolean;
  /** A fixed reference length in bytes instead of the 95th percentile of the last 512. */
  readonly referenceLengthBytes?: number;
  /** Bytes that only atomic requests may use, for policies with a reserve. */
  readonly reserveBytes?: number;
  /** Which of a cache's blocks its shrinker lets go first: `coldest` where the demand has lookups. Default `oldest`. */
  readonly shedOrder?: ShedOrderName;
  /** For `placebo`: how many runs to place at random times. */
  readonly placeboRuns?: number;
  /** For `placebo`: how many of them pack the whole heap. */
  readonly placeboPacks?: number;
  /** Values of the policy's parameters that differ from its defaults, by name (PolicyDefinition.parameters). */
  readonly tuning?: Readonly<Record<string, number>>;
  /** 49 weights to start from; none: the shipped ones, "cold": random from the seed. */
  readonly weights?: Float64Array | "cold";
  /** Closed loop: a denied request comes again up to this many times, 1 s later. Default 0 (open loop). */
  readonly retries?: number;
  /** What is broken meanwhile, and when (attacks.ts). None: nothing. */
  readonly attacks?: readonly Attack[];
  readonly journal?: JournalSink;
  /** Takes down the same, and the network at each tick, in a form of its own; in place of a journal. */
  readonly recorder?: RunRecorder;
  /** Takes down what the predictor saw at each tick and what came of it, for offline training. */
  readonly samples?: SampleCollector;
  /** How many of the last acting decisions to keep in the report. Default 20. */
  readonly keepDecisions?: number;
  /** Full heap check after every operation: slow, for tests. */
  readonly verify?: boolean;
}

export interface SimulateOutcome {
  readonly result: RunResult;
  /** Raw counts of the forecast score, to be added over runs (`mergeForecastCounts`), or null. */
  readonly forecastCounts: ForecastCounts | null;
  readonly decisions: readonly Decision[];
  /** The predictor's buffer at the end, or null. */
  readonly predictorState: Uint8Array | null;
}
