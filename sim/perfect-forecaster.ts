// A forecaster that looks into the future: P of the passive arena at the tick at or just after now + 5 s. A bound and not a
// method: it shows what a controller could do if its forecast were never wrong, so it pays for no memory and needs no margin.

import type { Forecaster } from "../core/forecaster.ts";
import { HORIZON_MICROS, TICK_MICROS } from "../core/units.ts";

export class PerfectForecaster implements Forecaster {
  readonly id = "perfect";
  readonly stateBytes = 0;
  readonly #series: Float64Array;

  /** @param series P at tick k, k = 0 at time 0; at least one sample. */
  constructor(series: Float64Array) {
    this.#series = series;
  }

  /** Near the end of the run, where nothing is known of now + 5 s, the last sample. */
  forecast(nowMicros: number): number {
    const tick = Math.ceil((nowMicros + HORIZON_MICROS) / TICK_MICROS);
    return this.#series[Math.min(tick, this.#series.length - 1)]!;
  }

  observe(_nowMicros: number, _occupancyRatio: number, _pressureRatio: number): void {}

  noteCompaction(_nowMicros: number): void {}

  tick(_nowMicros: number, _occupancyRatio: number, _pressureRatio: number, _isLabelMasked: boolean): void {}

  upperMargin(): number {
    return 0;
  }

  confidence(): number {
    return 1;
  }
}
