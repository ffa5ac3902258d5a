// Questions to rows of an evaluation, on rows made up so that the answers are known by hand; marks met and missed.

import { describe, expect, test } from "vitest";
import { emptyForecastCounts } from "../../../predictor/forecast-counts.ts";
import {
  EVALUATION_FIGURES,
  EVALUATION_SCHEMA,
  type EvaluationFigure,
  type EvaluationFile,
  type EvaluationRow,
  figuresOf,
  type RunPart,
} from "../../../sim/suite/evaluation.ts";
import { baselineTests, firstAgainstLearned, forecastOf } from "../../../sim/suite/evaluation-forecast.ts";
import { evaluationMarks, markStatus } from "../../../sim/suite/evaluation-marks.ts";
import {
  bySeed,
  changeInterval,
  difference,
  differenceOverScenarios,
  gapClosedInterval,
  leastDenyingReactive,
  rowsOf,
} from "../../../sim/suite/evaluation-table.ts";
import { compareWork, workCurve, workDifference } from "../../../sim/suite/evaluation-work.ts";
import { bestTrial, type TuningTrial, tuningGrid, tuningLine, tuningText } from "../../../sim/suite/tuning.ts";
import { fakeRun } from "./fake-run.ts";

type Figures = Partial<Record<EvaluationFigure, readonly (number | null)[]>>;

function row(scenario: string, policy: string, figures: Figures, extra: Partial<EvaluationRow> = {}): EvaluationRow {
  const seeds = extra.seeds ?? [1, 2, 3, 4];
  const zeros = seeds.map(() => 0);
  return {
    scenario,
    pressureRatio: 0.95,
    policy,
    budgetBytesPerSecond: null,
    seeds,
    digest: "0",
    isEachSeedDistinct: true,
    values: Object.fromEntries(EVALUATION_FIGURES.map((name) => [name, figures[name] ?? zeros])) as unknown as Record<
      EvaluationFigure,
      (number | null)[]
    >,
    forecast: null,
    ...extra,
  };
}

function part(rows: readonly EvaluationRow[]): RunPart {
  const distinct = <T>(values: readonly T[]) => [...new Set(values)];
  return {
    scenarios: distinct(rows.map((one) => one.scenario)),
    pressures: distinct(rows.map((one) => one.pressureRatio)),
    seeds: [1, 2, 3, 4],
    policies: distinct(rows.map((one) => one.policy)),
    durationSeconds: 600,
    rows,
  };
}

const avoidable = (...values: number[]): Figures => ({ oom_avoidable: values });

describe("the table", () => {
  const table = part([
    row("a", "reactive", avoidable(10, 20, 30, 40)),
    row("b", "reactive", avoidable(0, 0, 0, 0)),
    row("a", "predictive", avoidable(4, 14, 24, 34)),
    row("b", "predictive", avoidable(2, 2, 2, 2)),
    row("a", "reactive:window", avoidable(50, 50, 50, 50)),
    row("a", "clairvoyant", avoidable(0, 10, 20, 30)),
    row("b", "clairvoyant", avoidable(0, 0, 0, 0)),
  ]);

  test("families are averaged within a seed, differences are paired", () => {
    expect([...bySeed(rowsOf(table, "reactive"), "oom_avoidable").values()]).toEqual([5, 10, 15, 20]);
    const all = difference(table, "reactive", "predictive", "oom_avoidable")!;
    expect(all).toMatchObject({ baseline: 12.5, policy: 10.5, seeds: 4, ci95: [-2, -2] });
    expect(all.p).toBe(2 / 16);
    expect(difference(table, "reactive", "predictive", "oom_avoidable", { scenario: "b" })!.policy).toBe(2);
    expect(changeInterval(table, "reactive", "predictive", "oom_avoidable")!.ratio).toBeCloseTo(-0.16, 12);
    expect(difference(table, "reactive", "nobody", "oom_avoidable")).toBeNull();
  });

  test("a policy that ran in one family alone is compared there alone", () => {
    expect(difference(table, "reactive:window", "reactive", "oom_avoidable")).toMatchObject({
      baseline: 50,
      policy: 25,
    });
  });

  test("only seeds that every row has; null figures are left out", () => {
    const ragged = part([
      row("a", "reactive", { compaction_mean_micros: [1, null, 3, 4] }),
      row("b", "reactive", { compaction_mean_micros: [5, 7, null] }, { seeds: [1, 2, 3] }),
    ]);
    expect([...bySeed(rowsOf(ragged, "reactive"), "compaction_mean_micros")]).toEqual([
      [1, 3],
      [2, 7],
      [3, 3],
    ]);
  });

  test("gap closed, the least denying reactive, recordings as units", () => {
    expect(gapClosedInterval(table, "reactive", "predictive", "clairvoyant")!.ratio).toBeCloseTo(2 / 5, 12);
    expect(leastDenyingReactive(table)).toBe("reactive");
    const over = differenceOverScenarios(table, "reactive", "predictive", "oom_avoidable")!;
    expect(over).toMatchObject({ baseline: 12.5, policy: 10.5, seeds: 2, p: 1 });
  });

  test("figures of a run are in their order", () => {
    const figures = figuresOf(fakeRun("a", 0.95, 1, "reactive", { avoidable: 7, total: 9, movedBytes: 55 }));
    const at = (name: EvaluationFigure) => figures[EVALUATION_FIGURES.indexOf(name)];
    expect([at("oom_avoidable"), at("oom_events"), at("compaction_moved_bytes")]).toEqual([7, 9, 55]);
    expect([at("oom_cause_fragmentation"), at("oom_cause_capacity"), at("oom_class_atomic")]).toEqual([7, 2, 9]);
    expect(figures).toHaveLength(EVALUATION_FIGURES.length);
  });
});

