// K57-63: attacks on a run. Safety while they last: no crash, no assertion, a ratio whatever is broken, limits kept, books
// balanced. Liveness when they have stopped: the forecaster is in use again within a bounded time.

import { describe, expect, it } from "vitest";
import { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { MICROS_PER_SECOND } from "../../core/units.ts";
import { GuardedForecaster } from "../../predictor/guarded-forecaster.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { ATTACK_KINDS, type Attack, type AttackKind, scheduleAttacks } from "../../sim/attacks.ts";
import type { RunResult } from "../../sim/result.ts";
import { SensorGuard } from "../../sim/sensor-guard.ts";
import { simulate } from "../../sim/simulate.ts";
import { simulateWithJournal } from "./hand-demand.ts";

const FROM = 60 * MICROS_PER_SECOND;
const TO = 100 * MICROS_PER_SECOND;
/** The longest cool-down is 160 s, a probation takes 15 s. */
const MOST_RECOVERY_MICROS = 176 * MICROS_PER_SECOND;
const demandOf = (id: string, seed: number, seconds: number, pressureRatio = 0.95) =>
  getScenario(id).generate({
    pressureRatio,
    seed,
    durationMicros: seconds * MICROS_PER_SECOND,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });
const demand = demandOf("steady", 41, 180);
const attack = (kind: AttackKind): Attack => ({ kind, fromMicros: FROM, toMicros: TO });

/** The reasons of which the first trip must be one, and how soon; null: nothing that the watchdog should trip at. */
const EXPECTED: Readonly<Record<AttackKind, readonly [RegExp, number] | null>> = {
  nan: [/^nan$/, 0.5],
  infinite: [/^infinite$/, 0.5],
  "out-of-bounds": [/^out-of-bounds$/, 0.5],
  stuck: [/^(stuck|worse-than-persistence)$/, 15],
  drift: null, // depends on the direction: towards 1 there is little room at 95 %
  flip: [/^worse-than-persistence$/, 8],
  "flip-flop": [/^(flip-flop|worse-than-persistence)$/, 8],
  "input-nan": [/^bad-input$/, 0.5],
  "input-drift": null, // both readings drift alike: nothing tells it from the truth until they stick at the end
  "input-flip": [/^bad-input$/, 0.5],
  "input-freeze": [/^stuck-input$/, 8],
  weights: null, // the damage is drawn; guards.test.ts has each kind of it
  "slow-compactor": null, // nothing is wrong with the forecaster
  "stalled-compactor": null,
  "clock-jump": [/^clock$/, 10],
  "clock-back": [/^clock$/, 0.5],
  "lost-ticks": [/^no-label$/, 31],
};

function checkSafe(result: RunResult, where = ""): void {
  expect(result.requests.served + result.ooms.total, where).toBe(result.requests.total);
  expect(result.compaction.maxRunsInAnySecond, where).toBeLessThanOrEqual(10);
}

describe("K57-59, K61/62: each kind of attack", () => {
  it.each(ATTACK_KINDS)("%s: noticed for the right reason, safe meanwhile, over when it is over", (kind) => {
    const { result, lines } = simulateWithJournal({ demand, policy: "predictive", seed: 41, attacks: [attack(kind)] });
    checkSafe(result);
    const [outcome, ...more] = result.attacks!.outcomes;
    expect(more).toEqual([]);
    expect(outcome).toMatchObject({ kind, fromMicros: FROM, toMicros: TO });
    const expected = EXPECTED[kind];
    if (expected !== null) {
      expect(outcome!.trips[0]).toMatch(expected[0]);
      expect(outcome!.tripAfterMicros).toBeLessThanOrEqual(expected[1] * MICROS_PER_SECOND);
      expect(outcome!.safeModeTicks).toBeGreaterThan(0);
    }
    expect(outcome!.recoveredAfterMicros).not.toBeNull();
    expect(outcome!.recoveredAfterMicros).toBeLessThanOrEqual(MOST_RECOVERY_MICROS);
    for (const trip of result.watchdog.trips) expect(trip.atMicros).toBeGreaterThanOrEqual(FROM);
    expect(result.watchdog.fallbackTicks).toBe(outcome!.safeModeTicks);
    // Whatever is broken, what reaches the decisions is a ratio, and in safe mode nobody acts ahead.
    for (const line of lines.filter((one) => one.e === "forecast")) {
      expect(line.forecast).toBeGreaterThanOrEqual(0);
      expect(line.forecast).toBeLessThanOrEqual(1);
    }
    if (outcome!.trips.length === 1 && outcome!.recoveredAfterMicros! > 0 && outcome!.safeModeTicks > 0) {
      const from = FROM + outcome!.tripAfterMicros!;
      const runs = lines.filter((line) => line.e === "compact" && line.phase === "start" && line.kind === "proactive");
      expect(runs.filter((run) => run.t > from + 500_000 && run.t < TO)).toEqual([]);
      expect(runs.filter((run) => run.t > TO + outcome!.recoveredAfterMicros!).length).toBeGreaterThan(0);
    }
  });

  it("equal seeds give equal runs under attack, another seed another schedule", () => {
    const attacks = scheduleAttacks(ATTACK_KINDS, 41, demand.durationMicros);
    expect(scheduleAttacks(ATTACK_KINDS, 41, demand.durationMicros)).toEqual(attacks);
    expect(scheduleAttacks(ATTACK_KINDS, 42, demand.durationMicros)).not.toEqual(attacks);
    const run = () => JSON.stringify(simulate({ demand, policy: "predictive", seed: 41, attacks }).result);
    expect(run()).toBe(run());
  });

  it("without attacks there is no account of them, and an empty schedule changes nothing", () => {
    const plain = simulate({ demand, policy: "predictive", seed: 41 }).result;
    expect(plain.attacks).toBeNull();
    expect(simulate({ demand, policy: "predictive", seed: 41, attacks: [] }).result).toEqual(plain);
  });

  it("a forecaster that nobody uses can be attacked as one likes; the compactor is everybody's", () => {
    const run = (attacks: Attack[]) => simulate({ demand, policy: "reactive", seed: 41, attacks }).result;
    expect(run([attack("nan"), attack("input-nan")]).hash).toBe(run([]).hash);
    const stalled = run([attack("stalled-compactor")]);
    expect(stalled.compaction.maxRunMicros).toBeGreaterThan(10 * MICROS_PER_SECOND);
    expect(stalled.ooms.byCause.limit).toBeGreaterThan(run([]).ooms.byCause.limit);
    const slow = run([attack("slow-compactor")]);
    expect(slow.compaction.maxRunMicros).toBeGreaterThan(20 * run([]).compaction.maxRunMicros);
  });

  it("the schedule leaves each attack more than half its slot to recover from it", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const durationMicros = 600 * MICROS_PER_SECOND;
      const attacks = scheduleAttacks(["nan", "drift", "lost-ticks"], seed, durationMicros);
      expect(attacks.map((one) => one.kind).sort()).toEqual(["drift", "lost-ticks", "nan"]);
      for (const [i, { fromMicros, toMicros }] of attacks.entries()) {
        const slotEnd = 60e6 + (i + 1) * 180e6;
        expect(fromMicros).toBeGreaterThanOrEqual(60e6 + i * 180e6);
        expect(toMicros - fromMicros).toBeGreaterThanOrEqual(36e6);
        expect(slotEnd - toMicros).toBeGreaterThan(90e6);
      }
    }
  });

  it.each<[string, Attack]>([
    ["of no known kind", { kind: "gremlins" as AttackKind, fromMicros: 0, toMicros: 1 }],
    ["without duration", { kind: "nan", fromMicros: 5, toMicros: 5 }],
    ["before time began", { kind: "nan", fromMicros: -1, toMicros: 5 }],
    ["at no time", { kind: "nan", fromMicros: NaN, toMicros: 5 }],
  ])("an attack %s is an error", (_, bad) => {
    expect(() => simulate({ demand, policy: "reactive", seed: 1, attacks: [bad] })).toThrow(MempredError);
  });
});

