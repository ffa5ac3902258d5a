// `holt` and `perfect-forecast`: the same controller as `neural` on other signals, each paying for what it uses.

import { describe, expect, it } from "vitest";
import { blockLength, TICK_MICROS } from "../../../core/units.ts";
import { DampedHolt } from "../../../predictor/baselines/damped-holt.ts";
import { getScenario } from "../../../scenarios/registry.ts";
import { PerfectForecaster } from "../../../sim/perfect-forecaster.ts";
import { allPolicies } from "../../../sim/policies/registry.ts";
import { REQUEST_SIZES_BYTES } from "../../../sim/request-sizes.ts";
import { allSignals, signalNamed } from "../../../sim/signals.ts";
import { simulate } from "../../../sim/simulate.ts";
import { handDemand, simulateWithJournal } from "../hand-demand.ts";

const demandOf = (id: string, seed: number) =>
  getScenario(id).generate({
    pressureRatio: 0.95,
    seed,
    durationMicros: 120_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });

describe("signals", () => {
  it("each signal that a policy names exists, and bounds alone pay nothing", () => {
    for (const { id, signal, isBound } of allPolicies()) {
      if (signal === null) continue;
      expect({ id, isFree: signalNamed(signal).stateBytes === 0 }).toEqual({ id, isFree: isBound });
    }
    for (const { id, isGuarded, stateBytes } of allSignals())
      expect({ id, isGuarded }).toEqual({ id, isGuarded: stateBytes > 0 });
  });

  it("no signal of that name is a defect", () => {
    expect(() => signalNamed("crystal ball")).toThrow("no signal");
  });

  it("a policy pays for its own signal's bytes, in the arena", () => {
    const used = (policy: string) => {
      const demand = { ...demandOf("steady", 1), length: 0 };
      return simulate({ demand, policy, seed: 1 }).result.pressure.peakOccupancy * demand.capacityBytes;
    };
    const { stateBytes } = new DampedHolt();
    expect(used("blind")).toBe(blockLength(REQUEST_SIZES_BYTES));
    expect(used("holt")).toBe(blockLength(stateBytes + REQUEST_SIZES_BYTES));
    expect(used("holt")).toBeLessThan(used("neural"));
    expect(used("perfect-forecast")).toBe(used("blind")); // the controller is paid for, the foresight is not
    const { result } = simulate({ demand: demandOf("steady", 1), policy: "holt", seed: 1 });
    expect(result.predictor).toMatchObject({ stateBytes: stateBytes + REQUEST_SIZES_BYTES, trainedLabels: 0 });
    expect(result.predictor!.watchdogBytes).toBeGreaterThan(0);
  });
});

describe("perfect-forecast", () => {
  it("forecasts without error, in an arena that acts", () => {
    for (const policy of ["perfect-forecast", "perfect-forecast:slide"]) {
      const { result } = simulate({ demand: demandOf("tide", 2), policy, seed: 2 });
      expect(result.compaction.proactive).toBeGreaterThan(20);
      expect(result.forecast!.predictions).toBeGreaterThan(200);
      expect(result.forecast!.maePercentPoints).toBe(0);
      expect(result.watchdog.trips).toEqual([]);
    }
    const honest = simulate({ demand: demandOf("tide", 2), policy: "holt", seed: 2 }).result;
    expect(honest.forecast!.maePercentPoints).toBeGreaterThan(0.1);
  });

  it("the future depends on the options of the run: a fixed reference has its own series, and no error either", () => {
    const demand = demandOf("ramp", 3);
    for (const referenceLengthBytes of [256, 2048]) {
      const { result } = simulate({ demand, policy: "perfect-forecast", seed: 3, referenceLengthBytes });
      expect(result.forecast!.maePercentPoints).toBe(0);
    }
  });

  it("between ticks it reads the sample at or just after now + 5 s, and at the end the last", () => {
    const series = Float64Array.from({ length: 20 }, (_, tick) => tick / 100);
    const forecaster = new PerfectForecaster(series);
    expect(forecaster.forecast(0)).toBe(0.1);
    expect(forecaster.forecast(1)).toBe(0.11);
    expect(forecaster.forecast(TICK_MICROS)).toBe(0.11);
    expect(forecaster.forecast(TICK_MICROS * 15)).toBe(0.19);
  });
});

describe("holt is guarded", () => {
  const flipping = handDemand(
    (b) => {
      // A level with a jump of 1.5 s each 5 s: a trend is never right.
      for (let second = 0; second < 120; second += 5) {
        b.allocate(second * 1_000_000, second, 12_000, 2);
        b.free(second * 1_000_000 + 1_500_000, second);
      }
    },
    { capacityBytes: 16_384, durationMicros: 120_000_000 },
  );

  it("a forecast worse than persistence is noticed", () => {
    const { result } = simulateWithJournal({ demand: flipping, policy: "holt", seed: 1 });
    expect(result.watchdog.trips.map((trip) => trip.reason)).toContain("worse-than-persistence");
    const free = simulateWithJournal({ demand: flipping, policy: "holt", seed: 1, watchdog: false });
    expect(free.result.watchdog.trips).toEqual([]);
  });

  it("an arena with no room for its bytes runs without it", () => {
    const demand = { ...flipping, length: 0, capacityBytes: 4096 };
    const { result } = simulateWithJournal({ demand, policy: "holt", seed: 1 });
    expect(result.predictor).toBeNull();
    expect(result.notes[0]).toMatch(/the predictor's 416 B/);
    expect(simulateWithJournal({ demand, policy: "perfect-forecast", seed: 1 }).result.forecast).not.toBeNull();
  });
});
