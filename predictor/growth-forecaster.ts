// A forecast from what will be asked for rather than from how pressure went: somebody knows by how many bytes more will be held
// in 5 s, learned from what each tenant does or told by the tenants (K75), and pressure follows. In between stand two small
// weights, as holes do not fill one to one: on the scale of logits from the smoothed pressure the forecast moves by w1 of the
// growth and by w2 of how far occupancy and its usual distance to pressure are from that smoothed pressure now. Both
// learn online by the rule of the last layers of the large models (adaptive-head.ts). Unlike those it looks at no heap and
// no rhythm: what it is worth is what the growth is worth.

import type { Forecaster } from "../core/forecaster.ts";
import { HORIZON_MICROS } from "../core/units.ts";
import { AdaptiveHead } from "./adaptive-head.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baselines/baseline-forecaster.ts";

/** Who knows how much more will be held. */
export interface GrowthSource {
  /** Bytes of what it keeps. */
  readonly stateBytes: number;
  /** Each 500 ms. */
  tick(nowMicros: number): void;
  /** Bytes by which what is held will have grown in `horizonMicros`; negative where it will have shrunk. */
  expectedGrowthBytes(nowMicros: number, horizonMicros: number): number;
  /** Optional, as of a forecaster. Hot. */
  observeRequest?(lengthBytes: number, requestClass: number, tenant: number): void;
  /** Optional: a block of the demand is freed that lived `ageMicros`. Hot. */
  observeFree?(lengthBytes: number, ageMicros: number, tenant: number): void;
}

/** Share of a tick in the smoothed pressure: some 2 s. */
const LEVEL_SHARE = 0.25;
/** In the distance of pressure from occupancy: half a minute. */
const GAP_SHARE = 1 / 60;
/** w1, w2 and the bias before anything is known. */
const FIRST_WEIGHTS = Float64Array.of(0.5, 0.5, 0);
export const GROWTH_PARAMETERS = FIRST_WEIGHTS.length;
const LEARNING_RATE = 0.01;
/** No input moves the logit by more than so much for a weight of 1. */
const MOST_INPUT = 2;
/** Pressure is kept off 0 and 1 on the scale of logits. */
const EDGE = 0.002;

export class GrowthForecaster extends BaselineForecaster implements Forecaster {
  readonly id: string;
  readonly stateBytes: number;
  readonly #source: GrowthSource;
  readonly #capacityBytes: number;
  readonly #head = new AdaptiveHead(FIRST_WEIGHTS, { learningRate: LEARNING_RATE, recall: 0 });
  readonly #inputs = new Float64Array(2);
  readonly #state = new Float64Array(3); // smoothed pressure, mean distance P − U, ticks

  /** @param capacityBytes of the arena, > 0 */
  constructor(id: string, capacityBytes: number, source: GrowthSource) {
    super();
    this.id = id;
    this.#source = source;
    this.#capacityBytes = capacityBytes;
    this.stateBytes =
      BASELINE_SHARED_BYTES +
      this.#head.stateBytes +
      this.#inputs.byteLength +
      this.#state.byteLength +
      source.stateBytes;
  }

  /** w1, w2 and the bias, live. */
  get weights(): Float64Array {
    return this.#head.weights;
  }

  observeRequest(_nowMicros: number, lengthBytes: number, requestClass: number, tenant: number): void {
    this.#source.observeRequest?.(lengthBytes, requestClass, tenant);
  }

  /** A block of the demand is freed; whoever drives a forecaster and knows of frees calls it. Hot. */
  observeFree(lengthBytes: number, ageMicros: number, tenant: number): void {
    this.#source.observeFree?.(lengthBytes, ageMicros, tenant);
  }

  override tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    const state = this.#state;
    const source = this.#source;
    source.tick(nowMicros);
    const ticks = ++state[2];
    state[0] += Math.max(LEVEL_SHARE, 1 / ticks) * (pressureRatio - state[0]);
    state[1] += Math.max(GAP_SHARE, 1 / ticks) * (pressureRatio - occupancyRatio - state[1]);
    const anchor = this.#anchor();
    const slope = anchor * (1 - anchor);
    const growth = source.expectedGrowthBytes(nowMicros, HORIZON_MICROS) / this.#capacityBytes;
    this.#inputs[0] = bounded(growth / slope);
    this.#inputs[1] = bounded((occupancyRatio + state[1] - state[0]) / slope);
    this.#head.take(this.#inputs, anchor, 1, pressureRatio, isLabelMasked);
    super.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
  }

  protected take(_pressureRatio: number): void {}

  /** That of the last tick. */
  forecast(_nowMicros: number): number {
    return this.#state[2] === 0 ? 0.5 : this.#head.forecast(this.#inputs, this.#anchor(), 1);
  }

  #anchor(): number {
    return Math.max(EDGE, Math.min(1 - EDGE, this.#state[0]));
  }
}

function bounded(input: number): number {
  return Math.max(-MOST_INPUT, Math.min(MOST_INPUT, input));
}
