// Questions to the forecasts of an evaluation: the report of many runs together, and the test against the best baseline.

import { BASELINE_IDS, type BaselineId } from "../../predictor/baselines/registry.ts";
import { mergeForecastCounts } from "../../predictor/forecast-counts.ts";
import { type ForecastReport, reportForecast } from "../../predictor/forecast-report.ts";
import { pooledDieboldMariano } from "./diebold-mariano.ts";
import type { ForecastPart, ForecastRow, RunPart } from "./evaluation.ts";
import { rowsOf, type TestedDifference, testedDifference, type Where } from "./evaluation-table.ts";
import { mean } from "./statistics.ts";

/** All forecasts of a policy there, scored together; null when it made none. */
export function forecastOf(part: RunPart, policy: string, where: Where = {}): ForecastReport | null {
  const scored = rowsOf(part, policy, where).flatMap((row) => (row.forecast === null ? [] : [row.forecast]));
  if (scored.length === 0) return null;
  const threshold = scored[0]!.criticalThreshold;
  const isOne = scored.every((one) => one.criticalThreshold === threshold);
  const report = reportForecast(mergeForecastCounts(scored.map((one) => one.counts)), isOne ? threshold : null);
  return report.predictions > 0 ? report : null;
}

/** The test of a policy's forecaster against the simple baseline that did best on the same pairs. */
export interface BaselineTest {
  readonly scenario: string;
  readonly policy: string;
  readonly bestBaseline: BaselineId;
  readonly maePercentPoints: number;
  /** Mean of |error| − |error of the baseline|, percentage points: below 0 the policy's is better. */
  readonly difference: number;
  readonly statistic: number | null;
  readonly p: number | null;
}

/** One test per scenario, the rival chosen afterwards, which is the hardest. */
export function baselineTests(part: ForecastPart, policy: string): BaselineTest[] {
  return part.rows
    .filter((row) => row.policy === policy && row.weights === "shipped")
    .map((row) => {
      const tests = BASELINE_IDS.map((id) => ({ id, ...pooledDieboldMariano(row.losses[id]) }));
      // The rival with the least error is the one by which ours is the least better.
      const best = tests.reduce((a, b) => (b.mean > a.mean ? b : a));
      return {
        scenario: row.scenario,
        policy,
        bestBaseline: best.id,
        maePercentPoints: mean(row.maePercentPoints),
        difference: best.mean,
        statistic: best.statistic,
        p: best.p,
      };
    });
}

/**
 * The first 200 forecasts with shipped weights against those after the 1,000th of a cold start, both as errors over that of
 * persistence on the same forecasts, averaged over scenarios: a positive difference says that the first are worse.
 */
export function firstAgainstLearned(part: ForecastPart, policy: string): TestedDifference | null {
  const values = (weights: ForecastRow["weights"], pick: (row: ForecastRow) => readonly (number | null)[]) => {
    const sums = new Map<number, number[]>();
    for (const row of part.rows) {
      if (row.policy !== policy || row.weights !== weights) continue;
      row.seeds.forEach((seed, i) => {
        const value = pick(row)[i]!;
        if (value !== null) sums.set(seed, [...(sums.get(seed) ?? []), value]);
      });
    }
    return new Map([...sums].map(([seed, list]) => [seed, mean(list)]));
  };
  return testedDifference(
    values("cold", (row) => row.lateScaledError),
    values("shipped", (row) => row.firstScaledError),
  );
}

/**
 * Skill of a policy's forecaster over all scenarios of the part: 1 − MAE / MAE of the simple baseline that did best on them all,
 * run by run; null when it is not in the part. With the weights that ship.
 */
export function skillOf(part: ForecastPart, policy: string): number | null {
  const rows = part.rows.filter((row) => row.policy === policy && row.weights === "shipped");
  if (rows.length === 0) return null;
  const own = mean(rows.flatMap((row) => row.maePercentPoints));
  const baselines = BASELINE_IDS.map((id) =>
    mean(rows.flatMap((row) => row.maePercentPoints.map((mae, i) => mae - row.losses[id][i]!.mean))),
  );
  const best = Math.min(...baselines);
  return best > 0 ? 1 - own / best : null;
}
