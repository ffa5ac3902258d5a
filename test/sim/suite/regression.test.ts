import { describe, expect, test } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { BASELINE_METRICS, runsDigest, toBaseline } from "../../../sim/suite/baseline.ts";
import { compareBaselines } from "../../../sim/suite/regression.ts";
import { type FakeFigures, fakeResult, fakeSuite } from "./fake-run.ts";

const base = toBaseline(fakeResult());

/** The baseline against the same suite with figures changed in the row burst 95 % predictive. */
function compareWith(change: (seed: number) => FakeFigures, tolerance?: number) {
  const current = fakeResult(fakeSuite(), (scenario, pressure, seed, policy) =>
    scenario === "burst" && pressure === 0.95 && policy === "predictive" ? change(seed) : {},
  );
  const report = compareBaselines(base, toBaseline(current), tolerance);
  return {
    report,
    row: report.rows.find((r) => r.scenario === "burst" && r.pressureRatio === 0.95 && r.policy === "predictive")!,
  };
}

describe("a result reduced to a baseline", () => {
  test("keeps hashes and one vector a metric, in the order of the seeds", () => {
    expect(base.rows).toHaveLength(8);
    for (const row of base.rows) {
      expect(row.hashes).toHaveLength(4);
      expect(Object.keys(row.values)).toEqual([...BASELINE_METRICS]);
      for (const name of BASELINE_METRICS) expect(row.values[name]).toHaveLength(4);
    }
  });

  test("the digest follows every hash", () => {
    const result = fakeResult();
    expect(base.digest).toBe(runsDigest(result.runs));
    expect(
      toBaseline(
        fakeResult(fakeSuite(), (s, p, seed) => (s === "burst" && p === 0.75 && seed === 4 ? { hash: "x" } : {})),
      ).digest,
    ).not.toBe(base.digest);
  });

  test("a partial result describes no suite", () => {
    expect(() => toBaseline({ ...fakeResult(), isPartial: true })).toThrow(/partial/);
  });
});

describe("verdicts", () => {
  test("identical: all hashes equal", () => {
    const report = compareBaselines(base, toBaseline(fakeResult()));
    expect(report.verdict).toBe("identical");
    expect(report.counts).toEqual({ identical: 8, same: 0, better: 0, worse: 0 });
  });

  test("changed, same: other hashes, no figure beyond its tolerance", () => {
    const { report, row } = compareWith((seed) => (seed === 2 ? { hash: "other" } : {}));
    expect(report.verdict).toBe("same");
    expect(row).toMatchObject({ verdict: "same", changedSeeds: [2], worstSeeds: [] });
  });

  test("worse: names the figure and the worst seeds, worst first", () => {
    const { report, row } = compareWith((seed) => ({ avoidable: 2 + seed }));
    expect(report.verdict).toBe("worse");
    expect(report.counts).toEqual({ identical: 7, same: 0, better: 0, worse: 1 });
    expect(row.verdict).toBe("worse");
    expect(row.figures.find((figure) => figure.metric === "oom_avoidable")!.verdict).toBe("worse");
    expect(row.worstSeeds).toEqual([4, 3, 2]);
    expect(row.changedSeeds).toEqual([1, 2, 3, 4]);
  });

  test("better: fewer in every seed; half a denial a run is not enough", () => {
    expect(compareWith(() => ({ avoidable: 1 })).row.verdict).toBe("better");
    expect(compareWith((seed) => ({ avoidable: seed === 1 ? 1 : 2, total: 5, deniedBytes: 500 })).row.verdict).toBe(
      "same",
    );
  });

  test("more in one seed and less in another is no verdict: the interval holds 0", () => {
    const { row } = compareWith((seed) => ({ avoidable: seed % 2 === 0 ? 5 : 0, total: 5 }));
    expect(row.verdict).toBe("same");
  });

  test("costs: a slower p99 is worse; more bytes moved are worse only when they bought nothing", () => {
    expect(compareWith(() => ({ p99: 40, hash: "x" })).row.verdict).toBe("worse");
    expect(compareWith(() => ({ p99: 15, hash: "x" })).row.figures.every((figure) => figure.verdict === "same")).toBe(
      true,
    );
    expect(compareWith(() => ({ movedBytes: 200_000, hash: "x" })).row.verdict).toBe("worse");
    expect(compareWith(() => ({ movedBytes: 200_000, avoidable: 0 })).row.verdict).toBe("better");
    expect(compareWith(() => ({ movedBytes: 50_000, hash: "x" })).row.verdict).toBe("same");
  });

  test("the tolerance is a share of the baseline", () => {
    const high = toBaseline(fakeResult(fakeSuite(), () => ({ avoidable: 100 })));
    const rise = toBaseline(fakeResult(fakeSuite(), () => ({ avoidable: 104 })));
    expect(compareBaselines(high, rise).verdict).toBe("same");
    expect(compareBaselines(high, rise, 0.03).verdict).toBe("worse");
    expect(compareBaselines(rise, high, 0.03).verdict).toBe("better");
  });

  test("one seed: its difference is real, only its size is judged", () => {
    const suite = fakeSuite({ seeds: [9] });
    const before = toBaseline(fakeResult(suite));
    const after = toBaseline(fakeResult(suite, () => ({ avoidable: 4 })));
    const report = compareBaselines(before, after);
    expect(report.verdict).toBe("worse");
    expect(report.rows[0]!.worstSeeds).toEqual([9]);
  });
});

describe("suites that cannot be compared", () => {
  test.each([
    ["scenarios", fakeSuite({ scenarios: ["steady"] })],
    ["pressures", fakeSuite({ pressures: [0.75, 0.98] })],
    ["seeds", fakeSuite({ seeds: [1, 2, 3] })],
    ["policies", fakeSuite({ policies: ["reactive", "holt"] })],
    ["durationSeconds", fakeSuite({ durationSeconds: 61 })],
    ["rate", fakeSuite({ rate: 50 })],
    ["mix", fakeSuite({ mix: { atomic: 0, deadline: 0, wait: 1, pinned: 0 } })],
    ["fit", fakeSuite({ settings: { ...fakeSuite().settings, fit: "best" } })],
    ["autonomy", fakeSuite({ settings: { ...fakeSuite().settings, autonomy: false } })],
  ])("%s differ", (name, suite) => {
    const other = toBaseline(fakeResult(suite));
    const error = (() => {
      try {
        compareBaselines(base, other);
      } catch (caught) {
        return caught;
      }
      return null;
    })();
    expect(error).toBeInstanceOf(MempredError);
    expect(error).toMatchObject({ code: "INCOMPATIBLE_BASELINE" });
    expect((error as Error).message).toContain(name);
  });

  test("rows missing although the suites agree; a long difference is cut", () => {
    expect(() => compareBaselines(base, { ...base, rows: base.rows.slice(1) })).toThrow(/rows/);
    const many = fakeSuite({ seeds: Array.from({ length: 100 }, (_, i) => i) });
    expect(() => compareBaselines(base, { ...base, suite: many })).toThrow(/\.\.\./);
  });

  test("where a trace lies does not matter, what its settings are does", () => {
    const files = (path: string) => fakeSuite({ settings: { ...fakeSuite().settings, files: { steady: path } } });
    expect(compareBaselines(toBaseline(fakeResult(files("a"))), toBaseline(fakeResult(files("b")))).verdict).toBe(
      "identical",
    );
    const { settings: _, ...bare } = fakeSuite();
    expect(compareBaselines(toBaseline(fakeResult(bare)), toBaseline(fakeResult(bare))).verdict).toBe("identical");
  });
});
