// Theil-Sen: the line whose slope is the median of the slopes of all pairs of the last 20 samples (Sen 1968), through the
// median of what is left. Up to 29 % of the samples may be wild without moving it, where least squares moves with each.

import { HORIZON_TICKS } from "../../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster, clampRatio } from "./baseline-forecaster.ts";
import { LINE_SAMPLES } from "./least-squares.ts";
import { SampleHistory } from "./sample-history.ts";

const PAIRS = (LINE_SAMPLES * (LINE_SAMPLES - 1)) / 2;

export class TheilSen extends BaselineForecaster {
  readonly id = "theil-sen";
  readonly stateBytes = BASELINE_SHARED_BYTES + (LINE_SAMPLES + PAIRS + 1) * 8 + 2 * 8;
  readonly #history = new SampleHistory(LINE_SAMPLES);
  readonly #scratch = new Float64Array(PAIRS);
  readonly #next = new Float64Array([0.5]);

  protected take(pressureRatio: number): void {
    const history = this.#history;
    const scratch = this.#scratch;
    history.push(pressureRatio);
    const n = history.length;
    let pairs = 0;
    for (let late = 0; late < n; late++) {
      for (let early = late + 1; early < n; early++) {
        scratch[pairs++] = (history.back(late) - history.back(early)) / (early - late);
      }
    }
    const slope = pairs === 0 ? 0 : medianOf(scratch, pairs);
    for (let ago = 0; ago < n; ago++) scratch[ago] = history.back(ago) + slope * ago; // brought forward to now
    this.#next[0] = clampRatio((n < 2 ? pressureRatio : medianOf(scratch, n)) + slope * HORIZON_TICKS);
  }

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }
}

/** Median of the first `n` values, which it sorts. n ≥ 1. Insertion by shell gaps: no view and no comparator is made. */
function medianOf(values: Float64Array, n: number): number {
  for (let gap = n > 40 ? 40 : 4; gap > 0; gap = gap === 40 ? 13 : gap === 13 ? 4 : gap === 4 ? 1 : 0) {
    for (let i = gap; i < n; i++) {
      const value = values[i];
      let at = i;
      while (at >= gap && values[at - gap] > value) {
        values[at] = values[at - gap];
        at -= gap;
      }
      values[at] = value;
    }
  }
  const half = n >> 1;
  return n % 2 === 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}
