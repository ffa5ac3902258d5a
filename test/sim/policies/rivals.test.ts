// The plainer rivals and the bound from below: the rules by themselves, and each on a demand of a few rows.

import { describe, expect, it } from "vitest";
import { getScenario, SCENARIO_IDS } from "../../../scenarios/registry.ts";
import { crossingMicros, LOOKBACK_SAMPLES } from "../../../sim/policies/least-squares.ts";
import { nextMargin, slackMicros } from "../../../sim/policies/rate-margin.ts";
import { allPolicies, resolvePolicy } from "../../../sim/policies/registry.ts";
import { simulate } from "../../../sim/simulate.ts";
import { CLASS, fillWithHoles, handDemand, simulateWithJournal } from "../hand-demand.ts";

const demandOf = (id: string, seed: number, level = 0.95) =>
  getScenario(id).generate({
    pressureRatio: level,
    seed,
    durationMicros: 60_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });

/** A heap of 16 KiB that loses its large holes bit by bit: small blocks stay, what lies between them is freed. */
const wearingDown = handDemand(
  (b) => {
    const blocks = 256; // of 64 bytes
    for (let id = 0; id < blocks; id++) b.allocate(0, id, 56, CLASS.wait);
    for (let id = 0; id < blocks; id += 2) b.free(20_000 * id + 100_000, id);
    // Requests of 256 bytes set the size of the hole that is wanted; they are freed at once.
    for (let k = 0; k < 60; k++) {
      b.allocate(6_000_000 + k * 100_000, 1000 + k, 248, CLASS.atomic);
      b.free(6_000_000 + k * 100_000 + 50_000, 1000 + k);
    }
  },
  { capacityBytes: 16_384, durationMicros: 13_000_000 },
);

describe("least-squares", () => {
  it("finds where two lines cross, in µs from the newest sample", () => {
    const line = (from: number, step: number) => Array.from({ length: LOOKBACK_SAMPLES }, (_, i) => from + i * step);
    // 1,000 B a step apart at the newest sample, closing by 100 B a step: 10 steps of 50 ms.
    expect(crossingMicros(line(5_700, -100), line(4_000, 0), 50_000)).toBeCloseTo(500_000, 6);
    expect(crossingMicros(line(5_350, -50), line(3_300, 100), 50_000)).toBeCloseTo(((5_000 - 4_000) / 150) * 50_000, 6);
    expect(crossingMicros(line(5_000, 0), line(4_000, 0), 50_000)).toBe(Infinity);
    expect(crossingMicros(line(5_000, 10), line(4_000, 0), 50_000)).toBe(Infinity);
    expect(crossingMicros(line(5_000, -10), line(5_000, 0), 50_000)).toBe(0);
  });

  it("compacts before a request comes that could not wait, and gives times as its reason", () => {
    const options = { demand: wearingDown, seed: 1, referenceLengthBytes: 256, verify: true };
    const { result, decisions } = simulateWithJournal({ ...options, policy: "least-squares" });
    expect(result.ooms.byClass.atomic).toBeLessThan(
      simulate({ ...options, policy: "reactive" }).result.ooms.byClass.atomic,
    );
    expect(result.compaction.proactive).toBeGreaterThan(0);
    expect(decisions[0]!.reason).toMatch(/fragmented in \d+ µs, catching up takes \d+ µs/);
  });
});

describe("rate-margin", () => {
  it("is the time left at the present rate, less the action and the interval", () => {
    expect(slackMicros(10_000, 0.01, 1_000, 100_000)).toBeCloseTo(899_000, 6);
    expect(slackMicros(0, 0.01, 1_000, 100_000)).toBe(-101_000);
    expect(slackMicros(10_000, 0, 1_000, 100_000)).toBe(Infinity);
  });

  it("the margin grows with failures, decays slowly, and has bounds", () => {
    expect(nextMargin(2, 1)).toBeGreaterThan(2.4);
    const decayed = nextMargin(2, 0);
    expect(decayed).toBeLessThan(2);
    expect(decayed).toBeGreaterThan(1.99);
    let margin = 2;
    for (let k = 0; k < 5_000; k++) margin = nextMargin(margin, 0);
    expect(margin).toBe(0.5);
    expect(nextMargin(2, 1_000)).toBe(8);
  });

  it("compacts before a request comes that could not wait, and learns from a failure", () => {
    const options = { demand: wearingDown, seed: 1, referenceLengthBytes: 256, verify: true };
    const { result, decisions } = simulateWithJournal({ ...options, policy: "rate-margin" });
    expect(result.ooms.byClass.atomic).toBeLessThan(
      simulate({ ...options, policy: "reactive" }).result.ooms.byClass.atomic,
    );
    expect(decisions[0]!.reason).toMatch(/short by \d+ µs at a margin of \d+\.\d σ/);
  });
});

