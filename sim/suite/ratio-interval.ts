// The interval of a ratio of two means over seeds, such as the share of a gap that was closed: numerator and denominator
// come from the same seeds, so seeds are resampled and the ratio is taken of the resampled sums. Percentiles, not BCa: near a
// denominator of 0 the acceleration means nothing, and there the interval is wide or null, as it should be.

import { assert } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { BOOTSTRAP_RESAMPLES, quantileSorted } from "./statistics.ts";

export interface RatioInterval {
  /** Σ numerators / Σ denominators; null where the denominators add to 0. */
  readonly ratio: number | null;
  /** 95 %; null with one seed, or where a resample's denominators do not keep the sign of the whole. */
  readonly ci95: readonly [number, number] | null;
}

/** Cost: 2,000 · n. */
export function ratioInterval(numerators: ArrayLike<number>, denominators: ArrayLike<number>): RatioInterval {
  const n = numerators.length;
  assert(denominators.length === n, "paired vectors have equal lengths");
  let top = 0;
  let bottom = 0;
  for (let i = 0; i < n; i++) {
    top += numerators[i]!;
    bottom += denominators[i]!;
  }
  if (n === 0 || bottom === 0) return { ratio: null, ci95: null };
  const ratio = top / bottom;
  if (n < 2) return { ratio, ci95: null };
  const stream = new RandomStream(1, "ratio bootstrap");
  const ratios = new Float64Array(BOOTSTRAP_RESAMPLES);
  for (let b = 0; b < BOOTSTRAP_RESAMPLES; b++) {
    let a = 0;
    let c = 0;
    for (let i = 0; i < n; i++) {
      const k = stream.integer(n);
      a += numerators[k]!;
      c += denominators[k]!;
    }
    if (c * bottom <= 0) return { ratio, ci95: null };
    ratios[b] = a / c;
  }
  ratios.sort();
  return { ratio, ci95: [quantileSorted(ratios, 0.025), quantileSorted(ratios, 0.975)] };
}
