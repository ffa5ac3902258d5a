// Least squares: the straight line through the last 20 samples (10 s), read off 5 s ahead. What adaptivemm does in user
// space for Linux's free memory. One outlier tilts it, unlike Theil-Sen.

import { HORIZON_TICKS } from "../../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster, clampRatio } from "./baseline-forecaster.ts";
import { SampleHistory } from "./sample-history.ts";

/** Samples on the line. */
export const LINE_SAMPLES = 20;

export class LeastSquares extends BaselineForecaster {
  readonly id = "least-squares";
  readonly stateBytes = BASELINE_SHARED_BYTES + LINE_SAMPLES * 8 + 3 * 8;
  readonly #history = new SampleHistory(LINE_SAMPLES);
  readonly #next = new Float64Array([0.5]);

  protected take(pressureRatio: number): void {
    const history = this.#history;
    history.push(pressureRatio);
    const n = history.length;
    // With time counted in ticks from their middle, Σt = 0 and Σt² = n(n² − 1)/12.
    const middle = (n - 1) / 2;
    let sum = 0;
    let moment = 0;
    for (let ago = 0; ago < n; ago++) {
      const y = history.back(ago);
      sum += y;
      moment += (middle - ago) * y;
    }
    const slope = n < 2 ? 0 : (12 * moment) / (n * (n * n - 1));
    this.#next[0] = clampRatio(sum / n + slope * (middle + HORIZON_TICKS));
  }

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }
}
