import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { ADWIN_STATE_BYTES, Adwin } from "../../predictor/adwin.ts";
import { runs } from "../runs.ts";

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("ADWIN", () => {
  it("without a change it keeps its window, up to what it holds", () => {
    let cuts = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const random = new RandomStream(seed, "adwin");
      const adwin = new Adwin(0.002);
      for (let i = 0; i < 2000; i++) if (adwin.add(random.next()) !== 0) cuts++;
      expect(adwin.length).toBeGreaterThan(500);
      expect(adwin.mean).toBeCloseTo(0.5, 1);
    }
    expect(cuts, "false cuts in 40,000 values").toBeLessThan(5);
  });

  it.each([
    [0.2, 0.6],
    [0.7, 0.3],
    [0.5, 0.75],
  ])("a change of the mean from %f to %f is found, with its direction, and the old part dropped", (from, to) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new RandomStream(seed, "adwin change");
      const adwin = new Adwin(0.002);
      for (let i = 0; i < 500; i++) adwin.add(from + 0.2 * (random.next() - 0.5));
      let found = 0;
      for (let i = 1; i <= 100 && found === 0; i++) {
        const rise = adwin.add(to + 0.2 * (random.next() - 0.5));
        if (rise === 0) continue;
        found = i;
        expect(Math.sign(rise), `seed ${seed}`).toBe(Math.sign(to - from));
      }
      expect(found, `seed ${seed}`).toBeGreaterThan(0);
      for (let i = 0; i < 100; i++) adwin.add(to + 0.2 * (random.next() - 0.5));
      // A remainder of the old part too short to be significant may stay.
      expect(Math.abs(adwin.mean - to)).toBeLessThan(0.1);
      expect(adwin.length).toBeLessThan(250);
    }
  });

  it("a slow drift is followed", () => {
    const random = new RandomStream(1, "adwin drift");
    const adwin = new Adwin(0.002);
    let cuts = 0;
    for (let i = 0; i < 1000; i++) if (adwin.add(0.2 + 0.0006 * i + 0.1 * (random.next() - 0.5)) > 0) cuts++;
    expect(cuts).toBeGreaterThan(1);
    expect(adwin.mean).toBeGreaterThan(0.65);
  });

  it("model: its window is always the newest values, with their true mean", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 1500 }), (seed, count) => {
        const random = new RandomStream(seed, "adwin model");
        const adwin = new Adwin(0.01);
        const all: number[] = [];
        let level = 0.5;
        for (let i = 0; i < count; i++) {
          if (random.chance(0.01)) level = random.next();
          const value = Math.min(1, Math.max(0, level + 0.3 * (random.next() - 0.5)));
          all.push(value);
          adwin.add(value);
          expect(adwin.length).toBeGreaterThan(0);
          expect(adwin.length).toBeLessThanOrEqual(4 * (2 ** 8 - 1));
          if (i % 7 === 0) expect(adwin.mean).toBeCloseTo(meanOf(all.slice(-adwin.length)), 9);
        }
      }),
      { numRuns: runs(25) },
    );
  });

  it("forgets on reset and refuses what is outside 0..1", () => {
    const adwin = new Adwin();
    for (let i = 0; i < 50; i++) adwin.add(0.5);
    adwin.reset();
    expect(adwin.length).toBe(0);
    expect(adwin.mean).toBe(0);
    adwin.add(1);
    expect(adwin.mean).toBe(1);
    expect(() => adwin.add(1.1)).toThrow();
    expect(() => adwin.add(NaN)).toThrow();
    expect(() => new Adwin(0)).toThrow();
    expect(ADWIN_STATE_BYTES).toBeLessThan(1024);
  });
});
