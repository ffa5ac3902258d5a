// Persistence: in 5 s it will be as it is now. The forecast that the others have to beat, and the fallback when the
// network is not trusted. Unlike the other baselines it follows each observation, not only the ticks.

import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baseline-forecaster.ts";

export class Persistence extends BaselineForecaster {
  readonly id = "persistence";
  readonly stateBytes = BASELINE_SHARED_BYTES + 8;
  readonly #last = new Float64Array([0.5]); // a double field of an object would be boxed at each store

  override observe(_nowMicros: number, _occupancyRatio: number, pressureRatio: number): void {
    this.#last[0] = pressureRatio;
  }

  protected take(pressureRatio: number): void {
    this.#last[0] = pressureRatio;
  }

  forecast(_nowMicros: number): number {
    return this.#last[0];
  }
}
