// Student's t distribution, through the regularised incomplete beta function by its continued fraction (Lentz's method,
// DLMF 8.17.22) and the log-gamma function by Stirling's series. From `core`'s exp and log: the same bits on every engine.

import { assert } from "../../core/errors.ts";
import { expDeterministic, logDeterministic } from "../../core/math.ts";

const HALF_LOG_TWO_PI = 0.9189385332046728;
const MOST_TERMS = 500;
const TINY = 1e-300;

/** P(T ≤ t) for `degrees` > 0 degrees of freedom; absolute error < 1e-10. */
export function studentDistribution(t: number, degrees: number): number {
  assert(degrees > 0, "degrees of freedom are over 0");
  if (t === Infinity || t === -Infinity) return t > 0 ? 1 : 0;
  const tail = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** P(|T| ≥ |t|). */
export function studentTwoSided(t: number, degrees: number): number {
  assert(degrees > 0, "degrees of freedom are over 0");
  if (t === Infinity || t === -Infinity) return 0;
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** I_x(a, b) for x in 0..1. */
export function incompleteBeta(x: number, a: number, b: number): number {
  assert(x >= 0 && x <= 1 && a > 0 && b > 0, "the incomplete beta function has x in 0..1 and positive parameters");
  if (x === 0 || x === 1) return x;
  const logFactor = logGamma(a + b) - logGamma(a) - logGamma(b) + a * logDeterministic(x) + b * logDeterministic(1 - x);
  const factor = expDeterministic(logFactor);
  // The fraction converges fast below the mean; above it the mirrored one does.
  if (x < (a + 1) / (a + b + 2)) return (factor * betaFraction(x, a, b)) / a;
  return 1 - (factor * betaFraction(1 - x, b, a)) / b;
}

/** ln Γ(x), x > 0: the recurrence up to 10, then Stirling's series with four terms, error < 1e-12. */
export function logGamma(x: number): number {
  assert(x > 0, "log-gamma is for x > 0");
  let shift = 0;
  while (x < 10) {
    shift += logDeterministic(x);
    x += 1;
  }
  const inverse = 1 / x;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (x - 0.5) * logDeterministic(x) - x + HALF_LOG_TWO_PI + series - shift;
}

function betaFraction(x: number, a: number, b: number): number {
  const guard = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return fraction;
}
