// The gate: what pays and what does not, and how a record of broken promises changes it. The score of predictions beside it.

import { describe, expect, it } from "vitest";
import { PredictionScore } from "../../cache/prediction-score.ts";
import { PrefetchGate } from "../../cache/prefetch-gate.ts";
import { RandomStream } from "../../core/random.ts";

describe("prefetch gate", () => {
  it("weighs probability and load against waste and the price of memory", () => {
    const gate = new PrefetchGate({ wasteRatio: 0.5, residenceSeconds: 10, entryBytes: 1000 });
    expect(gate.benefit({ source: "m", probability: 0.5 })).toBeCloseTo(0.5 - 0.5 * 0.5, 12);
    gate.price = 1e-5; // 10,000 byte-seconds cost a tenth of a load
    expect(gate.benefit({ source: "m", probability: 0.5 })).toBeCloseTo(0.15, 12);
    expect(gate.benefit({ source: "m", probability: 0.5, bytes: 3000 })).toBeCloseTo(-0.05, 12);
    expect(gate.benefit({ source: "m", probability: 0.5, bytes: 3000, loadRatio: 2 })).toBeCloseTo(0.2, 12);
    gate.price = 0;
    expect(gate.allow({ source: "m", probability: 0.34 })).toBe(true);
    expect(gate.allow({ source: "m", probability: 0.33 })).toBe(false);
    expect(gate.figures("m")).toMatchObject({ allowed: 1, refused: 1 });
  });

  it("an infinite price stops everything, also what weighs nothing", () => {
    const gate = new PrefetchGate({ residenceSeconds: 0 });
    gate.price = Infinity;
    expect(gate.allow({ source: "m", probability: 1, bytes: 0 })).toBe(false);
    gate.price = 0;
    expect(gate.allow({ source: "m", probability: 1, bytes: 0 })).toBe(true);
  });

  it("believes a source by its record, and tries one again that was shut out", () => {
    const gate = new PrefetchGate();
    for (let i = 0; i < 60; i++) {
      gate.settle("liar", i % 10 === 0 ? "in-time" : "wasted", 0.8, 5);
      gate.settle("honest", i % 5 === 0 ? "wasted" : "late", 0.8, 5);
    }
    expect(gate.believed("liar", 0.8)).toBeLessThan(0.25);
    expect(gate.believed("honest", 0.8)).toBeCloseTo(0.8, 1);
    expect(gate.believed("unknown", 0.8)).toBe(0.8);
    expect(gate.allow({ source: "liar", probability: 0.8 })).toBe(false);
    expect(gate.allow({ source: "honest", probability: 0.8 })).toBe(true);
    let refusals = 0;
    while (!gate.allow({ source: "liar", probability: 0.8 })) refusals++;
    expect(refusals).toBeGreaterThan(50);
    expect(refusals).toBeLessThan(2000);
  });

  it("failed loads say nothing about a prediction; figures add up", () => {
    const gate = new PrefetchGate();
    gate.settle("m", "failed", 0.9, 0);
    expect(gate.believed("m", 0.9)).toBe(0.9);
    expect(gate.figures("m").precision).toBeNaN();
    gate.settle("m", "in-time", 0.9, 3, 2000);
    gate.settle("m", "late", 0.6, 0);
    gate.settle("n", "wasted", 0.5, 100);
    const all = gate.figures();
    expect(all).toMatchObject({ inTime: 1, late: 1, wasted: 1, failed: 1 });
    expect(all.precision).toBeCloseTo(2 / 3, 12);
    expect(all.promised).toBeCloseTo(2 / 3, 12);
    expect(gate.sources()).toEqual(["m", "n"]);
    expect(gate.figures("nobody")).toMatchObject({ allowed: 0, wasted: 0 });
  });

  it("against a source that overstates by half, gating gains where taking it at its word loses", () => {
    const random = new RandomStream(1, "prefetch gate test");
    const gate = new PrefetchGate();
    let [gated, trusting] = [0, 0];
    for (let i = 0; i < 5000; i++) {
      const probability = random.next();
      const isAsked = random.chance(probability / 2);
      const worth = isAsked ? 1 : -0.5;
      if (probability > 1 / 3) trusting += worth;
      if (!gate.allow({ source: "m", probability })) continue;
      gated += worth;
      gate.settle("m", isAsked ? "in-time" : "wasted", probability, 1);
    }
    expect(gated).toBeGreaterThan(trusting);
    const { precision, promised } = gate.figures("m");
    expect(promised / precision).toBeGreaterThan(1.7); // and it shows in the figures
  });
});

describe("prediction score", () => {
  it("C20: top 1, 3 and 5 with the base rate beside them", () => {
    const score = new PredictionScore();
    expect(score.figures().top1).toBeNaN();
    const ranks = [0, 1, 2, 3, 4, 5, -1, 0];
    const base = [-1, 0, 9, 2, 4, -1, 0, 1];
    for (let i = 0; i < 8; i++) score.add({ rank: ranks[i], frequencyRank: base[i], probability: i / 8 });
    expect(score.figures()).toEqual({
      count: 8,
      top1: 2 / 8,
      top3: 4 / 8,
      top5: 6 / 8,
      baseTop1: 2 / 8,
      baseTop3: 4 / 8,
      baseTop5: 5 / 8,
      meanProbability: 28 / 64,
    });
  });
});
