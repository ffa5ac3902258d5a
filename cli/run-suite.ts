// A suite from its description to its result: cells to the pool, runs back into canonical order, comparisons. Neither the
// number of workers nor the order in which they finish shows in what comes out.

import { MempredError } from "../core/errors.ts";
import type { ForecastCounts } from "../predictor/forecast-counts.ts";
import type { TrainingSamples } from "../predictor/trainer.ts";
import { RESULT_SCHEMA, type RunResult } from "../sim/result.ts";
import { compareRuns } from "../sim/suite/comparisons.ts";
import { executionOrder, expandSuite, type Suite } from "../sim/suite/plan.ts";
import { reproduceCommand } from "../sim/suite/reproduce.ts";
import { headlinePressure } from "../sim/suite/verdicts.ts";
import type { CellJob, CellRun, CellSettings } from "./cell.ts";
import type { DemandSource } from "./engine.ts";
import { type FailureContext, RunFailure } from "./exit.ts";
import type { Host } from "./host.ts";
import { type PackedError, unpackError } from "./packed-error.ts";
import { neighbourModule, PoolError, runPool } from "./pool.ts";
import { type ScoredRun, type StoredResult, summariseForecasts } from "./stored-result.ts";
import { packageVersion } from "./version.ts";
import type { WorkerSetup } from "./worker.ts";

export interface SuiteRequest {
  readonly suite: Suite;
  readonly sources: Readonly<Record<string, DemandSource>>;
  /** Null: the shipped ones. */
  readonly weights: Float64Array | "cold" | null;
  readonly journalPath: string | null;
  /** Whether to bring back training samples. Default no. */
  readonly collectSamples?: boolean;
  readonly workers: number;
}

export interface SuiteOutcome {
  readonly result: StoredResult;
  /** The signal that ended it early; the result is then partial. */
  readonly signal: "SIGINT" | "SIGTERM" | null;
  /** The predictor at the end of the last run at the headline level, of the last policy that has one; null without. */
  readonly predictorState: Uint8Array | null;
  /** One entry a run, in canonical order; empty unless they were asked for. */
  readonly samplesOfRuns: readonly TrainingSamples[];
}

/** Told of each finished cell. */
export type ProgressListener = (runs: readonly RunResult[], doneRuns: number, allRuns: number) => void;

/** Runs a suite on worker threads. Errors: those of a run as RunFailure; operating errors as they are. */
export async function runSuite(
  request: SuiteRequest,
  host: Host,
  onProgress: ProgressListener = () => {},
): Promise<SuiteOutcome> {
  const { suite } = request;
  const cells = expandSuite(suite);
  const ordered = executionOrder(suite, cells);
  const headline = headlinePressure(suite);
  const stateIndex = ordered.map((cell) => cell.pressureRatio).lastIndexOf(headline);
  const jobs = ordered.map(
    (cell, i): CellJob => ({
      scenario: cell.scenario,
      pressureRatio: cell.pressureRatio,
      seed: cell.seed,
      durationSeconds: suite.durationSeconds,
      ratePerSecond: suite.rate,
      capacityBytes: suite.settings.capacityBytes,
      mix: suite.mix,
      wantsState: i === stateIndex,
    }),
  );
  const allRuns = jobs.length * suite.policies.length;
  const runsOfCell: (readonly CellRun[] | undefined)[] = new Array(cells.length).fill(undefined);
  let doneRuns = 0;
  let signal: SuiteOutcome["signal"] = null;
  const abort = new AbortController();
  const stopListening = host.onSignal((received) => {
    signal = received;
    abort.abort();
  });
  try {
    await runPool<CellJob, CellRun[]>({
      module: neighbourModule("worker", import.meta.url),
      workerData: workerSetup(request, host, allRuns),
      workers: request.workers,
      jobs,
      batchSize: 4,
      signal: abort.signal,
      onResult(index, runs) {
        runsOfCell[ordered[index]!.index] = runs;
        doneRuns += runs.length;
        onProgress(
          runs.map((run) => run.result),
          doneRuns,
          allRuns,
        );
      },
    });
  } catch (error) {
    if (!(error instanceof PoolError)) throw error;
    throw explain(error, jobs, suite);
  } finally {
    stopListening();
  }
  const isComplete = doneRuns === allRuns;
  const result = await assemble(suite, runsOfCell, isComplete);
  const states = stateIndex < 0 ? [] : (runsOfCell[ordered[stateIndex]!.index] ?? []);
  const predictorState =
    states
      .map((run) => run.predictorState)
      .filter((state) => state !== null)
      .at(-1) ?? null;
  const samplesOfRuns = runsOfCell.flatMap((runs) => (runs ?? []).flatMap((run) => run.samples ?? []));
  return { result, signal: isComplete ? null : signal, predictorState, samplesOfRuns };
}