describe("sensor guard", () => {
  const make = () => {
    const inner = new GuardedForecaster(new PressurePredictor({ seed: 1 }));
    const guard = new SensorGuard(inner);
    for (let tick = 0; tick < 40; tick++) guard.tick(tick * 500_000, 0.8 + tick / 1000, 0.85 + tick / 1000, false);
    expect(guard.trips).toEqual([]);
    return { inner, guard, now: 20_000_000 };
  };

  it.each([
    [NaN, 0.9],
    [0.9, NaN],
    [-0.1, 0.9],
    [0.9, 1.1],
    [1.2, 1.2],
    [Infinity, Infinity],
    [0.9, 0.5], // P ≥ U by definition
  ])("readings of %s and %s are a fault and no assertion; the last good ones stand in", (occupancy, pressure) => {
    const { guard, now } = make();
    guard.observe(now, occupancy, pressure);
    guard.tick(now, occupancy, pressure, false);
    expect(guard.trips).toEqual([{ atMicros: now, reason: "bad-input" }]);
    expect(guard.forecast(now)).toBe(0.85 + 39 / 1000); // the fallback, persistence, of the last good reading
  });

  it("a clock that goes back stands still for what is behind the guard, and goes on from there", () => {
    const { guard, now } = make();
    guard.tick(now - 15_000_000, 0.84, 0.9, false);
    expect(guard.trips).toEqual([{ atMicros: 19_500_000, reason: "clock" }]);
    for (let tick = 1; tick < 80; tick++) guard.tick(now - 15_000_000 + tick * 500_000, 0.84, 0.9, false);
    expect(guard.isTripped).toBe(false); // 10 s and 15 s later
    expect(guard.trips).toHaveLength(1);
  });

  it("missed ticks are none of its business, a leap of over 5 s is", () => {
    const { guard, now } = make();
    guard.tick(now + 4_000_000, 0.84, 0.9, false);
    expect(guard.trips).toEqual([]);
    guard.tick(now + 9_500_000, 0.84, 0.9, false);
    expect(guard.trips).toEqual([{ atMicros: now + 9_500_000, reason: "clock" }]);
  });

  it("readings that stand still are a fault when requests come, not when all is quiet", () => {
    const { guard, now } = make();
    for (let tick = 0; tick < 200; tick++) guard.tick(now + tick * 500_000, 0.84, 0.9, false);
    expect(guard.trips).toEqual([]);
    const later = now + 100_000_000;
    for (let i = 0; i < 700; i++) {
      guard.observe(later + i * 10_000, 0.84, 0.9);
      if (i % 50 === 49) guard.tick(later + i * 10_000, 0.84, 0.9, false);
    }
    expect(guard.trips.map((trip) => trip.reason)).toEqual(["stuck-input"]);
  });
});

