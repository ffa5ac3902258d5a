import { describe, expect, test } from "vitest";
import type { Comparison, Interval } from "../../../sim/result.ts";
import { compareRuns, groupRuns, intervalOf, metricValues, pairBySeed } from "../../../sim/suite/comparisons.ts";
import { forecastNumber, metricNamed, RUN_METRICS } from "../../../sim/suite/metrics.ts";
import {
  direction,
  gapClosed,
  headlineBaseline,
  headlinePolicy,
  headlinePressure,
  judge,
  poolComparisons,
} from "../../../sim/suite/verdicts.ts";
import { fakeResult, fakeRun, fakeSuite } from "./fake-run.ts";

const at = (low: number, high: number): Interval => ({
  baseline: 5,
  policy: 5 + (low + high) / 2,
  changeRatio: 0,
  ci95: [low, high],
});
const same: Interval = { baseline: 5, policy: 5, changeRatio: 0, ci95: [0, 0] };

function row(avoidable: Interval, total: Interval = same, denied: Interval = same): Comparison {
  return {
    scenario: "steady",
    pressureRatio: 0.95,
    baseline: "reactive",
    policy: "predictive",
    seeds: 5,
    avoidableOoms: avoidable,
    totalOoms: total,
    deniedBytes: denied,
    compactionRuns: same,
    movedBytes: same,
    responseMeanMicros: same,
    responseP99Micros: same,
  };
}

describe("the verdict of a row", () => {
  test("a difference counts where its interval excludes 0", () => {
    expect([at(-2, -1), at(1, 2), at(-1, 1), same].map(direction)).toEqual([-1, 1, 0, 0]);
    expect(direction({ ...same, ci95: null })).toBe(0);
  });

  test.each([
    ["better", row(at(-2, -1))],
    ["better", row(at(-1, 1), at(-3, -1))],
    ["worse", row(at(1, 2))],
    ["worse", row(at(-1, 1), at(1, 2))],
    ["worse", row(same, same, at(10, 20))],
    ["mixed", row(at(-2, -1), at(1, 2))],
    ["mixed", row(at(-2, -1), same, at(10, 20))],
    ["mixed", row(at(1, 2), same, at(-20, -10))],
    ["unclear", row(at(-1, 1))],
    ["unclear", row(at(-1, 1), same, at(-20, -10))],
    ["equal", row(same)],
    ["one-seed", row({ ...same, ci95: null })],
  ] as const)("%s", (verdict, comparison) => {
    expect(judge(comparison)).toBe(verdict);
  });
});

