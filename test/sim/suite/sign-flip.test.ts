// The permutation test against all patterns counted the slow way, its size under the null, and Holm against its definition.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { holmAdjust } from "../../../sim/suite/holm.ts";
import { signFlipTest } from "../../../sim/suite/sign-flip.ts";

/** Every pattern of signs, one by one. */
function bruteForce(values: readonly number[]): number {
  const observed = Math.abs(values.reduce((sum, d) => sum + d, 0));
  let extreme = 0;
  for (let pattern = 0; pattern < 2 ** values.length; pattern++) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += (pattern >> i) & 1 ? values[i]! : -values[i]!;
    if (Math.abs(sum) >= observed - 1e-9) extreme++;
  }
  return extreme / 2 ** values.length;
}

describe("sign-flip test", () => {
  test("equals the count over all patterns, ties and zeros included", () => {
    const same = (values: readonly number[]) => {
      expect(signFlipTest(values).p).toBeCloseTo(bruteForce(values), 12);
    };
    fc.assert(fc.property(fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 11 }), same));
    const reals = fc.integer({ min: -5000, max: 5000 }).map((thousandths) => thousandths / 1000);
    fc.assert(fc.property(fc.array(reals, { minLength: 1, maxLength: 11 }), same));
  });

  test("known values", () => {
    expect(signFlipTest([1, 1, 1, 1, 1])).toEqual({ p: 2 / 32, isExact: true });
    expect(signFlipTest([3, -3]).p).toBe(1);
    expect(signFlipTest([0, 0, 0])).toEqual({ p: 1, isExact: true });
    expect(signFlipTest([]).p).toBe(1);
    expect(signFlipTest(Array(20).fill(-2)).p).toBe(2 / 2 ** 20);
    // Darwin's maize, Fisher 1935 §21: 15 pairs; 1,726 of 32,768 patterns are as extreme.
    const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signFlipTest(darwin).p * 32_768).toBeCloseTo(1726, 6);
    expect(() => signFlipTest([Number.NaN])).toThrow("finite");
  });

  test("over 20 differences patterns are drawn; the result is near the exact one and repeats", () => {
    const values = Array.from({ length: 20 }, (_, i) => (i % 3) - 0.6);
    const exact = signFlipTest(values).p;
    const drawn = signFlipTest([...values, 1e-13]);
    expect(drawn.isExact).toBe(false);
    expect(Math.abs(drawn.p - exact)).toBeLessThan(0.015);
    expect(signFlipTest([...values, 1e-13])).toEqual(drawn);
  });

  test("under the null it rejects at 5 % in about 5 of 100 (stream seed 7)", () => {
    const stream = new RandomStream(7, "null");
    let rejected = 0;
    const trials = 2000;
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: 12 }, () => stream.exponential(1) - stream.exponential(1));
      if (signFlipTest(values).p <= 0.05) rejected++;
    }
    expect(rejected / trials, "seed 7").toBeGreaterThan(0.035);
    expect(rejected / trials, "seed 7").toBeLessThan(0.065);
  });
});

describe("Holm", () => {
  test("a worked example, order kept, nulls left out", () => {
    // 0.005·4, 0.01·3, then the floor: 0.03·2 = 0.06, 0.04·1 rises to 0.06
    expect(holmAdjust([0.01, 0.04, null, 0.03, 0.005])).toEqual([0.03, 0.06, null, 0.06, 0.02]);
    expect(holmAdjust([])).toEqual([]);
    expect(holmAdjust([0.9, 0.8])).toEqual([1, 1]);
    expect(() => holmAdjust([1.2])).toThrow("p-value");
  });

  test("never below the plain value nor above Bonferroni's, order of values kept; rejects as the step-down rule does", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (values) => {
        const adjusted = holmAdjust(values) as number[];
        const sorted = [...values].sort((a, b) => a - b);
        let stepDown = 0;
        while (stepDown < sorted.length && sorted[stepDown]! * (sorted.length - stepDown) <= 0.05) stepDown++;
        expect(adjusted.filter((p) => p <= 0.05)).toHaveLength(stepDown);
        values.forEach((p, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * values.length) + 1e-15);
          values.forEach((q, j) => {
            if (p < q) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
          });
        });
      }),
    );
  });

  test("of 10 true nulls at least one is rejected in at most 5 of 100 (stream seed 11)", () => {
    const stream = new RandomStream(11, "null");
    let families = 0;
    const trials = 3000;
    for (let trial = 0; trial < trials; trial++) {
      const adjusted = holmAdjust(Array.from({ length: 10 }, () => stream.next()));
      if (adjusted.some((p) => p! <= 0.05)) families++;
    }
    expect(families / trials, "seed 11").toBeGreaterThan(0.035);
    expect(families / trials, "seed 11").toBeLessThan(0.062);
  });
});
