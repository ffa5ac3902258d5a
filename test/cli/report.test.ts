// What reports say of results made up for it: wins, losses, trades and nothing at all, each called by its name.

import { describe, expect, test } from "vitest";
import { paletteOf } from "../../cli/colour.ts";
import { metricLines } from "../../cli/render/metric-lines.ts";
import { runReport } from "../../cli/render/run-report.ts";
import { sectionsMarkdown, sectionsText } from "../../cli/render/sections.ts";
import { suiteMarkdown } from "../../cli/render/suite-markdown.ts";
import { suiteReport } from "../../cli/render/suite-report.ts";
import { suiteText, verdictText } from "../../cli/render/suite-text.ts";
import type { ForecastFigures, ForecastReport } from "../../predictor/forecast-report.ts";
import type { ResultFile } from "../../sim/result.ts";
import { type FakeFigures, fakeResult, fakeSuite } from "../sim/suite/fake-run.ts";

const plain = paletteOf(0);
const many = fakeSuite({ seeds: Array.from({ length: 20 }, (_, i) => i + 1) });

function textOf(result: ResultFile): string {
  return suiteText(suiteReport(result), plain);
}

function with95(policyFigures: (seed: number) => FakeFigures, suite = many): ResultFile {
  return fakeResult(suite, (_, pressure, seed, policy) =>
    policy !== "reactive" && pressure === 0.95 ? policyFigures(seed) : { avoidable: 10, total: 20, deniedBytes: 2000 },
  );
}

