// What each level of pressure means for queues and workers (P13, P41 to P45), and that the way back is slow.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PressureGovernor } from "../../cache/pressure-governor.ts";
import { PressureLink } from "../../cache/pressure-link.ts";
import { AssertionError } from "../../core/errors.ts";
import { PRESSURE_LEVELS, type PressureLevel, type PressureReading } from "../../core/pressure.ts";
import { LEVEL_PLANS, PreloadAdaptation } from "../../preload/adaptation.ts";
import { QUEUE_NAMES } from "../../preload/contract.ts";
import { runs } from "../runs.ts";

function at(level: PressureLevel): PreloadAdaptation {
  const adaptation = new PreloadAdaptation();
  adaptation.setLevel(level, 0);
  return adaptation;
}

describe("adaptation to pressure", () => {
  it("LOW and MEDIUM: whole queues, all workers, by rank", () => {
    for (const level of ["LOW", "MEDIUM"] as const) {
      const adaptation = at(level);
      expect(adaptation.placesOf(10)).toBe(10);
      for (const queue of QUEUE_NAMES) expect(adaptation.mayLoad(queue, false)).toBe(true);
      expect(adaptation.plan).toMatchObject({ order: "rank", isClearing: false, isUnloading: false });
    }
  });

  it("P41, P42: HIGH halves the queues, stops background workers and speculation, and orders by benefit", () => {
    const adaptation = at("HIGH");
    expect([10, 20, 50, 1, 0].map((places) => adaptation.placesOf(places))).toEqual([5, 10, 25, 1, 0]);
    expect(adaptation.plan).toMatchObject({ isBackgroundRunning: false, order: "benefit", isClearing: false });
  });

  it("P43: CRITICAL clears speculative work; P44: EMERGENCY unloads what was loaded for nobody, too", () => {
    expect(at("CRITICAL").plan).toMatchObject({ isClearing: true, isUnloading: false });
    expect(at("EMERGENCY").plan).toMatchObject({ isClearing: true, isUnloading: true });
  });

  it("P13, P45: from HIGH up no worker begins a speculative load, and every worker begins a required one", () => {
    for (const level of PRESSURE_LEVELS) {
      const isCalm = level === "LOW" || level === "MEDIUM";
      for (const queue of QUEUE_NAMES) {
        expect(at(level).mayLoad(queue, false), `${level} ${queue}`).toBe(isCalm);
        expect(at(level).mayLoad(queue, true), `${level} ${queue}`).toBe(true);
      }
    }
    expect(Object.keys(LEVEL_PLANS)).toEqual([...PRESSURE_LEVELS]);
  });

  it("a price that forbids loading ahead means HIGH at least, and no more", () => {
    const adaptation = new PreloadAdaptation();
    expect(adaptation.setPrice(Infinity, 0)).toBe(true);
    expect(adaptation.level).toBe("HIGH");
    adaptation.setLevel("CRITICAL", 0);
    expect(adaptation.level).toBe("CRITICAL");
    adaptation.setLevel("LOW", 0);
    expect(adaptation.level).toBe("HIGH");
    expect(adaptation.setPrice(0.5, 0)).toBe(true);
    expect(adaptation.level).toBe("LOW");
    expect(() => adaptation.setPrice(Number.NaN, 0)).toThrow(AssertionError);
  });

  it("queues are cut at once and come back at 0.1 of their size a second", () => {
    const adaptation = at("EMERGENCY");
    expect(adaptation.advance(60_000)).toBe(false);
    adaptation.setLevel("LOW", 60_000);
    expect(adaptation.placesOf(50)).toBe(25);
    expect(adaptation.advance(61_000)).toBe(true);
    expect(adaptation.placesOf(50)).toBe(30);
    adaptation.advance(60_500); // a clock that runs backwards gives nothing
    expect(adaptation.placesOf(50)).toBe(30);
    adaptation.setLevel("HIGH", 61_000);
    expect(adaptation.placesOf(50)).toBe(25);
    adaptation.setLevel("LOW", 61_000);
    adaptation.advance(66_000);
    expect(adaptation.placesOf(50)).toBe(50);
    expect(adaptation.advance(70_000)).toBe(false);
  });

  it("behind a governor it never flaps: changes are bounded by those of the governor, whatever the readings", () => {
    const step = fc.record({
      gap: fc.integer({ min: 0, max: 800 }),
      ratio: fc.double({ min: 0, max: 1.1, noNaN: true }),
    });
    const property = fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let now = 0;
      let ratio = 0;
      const adaptation = new PreloadAdaptation();
      const read = (): PressureReading => ({
        atMillis: now,
        usedBytes: 0,
        limitBytes: 1e6,
        pressureRatio: ratio,
        forecastRatio: Number.NaN,
        upperRatio: Number.NaN,
        confidence: 0,
        horizonMillis: 5000,
      });
      const governor = new PressureGovernor();
      const tenant = {
        id: "preloader",
        countBytes: () => 0,
        shed: () => 0,
        setBudgetRatio: () => undefined,
        setPrefetchPrice: (price: number) => void adaptation.setPrice(price, now),
        setLevel: (level: PressureLevel) => void adaptation.setLevel(level, now),
      };
      const link = new PressureLink({ id: "test", read }, [tenant], governor);
      let before = 1;
      let last = 0;
      for (const one of steps) {
        now += one.gap;
        ratio = one.ratio;
        link.tick(now);
        expect(adaptation.level).toBe(governor.level);
        const grown = adaptation.queueRatio - before;
        expect(grown).toBeLessThanOrEqual(((now - last) * 0.1) / 1000 + 1e-9);
        before = adaptation.queueRatio;
        last = now;
      }
      expect(link.tenantErrors).toBe(0);
      // Price and level are told one after the other: a change of the governor is at most two here.
      expect(adaptation.changes).toBeLessThanOrEqual(2 * governor.counts.changes);
      link.close();
      expect(adaptation.level).toBe("LOW");
    });
    fc.assert(property, { numRuns: runs(100) });
  });
});
