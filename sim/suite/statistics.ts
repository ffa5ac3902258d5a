// Statistics over seeds: means and bootstrap intervals. Runs of two policies on the same seed get the same demand, so what
// is resampled is the per-seed difference (a paired bootstrap). The interval is BCa: bias-corrected and accelerated, which
// for skewed counts covers better than plain percentiles (Efron & Tibshirani, An Introduction to the Bootstrap, ch. 14).
// Draws come from a named stream and the arithmetic is `core`'s, so equal input gives equal bytes on every engine.

import { assert } from "../../core/errors.ts";
import { expDeterministic } from "../../core/math.ts";
import { RandomStream } from "../../core/random.ts";

/** Resamples of one interval. */
export const BOOTSTRAP_RESAMPLES = 2_000;
/** The nominal coverage of every interval. */
export const CONFIDENCE_LEVEL = 0.95;

/** Arithmetic mean; NaN of nothing. Cost: one pass. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Sample standard deviation (n − 1 in the divisor); 0 of one value, NaN of none. */
export function standardDeviation(values: ArrayLike<number>): number {
  const n = values.length;
  if (n === 0) return NaN;
  if (n === 1) return 0;
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const d = values[i]! - centre;
    squares += d * d;
  }
  return Math.sqrt(squares / (n - 1));
}

/** The `share` quantile (0..1) of ascending values, linear between order statistics (type 7 of Hyndman & Fan). */
export function quantileSorted(ascending: ArrayLike<number>, share: number): number {
  const n = ascending.length;
  assert(n > 0 && share >= 0 && share <= 1, "a quantile needs values and a share in 0..1");
  const at = share * (n - 1);
  const below = Math.floor(at);
  const above = Math.min(n - 1, below + 1);
  return ascending[below]! + (at - below) * (ascending[above]! - ascending[below]!);
}

/** Standard normal distribution function; absolute error < 1e-14 (series of Marsaglia, J. Stat. Software 11/4, 2004). */
export function normalDistribution(z: number): number {
  if (z < -8) return 0;
  if (z > 8) return 1;
  let sum = z;
  let term = z;
  // |z| ≤ 8: terms shrink once 2k+1 > 64, by at least the ratio 64/(2k+1), so 200 steps are far past convergence.
  for (let k = 1; k < 200 && Math.abs(term) > 1e-18; k++) {
    term = (term * z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + sum * INVERSE_SQRT_TWO_PI * expDeterministic((-z * z) / 2);
}

/** Inverse of normalDistribution, ±8 for 1 and 0, by bisection: 60 halvings of 16 are below 2e-17. */
export function normalQuantile(share: number): number {
  if (share <= 0 || share >= 1) return share <= 0 ? -8 : 8;
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Bootstrap of the mean of n values. The resampled indices are drawn once and serve every vector of that length. */
export class MeanBootstrap {
  readonly count: number;
  readonly resamples: number;
  readonly #indices: Uint32Array;
  readonly #means: Float64Array;

  /**
   * @param count values in each vector, ≥ 1
   * @param resamples how many resamples, ≥ 1
   * @param seed of the stream "bootstrap"
   */
  constructor(count: number, resamples = BOOTSTRAP_RESAMPLES, seed = 1) {
    assert(count >= 1 && resamples >= 1, "a bootstrap needs values and resamples");
    this.count = count;
    this.resamples = resamples;
    this.#indices = new Uint32Array(count * resamples);
    this.#means = new Float64Array(resamples);
    const stream = new RandomStream(seed, "bootstrap");
    for (let i = 0; i < this.#indices.length; i++) this.#indices[i] = stream.integer(count);
  }

  /** The BCa interval of the mean at `level`; null for one value, which says nothing about spread. Cost: resamples · n. */
  interval(values: ArrayLike<number>, level = CONFIDENCE_LEVEL): [number, number] | null {
    const n = this.count;
    assert(values.length === n, "the vector has not the length of the bootstrap");
    if (n < 2) return null;
    const centre = mean(values);
    let below = 0;
    for (let b = 0; b < this.resamples; b++) {
      let sum = 0;
      for (let i = b * n; i < (b + 1) * n; i++) sum += values[this.#indices[i]!]!;
      const resampled = sum / n;
      this.#means[b] = resampled;
      below += resampled < centre ? 1 : resampled === centre ? 0.5 : 0; // counts tie often: a tie is half below
    }
    this.#means.sort();
    const bias = normalQuantile(below / this.resamples);
    const acceleration = jackknifeAcceleration(values, centre);
    const tail = (1 - level) / 2;
    const low = quantileSorted(this.#means, adjustedShare(tail, bias, acceleration));
    const high = quantileSorted(this.#means, adjustedShare(1 - tail, bias, acceleration));
    return [low, high];
  }
}

const bootstraps = new Map<number, MeanBootstrap>();

/** The 95 % interval of the mean of `values`, null for fewer than two. Draws are shared by all vectors of a length. */
export function meanInterval(values: ArrayLike<number>): [number, number] | null {
  if (values.length < 2) return null;
  let bootstrap = bootstraps.get(values.length);
  if (bootstrap === undefined) bootstraps.set(values.length, (bootstrap = new MeanBootstrap(values.length)));
  return bootstrap.interval(values);
}

/** policy[i] − baseline[i] for each seed. */
export function pairedDifferences(baseline: ArrayLike<number>, policy: ArrayLike<number>): Float64Array {
  assert(baseline.length === policy.length, "paired vectors have equal lengths");
  const differences = new Float64Array(baseline.length);
  for (let i = 0; i < differences.length; i++) differences[i] = policy[i]! - baseline[i]!;
  return differences;
}

const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** The third moment of the jackknife over its spread, Efron & Tibshirani eq. 14.15. For a mean it is that of the values. */
function jackknifeAcceleration(values: ArrayLike<number>, centre: number): number {
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < values.length; i++) {
    const d = values[i]! - centre;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares > 0 ? cubes / (6 * squares * Math.sqrt(squares)) : 0;
}

/** Which share of the sorted resamples stands for `share` once bias and acceleration are taken out (eq. 14.10). */
function adjustedShare(share: number, bias: number, acceleration: number): number {
  const z = bias + normalQuantile(share);
  const scale = 1 - acceleration * z;
  // |acceleration| ≤ 1/6 · √n-ish and |z| is a few units: at or past the pole the correction means nothing.
  if (!(scale > 0.1)) return share;
  return Math.min(1, Math.max(0, normalDistribution(bias + z / scale)));
}