describe("verdict sentences", () => {
  test("a win: how many of how many, interval, and what was paid", () => {
    const text = textOf(
      with95((seed) => ({ avoidable: 4 + (seed % 3), total: 14, deniedBytes: 1400, movedBytes: 1800 })),
    );
    expect(text).toMatch(
      /verdict: at 95 %, over 2 scenarios: predictive avoids 4\.95 of 10 avoidable OOMs a run \[4\.\d+, 5\.\d+\] at 1\.80 × the bytes moved\./,
    );
    expect(text).toContain(
      "of 4 rows (scenario × level): better in 2, worse in none, mixed in 0, no difference shown in 0, exactly equal in 2.",
    );
    expect(text).not.toContain("intervals are rough");
    expect(text).toContain("cost:    1.8 KiB against 1,000 B moved a run");
  });

  test("fewer denials of another kind", () => {
    const text = textOf(with95(() => ({ avoidable: 10, total: 15, deniedBytes: 2000 })));
    expect(text).toContain("predictive denies 5 of 20 requests fewer a run [5, 5]");
    expect(text).toContain("avoidable OOMs show no difference");
  });

  test("a loss is called a loss, and the rows are named", () => {
    const text = textOf(with95(() => ({ avoidable: 13, total: 23, deniedBytes: 2300, movedBytes: 0 })));
    expect(text).toContain(
      "predictive does WORSE than reactive: 3 more avoidable OOMs a run [+3, +3] on top of 10, at 0 × the bytes moved.",
    );
    expect(text).toContain("WORSE in 2 (steady 95 %, burst 95 %)");
    const others = textOf(with95(() => ({ avoidable: 10, total: 25, deniedBytes: 2500 })));
    expect(others).toContain(
      "predictive does WORSE than reactive: all OOMs [+5, +5], denied bytes [+500 B, +500 B] a run",
    );
  });

  test("many losing rows are not all named", () => {
    const suite = { ...many, scenarios: Array.from({ length: 9 }, (_, i) => `s${i}`), pressures: [0.95] };
    expect(textOf(with95(() => ({ avoidable: 13, total: 23 }), suite))).toContain(
      "WORSE in 9 (s0 95 %, s1 95 %, s2 95 %, s3 95 %, s4 95 %, s5 95 % and 3 more)",
    );
  });

  test("a trade is no win", () => {
    const text = textOf(with95(() => ({ avoidable: 5, total: 25, deniedBytes: 2500 })));
    expect(text).toContain(
      "predictive trades: avoidable OOMs −5 [−5, −5], all OOMs +5 [+5, +5], denied bytes +500 B [+500 B, +500 B] a run",
    );
    expect(text).toContain("That is no win.");
  });

  test("no difference shown, exactly equal, one seed, one policy", () => {
    const unclear = textOf(with95((seed) => ({ avoidable: seed % 2 === 0 ? 8 : 12, total: 20, deniedBytes: 2000 })));
    expect(unclear).toMatch(
      /no difference shown between predictive and reactive: 10 against 10 avoidable OOMs a run, and the interval of the difference \[.*\] holds 0\./,
    );
    const equal = textOf(with95(() => ({ avoidable: 10, total: 20, deniedBytes: 2000 })));
    expect(equal).toContain("predictive and reactive denied exactly the same, in every seed.");
    const one = textOf(with95(() => ({ avoidable: 1 }), fakeSuite({ seeds: [4] })));
    expect(one).toContain("one seed: no interval, draw no conclusion (avoidable OOMs: reactive 10, predictive 1)");
    expect(one).not.toContain("of 4 rows");
    const alone = fakeResult(fakeSuite({ policies: ["neural"] }));
    expect(textOf(alone)).toContain("neural alone ran: there is no verdict");
    expect(textOf(alone)).toContain("one policy: nothing to compare it with");
    expect(textOf(alone)).not.toContain("difference [95 % CI]");
    expect(verdictText(suiteReport(alone), plain)).toMatch(/^verdict: neural alone ran/);
  });

  test("runs that share no demand", () => {
    const result = fakeResult(fakeSuite({ seeds: [1, 2] }));
    const runs = result.runs.filter((run) => (run.policy === "reactive" ? run.seed === 1 : run.seed === 2));
    const text = textOf({ ...result, runs, comparisons: [], isPartial: true });
    expect(text).toContain("no two runs of the same demand: nothing to compare.");
    expect(text).toContain("partial: interrupted after 8 runs");
  });

  test("nothing moved on either side, or on one", () => {
    const none = fakeResult(many, () => ({ movedBytes: 0 }));
    expect(textOf(none)).toContain("with no bytes moved on either side");
    const some = fakeResult(many, (_, __, ___, policy) => ({ movedBytes: policy === "reactive" ? 0 : 2048 }));
    expect(textOf(some)).toContain("for 2.0 KiB moved against none");
  });
});

describe("cautions", () => {
  test("few seeds, other baselines, recordings, stubs, notes of runs", () => {
    expect(textOf(fakeResult(fakeSuite({ seeds: [1, 2] })))).toContain(
      "2 seeds: the intervals are rough; claim nothing under 20",
    );
    const variants = fakeSuite({ policies: ["reactive", "reactive:window", "predictive"] });
    const denying = fakeResult(variants, (_, __, ___, policy) => ({ avoidable: policy === "reactive" ? 9 : 2 }));
    expect(textOf(denying)).toContain(
      "measured against reactive:window, the variant of reactive that denies least here",
    );
    const stub = fakeResult(fakeSuite(), () => ({ hash: "always" }));
    expect(textOf(stub)).toContain("this looks like a stub and proves nothing");
    const replay = fakeResult(fakeSuite({ durationSeconds: 0 }), () => ({ hash: "always" }));
    const recorded = {
      ...replay,
      runs: replay.runs.map((run) => ({ ...run, timing: "logical time, 100 requests/s", notes: ["small arena"] })),
    };
    expect(textOf(recorded)).toContain("timing: logical time, 100 requests/s");
    expect(textOf(recorded)).toContain("as long as each trace".slice(0, 2));
    expect(textOf(recorded)).toContain("a recording is the same for every seed");
    expect(textOf(recorded)).toContain("small arena");
    expect(textOf(recorded)).not.toContain("stub");
  });
});

