// Student's t and the Diebold-Mariano test: closed forms, tables, and the size under the null of overlapping forecasts.

import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { dieboldMariano, lossDifferential, pooledDieboldMariano } from "../../../sim/suite/diebold-mariano.ts";
import { normalDistribution } from "../../../sim/suite/statistics.ts";
import { incompleteBeta, logGamma, studentDistribution, studentTwoSided } from "../../../sim/suite/student.ts";

describe("Student's t", () => {
  test("closed forms for 1 and 2 degrees, the normal for many", () => {
    for (const t of [-30, -3, -1, -0.2, 0, 0.5, 1, 2.5, 12, 400]) {
      expect(studentDistribution(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 10);
      expect(studentDistribution(t, 2)).toBeCloseTo(0.5 + t / (2 * Math.sqrt(2 + t * t)), 10);
      expect(studentDistribution(t, 1e7)).toBeCloseTo(normalDistribution(t), 6);
      expect(studentTwoSided(t, 5)).toBeCloseTo(2 * studentDistribution(-Math.abs(t), 5), 12);
    }
    expect(studentDistribution(Infinity, 3)).toBe(1);
    expect(studentDistribution(-Infinity, 3)).toBe(0);
  });

  test("quantiles from tables", () => {
    expect(studentDistribution(2.2281388519649385, 10)).toBeCloseTo(0.975, 9);
    expect(studentDistribution(1.7291328115213671, 19)).toBeCloseTo(0.95, 9);
    expect(studentDistribution(2.7969395047744556, 24)).toBeCloseTo(0.995, 9);
  });

  test("log-gamma and incomplete beta at known places", () => {
    expect(logGamma(1)).toBeCloseTo(0, 11);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 11);
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 10);
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
    expect(incompleteBeta(0.4, 2, 3)).toBeCloseTo(0.5248, 10); // 6x² − 8x³ + 3x⁴
    expect(incompleteBeta(0, 2, 3)).toBe(0);
    expect(incompleteBeta(1, 2, 3)).toBe(1);
  });
});

/** Differences as 10-step-ahead forecasts have them: a moving sum of 10 shocks, so correlated over 9 lags. */
function overlapping(stream: RandomStream, n: number, shift = 0): Float64Array {
  const shocks = Array.from({ length: n + 9 }, () => stream.next() + stream.next() + stream.next() - 1.5);
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = shift;
    for (let k = 0; k < 10; k++) sum += shocks[i + k]!;
    return sum;
  });
}

describe("Diebold-Mariano", () => {
  test("one step ahead it is the t-test of the mean difference, with n in place of n − 1", () => {
    const d = [1, 2, 0.5, -0.3, 1.4, 0.9];
    const n = d.length;
    const mean = d.reduce((a, b) => a + b, 0) / n;
    const variance = d.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    const statistic = Math.sqrt((n - 1) / n) * (mean / Math.sqrt(variance / n));
    const result = dieboldMariano(d, 1);
    expect(result.statistic).toBeCloseTo(statistic, 12);
    expect(result.p).toBeCloseTo(studentTwoSided(statistic, n - 1), 12);
  });

  test("the long-run variance by hand for two steps; Bartlett where the rectangle is not positive", () => {
    // d − mean = 1 −1 1 −1: γ0 = 1, γ1 = −3/4: rectangle 1 − 1.5 < 0, Bartlett 1 + 2·½·(−3/4) = 1/4
    expect(lossDifferential([3, 1, 3, 1], 2)).toEqual({ count: 4, mean: 2, longRunVariance: 0.25 });
    // d − mean = −1 −1 1 1: γ0 = 1, γ1 = 1/4: rectangle 1.5
    expect(lossDifferential([0, 0, 2, 2], 2)).toEqual({ count: 4, mean: 1, longRunVariance: 1.5 });
  });

  test("nothing to test: no forecasts, no spread, a run shorter than the horizon allows", () => {
    expect(dieboldMariano([], 10)).toEqual({ mean: 0, statistic: null, p: null });
    expect(dieboldMariano([0.5, 0.5, 0.5], 1)).toEqual({ mean: 0.5, statistic: null, p: null });
    expect(pooledDieboldMariano([])).toEqual({ mean: 0, statistic: null, p: null });
    expect(() => lossDifferential([1], 0)).toThrow("horizon");
  });

  test("size under the null: 10 steps ahead at 5 % (stream seed 3); a test that ignores the overlap rejects far too often", () => {
    const stream = new RandomStream(3, "null");
    const trials = 600;
    const rejected = { right: 0, naive: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const d = overlapping(stream, 1190);
      if (dieboldMariano(d, 10).p! <= 0.05) rejected.right++;
      if (dieboldMariano(d, 1).p! <= 0.05) rejected.naive++;
    }
    expect(rejected.right / trials, "seed 3").toBeGreaterThan(0.03);
    expect(rejected.right / trials, "seed 3").toBeLessThan(0.09);
    expect(rejected.naive / trials, "seed 3").toBeGreaterThan(0.4);
  });

  test("pooled over runs: size 5 %, power where there is a difference, and the sign says who is better (stream seed 4)", () => {
    const stream = new RandomStream(4, "null");
    const trials = 200;
    let rejected = 0;
    for (let trial = 0; trial < trials; trial++) {
      const runs = Array.from({ length: 5 }, () => lossDifferential(overlapping(stream, 300), 10));
      if (pooledDieboldMariano(runs).p! <= 0.05) rejected++;
    }
    expect(rejected / trials, "seed 4").toBeGreaterThan(0.01);
    expect(rejected / trials, "seed 4").toBeLessThan(0.12);
    const better = pooledDieboldMariano(
      Array.from({ length: 20 }, () => lossDifferential(overlapping(stream, 1190, -0.3), 10)),
    );
    expect(better.statistic).toBeLessThan(-3);
    expect(better.p).toBeLessThan(0.003);
  });
});