function workerSetup(request: SuiteRequest, host: Host, runs: number): WorkerSetup {
  const { suite, sources, weights, journalPath, collectSamples = false } = request;
  const {
    fit,
    autonomy,
    watchdog,
    shadow,
    retries,
    reserveBytes = null,
    shedOrder = null,
    attacks = [],
  } = suite.settings;
  const settings: CellSettings = {
    policies: suite.policies,
    fit,
    autonomy,
    watchdog,
    shadow,
    retries,
    reserveBytes,
    shedOrder,
    weights,
    attacks,
    // Of a few runs a reader wants the whole story; of hundreds, a file that can be sent around.
    keepDecisions: runs <= 20 ? 20 : 3,
    journalPath,
    collectSamples,
  };
  return { engineUrl: host.engineUrl ?? neighbourModule("engine", import.meta.url).href, settings, sources };
}

async function assemble(
  suite: Suite,
  runsOfCell: readonly (readonly CellRun[] | undefined)[],
  isComplete: boolean,
): Promise<StoredResult> {
  const cellRuns = runsOfCell.flatMap((runs) => runs ?? []);
  const runs = cellRuns.map((run) => run.result);
  // A trace in an arena of a given size sets its own level: the suite says the levels that the runs came to.
  const levels = [...new Set(runs.map((run) => run.pressureRatio))].sort((a, b) => a - b);
  const isLevelGiven = levels.every((level) => suite.pressures.includes(level));
  const described: Suite = isLevelGiven ? suite : { ...suite, pressures: levels };
  const scored = cellRuns
    .filter((run) => run.forecastCounts !== null)
    .map(
      ({ result, forecastCounts }): ScoredRun => ({
        policy: result.policy,
        scenario: result.scenario,
        pressureRatio: result.pressureRatio,
        criticalThreshold: result.pressure.criticalThreshold,
        counts: forecastCounts as ForecastCounts,
      }),
    );
  return {
    schema: RESULT_SCHEMA,
    version: packageVersion(),
    suite: described,
    ...(isComplete ? {} : { isPartial: true }),
    runs,
    comparisons: compareRuns(described, runs),
    forecasts: await summariseForecasts(described, scored),
  };
}

/** What a failed worker means: an operating error as it is, anything else with the run and the line that repeats it. */
function explain(error: PoolError, jobs: readonly CellJob[], suite: Suite): Error {
  const job = jobs[error.jobIndex];
  const packed = error.cause as Partial<PackedError>;
  const cause =
    packed.kind === undefined || error.cause instanceof Error ? error.cause : unpackError(packed as PackedError);
  const origin = cause instanceof RunFailure ? cause.cause : cause;
  if (origin instanceof MempredError && origin.code !== "INTERNAL") return origin;
  const context: FailureContext = cause instanceof RunFailure ? cause.context : { ...job };
  const { scenario, pressureRatio, seed, policy } = context;
  const part = {
    ...(scenario === undefined ? {} : { scenario }),
    ...(pressureRatio === undefined ? {} : { pressureRatio }),
    ...(seed === undefined ? {} : { seed }),
    ...(policy === undefined ? {} : { policies: [policy] }),
  };
  const message = origin instanceof Error ? origin.message : String(origin);
  return new RunFailure(message, { ...context, reproduce: reproduceCommand(suite, part) }, origin);
}
