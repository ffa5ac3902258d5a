// The sign-flip permutation test of paired differences: if two policies were alike, each seed's difference could as well
// have had the other sign. The p-value is the share of all sign patterns whose sum is at least as far from 0 as the one seen
// (Fisher, The Design of Experiments, §21). It stands beside the bootstrap interval (statistics.ts), which says how large a
// difference is and not how surprising. Up to 20 seeds every pattern is counted: the sums of both halves are sorted and two
// pointers walk them, so that 2^20 patterns cost 2^10 sums. Beyond that patterns are drawn from a named stream.

import { assert } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";

/** Differences other than 0 up to which every sign pattern is counted. */
export const EXACT_SIGN_FLIP_COUNT = 20;
const DRAWN_PATTERNS = 20_000;
/** Sums nearer than this share of Σ|d| are the same sum: they differ by rounding alone. */
const TIE_SHARE = 1e-12;

export interface SignFlipResult {
  /** Two-sided, in (0, 1]. */
  readonly p: number;
  /** False where patterns were drawn and not counted. */
  readonly isExact: boolean;
}

/**
 * Tests that the differences are symmetric about 0. Differences of exactly 0 have no sign and change no sum.
 * @param differences one per seed
 * @param seed of the stream "sign flip", for more than 20 differences
 * Cost: 2^(n/2) up to 20, else 20,000 · n.
 */
export function signFlipTest(differences: ArrayLike<number>, seed = 1): SignFlipResult {
  const values: number[] = [];
  for (let i = 0; i < differences.length; i++) {
    const d = differences[i]!;
    assert(d - d === 0, "a difference is a finite number");
    if (d !== 0) values.push(d);
  }
  if (values.length === 0) return { p: 1, isExact: true };
  let observed = 0;
  let spread = 0;
  for (const d of values) {
    observed += d;
    spread += Math.abs(d);
  }
  const limit = Math.abs(observed) - TIE_SHARE * spread;
  if (values.length <= EXACT_SIGN_FLIP_COUNT) return { p: exactShare(values, limit), isExact: true };
  const stream = new RandomStream(seed, "sign flip");
  let extreme = 1; // the pattern seen is one of them
  for (let draw = 0; draw < DRAWN_PATTERNS; draw++) {
    let sum = 0;
    for (const d of values) sum += stream.next() < 0.5 ? d : -d;
    if (Math.abs(sum) >= limit) extreme++;
  }
  return { p: extreme / (DRAWN_PATTERNS + 1), isExact: false };
}

/** Share of all 2^n sign patterns with |sum| ≥ limit. Both tails are equal, so one is counted and doubled. */
function exactShare(values: readonly number[], limit: number): number {
  if (limit <= 0) return 1;
  const half = values.length >> 1;
  const low = signedSums(values.slice(0, half));
  const high = signedSums(values.slice(half));
  let count = 0;
  let from = high.length; // high[from..] reach the limit together with low[i]; low ascends, so `from` only falls
  for (let i = 0; i < low.length; i++) {
    while (from > 0 && low[i]! + high[from - 1]! >= limit) from--;
    count += high.length - from;
  }
  return (2 * count) / (low.length * high.length);
}

/** All sums ±v₁ ±v₂ …, ascending. */
function signedSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(1 << values.length);
  let filled = 1;
  for (const value of values) {
    for (let i = 0; i < filled; i++) {
      sums[filled + i] = sums[i]! - value;
      sums[i] = sums[i]! + value;
    }
    filled *= 2;
  }
  return sums.sort();
}
