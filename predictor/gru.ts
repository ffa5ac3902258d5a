// `gru`: a gated recurrent unit of 24 cells over the ticks (K74), trained offline by back-propagation through time, whose output
// layer goes on learning. Where `wide` is told of history by lags and means, this one keeps what it wants to in its state; it
// sees a third of the figures. The state starts at 0 and is cleared when ticks were missed.

import { TICK_MICROS } from "../core/units.ts";
import { AdaptiveHead } from "./adaptive-head.ts";
import { PARAMETER_STEP } from "./anchored-mlp.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baselines/baseline-forecaster.ts";
import { GRU_TRACE_FIELDS, gruParameterCount, gruStep } from "./gru-cell.ts";
import { gruParameters } from "./shipped-gru.ts";
import { TickFeatures } from "./tick-features.ts";

/** Cells. */
export const GRU_UNITS = 24;
/** Which of the tick features go in: those of the moment, the season and the events; no lags and few means. */
export const GRU_INPUTS: readonly number[] = [
  0, 1, 2, 3, 4, 8, 10, 11, 12, 13, 14, 39, 40, 41, 45, 47, 51, 52, 53, 54, 56, 58, 60, 64, 65, 68, 70, 73, 76,
];
/** Step of the output layer, and how fast it drifts back; see AdaptiveHead. */
export const GRU_LEARNING_RATE = 0.001;
export const GRU_RECALL = 0.002;

export interface GruOptions {
  /** Default GRU_LEARNING_RATE; 0 freezes. */
  readonly learningRate?: number | undefined;
  readonly recall?: number | undefined;
  /** Other parameters than the shipped ones, integers in PARAMETER_STEPs: the cell as in gru-cell.ts, then the output layer. */
  readonly parameters?: ArrayLike<number> | undefined;
}

export class Gru extends BaselineForecaster {
  readonly id = "gru";
  readonly stateBytes: number;
  readonly #features = new TickFeatures();
  readonly #cell: Float64Array;
  readonly #head: AdaptiveHead;
  readonly #inputs = new Float64Array(GRU_INPUTS.length); // scratch
  readonly #state = new Float64Array(GRU_UNITS);
  readonly #trace = new Float64Array(GRU_TRACE_FIELDS * GRU_UNITS); // scratch
  readonly #next = new Float64Array([0.5, -1]); // forecast, time of the last tick

  constructor(options: GruOptions = {}) {
    super();
    const count = gruParameterCount(GRU_INPUTS.length, GRU_UNITS);
    const all = Float64Array.from(options.parameters ?? gruParameters(), (step) => step * PARAMETER_STEP);
    this.#cell = all.slice(0, count);
    const { learningRate = GRU_LEARNING_RATE, recall = GRU_RECALL } = options;
    this.#head = new AdaptiveHead(all.slice(count), { learningRate, recall });
    this.stateBytes =
      BASELINE_SHARED_BYTES +
      TickFeatures.stateBytes +
      this.#head.stateBytes +
      (count + GRU_INPUTS.length + (1 + GRU_TRACE_FIELDS) * GRU_UNITS + 2) * 8;
  }

  /** The layer that learns (25). */
  get weights(): Float64Array {
    return this.#head.weights;
  }

  override observe(_nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    this.#features.observe(occupancyRatio, pressureRatio);
  }

  observeRequest(_nowMicros: number, lengthBytes: number, _requestClass: number, _tenant: number): void {
    this.#features.observeRequest(lengthBytes);
  }

  override noteCompaction(_nowMicros: number): void {
    this.#features.noteCompaction();
  }

  sampleHeap(largestHoleBytes: number, holeCount: number, referenceBytes: number): void {
    this.#features.sampleHeap(largestHoleBytes, holeCount, referenceBytes);
  }

  override tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    const next = this.#next;
    if (next[1] >= 0 && nowMicros - next[1] > 2 * TICK_MICROS) {
      this.#features.reset();
      this.#head.reset();
      this.#state.fill(0);
    }
    next[1] = nowMicros;
    const features = this.#features;
    features.tick(occupancyRatio, pressureRatio);
    for (let i = 0; i < GRU_INPUTS.length; i++) this.#inputs[i] = features.values[GRU_INPUTS[i]];
    const state = this.#state;
    gruStep(this.#cell, GRU_INPUTS.length, GRU_UNITS, this.#inputs, 0, state, 0, state, 0, this.#trace, 0);
    this.#head.take(state, features.anchor, features.motion, pressureRatio, isLabelMasked);
    next[0] = this.#head.forecast(state, features.anchor, features.motion);
    super.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
  }

  protected take(_pressureRatio: number): void {}

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }
}

/** Length of a full parameter array. */
export const GRU_PARAMETERS = gruParameterCount(GRU_INPUTS.length, GRU_UNITS) + GRU_UNITS + 1;
