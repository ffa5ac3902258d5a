// The governor by hand: what drives it, how it climbs and lets go, and what it does for want of readings (P11, P12, P13, K19).

import { describe, expect, it } from "vitest";
import { driveOf, type LevelChange, PressureGovernor } from "../../cache/pressure-governor.ts";
import { AssertionError } from "../../core/errors.ts";
import { PRESSURE_LEVELS, type PressureReading } from "../../core/pressure.ts";

const reading = (atMillis: number, pressureRatio: number, ahead: Partial<PressureReading> = {}): PressureReading => ({
  atMillis,
  usedBytes: pressureRatio * 1000,
  limitBytes: 1000,
  pressureRatio,
  forecastRatio: Number.NaN,
  upperRatio: Number.NaN,
  confidence: 0,
  horizonMillis: 5000,
  ...ahead,
});

describe("what drives the governor", () => {
  it("is the larger of now and foreseen, the bound counting by its confidence", () => {
    expect(driveOf(0.5, 0.9, 0)).toBe(0.5);
    expect(driveOf(0.5, 0.9, 0.5)).toBeCloseTo(0.7, 12);
    expect(driveOf(0.5, 0.9, 1)).toBeCloseTo(0.9, 12);
    expect(driveOf(0.5, 0.9, 7)).toBeCloseTo(0.9, 12);
    expect(driveOf(0.5, 0.2, 1)).toBe(0.5); // a forecast of calm relaxes nothing
    expect(driveOf(0.5, Number.NaN, 1)).toBe(0.5);
    expect(driveOf(0.5, 0.9, Number.NaN)).toBe(0.5);
    expect(driveOf(0.5, Infinity, 1)).toBe(1); // a bound without bound is full memory, no more
    expect(driveOf(1.2, Infinity, 1)).toBe(1.2);
  });

  it("P11: the levels are ordered, each entered at its own threshold, and a forecast enters them ahead of time", () => {
    const governor = new PressureGovernor();
    const seen: string[] = [];
    governor.onChange(({ to, reason }) => seen.push(`${to} ${reason}`));
    for (const [k, ratio] of [0.5, 0.76, 0.86, 0.93, 0.98].entries()) governor.update(reading(k * 100, ratio));
    expect(seen).toEqual(["MEDIUM pressure", "HIGH pressure", "CRITICAL pressure", "EMERGENCY pressure"]);
    expect(governor.level).toBe(PRESSURE_LEVELS[4]);
    const foreseeing = new PressureGovernor();
    foreseeing.onChange(({ to, reason }) => seen.push(`${to} ${reason}`));
    foreseeing.update(reading(0, 0.7, { upperRatio: 0.95, forecastRatio: 0.85, confidence: 0.8 }));
    expect(seen.at(-1)).toBe("HIGH forecast");
    expect(foreseeing.levelIndex).toBe(2);
  });
});

describe("orders", () => {
  it("K19: budgets fall at once, what is over the target is shed from HIGH up, loading ahead gets dear and then stops (P13)", () => {
    const governor = new PressureGovernor();
    governor.update(reading(0, 0.5));
    expect([governor.budgetRatio, governor.shedBytes, governor.prefetchPrice]).toEqual([1, 0, 0]);
    governor.update(reading(500, 0.78));
    expect([governor.budgetRatio, governor.shedBytes, governor.prefetchPrice]).toEqual([0.9, 0, 1]);
    expect(governor.mayLoadAhead).toBe(true);
    governor.update(reading(1000, 0.9));
    expect([governor.budgetRatio, governor.shedBytes, governor.prefetchPrice]).toEqual([0.7, 100, Infinity]);
    expect(governor.mayLoadAhead).toBe(false);
    governor.update(reading(1500, 1.5)); // over the limit: no more than all of it
    expect([governor.level, governor.shedBytes]).toEqual(["EMERGENCY", 200]);
  });

  it("K19: lets go one level at a time, and budgets come back at the stated rate", () => {
    const governor = new PressureGovernor({ holdMillis: 1000, cooldownMillis: 1000, restorePerSecond: 0.1 });
    const changes: LevelChange[] = [];
    governor.onChange((change) => changes.push(change));
    governor.update(reading(0, 0.99));
    expect(governor.budgetRatio).toBe(0.2);
    let before = governor.budgetRatio;
    for (let t = 500; t <= 14_000; t += 500) {
      governor.update(reading(t, 0.3));
      expect(governor.budgetRatio - before).toBeLessThanOrEqual(0.05 + 1e-12); // 0.1 a second
      expect(governor.shedBytes).toBe(0);
      before = governor.budgetRatio;
    }
    expect(changes.map(({ to }) => to)).toEqual(["EMERGENCY", "CRITICAL", "HIGH", "MEDIUM", "LOW"]);
    expect(changes.slice(1).every(({ reason }) => reason === "calm")).toBe(true);
    for (const [k, { atMillis }] of changes.entries()) {
      if (k > 1) expect(atMillis - changes[k - 1]!.atMillis).toBeGreaterThanOrEqual(1000);
    }
    expect([governor.level, governor.budgetRatio, governor.prefetchPrice]).toEqual(["LOW", 1, 0]);
  });

  it("P12: between exit and enter it stays; a dwell keeps a short peak from counting", () => {
    const governor = new PressureGovernor({ dwellMillis: 1000 });
    governor.update(reading(0, 0.9));
    governor.update(reading(900, 0.9));
    expect(governor.level).toBe("LOW");
    governor.update(reading(950, 0.6)); // the peak is over
    governor.update(reading(1000, 0.9));
    governor.update(reading(1999, 0.9));
    expect(governor.level).toBe("LOW");
    governor.update(reading(2000, 0.9));
    expect(governor.level).toBe("HIGH");
    for (let t = 2500; t < 60_000; t += 500) governor.update(reading(t, 0.82)); // under 0.85, over 0.80
    expect(governor.level).toBe("HIGH");
  });
});