describe("K60, K63: a swarm of attacks", () => {
  const RUNS = 40;
  it(`${RUNS} random schedules, overlapping as they like: safe in the first two minutes, live after them`, () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = new RandomStream(seed, "attack swarm");
      const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
      const chance = pick([0.1, 0.3, 0.8]);
      const kinds = ATTACK_KINDS.filter(() => random.chance(chance));
      const attacks = kinds.map((kind): Attack => {
        const fromMicros = random.integer(110 * MICROS_PER_SECOND);
        return { kind, fromMicros, toMicros: fromMicros + 1 + random.integer(120 * MICROS_PER_SECOND - fromMicros) };
      });
      const id = pick(SCENARIO_IDS);
      const policy = pick(["predictive", "predictive", "neural:slide", "watermark", "reactive"]);
      const where = `seed ${seed}, ${id}, ${policy}, ${JSON.stringify(attacks)}`;
      try {
        const calm = demandOf(id, seed, 310, pick([0.75, 0.95, 0.98]));
        const isWatched = random.chance(0.8);
        const result = simulate({
          demand: calm,
          policy,
          seed,
          attacks,
          watchdog: isWatched,
          shadow: random.chance(0.8),
        }).result;
        checkSafe(result, where);
        const trips = result.watchdog.trips.length;
        expect(result.watchdog.readmissions, where).toBe(trips);
      } catch (error) {
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});