describe("which level is shown, and the table of all", () => {
  test("the headline level where something avoidable happened, else the highest such, else the headline level", () => {
    const suite = fakeSuite({ pressures: [0.5, 0.75, 0.95, 0.98] });
    const shown = (eventful: readonly number[]) =>
      suiteReport(fakeResult(suite, (_, pressure) => ({ avoidable: eventful.includes(pressure) ? 3 : 0, total: 3 })))
        .blocks[0]!.pressureRatio;
    expect(shown([0.5, 0.95, 0.98])).toBe(0.95);
    expect(shown([0.5, 0.75])).toBe(0.75);
    expect(shown([0.98])).toBe(0.98);
    expect(shown([])).toBe(0.95);
  });

  test("every cell with its mark, and a legend; a single cell has no table", () => {
    const text = textOf(with95(() => ({ avoidable: 13, total: 23 })));
    expect(text).toMatch(/steady 10 → 10 = 10 → 13 ✗/);
    expect(text).toContain("✓ better  ✗ worse  ± mixed  ~ no difference shown  = equal  ? one seed");
    expect(textOf(fakeResult(fakeSuite({ scenarios: ["steady"], pressures: [0.95] })))).not.toContain("all levels   ");
  });
});

describe("many policies", () => {
  const suite = fakeSuite({
    policies: ["reactive", "placebo", "holt", "predictive", "perfect-forecast", "clairvoyant"],
    seeds: many.seeds,
    scenarios: ["steady"],
  });
  const avoidable: Record<string, number> = {
    reactive: 10,
    placebo: 9,
    holt: 5,
    predictive: 6,
    "perfect-forecast": 4,
    clairvoyant: 2,
  };
  const result = fakeResult(suite, (_, __, seed, policy) => ({
    avoidable: avoidable[policy]! + (seed % 2),
    total: 20,
  }));

  test("a ranking, least avoidable first; bounds and the gap closed; rivals that do better are named", () => {
    const text = textOf(result);
    const order = ["clairvoyant", "perfect-forecast", "holt", "predictive", "placebo", "reactive"];
    const lines = text.split("\n");
    const start = lines.findIndex((line) => line.startsWith("all policies"));
    expect(lines.slice(start + 2, start + 8).map((line) => line.trim().split(/\s+/)[0])).toEqual(order);
    expect(text).toContain("bounds");
    expect(text).toContain("clairvoyant 2.50 · perfect forecast 4.50 · placebo, as many runs 9.50");
    expect(text).toContain("gap to perfect-forecast closed 67 %");
    expect(text).toContain("gap to clairvoyant closed 50 %");
    expect(text).toContain("plainer or other policies deny less than predictive here: holt.");
  });

  test("Markdown has the same tables and the line that reproduces it", () => {
    const text = suiteMarkdown(suiteReport(result), "mempred stress ...");
    expect(text).toContain("## All policies, pressure 95 %");
    expect(text).toContain("| holt | 5.50 |");
    expect(text).toContain("## All levels");
    expect(text).toContain("- guards: ");
    expect(text.trimEnd().endsWith("```")).toBe(true);
    const alone = suiteMarkdown(suiteReport(fakeResult(fakeSuite({ policies: ["neural"] }))), "x");
    expect(alone).toContain("Avoidable OOM a run, neural.");
  });
});

