// Records what a predictor sees, for offline training: features and anchor at each tick, joined with the pressure of 10
// ticks later. It pairs as the predictor's own ring does, masks and gaps included, and keeps every pair.

import { HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import { INPUT_COUNT } from "./network.ts";
import type { PressurePredictor } from "./pressure-predictor.ts";
import type { TrainingSamples } from "./trainer.ts";

const FIELDS = INPUT_COUNT + 1; // features and anchor

/** Whoever shows what its forecasts start from. */
export type Featured = Pick<PressurePredictor, "readFeatures">;

export class SampleCollector {
  readonly #ring = new Float64Array(HORIZON_TICKS * FIELDS);
  readonly #row = new Float64Array(FIELDS);
  readonly #features: number[] = [];
  readonly #anchors: number[] = [];
  readonly #labels: number[] = [];
  #head = 0;
  #filled = 0;
  #tickAtMicros = -Infinity;

  /** Pairs so far. */
  get length(): number {
    return this.#labels.length;
  }

  /** Call after the predictor's own tick, with the same arguments. */
  tick(predictor: Featured, nowMicros: number, pressureRatio: number, isLabelMasked: boolean): void {
    if (nowMicros - this.#tickAtMicros > 2 * TICK_MICROS) this.#filled = 0;
    this.#tickAtMicros = nowMicros;
    const at = this.#head * FIELDS;
    if (this.#filled < HORIZON_TICKS) this.#filled++;
    else if (!isLabelMasked) {
      for (let i = 0; i < INPUT_COUNT; i++) this.#features.push(this.#ring[at + i]);
      this.#anchors.push(this.#ring[at + INPUT_COUNT]);
      this.#labels.push(pressureRatio);
    }
    predictor.readFeatures(nowMicros, this.#row);
    this.#ring.set(this.#row, at);
    this.#head = (this.#head + 1) % HORIZON_TICKS;
  }

  /** The pairs so far, in order of time. */
  samples(): TrainingSamples {
    return {
      features: Float64Array.from(this.#features),
      anchors: Float64Array.from(this.#anchors),
      labels: Float64Array.from(this.#labels),
    };
  }
}

/** The samples of several runs one after the other. */
export function joinSamples(parts: readonly TrainingSamples[]): TrainingSamples {
  const count = parts.reduce((sum, part) => sum + part.labels.length, 0);
  const features = new Float64Array(count * INPUT_COUNT);
  const anchors = new Float64Array(count).fill(0.5);
  const labels = new Float64Array(count);
  let at = 0;
  for (const part of parts) {
    features.set(part.features, at * INPUT_COUNT);
    if (part.anchors !== undefined) anchors.set(part.anchors, at);
    labels.set(part.labels, at);
    at += part.labels.length;
  }
  return { features, anchors, labels };
}
