// Seasonal naive: in 5 s it will be as it was one period before that. The period is the lag of 11 to 120 ticks (5.5 to
// 60 s) with the greatest autocorrelation over the last 240 ticks, looked for anew each 20 ticks; without a lag that
// explains at least half of the variance there is no season and it says what persistence says.

import { HORIZON_TICKS } from "../../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baseline-forecaster.ts";
import { SampleHistory } from "./sample-history.ts";

const HISTORY_TICKS = 240;
const LEAST_PERIOD = HORIZON_TICKS + 1;
const MOST_PERIOD = 120;
const SEARCH_EACH_TICKS = 20;
const LEAST_CORRELATION = 0.5;
const DIP_CORRELATION = 0.25;

export class SeasonalNaive extends BaselineForecaster {
  readonly id = "seasonal-naive";
  readonly stateBytes = BASELINE_SHARED_BYTES + HISTORY_TICKS * 8 + 4 * 8;
  readonly #history = new SampleHistory(HISTORY_TICKS);
  readonly #next = new Float64Array([0.5]);
  #period = 0;
  #untilSearch = SEARCH_EACH_TICKS;

  /** The period in use, in ticks; 0 when there is none. */
  get periodTicks(): number {
    return this.#period;
  }

  protected take(pressureRatio: number): void {
    const history = this.#history;
    history.push(pressureRatio);
    if (--this.#untilSearch === 0) {
      this.#untilSearch = SEARCH_EACH_TICKS;
      this.#period = findPeriod(history);
    }
    // period ≤ length / 2 when found, and the history only grows, so the index is inside.
    this.#next[0] = this.#period === 0 ? pressureRatio : history.back(this.#period - HORIZON_TICKS);
  }

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }
}

/** Scratch of `findPeriod`: the history less its mean, newest first. */
const centred = new Float64Array(HISTORY_TICKS);

/** The lag with the greatest autocorrelation, or 0. Cost: lags × samples, some 20,000 products when full. */
function findPeriod(history: SampleHistory): number {
  const n = history.length;
  let mean = 0;
  for (let ago = 0; ago < n; ago++) mean += history.back(ago);
  mean /= n;
  let variance = 0;
  for (let ago = 0; ago < n; ago++) {
    const value = history.back(ago) - mean;
    centred[ago] = value;
    variance += value * value;
  }
  variance /= n;
  if (!(variance > 1e-8)) return 0; // flat within 0.01 points
  let best = LEAST_CORRELATION;
  let period = 0;
  const longest = Math.min(MOST_PERIOD, n >> 1); // at least two periods must have been seen
  let isPastFirstDip = false; // near lag 0 everything correlates: a season shows only after the first dip
  for (let lag = 1; lag <= longest; lag++) {
    let sum = 0;
    for (let ago = 0; ago + lag < n; ago++) sum += centred[ago] * centred[ago + lag];
    const correlation = sum / (n - lag) / variance;
    if (correlation < DIP_CORRELATION) isPastFirstDip = true;
    if (isPastFirstDip && lag >= LEAST_PERIOD && correlation > best) {
      best = correlation;
      period = lag;
    }
  }
  return period;
}
