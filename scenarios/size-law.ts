// Draws request sizes by a declared law, bounded by the largest request that a level admits. A law is turned into a table
// of its quantiles once, so that a draw is one random number and one look-up whatever the law, and the moments are sums
// over the table. Bounding truncates a law (the law given that it does not exceed the bound), no mass piles up there;
// only fixed choices over the bound become the bound.
// Pareto: inverse of the truncated distribution function. Log-normal: the normal variate is a sum of four uniforms
// (Irwin 1927, Hall 1927), within 3.5 standard deviations, whose distribution function is a polynomial.

import { expDeterministic, logDeterministic } from "../core/math.ts";
import type { RandomStream } from "../core/random.ts";
import { blockLength } from "../core/units.ts";
import type { SimpleSizeLaw, SizeLaw } from "./spec.ts";

/** Entries of the quantile table: the finest share of requests that a law can tell apart is 1 in 8,192. */
const QUANTILES = 8192;
/** Halvings that find a quantile of the four-uniform sum: the width 4 shrinks below 2^-30. */
const HALVINGS = 32;
const SQRT_3 = Math.sqrt(3);

/** One law, made ready to draw from. */
export class SizeSampler {
  /** Mean block length, header and rounding included, and the mean of its square. */
  readonly meanLength: number;
  readonly meanSquare: number;
  readonly #bytes: Uint16Array | Uint32Array;

  /** @param largestBytes payload bytes that no draw exceeds, ≥ 1. Cost: well under a millisecond. */
  constructor(law: SizeLaw, largestBytes: number) {
    const bytes = largestBytes < 65_536 ? new Uint16Array(QUANTILES) : new Uint32Array(QUANTILES);
    const parts = law.law === "blend" ? law.parts : [{ share: 1, sizes: law }];
    const shares = cumulativeShares(parts.map((part) => part.share));
    let from = 0;
    for (let p = 0; p < parts.length; p++) {
      const to = Math.round(shares[p]! * QUANTILES);
      fillQuantiles(bytes, from, to, parts[p]!.sizes, largestBytes);
      from = to;
    }
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < QUANTILES; i++) {
      const length = blockLength(bytes[i]!);
      sum += length;
      squares += length * length;
    }
    this.meanLength = sum / QUANTILES;
    this.meanSquare = squares / QUANTILES;
    this.#bytes = bytes;
  }

  /** Payload bytes, an integer in [1, largestBytes]. One number of the stream. */
  draw(stream: RandomStream): number {
    return this.#bytes[stream.integer(QUANTILES)]!;
  }
}

/** Running sums of shares, divided by their total: the last is 1. */
export function cumulativeShares(shares: readonly number[]): Float64Array {
  let total = 0;
  for (const share of shares) total += share;
  const sums = new Float64Array(shares.length);
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    sum += shares[i]!;
    sums[i] = sum / total;
  }
  if (sums.length > 0) sums[sums.length - 1] = 1;
  return sums;
}

/** The first index whose running sum is over u; u in [0, 1). */
export function pick(cumulative: Float64Array, u: number): number {
  let i = 0;
  while (u >= cumulative[i]!) i++;
  return i;
}

/** Writes the quantiles at the middles of equal steps of probability into [from, to). */
function fillQuantiles(
  bytes: Uint16Array | Uint32Array,
  from: number,
  to: number,
  law: SimpleSizeLaw,
  largestBytes: number,
): void {
  const quantile = quantileOf(law, largestBytes);
  for (let i = from; i < to; i++) bytes[i] = Math.max(1, Math.floor(quantile((i - from + 0.5) / (to - from))));
}

/** The inverse distribution function of a law bounded by `largestBytes`. */
function quantileOf(law: SimpleSizeLaw, largestBytes: number): (u: number) => number {
  if (law.law === "choice") {
    const shares = cumulativeShares(law.choices.map((choice) => choice.share));
    return (u) => Math.min(law.choices[pick(shares, u)]!.bytes, largestBytes);
  }
  const high = Math.min(law.highBytes, largestBytes);
  // A law that lies above the bound altogether keeps the upper half of what is allowed.
  const low = law.lowBytes > high ? Math.max(1, Math.floor(high / 2)) : law.lowBytes;
  switch (law.law) {
    case "uniform":
      return (u) => low + u * (high - low + 1);
    case "pareto": {
      const covered = 1 - expDeterministic(law.alpha * logDeterministic(low / high));
      return (u) => Math.min(high, low * expDeterministic(-logDeterministic(1 - u * covered) / law.alpha));
    }
    case "lognormal": {
      const deviation = law.spread * SQRT_3; // four uniforms have the variance 1/3
      const sumAt = (x: number): number => 2 + logDeterministic(x / law.medianBytes) / deviation;
      const lowest = fourUniforms(sumAt(low));
      const highest = fourUniforms(sumAt(high + 1));
      // Where the law has no mass between the bounds all of it goes to the nearer one.
      if (highest <= lowest) return () => (law.medianBytes > high ? high : low);
      return (u) => {
        const sum = fourUniformsInverse(lowest + u * (highest - lowest));
        return Math.max(low, Math.min(high, law.medianBytes * expDeterministic(deviation * (sum - 2))));
      };
    }
  }
}

/** P(sum of four uniforms ≤ x). */
function fourUniforms(x: number): number {
  if (x <= 0) return 0;
  if (x >= 4) return 1;
  if (x > 2) return 1 - fourUniforms(4 - x);
  const y = x - 1;
  const quartic = x * x * x * x;
  return (y > 0 ? quartic - 4 * y * y * y * y : quartic) / 24;
}

function fourUniformsInverse(p: number): number {
  let low = 0;
  let high = 4;
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (fourUniforms(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
