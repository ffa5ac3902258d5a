// The part of a large model that learns online: the last layer over a frozen representation h (n), z = g · (b + Σ h_j · w_j),
// where the gate g of 0..1 is the caller's. Each
// matured label moves it by one step down the loss of network.ts, whose best forecast is the median, and lets it drift back
// towards the shipped layer, so that a quiet hour does not forget what was trained on thousands. Keeps the h of the last ten
// ticks, since a label is known 5 s after its forecast.
//
// A step that small cannot mend a forecast that is off by a constant, as it may be on a program unlike all that was trained on.
// For that there is a correction: the fading mean m of label − forecast, times (m² / (m² + κ·v))², v the variance of the same
// errors. Where errors scatter, as they do on the families that were trained on, it is next to nothing (measured: no change of
// the mean absolute error); where they agree it is all of m.

import { HORIZON_TICKS } from "../core/units.ts";
import { expClamped } from "./logistic.ts";
import { LOSS_SOFTNESS } from "./network.ts";

const CORRECTION_LABELS = 24;
/** The mean of the errors starts as though as many of 0 had been seen. */
const CORRECTION_PRIOR = 10;
const CORRECTION_NOISE = 2; // κ

export interface AdaptiveHeadOptions {
  /** Step of the weights, divided by 1 + |h|²; 0 freezes everything, the correction too. */
  readonly learningRate: number;
  /** Share of the way back to the shipped layer, each label. */
  readonly recall: number;
}

export class AdaptiveHead {
  /** The live layer (n + 1), bias last. A view: a watchdog restores it. */
  readonly weights: Float64Array;
  readonly #shipped: Float64Array;
  readonly #ring: Float64Array; // ten of (n, anchor, gate)
  readonly #options: AdaptiveHeadOptions;
  readonly #size: number;
  readonly #errors = new Float64Array(3); // fading mean of label − forecast, of its square, the correction
  #labels = 0;
  #head = 0;
  #filled = 0;

  /** @param shipped (n + 1) the layer to start from */
  constructor(shipped: Float64Array, options: AdaptiveHeadOptions) {
    this.#size = shipped.length - 1;
    this.#shipped = shipped.slice();
    this.weights = shipped.slice();
    this.#ring = new Float64Array(HORIZON_TICKS * (this.#size + 2));
    this.#options = options;
  }

  get stateBytes(): number {
    return this.weights.byteLength + this.#shipped.byteLength + this.#ring.byteLength + 6 * 8;
  }

  /** The forecast from `h`, `anchor` and `gate`, 0..1; NaN when a weight is. */
  forecast(h: Float64Array, anchor: number, gate: number): number {
    const w = this.weights;
    let z = w[this.#size];
    for (let j = 0; j < this.#size; j++) z += h[j] * w[j];
    const p = anchor / (anchor + (1 - anchor) * expClamped(-z * gate)) + this.#errors[2];
    return p < 0 ? 0 : p > 1 ? 1 : p; // NaN stays NaN
  }

  /** The ticks were interrupted: what waits for a label will not get it. */
  reset(): void {
    this.#filled = 0;
  }

  /** A tick: learns from the label that matures, then keeps `h`, `anchor` and `gate` of this tick in its place. */
  take(h: Float64Array, anchor: number, gate: number, label: number, isLabelMasked: boolean): void {
    const ring = this.#ring;
    const size = this.#size;
    const at = this.#head * (size + 2);
    if (this.#filled < HORIZON_TICKS) this.#filled++;
    else if (!isLabelMasked) this.#learn(at, label);
    for (let j = 0; j < size; j++) ring[at + j] = h[j];
    ring[at + size] = anchor;
    ring[at + size + 1] = gate;
    this.#head = this.#head + 1 === HORIZON_TICKS ? 0 : this.#head + 1;
  }

  #learn(at: number, label: number): void {
    const ring = this.#ring;
    const size = this.#size;
    const w = this.weights;
    const anchor = ring[at + size];
    const gate = ring[at + size + 1];
    let z = w[size];
    let norm = 1;
    for (let j = 0; j < size; j++) {
      const h = ring[at + j];
      z += h * w[j];
      norm += h * h;
    }
    const error = anchor / (anchor + (1 - anchor) * expClamped(-z * gate)) - label;
    this.#correct(-error);
    const step = (this.#options.learningRate * gate * error) / ((error < 0 ? -error : error) + LOSS_SOFTNESS) / norm;
    const recall = this.#options.recall;
    for (let j = 0; j < size; j++) w[j] += recall * (this.#shipped[j] - w[j]) - step * ring[at + j];
    w[size] += recall * (this.#shipped[size] - w[size]) - step;
  }
  #correct(error: number): void {
    if (this.#options.learningRate === 0 || !(error - error === 0)) return; // frozen, or a damaged weight
    const errors = this.#errors;
    const share = Math.max(1 / CORRECTION_LABELS, 1 / (++this.#labels + CORRECTION_PRIOR));
    errors[0] += share * (error - errors[0]);
    errors[1] += share * (error * error - errors[1]);
    const square = errors[0] * errors[0];
    const noise = CORRECTION_NOISE * Math.max(0, errors[1] - square);
    const ratio = square === 0 ? 0 : square / (square + noise);
    errors[2] = ratio * ratio * errors[0];
  }
}