describe("comparisons", () => {
  test("paired by seed: a constant difference has an interval of no width, whatever the seeds do", () => {
    const result = fakeResult(fakeSuite(), (_, __, seed, policy) => ({
      avoidable: seed * 10 - (policy === "predictive" ? 4 : 0),
    }));
    expect(result.comparisons).toHaveLength(4);
    for (const comparison of result.comparisons) {
      expect(comparison.seeds).toBe(4);
      expect(comparison.avoidableOoms).toEqual({ baseline: 25, policy: 21, changeRatio: -4 / 25, ci95: [-4, -4] });
      expect(judge(comparison)).toBe("better");
    }
  });

  test("a partial result compares the seeds that both have and leaves out empty rows", () => {
    const suite = fakeSuite();
    const full = fakeResult(suite);
    const runs = full.runs.filter(
      (run) => run.scenario === "steady" && !(run.policy === "predictive" && run.seed === 2),
    );
    const rows = compareRuns(suite, runs);
    expect(rows.map((one) => [one.scenario, one.seeds])).toEqual([
      ["steady", 3],
      ["steady", 3],
    ]);
    expect(
      compareRuns(
        suite,
        runs.filter((run) => run.policy === "reactive"),
      ),
    ).toEqual([]);
    expect(
      compareRuns(suite, [fakeRun("steady", 0.95, 1, "reactive"), fakeRun("steady", 0.95, 2, "predictive")]),
    ).toEqual([]);
  });

  test("nothing over nothing is no ratio, and pairs keep the order of the first side", () => {
    expect(intervalOf([0, 0], [1, 3])).toMatchObject({ baseline: 0, policy: 2, changeRatio: null });
    expect(intervalOf([4], [2])).toEqual({ baseline: 4, policy: 2, changeRatio: -0.5, ci95: null });
    const pairs = pairBySeed(
      [fakeRun("a", 0.5, 2, "reactive"), fakeRun("a", 0.5, 1, "reactive")],
      [fakeRun("a", 0.5, 1, "neural"), fakeRun("a", 0.5, 2, "neural"), fakeRun("a", 0.5, 3, "neural")],
    );
    expect(pairs.map(([a, b]) => [a.seed, b.seed])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test("metrics: names are unique, a missing figure is null and cannot be compared", () => {
    expect(new Set(RUN_METRICS.map((metric) => metric.name)).size).toBe(RUN_METRICS.length);
    const run = fakeRun("a", 0.5, 1, "reactive");
    for (const metric of RUN_METRICS) {
      const value = metric.of(run);
      expect(value === null || Number.isFinite(value), metric.name).toBe(true);
    }
    expect(forecastNumber(run, "accuracy")).toBeNull();
    expect(metricNamed("predictor_state_bytes").of(run)).toBeNull();
    expect(metricNamed("compaction_mean_micros").of({ ...run, compaction: { ...run.compaction, runs: 0 } })).toBeNull();
    expect(() => metricValues([run], metricNamed("forecast_skill"))).toThrow("every run has");
    expect(() => metricNamed("nonsense")).toThrow("nonsense");
  });

  test("groups keep their runs", () => {
    const groups = groupRuns(fakeResult().runs);
    expect(groups).toHaveLength(8);
    expect(groups.every((group) => group.runs.length === 4)).toBe(true);
  });
});

describe("the headline", () => {
  test("95 % where the suite has it, else the highest level", () => {
    expect(headlinePressure(fakeSuite({ pressures: [0.5, 0.95, 0.98] }))).toBe(0.95);
    expect(headlinePressure(fakeSuite({ pressures: [0.5, 0.98, 0.75] }))).toBe(0.98);
  });

  test("the baseline is the reactive variant that denies least, not the one that is easiest to beat", () => {
    const suite = fakeSuite({ policies: ["reactive", "reactive:window", "reserve", "predictive"] });
    const result = fakeResult(suite, (_, __, ___, policy) => ({ avoidable: policy === "reactive:window" ? 1 : 9 }));
    expect(headlineBaseline(suite, result.runs)).toBe("reactive:window");
    expect(headlineBaseline(suite, [])).toBe("reactive");
    expect(headlinePolicy(suite, "reactive:window")).toBe("predictive");
    expect(headlinePolicy(fakeSuite({ policies: ["reactive", "holt", "watermark"] }), "reactive")).toBe("watermark");
    expect(headlinePolicy(fakeSuite({ policies: ["predictive"] }), "predictive")).toBeNull();
  });

  test("pooled over cells within a seed, then over seeds", () => {
    const suite = fakeSuite();
    const result = fakeResult(suite, (scenario, _, seed, policy) => ({
      avoidable: policy === "reactive" ? 10 : scenario === "steady" ? 10 - seed : 10,
      total: 20,
      deniedBytes: 5,
    }));
    const pooled = poolComparisons(result.runs, result.comparisons, "reactive", "predictive", null)!;
    expect(pooled.comparison.seeds).toBe(4);
    expect(pooled.comparison.avoidableOoms.baseline).toBe(10);
    expect(pooled.comparison.avoidableOoms.policy).toBe(10 - 2.5 / 2);
    expect(pooled.verdict).toBe("better");
    expect(pooled.rows).toEqual({ better: 2, worse: 0, mixed: 0, unclear: 0, equal: 2, "one-seed": 0 });
    const one = poolComparisons(result.runs, result.comparisons, "reactive", "predictive", 0.95)!;
    expect(one.rows.better + one.rows.equal).toBe(2);
    expect(poolComparisons(result.runs, [], "reactive", "holt", null)).toBeNull();
  });

  test("the gap closed towards a bound", () => {
    const suite = fakeSuite({ policies: ["reactive", "predictive", "clairvoyant"] });
    const avoidable: Record<string, number> = { reactive: 10, predictive: 6, clairvoyant: 2 };
    const { runs } = fakeResult(suite, (_, __, ___, policy) => ({ avoidable: avoidable[policy]! }));
    expect(gapClosed(runs, "reactive", "predictive", "clairvoyant")).toBeCloseTo(0.5, 12);
    expect(gapClosed(runs, "reactive", "clairvoyant", "predictive")).toBeCloseTo(2, 12);
    expect(gapClosed(runs, "reactive", "predictive", "perfect-forecast")).toBeNull();
    expect(gapClosed(runs, "reactive", "predictive", "reactive")).toBeNull();
  });
});
