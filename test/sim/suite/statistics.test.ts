import fc from "fast-check";
import * as simple from "simple-statistics";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import {
  MeanBootstrap,
  mean,
  meanInterval,
  normalDistribution,
  normalQuantile,
  pairedDifferences,
  quantileSorted,
  standardDeviation,
} from "../../../sim/suite/statistics.ts";

const vectors = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 });

describe("moments and quantiles, against simple-statistics", () => {
  test("mean and standard deviation", () => {
    fc.assert(
      fc.property(vectors, (values) => {
        expect(mean(values)).toBeCloseTo(simple.mean(values), 6);
        expect(standardDeviation(values)).toBeCloseTo(simple.sampleStandardDeviation(values), 5);
      }),
    );
  });

  test("edges: one value has no spread, none has no mean", () => {
    expect(standardDeviation([7])).toBe(0);
    expect(mean([])).toBeNaN();
    expect(standardDeviation([])).toBeNaN();
  });

  test("type 7 quantile: closed forms", () => {
    expect(quantileSorted([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantileSorted([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(quantileSorted([1, 2, 3, 4], 0.1)).toBeCloseTo(1.3, 12);
    expect(quantileSorted([9], 0.99)).toBe(9);
    expect(() => quantileSorted([], 0.5)).toThrow("quantile");
  });
});

describe("the normal distribution", () => {
  test("known values and symmetry", () => {
    expect(normalDistribution(0)).toBe(0.5);
    expect(normalDistribution(1.959963984540054)).toBeCloseTo(0.975, 12);
    expect(normalDistribution(-3)).toBeCloseTo(0.0013498980316300946, 12);
    expect(normalDistribution(-9)).toBe(0);
    expect(normalDistribution(9)).toBe(1);
    fc.assert(
      fc.property(fc.double({ min: -6, max: 6, noNaN: true }), (z) => {
        expect(normalDistribution(z) + normalDistribution(-z)).toBeCloseTo(1, 12);
        expect(Math.abs(normalDistribution(z) - simple.cumulativeStdNormalProbability(z))).toBeLessThan(2e-3); // a table of 2 digits
      }),
    );
  });

  test("the quantile is its inverse", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (share) => {
        expect(normalDistribution(normalQuantile(share))).toBeCloseTo(share, 12);
      }),
    );
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-8, 8]);
  });
});

describe("the paired bootstrap", () => {
  test("differences are per seed", () => {
    expect([...pairedDifferences([1, 2, 3], [3, 2, 1])]).toEqual([2, 0, -2]);
    expect(() => pairedDifferences([1], [1, 2])).toThrow("equal lengths");
  });

  test("one value has no interval, equal values have one of no width", () => {
    expect(meanInterval([3])).toBeNull();
    expect(meanInterval([])).toBeNull();
    expect(new MeanBootstrap(1).interval([5])).toBeNull();
    expect(meanInterval([3, 3, 3, 3])).toEqual([3, 3]);
  });

  test("a pure function: the same values give the same bits, and a wrong length is refused", () => {
    const values = [5, 1, 4, 2, 9, 0, 0, 3];
    expect(new MeanBootstrap(8, 2000, 7).interval(values)).toEqual(new MeanBootstrap(8, 2000, 7).interval(values));
    expect(meanInterval(values)).toEqual(meanInterval([...values]));
    expect(() => new MeanBootstrap(3).interval([1, 2])).toThrow("length");
    expect(() => new MeanBootstrap(0)).toThrow("needs values");
  });

  test("it moves and scales with the values", () => {
    const values = [5, 1, 4, 2, 9, 0, 0, 3];
    const [low, high] = meanInterval(values)!;
    const [lowMoved, highMoved] = meanInterval(values.map((v) => 10 + 2 * v))!;
    expect(lowMoved).toBeCloseTo(10 + 2 * low, 9);
    expect(highMoved).toBeCloseTo(10 + 2 * high, 9);
    const [lowMirrored, highMirrored] = meanInterval(values.map((v) => -v))!;
    expect(lowMirrored).toBeCloseTo(-high, 1);
    expect(highMirrored).toBeCloseTo(-low, 1);
  });

  test("closed form: near mean ± 1.96 s/√n for many normal values, and right-skewed counts lean right", () => {
    const stream = new RandomStream(5, "test");
    const normal = Array.from({ length: 400 }, () => normalQuantile(stream.next()));
    const [low, high] = meanInterval(normal)!;
    const half = (1.959963984540054 * standardDeviation(normal)) / Math.sqrt(400);
    expect(low).toBeCloseTo(mean(normal) - half, 1);
    expect(high).toBeCloseTo(mean(normal) + half, 1);
    expect((high - low) / (2 * half)).toBeGreaterThan(0.9);
    expect((high - low) / (2 * half)).toBeLessThan(1.1);

    const skewed = [0, 0, 0, 0, 0, 0, 1, 1, 2, 12];
    const [lowSkewed, highSkewed] = meanInterval(skewed)!;
    expect(highSkewed - mean(skewed)).toBeGreaterThan(mean(skewed) - lowSkewed);
  });

  test("coverage: of 300 intervals over 20 exponential values, 86 to 98 % hold the true mean", () => {
    const seed = 11;
    const stream = new RandomStream(seed, "coverage");
    const bootstrap = new MeanBootstrap(20, 1000, 3);
    let hits = 0;
    for (let i = 0; i < 300; i++) {
      const [low, high] = bootstrap.interval(Array.from({ length: 20 }, () => stream.exponential(4)))!;
      if (low <= 4 && 4 <= high) hits++;
    }
    expect(hits / 300, `seed ${seed}`).toBeGreaterThan(0.86);
    expect(hits / 300, `seed ${seed}`).toBeLessThan(0.98);
  });
});
