// The test of Diebold and Mariano (J. Business & Economic Statistics 13, 1995): is one forecaster's loss smaller than the
// other's, or is it luck? Forecasts h steps ahead overlap, so their losses are correlated over h − 1 lags even when the
// forecasts are perfect of their kind; a plain t-test would take 10 half-second ticks for 10 independent facts. The variance
// is the long-run one: rectangular over h − 1 lags as in the paper, Bartlett's weights (never negative; Newey & West, 1987)
// where that comes out ≤ 0. One run is tested with the correction and the t distribution of Harvey, Leybourne and Newbold
// (Int. J. Forecasting 13, 1997). Many runs are independent of each other: their means and variances are pooled.

import { assert } from "../../core/errors.ts";
import { normalDistribution } from "./statistics.ts";
import { studentTwoSided } from "./student.ts";

/** What is kept of one run: enough to pool, small enough to store. */
export interface LossDifferential {
  /** Forecasts compared. */
  readonly count: number;
  /** Mean of loss of the policy's forecaster − loss of the rival. Below 0: the policy's is better. */
  readonly mean: number;
  /** Long-run variance of the differential; ≥ 0. */
  readonly longRunVariance: number;
}

export interface DieboldMarianoResult {
  readonly mean: number;
  /** Null where there is nothing to test: no spread, or too few forecasts. */
  readonly statistic: number | null;
  /** Two-sided; null with the statistic. */
  readonly p: number | null;
}

/**
 * Mean and long-run variance of loss differences in order of time.
 * @param differences loss of the first − loss of the second
 * @param horizon steps ahead, h ≥ 1: h − 1 lags count
 */
export function lossDifferential(differences: ArrayLike<number>, horizon: number): LossDifferential {
  const n = differences.length;
  assert(Number.isInteger(horizon) && horizon >= 1, "a horizon is a whole number of steps");
  if (n === 0) return { count: 0, mean: 0, longRunVariance: 0 };
  let mean = 0;
  for (let i = 0; i < n; i++) mean += differences[i]! / n;
  const autocovariance = (lag: number): number => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += (differences[i]! - mean) * (differences[i - lag]! - mean);
    return sum / n;
  };
  let rectangular = autocovariance(0);
  let bartlett = rectangular;
  for (let lag = 1; lag < Math.min(horizon, n); lag++) {
    const term = 2 * autocovariance(lag);
    rectangular += term;
    bartlett += (1 - lag / horizon) * term;
  }
  return { count: n, mean, longRunVariance: Math.max(0, rectangular > 0 ? rectangular : bartlett) };
}

/** The test of one run, corrected for small samples, against Student's t with n − 1 degrees. */
export function dieboldMariano(differences: ArrayLike<number>, horizon: number): DieboldMarianoResult {
  const { count: n, mean, longRunVariance } = lossDifferential(differences, horizon);
  const correction = (n + 1 - 2 * horizon + (horizon * (horizon - 1)) / n) / n;
  if (n < 2 || !(longRunVariance > 0) || !(correction > 0)) return { mean, statistic: null, p: null };
  const statistic = Math.sqrt(correction) * (mean / Math.sqrt(longRunVariance / n));
  return { mean, statistic, p: studentTwoSided(statistic, n - 1) };
}

/** The test over independent runs: each run's mean weighs by its forecasts, variances add. Against the normal. */
export function pooledDieboldMariano(runs: readonly LossDifferential[]): DieboldMarianoResult {
  let count = 0;
  let sum = 0;
  let variance = 0; // of `sum`
  for (const run of runs) {
    count += run.count;
    sum += run.count * run.mean;
    variance += run.count * run.longRunVariance;
  }
  if (count === 0 || !(variance > 0)) return { mean: count === 0 ? 0 : sum / count, statistic: null, p: null };
  const statistic = sum / Math.sqrt(variance);
  return { mean: sum / count, statistic, p: Math.min(1, 2 * normalDistribution(-Math.abs(statistic))) };
}
