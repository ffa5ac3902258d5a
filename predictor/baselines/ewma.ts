// EWMA: in 5 s it will be as it was lately, the exponentially weighted mean of the ticks' pressure (Brown 1959). Best where
// pressure is noise around a level; late on every ramp, by 1/α ticks.

import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baseline-forecaster.ts";

/** Share by which the level follows at each tick: a memory of 5 ticks, 2.5 s. */
export const EWMA_SHARE = 0.2;

export class Ewma extends BaselineForecaster {
  readonly id = "ewma";
  readonly stateBytes = BASELINE_SHARED_BYTES + 2 * 8;
  readonly #state = new Float64Array([0.5, 0]); // level, samples

  protected take(pressureRatio: number): void {
    const state = this.#state;
    state[0] += (state[1]++ === 0 ? 1 : EWMA_SHARE) * (pressureRatio - state[0]);
  }

  forecast(_nowMicros: number): number {
    return this.#state[0];
  }
}
