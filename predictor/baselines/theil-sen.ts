// Theil-Sen: the line whose slope is the median of the slopes of all pairs of the last 20 samples (Sen 1968), through the
// median of what is left. Up to 29 % of the samples may be wild without moving it, where least squares moves with each.

import { HORIZON_TICKS } from "../../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster, clampRatio } from "./baseline-forecaster.ts";
import { LINE_SAMPLES } from "./least-squares.ts";
import { SampleHistory } from "./sample-history.ts";

const PAIRS = (LINE_SAMPLES * (LINE_SAMPLES - 1)) / 2;

export class TheilSen extends BaselineForecaster {
  readonly id = "theil-sen";
  readonly stateBytes = BASELINE_SHARED_BYTES + (LINE_SAMPLES + 2 * PAIRS + 1) * 8 + 2 * 8;
  readonly #history = new SampleHistory(LINE_SAMPLES);
  /** Slope of each pair of ring places: a push renews the 19 of its place, the others stand. */
  readonly #slopes = new Float64Array(PAIRS);
  readonly #scratch = new Float64Array(PAIRS);
  readonly #next = new Float64Array([0.5]);
  #place = 0;

  protected take(pressureRatio: number): void {
    const history = this.#history;
    const scratch = this.#scratch;
    history.push(pressureRatio);
    const n = history.length;
    const place = this.#place;
    for (let ago = 1; ago < n; ago++) {
      const other = place >= ago ? place - ago : place - ago + LINE_SAMPLES;
      this.#slopes[pairOf(place, other)] = (pressureRatio - history.back(ago)) / ago;
    }
    this.#place = place + 1 === LINE_SAMPLES ? 0 : place + 1;
    // Places fill in order, so the pairs of the first n places are the first ones of the table.
    const pairs = (n * (n - 1)) / 2;
    for (let i = 0; i < pairs; i++) scratch[i] = this.#slopes[i];
    const slope = pairs === 0 ? 0 : medianOf(scratch, pairs);
    for (let ago = 0; ago < n; ago++) scratch[ago] = history.back(ago) + slope * ago; // brought forward to now
    this.#next[0] = clampRatio((n < 2 ? pressureRatio : medianOf(scratch, n)) + slope * HORIZON_TICKS);
  }

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }
}

/** Index of the pair of two ring places, row by row of the lower triangle. */
function pairOf(a: number, b: number): number {
  return a > b ? (a * (a - 1)) / 2 + b : (b * (b - 1)) / 2 + a;
}

/** Median of the first `n` values, which it reorders. n ≥ 1. Hoare's quickselect, then the greatest of the lower half. */
function medianOf(values: Float64Array, n: number): number {
  const half = n >> 1;
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (half <= j) high = j;
    else if (half >= i) low = i;
    else break;
  }
  if (n % 2 === 1) return values[half];
  let below = values[0];
  for (let i = 1; i < half; i++) if (values[i] > below) below = values[i];
  return (below + values[half]) / 2;
}
