// A run is a pure function of (demand, policy, seed, options): the same bytes again, with and without a journal, and pinned
// digests, which change only through scripts/golden-sim.ts.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { goldenDigests } from "../../scripts/golden-sim.ts";
import { Run, simulate } from "../../sim/simulate.ts";
import type { SimulateOptions } from "../../sim/simulate-types.ts";
import { simulateWithJournal } from "./hand-demand.ts";

const demandOf = (seed: number, level = 0.95) =>
  getScenario("tide").generate({
    pressureRatio: level,
    seed,
    durationMicros: 60_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });

describe("determinism", () => {
  it("two runs give the same result and the same journal", () => {
    for (const policy of ["reactive", "watermark", "neural", "neural:window"]) {
      const a = simulateWithJournal({ demand: demandOf(31), policy, seed: 31 });
      const b = simulateWithJournal({ demand: demandOf(31), policy, seed: 31 });
      expect(JSON.stringify(b.result)).toBe(JSON.stringify(a.result));
      expect(b.text).toBe(a.text);
      expect(b.predictorState).toEqual(a.predictorState);
    }
  });

  it("a journal and a full check change nothing", () => {
    const options: SimulateOptions = { demand: demandOf(32), policy: "neural", seed: 32 };
    const plain = simulate(options).result;
    expect(simulateWithJournal(options).result).toEqual(plain);
    expect(simulate({ ...options, verify: true }).result).toEqual(plain);
  });

  it("a run that is driven in slices, cut anywhere, is the run", () => {
    const random = new RandomStream(77, "slices"); // seed 77
    for (const policy of ["reactive", "predictive", "neural", "clairvoyant", "cache-ahead"]) {
      const demand = getScenario(policy === "cache-ahead" ? "mixed-tenants" : "tide").generate({ pressureRatio: 0.95, seed: 34, durationMicros: 60_000_000, ratePerSecond: 100, capacityBytes: 102_400 }); // biome-ignore format: one line
      const whole = simulateWithJournal({ demand, policy, seed: 34 });
      const lines: string[] = [];
      const run = new Run({ demand, policy, seed: 34, journal: (line) => lines.push(line) });
      // At ticks, at arrivals, between them, twice at the same moment, and a moment that has passed.
      const arrivals = Array.from({ length: 10 }, () => demand.timeMicros[Math.floor(random.next() * demand.length)]!);
      const moments = [0, 500_000, 2_000_000, 2_000_000, 30_000_001, ...arrivals].sort((a, b) => a - b);
      for (const micros of [...moments, 1_000_000]) run.advance(micros);
      const sliced = run.execute();
      expect(sliced.result, policy).toEqual(whole.result);
      expect(sliced.predictorState).toEqual(whole.predictorState);
      expect(lines.join("\n")).toBe(whole.text);
    }
  });

  it("pinned digests of each policy", () => {
    const golden = JSON.parse(readFileSync(new URL("../golden/simulation.json", import.meta.url), "utf8"));
    expect(goldenDigests()).toEqual(golden);
  });
});

describe("K69: options alone and together", () => {
  const base = { demand: demandOf(33), policy: "neural", seed: 33 } as const;
  const switches = ["autonomy", "watchdog", "shadow"] as const;

  it.each(Array.from({ length: 8 }, (_, bits) => bits))("combination %i of autonomy, watchdog, shadow", (bits) => {
    const options = Object.fromEntries(switches.map((name, i) => [name, (bits & (1 << i)) !== 0]));
    const { result } = simulate({ ...base, ...options });
    expect(result.requests.total).toBe(result.requests.served + result.ooms.total);
    expect(result.autonomy.isOn).toBe(options["autonomy"]);
    expect(result.autonomy.decisions).toBe(options["autonomy"] ? 121 : 0);
    expect(result.autonomy.predictions).toBe(121);
    expect(result.compaction.useful === null).toBe(options["shadow"] === false);
    expect(result.predictor?.watchdogBytes === 0).toBe(options["watchdog"] === false);
    expect(result.compaction.proactive).toBeGreaterThan(0);
    expect(result.compaction.maxRunsInAnySecond).toBeLessThanOrEqual(10);
  });

  it("K43-45: 7,200 decisions and predictions an hour, counted", () => {
    const { result, decisions } = simulate(base);
    const ticks = decisions.filter((one) => one.atMicros % 500_000 === 0).length;
    expect(ticks).toBeGreaterThanOrEqual(result.autonomy.decisions);
    expect(result.autonomy.decisionsPerHour).toBeCloseTo((121 / 60) * 3600, 6); // both ends of the minute have a tick
    expect(result.autonomy.predictionsPerHour).toBe(result.autonomy.decisionsPerHour);
    for (const one of decisions) expect(one.reason.length).toBeGreaterThan(0);
    const compacts = decisions.filter((one) => one.action === "compact");
    expect(compacts.length).toBe(result.compaction.proactive);
    expect(compacts.every((one) => /B moved, largest hole \d+ to \d+ B/.test(one.outcome ?? ""))).toBe(true);
  });

  it("fits, reference, weights and reserve are options", () => {
    const hash = (more: Partial<SimulateOptions>) => simulate({ ...base, ...more }).result.hash;
    const plain = hash({});
    expect(hash({ fit: "best" })).not.toBe(plain);
    // What the policy does need not depend on it; the pressure that is reported does.
    const pressure = (options: Partial<SimulateOptions>) => simulate({ ...base, ...options }).result.pressure;
    expect(pressure({ referenceLengthBytes: 512 })).not.toEqual(pressure({}));
    expect(hash({ reserveBytes: 2048 })).not.toBe(plain);
    const forecast = (weights: Float64Array | "cold") => simulate({ ...base, weights }).result.forecast;
    expect(forecast(new Float64Array(49).fill(0.01))).not.toEqual(forecast("cold"));
  });

  it("refuses nonsense", () => {
    const code = (more: Partial<SimulateOptions>) => {
      try {
        simulate({ ...base, ...more });
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(code({ seed: -1 })).toBe("INVALID_INPUT");
    expect(code({ seed: 1.5 })).toBe("INVALID_INPUT");
    expect(code({ retries: 1000 })).toBe("INVALID_INPUT");
    expect(code({ placeboRuns: Number.NaN })).toBe("INVALID_INPUT");
    expect(code({ reserveBytes: 1e9 })).toBe("INVALID_INPUT");
    expect(code({ policy: "magic" })).toBe("UNKNOWN_POLICY");
    expect(code({ policy: "reactive:fast" })).toBe("UNKNOWN_POLICY");
    expect(code({ policy: "reactive:slide:slide" })).toBe("UNKNOWN_POLICY");
  });
});
