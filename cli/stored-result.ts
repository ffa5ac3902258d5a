// The result file as the command line writes and reads it: `mempred.result/1` with the settings of the suite and, per
// policy, the forecast scored over all of its runs together (figures of a sum, which cannot be had from averages).

import type { ForecastCounts } from "../predictor/forecast-counts.ts";
import type { ForecastReport } from "../predictor/forecast-report.ts";
import type { ResultFile, SuiteDescription } from "../sim/result.ts";
import type { Suite } from "../sim/suite/plan.ts";

/** The forecast of one policy: over everything, at one level, or in one scenario at one level. */
export interface ForecastSummary {
  readonly policy: string;
  /** Null: all scenarios. */
  readonly scenario: string | null;
  /** Null: all levels. */
  readonly pressureRatio: number | null;
  readonly runs: number;
  readonly report: ForecastReport;
}

export interface StoredResult extends ResultFile {
  readonly suite: Suite;
  readonly forecasts: readonly ForecastSummary[];
}

/** A result as JSON: one line a run, so that two files can be told apart line by line. Equal results give equal bytes. */
export function stringifyResult(result: ResultFile): string {
  const { runs, comparisons, ...head } = result;
  const forecasts = (result as Partial<StoredResult>).forecasts ?? [];
  const top = JSON.stringify({ ...head, forecasts: undefined }, null, 0);
  const lines = (items: readonly unknown[]) =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
  return `${top.slice(0, -1)},\n"runs":${lines(runs)},\n"comparisons":${lines(comparisons)},\n"forecasts":${lines(forecasts)}}\n`;
}

/** A run's tallies with what they are grouped by. */
export interface ScoredRun {
  readonly policy: string;
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly criticalThreshold: number;
  readonly counts: ForecastCounts;
}

/** The forecasts of each policy: over everything, then level by level, then scenario by scenario at each level. */
export async function summariseForecasts(
  suite: SuiteDescription,
  scored: readonly ScoredRun[],
): Promise<ForecastSummary[]> {
  if (scored.length === 0) return [];
  const [{ mergeForecastCounts }, { reportForecast }] = await Promise.all([
    import("../predictor/forecast-counts.ts"),
    import("../predictor/forecast-report.ts"),
  ]);
  const summaries: ForecastSummary[] = [];
  const add = (policy: string, scenario: string | null, pressureRatio: number | null) => {
    const runs = scored.filter(
      (run) =>
        run.policy === policy &&
        (scenario === null || run.scenario === scenario) &&
        (pressureRatio === null || run.pressureRatio === pressureRatio),
    );
    if (runs.length === 0) return;
    const first = runs[0]!.criticalThreshold;
    const threshold = runs.every((run) => run.criticalThreshold === first) ? first : null;
    const report = reportForecast(mergeForecastCounts(runs.map((run) => run.counts)), threshold);
    summaries.push({ policy, scenario, pressureRatio, runs: runs.length, report });
  };
  for (const policy of suite.policies) {
    for (const pressureRatio of [null, ...suite.pressures]) add(policy, null, pressureRatio);
    for (const scenario of suite.scenarios) for (const level of suite.pressures) add(policy, scenario, level);
  }
  return summaries;
}

/** The summary of that policy, scenario and level, or undefined. */
export function findForecast(
  result: ResultFile,
  policy: string,
  scenario: string | null,
  pressureRatio: number | null,
): ForecastReport | undefined {
  return (result as Partial<StoredResult>).forecasts?.find(
    (one) => one.policy === policy && one.scenario === scenario && one.pressureRatio === pressureRatio,
  )?.report;
}
