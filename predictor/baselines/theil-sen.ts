// Theil-Sen: the line whose slope is the median of the slopes of all pairs of the last 20 samples (Sen 1968), through the
// median of what is left. Up to 29 % of the samples may be wild without moving it, where least squares moves with each.

import { HORIZON_TICKS } from "../../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster, clampRatio } from "./baseline-forecaster.ts";
import { LINE_SAMPLES } from "./least-squares.ts";
import { SampleHistory } from "./sample-history.ts";

const PAIRS = (LINE_SAMPLES * (LINE_SAMPLES - 1)) / 2;

export class TheilSen extends BaselineForecaster {
  readonly id = "theil-sen";
  readonly stateBytes = BASELINE_SHARED_BYTES + (2 * LINE_SAMPLES + 3 * PAIRS + 1) * 8 + 2 * 8;
  readonly #history = new SampleHistory(LINE_SAMPLES);
  /** Slope of each pair of ring places: a push renews the 19 of its place, the others stand. */
  readonly #slopes = new Float64Array(PAIRS);
  /** The slopes in ascending order, and the array that the next order is merged into. */
  #sorted = new Float64Array(PAIRS);
  #merged = new Float64Array(PAIRS);
  readonly #gone = new Float64Array(LINE_SAMPLES);
  readonly #fresh = new Float64Array(LINE_SAMPLES);
  readonly #next = new Float64Array([0.5]);
  #place = 0;

  protected take(pressureRatio: number): void {
    const history = this.#history;
    const known = history.length; // places that hold a sample
    const isFull = known === LINE_SAMPLES;
    history.push(pressureRatio);
    const n = history.length;
    const place = this.#place;
    for (let ago = 1; ago < n; ago++) {
      const other = place >= ago ? place - ago : place - ago + LINE_SAMPLES;
      const pair = pairOf(place, other);
      if (isFull) this.#gone[ago - 1] = this.#slopes[pair];
      const slope = (pressureRatio - history.back(ago)) / ago;
      this.#slopes[pair] = slope;
      this.#fresh[ago - 1] = slope;
    }
    this.#place = place + 1 === LINE_SAMPLES ? 0 : place + 1;
    this.#renew((known * (known - 1)) / 2, isFull ? n - 1 : 0, n - 1);
    const slope = middleOf(this.#sorted, (n * (n - 1)) / 2);
    const fresh = this.#fresh;
    for (let ago = 0; ago < n; ago++) fresh[ago] = history.back(ago) + slope * ago; // brought forward to now
    sortFirst(fresh, n);
    this.#next[0] = clampRatio((n < 2 ? pressureRatio : middleOf(fresh, n)) + slope * HORIZON_TICKS);
  }

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }

  /** Merges the sorted slopes (`count`), less those gone, with the fresh ones: one pass, as 171 of 190 stand. */
  #renew(count: number, goneCount: number, freshCount: number): void {
    const sorted = this.#sorted;
    const merged = this.#merged;
    const gone = this.#gone;
    const fresh = this.#fresh;
    sortFirst(gone, goneCount);
    sortFirst(fresh, freshCount);
    let to = 0;
    let g = 0;
    let f = 0;
    for (let i = 0; i < count; i++) {
      const value = sorted[i];
      if (g < goneCount && value === gone[g]) {
        g++;
        continue;
      }
      while (f < freshCount && fresh[f] < value) merged[to++] = fresh[f++];
      merged[to++] = value;
    }
    while (f < freshCount) merged[to++] = fresh[f++];
    this.#sorted = merged;
    this.#merged = sorted;
  }
}

/** Index of the pair of two ring places, row by row of the lower triangle. */
function pairOf(a: number, b: number): number {
  return a > b ? (a * (a - 1)) / 2 + b : (b * (b - 1)) / 2 + a;
}

/** Median of the first `n` of ascending values, 0 of none. */
function middleOf(sorted: Float64Array, n: number): number {
  if (n === 0) return 0;
  const half = n >> 1;
  return n % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Sorts the first `n` values: insertion, since there are at most 20. */
function sortFirst(values: Float64Array, n: number): void {
  for (let i = 1; i < n; i++) {
    const value = values[i];
    let at = i;
    while (at > 0 && values[at - 1] > value) {
      values[at] = values[at - 1];
      at--;
    }
    values[at] = value;
  }
}