const MIB = 1_048_576;

describe("work", () => {
  const at = (policy: string, budget: number | null, moved: number, ooms: number) =>
    row(
      "a",
      policy,
      { oom_avoidable: Array(4).fill(ooms), compaction_moved_bytes: Array(4).fill(moved * MIB) },
      { budgetBytesPerSecond: budget },
    );
  const budgets = part([
    at("reactive", null, 10, 100),
    at("watermark", 0, 10, 100),
    at("watermark", null, 20, 60),
    at("predictive", 0, 10, 100),
    at("predictive", 1000, 12, 40),
    at("predictive", null, 40, 30),
  ]);

  test("curves, the common range capped at twice the baseline, and who is ahead", () => {
    const curve = workCurve(budgets, "predictive")!;
    expect(curve.budgets).toEqual([0, 1000, null]);
    expect(curve.hull.map((vertex) => vertex.ooms)).toEqual([100, 40, 30]);
    const comparison = compareWork(budgets, ["predictive", "watermark"])!;
    expect(comparison.range).toEqual({ fromMib: 10, toMib: 20 });
    const result = workDifference(comparison, "watermark", "predictive")!;
    expect(result.baseline).toBeCloseTo(80, 9);
    // 10..12 falls from 100 to 40: mean 70 over 2; 12..20 from 40 to 40 − 10·8/28
    expect(result.policy).toBeCloseTo((70 * 2 + (40 - 40 / 28) * 8) / 10, 9);
    expect(workDifference(comparison, "watermark", "nobody")).toBeNull();
    expect(workCurve(budgets, "nobody")).toBeNull();
  });
});

describe("marks", () => {
  const frame = (parts: EvaluationFile["parts"]): EvaluationFile => ({
    schema: EVALUATION_SCHEMA,
    version: "0.0.0",
    isQuick: false,
    policies: ["reactive", "predictive"].map((id) => ({
      ...{ id, compactor: "slide", proactiveCompactor: "slide" },
      ...{ isProactive: id === "predictive", isBound: false },
    })),
    parts,
  });
  const statusOf = (file: EvaluationFile, title: string) => {
    const mark = evaluationMarks(file).find((one) => one.title.includes(title))!;
    return [markStatus(mark), mark.measured];
  };

  test("met, missed, not measured, and not worse by the interval", () => {
    const file = frame({
      suite: part([
        row("a", "reactive", {
          oom_avoidable: [10, 10, 10, 10],
          oom_events: [50, 60, 50, 60],
          oom_denied_bytes: [5, 5, 5, 5],
        }),
        row("a", "predictive", {
          oom_avoidable: [3, 3, 3, 3],
          oom_events: [55, 56, 55, 56],
          oom_denied_bytes: [6, 6, 6, 6],
        }),
      ]),
    });
    expect(statusOf(file, "avoidable OOM against reactive")).toEqual(["met", -0.7]);
    expect(statusOf(file, "clairvoyant")).toEqual(["not measured", null]);
    expect(statusOf(file, "all OOM against reactive: not worse")[0]).toBe("met"); // the interval holds 0
    expect(statusOf(file, "denied bytes against reactive: not worse")[0]).toBe("missed");
    expect(statusOf(file, "real traces")).toEqual(["not measured", null]);
    expect(statusOf(file, "one hour autonomous")).toEqual(["not measured", null]);
  });

  test("an hour is an hour, whatever the part's duration; traces need something to avoid", () => {
    const half = { ...part([row("a", "predictive", { oom_avoidable: [1, 1, 1, 3] })]), durationSeconds: 1800 };
    const quiet = part([row("t", "reactive", {}), row("t", "predictive", {})]);
    const file = frame({ autonomy: half, traces: quiet });
    expect(statusOf(file, "avoidable OOM in an autonomous hour")).toEqual(["missed", 3]);
    expect(statusOf(file, "watchdog trips")).toEqual(["met", 0]);
    expect(statusOf(file, "real traces")).toEqual(["not measured", null]);
  });
});

