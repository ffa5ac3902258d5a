// OOMs against work: hulls by hand and against brute force over mixtures, areas against a fine Riemann sum; ratios.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { ratioInterval } from "../../../sim/suite/ratio-interval.ts";
import {
  commonRange,
  hullAt,
  lowerHull,
  oomsOverRange,
  rangeWeights,
  type WorkPoint,
} from "../../../sim/suite/work-curve.ts";

const at = (movedMib: number, ooms: number): WorkPoint => ({ movedMib: [movedMib], ooms: [ooms] });

describe("the hull", () => {
  test("points above the line of two others, and work without effect, are left out", () => {
    const hull = lowerHull([at(30, 2), at(0, 10), at(10, 9), at(20, 4), at(50, 2), at(60, 3)]);
    expect(hull.map(({ point, movedMib, ooms }) => [point, movedMib, ooms])).toEqual([
      [1, 0, 10],
      [3, 20, 4],
      [0, 30, 2],
    ]);
  });

  test("at any work it is the least that a mixture of two budgets can reach", () => {
    const coordinate = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 7 }), coordinate, (raw, x) => {
        const hull = lowerHull(raw.map(([moved, ooms]) => at(moved, ooms)));
        fc.pre(x >= hull[0]!.movedMib);
        let least = Infinity;
        for (const [x0, y0] of raw) {
          if (x0 <= x) least = Math.min(least, y0);
          for (const [x1, y1] of raw)
            if (x0 < x && x < x1) least = Math.min(least, y0 + ((x - x0) / (x1 - x0)) * (y1 - y0));
        }
        expect(hullAt(hull, x)).toBeCloseTo(least, 9);
      }),
    );
  });
});

describe("mean OOMs over a range", () => {
  test("trapezoids and the level end, by hand", () => {
    const points = [at(0, 10), at(10, 0)];
    expect([...oomsOverRange(points, { fromMib: 0, toMib: 10 })]).toEqual([5]);
    expect(oomsOverRange(points, { fromMib: 5, toMib: 20 })[0]).toBeCloseTo((5 * 2.5) / 15, 12);
    expect([...oomsOverRange(points, { fromMib: 12, toMib: 20 })]).toEqual([0]);
  });

  test("equals a fine Riemann sum of the hull; weights add to 1", () => {
    const coordinate = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 30 }),
        (raw, offset, width) => {
          const points = raw.map(([moved, ooms]) => at(moved, ooms));
          const hull = lowerHull(points);
          const fromMib = hull[0]!.movedMib + offset;
          const range = { fromMib, toMib: fromMib + width };
          const weights = rangeWeights(hull, points.length, range);
          expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
          let sum = 0;
          const steps = 2000;
          for (let i = 0; i < steps; i++) sum += hullAt(hull, fromMib + ((i + 0.5) / steps) * width) / steps;
          expect(oomsOverRange(points, range)[0]).toBeCloseTo(sum, 3);
        },
      ),
    );
  });

  test("each seed has its own value, and their mean is that of the mean curve", () => {
    const points: WorkPoint[] = [
      { movedMib: [1, 3], ooms: [10, 14] },
      { movedMib: [9, 11], ooms: [2, 4] },
    ];
    const values = oomsOverRange(points, { fromMib: 2, toMib: 10 });
    expect([...values]).toEqual([6, 9]);
  });

  test("the common range: from the most that one must move to the most that one can use, capped", () => {
    const a = lowerHull([at(2, 10), at(8, 1)]);
    const b = lowerHull([at(4, 9), at(90, 1)]);
    expect(commonRange([a, b], 1000)).toEqual({ fromMib: 4, toMib: 90 });
    expect(commonRange([a, b], 20)).toEqual({ fromMib: 4, toMib: 20 });
    expect(commonRange([a, b], 3)).toEqual({ fromMib: 4, toMib: 4 });
    expect(commonRange([lowerHull([at(5, 1)]), lowerHull([at(7, 2)])], 99)).toEqual({ fromMib: 7, toMib: 7 });
    expect(commonRange([], 3)).toBeNull();
    expect(() => rangeWeights(b, 2, { fromMib: 1, toMib: 5 })).toThrow("begun");
  });
});

describe("the ratio of two means", () => {
  test("a constant ratio has no width; nothing to divide by gives null; one seed gives no interval", () => {
    expect(ratioInterval([2, 4, 6], [1, 2, 3])).toEqual({ ratio: 2, ci95: [2, 2] });
    expect(ratioInterval([1, 2], [1, -1])).toEqual({ ratio: null, ci95: null });
    expect(ratioInterval([], [])).toEqual({ ratio: null, ci95: null });
    expect(ratioInterval([3], [4])).toEqual({ ratio: 0.75, ci95: null });
    expect(ratioInterval([1, 1, 1], [1, 1, -1]).ci95).toBeNull();
  });

  test("covers the true ratio in about 95 of 100 (stream seed 5, 20 seeds each)", () => {
    const stream = new RandomStream(5, "ratio");
    let covered = 0;
    const trials = 300;
    for (let trial = 0; trial < trials; trial++) {
      const bottom = Array.from({ length: 20 }, () => 10 + stream.exponential(3));
      const top = bottom.map((value) => 0.6 * value + stream.exponential(2) - 2);
      const [low, high] = ratioInterval(top, bottom).ci95!;
      if (low <= 0.6 && 0.6 <= high) covered++;
    }
    expect(covered / trials, "seed 5").toBeGreaterThan(0.87);
    expect(covered / trials, "seed 5").toBeLessThan(0.99);
  });
});
