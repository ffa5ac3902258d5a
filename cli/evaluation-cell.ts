// One cell of an evaluation: a demand, and every run that is wanted on it. It differs from cell.ts in that each run has
// options of its own (a budget, cold weights, parameters) and that figures come back in place of whole results: thousands of
// runs are held in memory at once.

import { Recording, recordingHeader } from "../sim/recording/recording.ts";
import type { RunResult } from "../sim/result.ts";
import type { LossDifferential } from "../sim/suite/diebold-mariano.ts";
import { figuresOf } from "../sim/suite/evaluation.ts";
import type { DemandRequest, DemandSource, Engine } from "./engine.ts";
import { RunFailure } from "./exit.ts";
import { tapedForecast } from "./taped-forecast.ts";

/** One run of a cell. */
export interface EvaluationRun {
  readonly policy: string;
  /** Bytes/s for proactive runs; null: no limit of their own. */
  readonly budgetBytesPerSecond: number | null;
  /** Start from random weights. */
  readonly isCold: boolean;
  /** Parameters of the policy that differ from their defaults. */
  readonly tuning: Readonly<Record<string, number>> | null;
  /** Whether to follow forecasts tick by tick: the run is recorded for it. */
  readonly isTaped: boolean;
}

/** A run as it is where nothing is said. */
export function plainRun(policy: string, parts: Partial<EvaluationRun> = {}): EvaluationRun {
  return { policy, budgetBytesPerSecond: null, isCold: false, tuning: null, isTaped: false, ...parts };
}

export interface EvaluationJob extends DemandRequest {
  readonly scenario: string;
  readonly runs: readonly EvaluationRun[];
}

/** Errors of a forecaster in one run, see ForecastRow. */
export interface TapedForecast {
  readonly maePercentPoints: number;
  /** By the id of the baseline. */
  readonly losses: Readonly<Record<string, LossDifferential>>;
  readonly firstScaledError: number | null;
  readonly lateScaledError: number | null;
}

export interface EvaluationRunOutcome {
  /** In the order of EVALUATION_FIGURES. */
  readonly figures: readonly (number | null)[];
  readonly hash: string;
  readonly criticalThreshold: number;
  /** predictor/forecast-counts ForecastCounts, or null. */
  readonly forecastCounts: unknown;
  /** Null unless it was asked for and the policy forecasts. */
  readonly taped: TapedForecast | null;
}

/** Runs a cell; outcomes in the order of its runs. Errors become a RunFailure that says where. */
export function runEvaluationCell(
  job: EvaluationJob,
  source: DemandSource,
  engine: Engine,
): Promise<EvaluationRunOutcome[]> {
  let policy: string | undefined;
  const runAll = async () => {
    const made = await engine.makeDemand(source, job);
    const demand = { ...made, name: job.scenario };
    const outcomes = new Map<EvaluationRun, EvaluationRunOutcome>();
    const compactions = new Map<string, RunResult["compaction"]>();
    const execute = (run: EvaluationRun, partner: RunResult["compaction"] | null): EvaluationRunOutcome => {
      policy = run.policy;
      const recorder = run.isTaped ? new Recording(recordingHeader(demand, run.policy, job.seed)) : null;
      const { result, forecastCounts } = engine.simulate({
        demand,
        policy: run.policy,
        seed: job.seed,
        keepDecisions: 0,
        ...(run.budgetBytesPerSecond === null ? {} : { limits: { proactiveBytesPerSecond: run.budgetBytesPerSecond } }),
        ...(run.isCold ? { weights: "cold" as const } : {}),
        ...(run.tuning === null ? {} : { tuning: run.tuning }),
        ...(partner === null ? {} : { placeboRuns: partner.proactive, placeboPacks: partner.proactivePacks }),
        ...(recorder === null ? {} : { recorder }),
      });
      compactions.set(pairKey(run, run.policy), result.compaction);
      return {
        figures: figuresOf(result),
        hash: result.hash,
        criticalThreshold: result.pressure.criticalThreshold,
        forecastCounts,
        taped: recorder === null ? null : tapedForecast(recorder),
      };
    };
    for (const run of job.runs) if (engine.pairOf(run.policy) === null) outcomes.set(run, execute(run, null));
    for (const run of job.runs) {
      const pairedWith = engine.pairOf(run.policy);
      if (pairedWith === null) continue;
      // A partner that is not of the cell runs for its count alone.
      const key = pairKey(run, pairedWith);
      if (!compactions.has(key)) execute({ ...run, policy: pairedWith, isTaped: false }, null);
      outcomes.set(run, execute(run, compactions.get(key)!));
    }
    return job.runs.map((run) => outcomes.get(run)!);
  };
  return runAll().catch((error: unknown) => {
    const { scenario, pressureRatio, seed } = job;
    const message = error instanceof Error ? error.message : String(error);
    throw new RunFailure(message, { scenario, pressureRatio, seed, policy }, error);
  });
}

/** The run of `policy` under the same conditions. */
function pairKey(run: EvaluationRun, policy: string): string {
  return `${policy}\n${run.budgetBytesPerSecond}\n${run.isCold}`;
}
