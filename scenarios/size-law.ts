// Draws request sizes by a declared law, bounded by the largest request that a level admits. Bounding changes the law's
// limits, it does not pile mass up at the bound: a uniform or Pareto law ends there, and what a log-normal law draws
// beyond it is spread over the upper half of what is allowed.
// Pareto: inverse of the truncated distribution function. Log-normal: the normal variate is a sum of four uniforms
// (Irwin-Hall), which is within 3.5 standard deviations and needs additions only.

import { expDeterministic, logDeterministic } from "../core/math.ts";
import { RandomStream } from "../core/random.ts";
import { blockLength } from "../core/units.ts";
import type { SizeLaw } from "./spec.ts";

const UNIFORM = 0;
const PARETO = 1;
const LOGNORMAL = 2;
const CHOICE = 3;
const BLEND = 4;
/** Draws from which the mean block length of a law is estimated: a few tenths of a millisecond. */
const MOMENT_DRAWS = 4096;
const SQRT_3 = Math.sqrt(3);

/** One law, made ready to draw from. */
export class SizeSampler {
  readonly #kind: number;
  readonly #low: number;
  readonly #high: number;
  readonly #a: number;
  readonly #b: number;
  readonly #cumulative: Float64Array;
  readonly #bytes: Uint32Array;
  readonly #parts: readonly SizeSampler[];

  /** @param largestBytes payload bytes that no draw exceeds, ≥ 1. */
  constructor(law: SizeLaw, largestBytes: number) {
    let kind = UNIFORM;
    let low = 1;
    let high = largestBytes;
    let a = 0;
    let b = 0;
    let shares: readonly number[] = [];
    let bytes: readonly number[] = [];
    let parts: readonly SizeSampler[] = [];
    if (law.law === "choice") {
      kind = CHOICE;
      shares = law.choices.map((choice) => choice.share);
      bytes = law.choices.map((choice) => Math.min(choice.bytes, largestBytes));
    } else if (law.law === "blend") {
      kind = BLEND;
      shares = law.parts.map((part) => part.share);
      parts = law.parts.map((part) => new SizeSampler(part.sizes, largestBytes));
    } else {
      high = Math.min(law.highBytes, largestBytes);
      low = law.lowBytes > high ? Math.max(1, Math.floor(high / 2)) : law.lowBytes;
      if (law.law === "pareto") {
        kind = PARETO;
        a = 1 - expDeterministic(law.alpha * logDeterministic(low / high));
        b = -1 / law.alpha;
      } else if (law.law === "lognormal") {
        kind = LOGNORMAL;
        a = law.medianBytes;
        b = law.spread * SQRT_3;
      }
    }
    this.#kind = kind;
    this.#low = low;
    this.#high = high;
    this.#a = a;
    this.#b = b;
    this.#cumulative = cumulativeShares(shares);
    this.#bytes = Uint32Array.from(bytes);
    this.#parts = parts;
  }

  /** Payload bytes, an integer in [1, largestBytes]. */
  draw(stream: RandomStream): number {
    switch (this.#kind) {
      case UNIFORM:
        return stream.between(this.#low, this.#high);
      case PARETO: {
        const x = this.#low * expDeterministic(this.#b * logDeterministic(1 - stream.next() * this.#a));
        return Math.max(this.#low, Math.min(this.#high, Math.floor(x)));
      }
      case LOGNORMAL: {
        const z = stream.next() + stream.next() + stream.next() + stream.next() - 2;
        const x = Math.floor(this.#a * expDeterministic(this.#b * z));
        if (x > this.#high) return stream.between(Math.max(this.#low, this.#high >> 1), this.#high);
        return Math.max(this.#low, x);
      }
      case CHOICE:
        return this.#bytes[pick(this.#cumulative, stream.next())]!;
      default:
        return this.#parts[pick(this.#cumulative, stream.next())]!.draw(stream);
    }
  }

  /** Mean block length and the mean of its square over a fixed number of draws: header and rounding included. */
  moments(): { readonly meanLength: number; readonly meanSquare: number } {
    const stream = new RandomStream(0, "size moments");
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < MOMENT_DRAWS; i++) {
      const length = blockLength(this.draw(stream));
      sum += length;
      squares += length * length;
    }
    return { meanLength: sum / MOMENT_DRAWS, meanSquare: squares / MOMENT_DRAWS };
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
