// Properties of the governor under any sequence of readings, failures and clocks (P11, P12): it never flaps, its orders are in
// bounds, and calm, given time, restores everything.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RULES, type LevelChange, PressureGovernor } from "../../cache/pressure-governor.ts";
import { PRESSURE_LEVELS } from "../../core/pressure.ts";
import { runs } from "../runs.ts";

const COOLDOWN = 2000;
const HOLD = 1000;

const step = fc.record({
  gapMillis: fc.oneof(fc.integer({ min: -500, max: 1500 }), fc.constant(500)),
  ratio: fc.oneof(
    fc.double({ min: 0, max: 1.2, noNaN: true }),
    fc.constantFrom(0.7, 0.75, 0.8, 0.85, 0.88, 0.92, 0.94, 0.97),
    fc.constantFrom(Number.NaN, -1, Infinity),
  ),
  upper: fc.oneof(fc.double({ min: 0, max: 1.5 }), fc.constant(Number.NaN)),
  confidence: fc.oneof(fc.double({ min: -1, max: 2 }), fc.constant(Number.NaN)),
  isLost: fc.boolean(),
});

function drive(steps: readonly Step[], governor: PressureGovernor) {
  const changes: LevelChange[] = [];
  governor.onChange((change) => changes.push(change));
  let now = 0;
  for (const { gapMillis, ratio, upper, confidence, isLost } of steps) {
    now += gapMillis;
    if (isLost && ratio < 0.3) governor.fail(now);
    else {
      governor.update({
        atMillis: now,
        usedBytes: 0,
        limitBytes: 1e6,
        pressureRatio: ratio,
        forecastRatio: upper,
        upperRatio: upper,
        confidence,
        horizonMillis: 5000,
      });
    }
    expect(governor.budgetRatio).toBeLessThanOrEqual(DEFAULT_RULES[governor.levelIndex]!.budgetRatio);
    expect(governor.budgetRatio).toBeGreaterThanOrEqual(DEFAULT_RULES.at(-1)!.budgetRatio);
    expect(governor.prefetchPrice).toBe(DEFAULT_RULES[governor.levelIndex]!.prefetchPrice);
    expect(governor.shedBytes).toBeGreaterThanOrEqual(0);
    expect(governor.shedBytes).toBeLessThanOrEqual(1e6);
    if (governor.levelIndex < 2) expect(governor.shedBytes).toBe(0);
  }
  return { changes, now };
}

interface Step {
  readonly gapMillis: number;
  readonly ratio: number;
  readonly upper: number;
  readonly confidence: number;
  readonly isLost: boolean;
}

const rank = (level: LevelChange["from"]) => PRESSURE_LEVELS.indexOf(level);

describe("any sequence of readings", () => {
  it("never flaps: steps down are single, a cooldown apart, and steps up are no more than those and four", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { changes } = drive(steps, new PressureGovernor({ cooldownMillis: COOLDOWN, holdMillis: HOLD }));
        let ups = 0;
        let downs = 0;
        let last = Number.NEGATIVE_INFINITY;
        for (const { from, to, atMillis, driveRatio } of changes) {
          expect(from).not.toBe(to);
          if (rank(to) > rank(from)) {
            ups++;
            // Entered at its threshold and not under it.
            if (!Number.isNaN(driveRatio))
              expect(driveRatio).toBeGreaterThanOrEqual(DEFAULT_RULES[rank(to)]!.enterRatio);
          } else {
            downs++;
            expect(rank(from) - rank(to)).toBe(1);
            expect(atMillis - last).toBeGreaterThanOrEqual(COOLDOWN);
            if (!Number.isNaN(driveRatio)) expect(driveRatio).toBeLessThan(DEFAULT_RULES[rank(from)]!.exitRatio);
          }
          last = atMillis;
        }
        expect(ups).toBeLessThanOrEqual(downs + 4);
        const span = changes.length < 2 ? 0 : changes.at(-1)!.atMillis - changes[0]!.atMillis;
        expect(downs).toBeLessThanOrEqual(span / COOLDOWN + 1);
      }),
      { numRuns: runs(150) },
    );
  });

  it("pressure that swings around a threshold by less than the hysteresis changes the level once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.801, max: 0.919, noNaN: true }), { minLength: 5, maxLength: 200 }),
        (ratios) => {
          const steps = ratios.map((ratio) => ({
            gapMillis: 700,
            ratio,
            upper: Number.NaN,
            confidence: 0,
            isLost: false,
          }));
          const { changes } = drive([{ ...steps[0]!, ratio: 0.9 }, ...steps], new PressureGovernor());
          expect(changes.map(({ to }) => to)).toEqual(["HIGH"]);
        },
      ),
    );
  });

  it("calm restores everything in a bounded time, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const governor = new PressureGovernor({ cooldownMillis: COOLDOWN, holdMillis: HOLD, restorePerSecond: 0.1 });
        drive(steps, governor);
        // Past any time seen, as the gaps may have gone back.
        const from = steps.reduce((sum, { gapMillis }) => sum + Math.max(0, gapMillis), 0);
        const calm = { ratio: 0.1, upper: Number.NaN, confidence: 0, isLost: false };
        const boundMillis = 4 * (COOLDOWN + HOLD) + 8000 + 4000;
        for (let t = from; t <= from + boundMillis; t += 500) {
          governor.update({
            atMillis: t,
            usedBytes: 0,
            limitBytes: 1e6,
            pressureRatio: calm.ratio,
            forecastRatio: calm.upper,
            upperRatio: calm.upper,
            confidence: 0,
            horizonMillis: 5000,
          });
        }
        expect([governor.level, governor.budgetRatio, governor.shedBytes]).toEqual(["LOW", 1, 0]);
      }),
      { numRuns: runs(60) },
    );
  });
});
