// What the simple baselines share: the ring that lets each forecast mature after 10 ticks, and margin and confidence earned
// from it by the same tracker as the network's. A baseline is then one rule: what it keeps of a sample and what it says.

import type { Forecaster } from "../../core/forecaster.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../../core/units.ts";
import {
  ERROR_TRACKER_LENGTH,
  MATURED_FORECAST,
  MATURED_LABEL,
  MATURED_LENGTH,
  MATURED_MARGIN,
  MATURED_PERSISTENCE,
  resetErrorTracker,
  trackError,
  trackedConfidence,
  trackedMargin,
} from "../error-tracker.ts";

/** Slots: rings of forecasts, margins, pressures, then the tracker. */
const MARGINS = HORIZON_TICKS;
const PRESSURES = 2 * HORIZON_TICKS;
const TRACKER = 3 * HORIZON_TICKS;
const TICK_AT = TRACKER + ERROR_TRACKER_LENGTH; // time of the last tick
const LENGTH = TICK_AT + 1;
/** Bytes of them and of three counters, at 8 each. */
export const BASELINE_SHARED_BYTES = (LENGTH + 3) * 8;

export abstract class BaselineForecaster implements Forecaster {
  abstract readonly id: string;
  abstract readonly stateBytes: number;
  readonly #state = new Float64Array(LENGTH);
  readonly #sample = new Float64Array(MATURED_LENGTH); // scratch
  #head = 0;
  #filled = 0;
  #labels = 0;

  constructor() {
    resetErrorTracker(this.#state, TRACKER);
    this.#state[TICK_AT] = -Infinity;
  }

  /** Takes in the sample of a tick. */
  protected abstract take(pressureRatio: number): void;

  /** P in 5 s, kept within 0..1; 0.5 before the first sample. */
  abstract forecast(nowMicros: number): number;

  /** Only the samples of the ticks count. */
  observe(_nowMicros: number, _occupancyRatio: number, _pressureRatio: number): void {}

  noteCompaction(_nowMicros: number): void {}

  tick(nowMicros: number, _occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    const state = this.#state;
    if (nowMicros - state[TICK_AT] > 2 * TICK_MICROS) this.#filled = 0; // missed ticks break the pairing
    state[TICK_AT] = nowMicros;
    const head = this.#head;
    if (this.#filled < HORIZON_TICKS) this.#filled++;
    else if (!isLabelMasked) {
      const sample = this.#sample;
      sample[MATURED_FORECAST] = state[head];
      sample[MATURED_MARGIN] = state[MARGINS + head];
      sample[MATURED_PERSISTENCE] = state[PRESSURES + head];
      sample[MATURED_LABEL] = pressureRatio;
      trackError(state, TRACKER, this.#labels, sample);
      this.#labels++;
    }
    this.take(pressureRatio);
    state[head] = this.forecast(nowMicros);
    state[MARGINS + head] = trackedMargin(state, TRACKER);
    state[PRESSURES + head] = pressureRatio;
    this.#head = (head + 1) % HORIZON_TICKS;
  }

  upperMargin(): number {
    return trackedMargin(this.#state, TRACKER);
  }

  confidence(): number {
    return trackedConfidence(this.#state, TRACKER, this.#labels);
  }
}

/** `value` kept within 0..1. */
export function clampRatio(value: number): number {
  return Math.max(0, Math.min(1, value));
}