describe("forecasts", () => {
  test("counts of rows are scored together; none is null", () => {
    const counts = emptyForecastCounts();
    Object.assign(counts.overall, { predictions: 100, truePositives: 30, falsePositives: 10, falseNegatives: 10 });
    Object.assign(counts.overall, { trueNegatives: 50, absoluteError: 2, baselineAbsoluteErrors: [4, 5, 6, 7, 8, 9] });
    const forecast = { criticalThreshold: 0.975, counts };
    const table = part([
      row("a", "neural", {}, { forecast }),
      row("b", "neural", {}, { forecast }),
      row("a", "reactive", {}),
    ]);
    const report = forecastOf(table, "neural")!;
    expect(report).toMatchObject({ predictions: 200, accuracy: 0.8, skill: 0.5, bestBaseline: "persistence" });
    expect(forecastOf(table, "reactive")).toBeNull();
  });

  test("the best baseline is the hardest rival, chosen afterwards; the first forecasts against learned ones", () => {
    const loss = (mean: number) => [{ count: 1000, mean, longRunVariance: 1 }];
    const losses = {
      ...{ persistence: loss(-1), ewma: loss(-0.5), "damped-holt": loss(-0.1) },
      ...{ "theil-sen": loss(-2), "least-squares": loss(-3), "seasonal-naive": loss(-4) },
    };
    const common = { scenario: "a", pressureRatio: 0.95, policy: "neural", seeds: [1], maePercentPoints: [2], losses };
    const forecast = {
      ...{ scenarios: ["a"], pressures: [0.95], seeds: [1], policies: ["neural"], durationSeconds: 600 },
      rows: [
        { ...common, weights: "shipped" as const, firstScaledError: [0.8], lateScaledError: [0.7] },
        { ...common, weights: "cold" as const, firstScaledError: [1.4], lateScaledError: [0.9] },
      ],
    };
    const [test] = baselineTests(forecast, "neural");
    expect(test).toMatchObject({ bestBaseline: "damped-holt", difference: -0.1 });
    expect(test!.statistic).toBeCloseTo(-0.1 * Math.sqrt(1000), 9);
    expect(firstAgainstLearned(forecast, "neural")).toMatchObject({ policy: 0.8, baseline: 0.9 });
  });
});

describe("tuning", () => {
  const defaults = { gain: 1, hole: 16 };
  const parameters = [
    { name: "gain", values: [1, 2] },
    { name: "hole", values: [16, 64] },
  ];

  test("the grid leaves the defaults out; a line goes on from the best", () => {
    expect(tuningGrid(parameters, defaults).map(tuningText)).toEqual([
      "gain=1 hole=64",
      "gain=2 hole=16",
      "gain=2 hole=64",
    ]);
    expect(tuningLine(parameters[1]!, { gain: 2 }, defaults).map(tuningText)).toEqual(["gain=2 hole=64"]);
    expect(tuningLine(parameters[0]!, { gain: 2 }, defaults)).toEqual([]); // back at the defaults
  });

  test("the best has the fewest avoidable OOMs, then the fewest bytes; the defaults may be best", () => {
    const trial = (gain: number, ooms: number, moved: number): TuningTrial => {
      const tested = (policy: number) => ({ baseline: 10, policy, changeRatio: 0, ci95: null, p: null, seeds: 1 });
      const nothing = tested(10);
      return {
        ...{ tuning: { gain }, avoidableOoms: tested(ooms), movedBytes: tested(moved), adjustedP: null },
        ...{ totalOoms: nothing, deniedBytes: nothing, responseP99Micros: nothing },
      };
    };
    expect(bestTrial([trial(2, 12, 1), trial(3, 10, 10)])).toBeNull();
    expect(bestTrial([trial(2, 8, 30), trial(3, 8, 20), trial(4, 9, 1)])!.tuning).toEqual({ gain: 3 });
    expect(bestTrial([trial(2, 10, 9)])!.tuning).toEqual({ gain: 2 });
  });
});
