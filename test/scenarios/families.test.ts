import { describe, expect, it } from "vitest";
import { type Demand, OP_ALLOCATE, OP_FREE } from "../../core/demand.ts";
import { digestDemand } from "../../scenarios/digest-demand.ts";
import { measureLevel } from "../../scenarios/measure-level.ts";
import { FAMILY_SPECS, getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { largestRequestBytes } from "../../scenarios/request-limit.ts";
import { fillEndMicros, PRESSURE_LEVELS, type ScenarioOptions } from "../../scenarios/scenario.ts";
import { checkSpec } from "../../scenarios/spec-check.ts";
import { checkDemand, measureMix } from "./check-demand.ts";

const SEEDS = [1, 77];
const TOLERANCE = 0.004;

const options: ScenarioOptions = {
  pressureRatio: 0.95,
  seed: 1,
  durationMicros: 120_000_000,
  ratePerSecond: 100,
  capacityBytes: 102_400,
};

describe.each(SCENARIO_IDS)("family %s", (id) => {
  const scenario = getScenario(id);
  const peak = FAMILY_SPECS.find((spec) => spec.id === id)!.peakRatio ?? 0.99;

  it("K28: meets each level within 0.4 points, peaks under its limit, and is a valid demand", () => {
    for (const pressureRatio of PRESSURE_LEVELS)
      for (const seed of SEEDS) {
        const demand = scenario.generate({ ...options, pressureRatio, seed });
        checkDemand(demand);
        const level = measureLevel(demand, fillEndMicros(demand.durationMicros));
        const where = `${id} at ${pressureRatio}, seed ${seed}`;
        expect(Math.abs(level.meanRatio - pressureRatio), `level of ${where}`).toBeLessThan(TOLERANCE);
        expect(level.peakRatio, `peak of ${where}`).toBeLessThan(peak);
        expect(level.heldPeakRatio, `peak without caches of ${where}`).toBeLessThan(0.99);
        expect(demand.pressureRatio).toBe(pressureRatio);
        expect(largestOf(demand), `largest request of ${where}`).toBeLessThanOrEqual(
          largestRequestBytes(pressureRatio, options.capacityBytes, 4096),
        );
      }
  });

  it("keeps to the rate and to the mix", () => {
    const demand = scenario.generate({ ...options, durationMicros: 600_000_000 });
    const mix = measureMix(demand);
    // Three standard deviations of a share of 60,000 are under 0.6 points.
    expect(Math.abs(mix.atomic - scenario.mix.atomic)).toBeLessThan(0.006);
    expect(Math.abs(mix.deadline - scenario.mix.deadline)).toBeLessThan(0.006);
    expect(Math.abs(mix.wait - scenario.mix.wait)).toBeLessThan(0.006);
    expect(Math.abs(mix.pinned - scenario.mix.pinned)).toBeLessThan(0.003);
    const afterFill = allocationsFrom(demand, fillEndMicros(demand.durationMicros));
    expect(afterFill / 598).toBeGreaterThan(97);
    expect(afterFill / 598).toBeLessThan(103);
  });

  it("gives equal bytes for equal options, and others for another seed, level or length", () => {
    const digest = digestDemand(scenario.generate(options));
    expect(digestDemand(scenario.generate(options))).toBe(digest);
    expect(digestDemand(scenario.generate({ ...options, seed: 2 }))).not.toBe(digest);
    expect(digestDemand(scenario.generate({ ...options, pressureRatio: 0.85 }))).not.toBe(digest);
    expect(digestDemand(scenario.generate({ ...options, ratePerSecond: 90 }))).not.toBe(digest);
  });

  it("another mix changes classes and pins and nothing else", () => {
    const usual = scenario.generate({ ...options, durationMicros: 60_000_000 });
    const mix = { atomic: 0, deadline: 0, wait: 1, pinned: 0 };
    const patient = scenario.generate({ ...options, durationMicros: 60_000_000, mix });
    expect(measureMix(patient)).toEqual(mix);
    expect(patient.mix).toEqual(mix);
    expect(patient.timeMicros).toEqual(usual.timeMicros);
    expect(patient.sizeBytes).toEqual(usual.sizeBytes);
    expect(patient.id).toEqual(usual.id);
    expect(patient.tenant).toEqual(usual.tenant);
  });

  it("declares itself by the rules that files are held to, and says what can be foreseen", () => {
    expect(checkSpec(FAMILY_SPECS.find((spec) => spec.id === id)!)).toEqual([]);
    expect(scenario.description).toMatch(/foreseeable|foreseen|warning|by the clock/);
    expect(scenario.title.length).toBeGreaterThan(3);
  });

  it("fills the heap in the first two seconds without a free", () => {
    const demand = scenario.generate(options);
    const firstFree = demand.kind.indexOf(OP_FREE);
    expect(demand.timeMicros[firstFree]!).toBeGreaterThanOrEqual(2_000_000);
    expect(measureLevel(demand, 0).meanRatio).toBeLessThan(measureLevel(demand, 2_000_000).meanRatio);
  });
});

describe("other sizes of the world", () => {
  it.each([
    { capacityBytes: 16_384, ratePerSecond: 100, seconds: 300 },
    { capacityBytes: 1_048_576, ratePerSecond: 100, seconds: 120 },
    { capacityBytes: 16_777_216, ratePerSecond: 400, seconds: 60 },
    { capacityBytes: 102_400, ratePerSecond: 1000, seconds: 30 },
    { capacityBytes: 102_400, ratePerSecond: 25, seconds: 600 },
  ])("K27: levels hold at $capacityBytes bytes and $ratePerSecond requests/s over $seconds s", (world) => {
    for (const id of SCENARIO_IDS)
      for (const pressureRatio of [0.5, 0.95, 0.98]) {
        const demand = getScenario(id).generate({
          pressureRatio,
          seed: 5,
          durationMicros: world.seconds * 1_000_000,
          ratePerSecond: world.ratePerSecond,
          capacityBytes: world.capacityBytes,
        });
        checkDemand(demand);
        const level = measureLevel(demand, fillEndMicros(demand.durationMicros));
        expect(Math.abs(level.meanRatio - pressureRatio), `${id} at ${pressureRatio}`).toBeLessThan(TOLERANCE);
        expect(level.heldPeakRatio, `${id} at ${pressureRatio}`).toBeLessThan(0.99);
      }
  });

  it("K29: an hour at 95 % meets its level in every family", () => {
    for (const id of SCENARIO_IDS) {
      const demand = getScenario(id).generate({ ...options, durationMicros: 3_600_000_000, ratePerSecond: 20 });
      const level = measureLevel(demand, fillEndMicros(demand.durationMicros));
      expect(Math.abs(level.meanRatio - 0.95), id).toBeLessThan(TOLERANCE);
    }
  });

  it("the shortest runs and the extreme levels are valid demands too", () => {
    for (const id of SCENARIO_IDS)
      for (const durationMicros of [1, 999, 100_000, 1_000_000, 7_654_321])
        for (const pressureRatio of [0.05, 0.985]) {
          const demand = getScenario(id).generate({ ...options, durationMicros, pressureRatio, capacityBytes: 16_384 });
          checkDemand(demand);
          expect(measureLevel(demand, 0).heldPeakRatio, `${id}, ${durationMicros} µs`).toBeLessThan(0.99);
        }
  });
});

function largestOf(demand: Demand): number {
  return demand.sizeBytes.reduce((a, b) => Math.max(a, b), 0);
}

function allocationsFrom(demand: Demand, fromMicros: number): number {
  let count = 0;
  for (let i = 0; i < demand.length; i++)
    if (demand.kind[i] === OP_ALLOCATE && demand.timeMicros[i]! >= fromMicros) count++;
  return count;
}