describe("forecasts in reports", () => {
  const figures: ForecastFigures = {
    predictions: 1000,
    truePositives: 80,
    falsePositives: 20,
    falseNegatives: 30,
    trueNegatives: 870,
    accuracy: 0.95,
    falsePositiveShare: 0.02,
    falseNegativeShare: 0.03,
    falsePositiveRate: 0.022,
    falseNegativeRate: 0.27,
    baseRate: 0.11,
    balancedAccuracy: 0.85,
    maePercentPoints: 1.5,
    mase: 0.9,
    skill: -0.2,
    bestBaseline: "ewma",
    baselineMaePercentPoints: {} as ForecastFigures["baselineMaePercentPoints"],
    brierSkill: 0.1,
    intervalCoverage: 0.9,
    insufficient: false,
  };
  const empty: ForecastFigures = {
    ...figures,
    predictions: 0,
    accuracy: null,
    falsePositiveShare: null,
    falseNegativeShare: null,
    baseRate: null,
    balancedAccuracy: null,
    maePercentPoints: null,
    skill: null,
    bestBaseline: null,
    insufficient: true,
  };
  const forecast: ForecastReport = {
    ...figures,
    criticalThreshold: 0.975,
    bands: [
      { ...empty, fromRatio: 0, toRatio: 0.5 },
      { ...figures, fromRatio: 0.5, toRatio: 1 },
    ],
    coldStart: empty,
    alarms: {
      alarms: 0,
      episodes: 0,
      standingShare: null,
      precision: null,
      recall: null,
      medianLeadSeconds: null,
      falseAlarmsPerHour: null,
    },
    calibration: [
      { fromProbability: 0, toProbability: 0.5, predictions: 0, meanProbability: null, eventShare: null },
      { fromProbability: 0.5, toProbability: 1, predictions: 10, meanProbability: 0.8, eventShare: 0.6 },
    ],
  };
  const suite = fakeSuite({ scenarios: ["steady"], pressures: [0.95], seeds: [1] });
  const base = fakeResult(suite);
  const trips = [
    { atMicros: 5, reason: "nan" },
    { atMicros: 9, reason: "nan" },
    { atMicros: 10, reason: "drift" },
  ];
  const runs = base.runs.map((run) =>
    run.policy === "predictive" ? { ...run, forecast, watchdog: { trips, fallbackTicks: 7, readmissions: 1 } } : run,
  );
  const result: ResultFile = { ...base, runs };

  test("accuracy never without base rate and skill; empty bands say insufficient; no bin without forecasts", () => {
    const { heading, sections } = runReport(result, ["reactive", "predictive"]);
    const text = sectionsText(heading, sections, plain);
    expect(text).toContain("predictive: forecast 5 s ahead");
    expect(text).toMatch(/0–50 % +0 +insufficient/);
    expect(text).toMatch(/50–100 % +1,000 +11\.0 % +95\.0 % +2\.0 % +3\.0 % +85\.0 % +1\.50 pp +−0\.20 +ewma/);
    expect(text).toContain("event: pressure reaches 97.5 %");
    expect(text).toContain("precision n/a · recall n/a · median warning n/a · false alarms n/a an hour");
    expect(text).toMatch(/50–100 % +10 +80\.0 % +60\.0 % +█{12}░{8}/);
    expect(text).toContain("nan 2, drift 1");
    expect(sectionsMarkdown(heading, sections)).toContain("| 50–100 % | 1,000 | 11.0 % |");
  });

  test("in the block of a suite, with the guards by reason", () => {
    const summary = { policy: "predictive", scenario: "steady", pressureRatio: 0.95, runs: 1, report: forecast };
    const stored = { ...result, forecasts: [summary] } as ResultFile;
    const text = textOf(stored);
    expect(text).toContain(
      "MAE 1.50 pp · skill −0.20 against ewma · base rate 11 % · alarms: precision n/a, recall n/a, median warning n/a",
    );
    expect(text).toContain("watchdog trips 3 (nan 2, drift 1) · fallback ticks 7");
  });

  test("METRIC lines leave out what a run does not have", () => {
    const lines = metricLines(result).split("\n");
    expect(lines.filter((line) => line.startsWith("METRIC forecast_accuracy="))).toEqual([
      "METRIC forecast_accuracy=0.95 policy=predictive scenario=steady pressure=0.95 seeds=1",
    ]);
    const spaced = fakeResult(fakeSuite({ scenarios: ["my own"], pressures: [0.95], seeds: [1] }));
    expect(metricLines(spaced)).toContain("scenario=my_own ");
  });
});
