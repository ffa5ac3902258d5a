// Cells of an evaluation or of a tuning to the pool and back: order of execution, progress, signals, and what a failed
// worker means. What comes out does not depend on the number of workers.

import { MempredError } from "../core/errors.ts";
import { EVALUATION_FIGURES } from "../sim/suite/evaluation.ts";
import { durationText, percentText } from "../sim/suite/plan.ts";
import type { DemandSource } from "./engine.ts";
import type { EvaluationJob, EvaluationRunOutcome } from "./evaluation-cell.ts";
import type { EvaluationWorkerSetup } from "./evaluation-worker.ts";
import { type FailureContext, RunFailure } from "./exit.ts";
import type { Host } from "./host.ts";
import { type PackedError, unpackError } from "./packed-error.ts";
import { neighbourModule, PoolError, runPool } from "./pool.ts";
import type { ProgressRun } from "./progress.ts";

export interface CellsRequest {
  readonly jobs: readonly EvaluationJob[];
  readonly sources: Readonly<Record<string, DemandSource>>;
  readonly workers: number;
  readonly onProgress: (runs: readonly ProgressRun[], doneRuns: number, allRuns: number) => void;
}

export interface CellsOutcome {
  /** In the order of the jobs; undefined for a job that was not done. */
  readonly outcomes: readonly (readonly EvaluationRunOutcome[] | undefined)[];
  /** The signal that ended it early, or null. */
  readonly signal: "SIGINT" | "SIGTERM" | null;
}

const AVOIDABLE = EVALUATION_FIGURES.indexOf("oom_avoidable");

/** Runs all jobs, the seeds of a part one after the other. Errors: those of a run as RunFailure; operating errors as they are. */
export async function runCells(request: CellsRequest, host: Host): Promise<CellsOutcome> {
  const order = request.jobs.map((job, index) => ({ job, index })).sort((a, b) => a.job.seed - b.job.seed);
  const jobs = order.map(({ job }) => job);
  const outcomes: (readonly EvaluationRunOutcome[] | undefined)[] = new Array(jobs.length).fill(undefined);
  const allRuns = jobs.reduce((sum, job) => sum + job.runs.length, 0);
  let doneRuns = 0;
  let signal: CellsOutcome["signal"] = null;
  const abort = new AbortController();
  const stopListening = host.onSignal((received) => {
    signal = received;
    abort.abort();
  });
  const setup: EvaluationWorkerSetup = {
    engineUrl: host.engineUrl ?? neighbourModule("engine", import.meta.url).href,
    sources: request.sources,
  };
  try {
    await runPool<EvaluationJob, EvaluationRunOutcome[]>({
      module: neighbourModule("evaluation-worker", import.meta.url),
      workerData: setup,
      workers: request.workers,
      jobs,
      signal: abort.signal,
      onResult(index, runs) {
        outcomes[order[index]!.index] = runs;
        doneRuns += runs.length;
        const shown = jobs[index]!.runs.map(({ policy }, i) => ({
          policy,
          ooms: { avoidable: runs[i]!.figures[AVOIDABLE]! },
        }));
        request.onProgress(shown, doneRuns, allRuns);
      },
    });
  } catch (error) {
    if (!(error instanceof PoolError)) throw error;
    throw explain(error, jobs);
  } finally {
    stopListening();
  }
  return { outcomes, signal: doneRuns === allRuns ? null : signal };
}

/** What a failed worker means: an operating error as it is, anything else with the run in which it broke. */
function explain(error: PoolError, jobs: readonly EvaluationJob[]): Error {
  const packed = error.cause as Partial<PackedError>;
  const cause =
    packed.kind === undefined || error.cause instanceof Error ? error.cause : unpackError(packed as PackedError);
  const origin = cause instanceof RunFailure ? cause.cause : cause;
  if (origin instanceof MempredError && origin.code !== "INTERNAL") return origin;
  const job = jobs[error.jobIndex];
  const place = job === undefined ? {} : { scenario: job.scenario, pressureRatio: job.pressureRatio, seed: job.seed };
  const context: FailureContext = cause instanceof RunFailure ? cause.context : place;
  const reproduce = job === undefined ? {} : { reproduce: stressCommand(job, context.policy) };
  return new RunFailure(
    origin instanceof Error ? origin.message : String(origin),
    { ...context, ...reproduce },
    origin,
  );
}

/** The run again as a single one, without the budget or parameters it had; a recording is replayed. */
function stressCommand(job: EvaluationJob, policy = "predictive"): string {
  const { scenario, pressureRatio, seed, durationSeconds } = job;
  const words = durationSeconds > 0 ? ["stress", "--scenario", scenario] : ["replay", scenario];
  words.push("--pressure", percentText(pressureRatio), "--seed", String(seed), "--policy", policy);
  if (durationSeconds > 0) words.push("--duration", durationText(durationSeconds));
  return ["mempred", ...words].join(" ");
}
