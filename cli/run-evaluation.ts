// Runs the parts of an evaluation one after the other and reduces each to its rows.

import { Digest } from "../core/hash.ts";
import { BASELINE_IDS, type BaselineId } from "../predictor/baselines/registry.ts";
import { type ForecastCounts, mergeForecastCounts } from "../predictor/forecast-counts.ts";
import type { LossDifferential } from "../sim/suite/diebold-mariano.ts";
import {
  EVALUATION_FIGURES,
  type EvaluationFigure,
  type EvaluationRow,
  type ForecastPart,
  type ForecastRow,
  type RunPart,
} from "../sim/suite/evaluation.ts";
import type { EvaluationJob, EvaluationRun, EvaluationRunOutcome } from "./evaluation-cell.ts";
import type { PlannedPart } from "./evaluation-plan.ts";
import type { CellsOutcome } from "./run-cells.ts";

/** A run and what it came to. */
interface Done {
  readonly job: EvaluationJob;
  readonly run: EvaluationRun;
  readonly outcome: EvaluationRunOutcome;
}

/** Rows of a part whose runs are told by their figures. */
export function runPartOf(plan: PlannedPart, done: CellsOutcome): RunPart {
  const rows = grouped(plan, done).map((group): EvaluationRow => {
    const { job, run } = group[0]!;
    const digest = new Digest();
    for (const { outcome } of group) digest.addText(`${outcome.hash}\n`);
    const counts = group.map(({ outcome }) => outcome.forecastCounts as ForecastCounts | null);
    const forecast = counts.every((one) => one !== null)
      ? { criticalThreshold: group[0]!.outcome.criticalThreshold, counts: mergeForecastCounts(counts) }
      : null;
    return {
      scenario: job.scenario,
      pressureRatio: job.pressureRatio,
      policy: run.policy,
      budgetBytesPerSecond: run.budgetBytesPerSecond,
      seeds: group.map((one) => one.job.seed),
      digest: digest.hex(),
      isEachSeedDistinct: new Set(group.map(({ outcome }) => outcome.hash)).size === group.length,
      values: Object.fromEntries(
        EVALUATION_FIGURES.map((name, i) => [name, group.map(({ outcome }) => outcome.figures[i]!)]),
      ) as unknown as Record<EvaluationFigure, (number | null)[]>,
      forecast,
    };
  });
  return { ...plan.description, ...partialMark(done), rows };
}

/** Rows of the part that follows forecasts tick by tick. */
export function forecastPartOf(plan: PlannedPart, done: CellsOutcome): ForecastPart {
  const rows = grouped(plan, done).flatMap((group): ForecastRow[] => {
    const { job, run } = group[0]!;
    const taped = group.map(({ outcome }) => outcome.taped);
    if (!taped.every((one) => one !== null)) return [];
    return [
      {
        scenario: job.scenario,
        pressureRatio: job.pressureRatio,
        policy: run.policy,
        weights: run.isCold ? "cold" : "shipped",
        seeds: group.map((one) => one.job.seed),
        maePercentPoints: taped.map((one) => one.maePercentPoints),
        losses: Object.fromEntries(BASELINE_IDS.map((id) => [id, taped.map((one) => one.losses[id]!)])) as Record<
          BaselineId,
          LossDifferential[]
        >,
        firstScaledError: taped.map((one) => one.firstScaledError),
        lateScaledError: taped.map((one) => one.lateScaledError),
      },
    ];
  });
  return { ...plan.description, ...partialMark(done), rows };
}

function partialMark(done: CellsOutcome): { isPartial?: true } {
  return done.outcomes.some((one) => one === undefined) ? { isPartial: true } : {};
}

/** Runs of one (scenario, level, policy, conditions), seeds in the order of the part. */
function grouped(plan: PlannedPart, done: CellsOutcome): Done[][] {
  const groups = new Map<string, Done[]>();
  plan.jobs.forEach((job, index) => {
    const outcomes = done.outcomes[index];
    job.runs.forEach((run, i) => {
      const key = `${job.scenario}\n${job.pressureRatio}\n${run.policy}\n${run.budgetBytesPerSecond}\n${run.isCold}\n${JSON.stringify(run.tuning)}`;
      const outcome = outcomes?.[i];
      if (outcome === undefined) return;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ job, run, outcome }]);
      else group.push({ job, run, outcome });
    });
  });
  return [...groups.values()];
}