describe("zero-cost", () => {
  it.each(SCENARIO_IDS)("%s: nothing avoidable, nobody waits, denied for capacity or pins only", (id) => {
    for (const [seed, level] of [
      [51, 0.95],
      [52, 0.98],
    ] as const) {
      const { ooms, responseMicros } = simulate({
        demand: demandOf(id, seed, level),
        policy: "zero-cost",
        seed,
      }).result;
      expect(ooms.avoidable).toBe(0);
      expect(ooms.byCause.reserve).toBe(0);
      expect(ooms.byCause.capacity + ooms.byCause.pinned).toBe(ooms.total);
      expect(responseMicros.max).toBe(0);
    }
  });

  it("counts denials by the class that the demand gave", () => {
    const demand = handDemand((b) => {
      b.allocate(0, 0, 900, CLASS.wait);
      b.allocate(1_000, 1, 200, CLASS.atomic);
      b.allocate(2_000, 2, 200, CLASS.deadline);
    });
    const { ooms } = simulateWithJournal({ demand, policy: "zero-cost", seed: 1, verify: true }).result;
    expect(ooms.byClass).toEqual({ atomic: 1, deadline: 1, wait: 0 });
    expect(ooms.byCause.capacity).toBe(2);
  });

  it("serves an atomic request out of fragments, and out of a cache", () => {
    const fragments = handDemand((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.atomic);
    });
    expect(simulateWithJournal({ demand: fragments, policy: "zero-cost", seed: 1 }).result.ooms.total).toBe(0);
    const cache = handDemand((b) => {
      for (let id = 0; id < 16; id++) b.allocate(0, id, 56, CLASS.wait, 2);
      b.allocate(1_000_000, 99, 300, CLASS.atomic);
    });
    const { result } = simulateWithJournal({ demand: cache, policy: "zero-cost", seed: 1 });
    expect(result.ooms.total).toBe(0);
    expect(result.reclaim.shedBlocks).toBeGreaterThanOrEqual(5);
  });

  /** What is provable of totals: up to the bound's first denial for capacity everyone's bytes were asked for at once. */
  it("nobody gets past its first capacity denial", () => {
    const firstDenial = (demand: ReturnType<typeof demandOf>, policy: string) => {
      const { lines } = simulateWithJournal({ demand, policy, seed: 53, placeboRuns: 50 });
      const denial = lines.find((line) => line.e === "deny");
      return { at: denial?.t ?? Infinity, cause: denial?.["cause"] };
    };
    const base = demandOf("steady", 53);
    const tight = { ...base, capacityBytes: Math.floor((base.capacityBytes * 0.94) / 16) * 16 };
    const bound = firstDenial(tight, "zero-cost");
    expect(bound.cause).toBe("capacity");
    for (const { id, isFreeOfCost } of allPolicies()) {
      // A request that waits is denied up to a second after it arrived.
      if (isFreeOfCost !== true) expect(firstDenial(tight, id).at, id).toBeLessThanOrEqual(bound.at + 1_000_000);
    }
  });
});

describe("placebo", () => {
  it("can be paired with any policy, and then does that one's kind of work", () => {
    expect(resolvePolicy("placebo")).toMatchObject({ pairedWith: "predictive", proactiveCompactor: "gather" });
    expect(resolvePolicy("placebo@watermark")).toMatchObject({ pairedWith: "watermark", proactiveCompactor: "slide" });
    expect(resolvePolicy("placebo@holt:window")).toMatchObject({ pairedWith: "holt:window", compactor: "window" });
    expect(() => resolvePolicy("placebo@nobody")).toThrow("unknown policy");
    expect(() => resolvePolicy("placebo@")).toThrow("unknown policy");
    expect(() => resolvePolicy("reactive@neural")).toThrow("unknown policy");
    expect(() => resolvePolicy("placebo@holt@neural")).toThrow("unknown policy");
  });
});

it("all of them run with every compactor, and the same again gives the same", () => {
  const demand = demandOf("ramp", 54);
  for (const id of ["least-squares", "rate-margin", "holt", "perfect-forecast", "zero-cost"]) {
    const hashes = ["slide", "window", "evacuate"].map((kind) => {
      const once = simulate({ demand, policy: `${id}:${kind}`, seed: 54 }).result;
      expect(simulate({ demand, policy: `${id}:${kind}`, seed: 54 }).result).toEqual(once);
      expect(once.requests.served + once.ooms.total).toBe(once.requests.total);
      return once.hash;
    });
    expect(new Set(hashes).size, id).toBe(3);
  }
});