describe("without readings", () => {
  it("the last level stands for a stated time, then at least MEDIUM is assumed, and it is counted", () => {
    const governor = new PressureGovernor({ blindMillis: 3000 });
    governor.update(reading(0, 0.2));
    governor.fail(2999);
    expect([governor.level, governor.isBlind]).toEqual(["LOW", false]);
    governor.fail(3000);
    expect([governor.level, governor.isBlind, governor.budgetRatio]).toEqual(["MEDIUM", true, 0.9]);
    governor.fail(4000);
    expect(governor.counts).toMatchObject({ failures: 3, blindSpells: 1, changes: 1 });
    governor.update(reading(4500, 0.2));
    expect(governor.isBlind).toBe(false);
    for (let t = 5000; t <= 9000; t += 500) governor.update(reading(t, 0.2));
    expect(governor.level).toBe("LOW");
  });

  it("from above it comes down to MEDIUM step by step, and never sheds blindly", () => {
    const governor = new PressureGovernor({ blindMillis: 3000 });
    governor.update(reading(0, 0.99));
    expect(governor.shedBytes).toBeGreaterThan(0);
    const levels = new Set<string>();
    for (let t = 500; t <= 30_000; t += 500) {
      governor.fail(t);
      expect(governor.shedBytes).toBe(0);
      if (t < 3000) expect(governor.level).toBe("EMERGENCY");
      levels.add(governor.level);
    }
    expect([...levels]).toEqual(["EMERGENCY", "CRITICAL", "HIGH", "MEDIUM"]);
    expect(Number.isNaN(governor.driveRatio)).toBe(true);
  });

  it("readings that cannot be count as none", () => {
    const governor = new PressureGovernor({ blindMillis: 3000 });
    governor.update(reading(0, 0.5));
    const bad = [Number.NaN, -0.1, Infinity].map((ratio, k) => reading(500 + k, ratio));
    bad.push(reading(600, 0.5, { limitBytes: Number.NaN }), reading(700, 0.5, { limitBytes: -1 }));
    bad.push(reading(Number.NaN, Number.NaN));
    for (const one of bad) governor.update(one);
    expect(governor.counts).toMatchObject({ readings: 1, invalidReadings: bad.length });
    expect(governor.driveRatio).toBe(0.5);
    governor.update(reading(0, Number.NaN), 3500);
    expect(governor.level).toBe("MEDIUM");
    const fresh = new PressureGovernor();
    fresh.update(reading(Number.NaN, Number.NaN)); // no time and no pressure: nothing is known
    expect(fresh.level).toBe("LOW");
  });

  it("a clock that goes back counts as standing still", () => {
    const governor = new PressureGovernor({ holdMillis: 1000, cooldownMillis: 1000 });
    governor.update(reading(10_000, 0.99));
    for (let t = 0; t < 9000; t += 500) governor.update(reading(t, 0.1));
    expect(governor.level).toBe("EMERGENCY");
    governor.update(reading(11_000, 0.1));
    expect(governor.level).toBe("CRITICAL");
  });
});

it("a listener that throws is counted and stops nobody; one that left hears nothing", () => {
  const governor = new PressureGovernor();
  let heard = 0;
  governor.onChange(() => {
    throw new Error("no");
  });
  const leave = governor.onChange(() => heard++);
  governor.update(reading(0, 0.8));
  leave();
  governor.update(reading(1, 0.9));
  expect([heard, governor.counts.listenerErrors, governor.level]).toEqual([1, 2, "HIGH"]);
});

it("rules that cannot be are a programmer's mistake", () => {
  const rule = (enterRatio: number, exitRatio: number, budgetRatio = 1, prefetchPrice = 0) => ({
    enterRatio,
    exitRatio,
    budgetRatio,
    prefetchPrice,
  });
  const good = [rule(0, 0), rule(0.5, 0.4), rule(0.6, 0.5), rule(0.7, 0.6), rule(0.8, 0.7)];
  expect(new PressureGovernor({ rules: good }).level).toBe("LOW");
  const broken = [
    good.slice(1),
    good.map((one, k) => (k === 2 ? rule(0.6, 0.6) : one)),
    good.map((one, k) => (k === 2 ? rule(0.5, 0.45) : one)),
    good.map((one, k) => (k === 1 ? rule(0.5, 0.4, 0.5) : one)),
    good.map((one, k) => (k === 1 ? rule(0.5, 0.4, 1, 9) : one)),
    good.map((one, k) => (k === 1 ? rule(0.5, 0.4, Number.NaN) : one)),
  ];
  for (const rules of broken) expect(() => new PressureGovernor({ rules })).toThrow(AssertionError);
  expect(() => new PressureGovernor({ targetRatio: 0 })).toThrow(AssertionError);
  expect(() => new PressureGovernor({ dwellMillis: -1 })).toThrow(AssertionError);
  expect(() => new PressureGovernor({ restorePerSecond: 0 })).toThrow(AssertionError);
});
