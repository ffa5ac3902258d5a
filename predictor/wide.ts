// `wide`: a 77-32-16-1 network over two minutes of history (tick-features.ts), trained offline and shipped, whose last layer
// goes on learning. It answers the same question as the 4→8→1 network with a hundred times its memory and some ten times its
// time, and lives outside the heap: what is gained by looking at more. Between ticks it says what it said at the last one.

import { TICK_MICROS } from "../core/units.ts";
import { AdaptiveHead } from "./adaptive-head.ts";
import { AnchoredMlp } from "./anchored-mlp.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baselines/baseline-forecaster.ts";
import { WIDE_SHAPE, wideParameters } from "./shipped-wide.ts";
import { TICK_FEATURES, TickFeatures } from "./tick-features.ts";

/** Step of the last layer, and how fast it drifts back; see AdaptiveHead. */
export const WIDE_LEARNING_RATE = 0.001;
export const WIDE_RECALL = 0.002;

export interface WideOptions {
  /** Default WIDE_LEARNING_RATE; 0 freezes. */
  readonly learningRate?: number | undefined;
  readonly recall?: number | undefined;
  /** Other parameters than the shipped ones, integers as in anchored-mlp.ts. */
  readonly parameters?: ArrayLike<number> | undefined;
}

export class Wide extends BaselineForecaster {
  readonly id = "wide";
  readonly stateBytes: number;
  readonly #features = new TickFeatures();
  readonly #network: AnchoredMlp;
  readonly #head: AdaptiveHead;
  readonly #next = new Float64Array([0.5, -1]); // forecast, time of the last tick

  constructor(options: WideOptions = {}) {
    super();
    this.#network = new AnchoredMlp(
      TICK_FEATURES,
      WIDE_SHAPE[0],
      WIDE_SHAPE[1],
      options.parameters ?? wideParameters(),
    );
    const last = new Float64Array(WIDE_SHAPE[1] + 1);
    this.#network.readLastLayer(last);
    const { learningRate = WIDE_LEARNING_RATE, recall = WIDE_RECALL } = options;
    this.#head = new AdaptiveHead(last, { learningRate, recall });
    this.stateBytes =
      BASELINE_SHARED_BYTES + TickFeatures.stateBytes + this.#network.stateBytes + this.#head.stateBytes + 2 * 8;
  }

  /** The layer that learns (17). */
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
    }
    next[1] = nowMicros;
    this.#features.tick(occupancyRatio, pressureRatio);
    this.#network.forward(this.#features.values);
    this.#head.take(this.#network.hidden, this.#features.anchor, this.#features.motion, pressureRatio, isLabelMasked);
    next[0] = this.#head.forecast(this.#network.hidden, this.#features.anchor, this.#features.motion);
    super.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
  }

  protected take(_pressureRatio: number): void {}

  forecast(_nowMicros: number): number {
    return this.#next[0];
  }
}
