// K46, K79: several arenas in one virtual time under one limit.

import { describe, expect, it } from "vitest";
import { getScenario } from "../../scenarios/registry.ts";
import { scheduleAttacks } from "../../sim/attacks.ts";
import { compareNeeds, type FleetOutcome, simulateFleet, sumOverZones, type ZoneRunOptions } from "../../sim/fleet.ts";
import { simulate } from "../../sim/simulate.ts";

const MICROS = 60_000_000;

function zone(scenario: string, seed: number, extra: Partial<ZoneRunOptions> = {}): ZoneRunOptions {
  const demand = getScenario(scenario).generate({
    pressureRatio: 0.95,
    seed,
    durationMicros: MICROS,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });
  return { demand, seed, policy: "predictive", ...extra };
}

const ZONES = [zone("steady", 31), zone("burst", 32), zone("tide", 33)];

/** Starts of all zones by their journals: an account that shares no code with the limiter. */
function startsOf(
  zones: readonly ZoneRunOptions[],
  isCoordinated: boolean,
): { starts: number[]; outcome: FleetOutcome } {
  const starts: number[] = [];
  const journal = (line: string) => {
    const event = JSON.parse(line) as { t: number; e?: string; phase?: string };
    if (event.e === "compact" && event.phase === "start") starts.push(event.t);
  };
  const outcome = simulateFleet({ zones: zones.map((one) => ({ ...one, journal })), isCoordinated });
  return { starts, outcome };
}

describe("a fleet", () => {
  it.each([true, false])("of one is a run, to the byte (coordinated: %s)", (isCoordinated) => {
    for (const one of [ZONES[1]!, zone("mixed-tenants", 5), zone("steady", 6, { policy: "reactive", retries: 2 })]) {
      const alone = simulate(one);
      const { zones, maxRunsInAnySecond, runs } = simulateFleet({ zones: [one], isCoordinated });
      expect(zones[0]!.result).toEqual(alone.result);
      expect(zones[0]!.decisions).toEqual(alone.decisions);
      expect(maxRunsInAnySecond).toBe(alone.result.compaction.maxRunsInAnySecond);
      expect(runs).toBe(alone.result.compaction.runs);
    }
  });

  it.each([true, false])(
    "keeps the limit over all zones in every sliding second (coordinated: %s)",
    (isCoordinated) => {
      const { starts, outcome } = startsOf(ZONES, isCoordinated);
      expect(starts.length).toBe(outcome.runs);
      expect(starts.length).toBe(sumOverZones(outcome, (result) => result.compaction.runs));
      for (let i = 1; i < starts.length; i++) expect(starts[i]).toBeGreaterThanOrEqual(starts[i - 1]!);
      let most = 0;
      for (let i = 0, j = 0; i < starts.length; i++) {
        while (starts[i]! - starts[j]! >= 1_000_000) j++;
        most = Math.max(most, i - j + 1);
      }
      expect(most).toBe(outcome.maxRunsInAnySecond);
      expect(most).toBe(10); // it binds, or the test would show nothing
      for (const { result } of outcome.zones)
        expect(result.requests.served + result.ooms.total).toBe(result.requests.total);
    },
  );

  it("keeps it under attack, and without one no watchdog trips", () => {
    const attacked = ZONES.map((one) => ({
      ...one,
      attacks: scheduleAttacks(["nan", "clock-back", "slow-compactor"], one.seed, MICROS),
    }));
    const { outcome } = startsOf(attacked, true);
    expect(outcome.maxRunsInAnySecond).toBeLessThanOrEqual(10);
    expect(sumOverZones(outcome, (result) => result.watchdog.trips.length)).toBeGreaterThanOrEqual(3);
    const calm = simulateFleet({ zones: ZONES });
    expect(sumOverZones(calm, (result) => result.watchdog.trips.length)).toBe(0);
    for (const { result } of calm.zones) expect(result.autonomy.decisionsPerHour).toBeGreaterThanOrEqual(7200);
  });

  it("a byte limit of its own is one bucket for all", () => {
    const limits = { movedBytesPerSecond: 20_000, movedBytesBurst: 20_000 };
    const { zones } = simulateFleet({ zones: ZONES, limits });
    const moved = zones.reduce((sum, { result }) => sum + result.compaction.movedBytes, 0);
    // The bucket goes into debt by the last run at most, which is one slide.
    expect(moved).toBeLessThanOrEqual(20_000 + (20_000 * MICROS) / 1e6 + 102_400);
    const free = simulateFleet({ zones: ZONES });
    expect(moved).toBeLessThan(sumOverZones(free, (result) => result.compaction.movedBytes));
  });

  it("is deterministic, and coordination changes something", () => {
    const hash = (isCoordinated: boolean) => simulateFleet({ zones: ZONES, isCoordinated }).hash;
    expect(hash(true)).toBe(hash(true));
    expect(hash(true)).not.toBe(hash(false));
  });

  it("ranks the soonest critical first, then the one whose requests fit least", () => {
    const needs = [
      { criticalInMicros: Infinity, misfitShare: 1 },
      { criticalInMicros: 0, misfitShare: 0.1 },
      { criticalInMicros: 2_000_000, misfitShare: 0.9 },
      { criticalInMicros: 0, misfitShare: 0.4 },
    ];
    expect([...needs].sort(compareNeeds).map((need) => needs.indexOf(need))).toEqual([3, 1, 2, 0]);
    expect(compareNeeds(needs[0]!, { ...needs[0]! })).toBe(0);
  });

  it("refuses no zones, and zones that end at different times", () => {
    expect(() => simulateFleet({ zones: [] })).toThrow("at least one");
    const { demand } = ZONES[0]!;
    const longer = { ...ZONES[1]!, demand: { ...demand, durationMicros: MICROS + 1 } };
    expect(() => simulateFleet({ zones: [ZONES[0]!, longer] })).toThrow("equal duration");
  });
});
