// The part of a large model that learns online: the last layer over a frozen representation h (n), z = b + Σ h_j · w_j. Each
// matured label moves it by one step down the loss of network.ts, whose best forecast is the median, and lets it drift back
// towards the shipped layer, so that a quiet hour does not forget what was trained on thousands. Keeps the h of the last ten
// ticks, since a label is known 5 s after its forecast.

import { HORIZON_TICKS } from "../core/units.ts";
import { expClamped } from "./logistic.ts";
import { LOSS_SOFTNESS } from "./network.ts";

export interface AdaptiveHeadOptions {
  /** Step of the weights, divided by 1 + |h|². */
  readonly learningRate: number;
  /** Share of the way back to the shipped layer, each label. */
  readonly recall: number;
}

export class AdaptiveHead {
  /** The live layer (n + 1), bias last. A view: a watchdog restores it. */
  readonly weights: Float64Array;
  readonly #shipped: Float64Array;
  readonly #ring: Float64Array; // ten of (n, anchor)
  readonly #options: AdaptiveHeadOptions;
  readonly #size: number;
  #head = 0;
  #filled = 0;

  /** @param shipped (n + 1) the layer to start from */
  constructor(shipped: Float64Array, options: AdaptiveHeadOptions) {
    this.#size = shipped.length - 1;
    this.#shipped = shipped.slice();
    this.weights = shipped.slice();
    this.#ring = new Float64Array(HORIZON_TICKS * (this.#size + 1));
    this.#options = options;
  }

  get stateBytes(): number {
    return this.weights.byteLength + this.#shipped.byteLength + this.#ring.byteLength + 2 * 8;
  }

  /** The forecast from `h` and `anchor`, 0..1; NaN when a weight is. */
  forecast(h: Float64Array, anchor: number): number {
    const w = this.weights;
    let z = w[this.#size];
    for (let j = 0; j < this.#size; j++) z += h[j] * w[j];
    return anchor / (anchor + (1 - anchor) * expClamped(-z));
  }

  /** The ticks were interrupted: what waits for a label will not get it. */
  reset(): void {
    this.#filled = 0;
  }

  /** A tick: learns from the label that matures, then keeps `h` and `anchor` of this tick in its place. */
  take(h: Float64Array, anchor: number, label: number, isLabelMasked: boolean): void {
    const ring = this.#ring;
    const size = this.#size;
    const at = this.#head * (size + 1);
    if (this.#filled < HORIZON_TICKS) this.#filled++;
    else if (!isLabelMasked) this.#learn(at, label);
    for (let j = 0; j < size; j++) ring[at + j] = h[j];
    ring[at + size] = anchor;
    this.#head = this.#head + 1 === HORIZON_TICKS ? 0 : this.#head + 1;
  }

  #learn(at: number, label: number): void {
    const ring = this.#ring;
    const size = this.#size;
    const w = this.weights;
    const anchor = ring[at + size];
    let z = w[size];
    let norm = 1;
    for (let j = 0; j < size; j++) {
      const h = ring[at + j];
      z += h * w[j];
      norm += h * h;
    }
    const error = anchor / (anchor + (1 - anchor) * expClamped(-z)) - label;
    const step = (this.#options.learningRate * error) / ((error < 0 ? -error : error) + LOSS_SOFTNESS) / norm;
    const recall = this.#options.recall;
    for (let j = 0; j < size; j++) w[j] += recall * (this.#shipped[j] - w[j]) - step * ring[at + j];
    w[size] += recall * (this.#shipped[size] - w[size]) - step;
  }
}
