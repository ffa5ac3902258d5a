// The compact network corrected by what it is told (K75): tenants announce by how many bytes what they hold will change, and the
// forecast moves by a fixed share of that, as holes do not fill one to one and part of it the network sees coming by itself.
// Nothing more is learned than the network learns, so all this costs a small arena is the sums of what was announced.

import type { Forecaster } from "../core/forecaster.ts";
import { HORIZON_MICROS } from "../core/units.ts";
import { clampRatio } from "./baselines/baseline-forecaster.ts";
import { COMPACT_STATE_BYTES, CompactPredictor } from "./compact-predictor.ts";
import { type Announcer, TOLD_GROWTH_BYTES, ToldGrowth } from "./tenant-growth.ts";

/** Share of the announced growth by which the forecast moves; chosen on seeds 101 and 102 (docs/decisions.md). */
const TOLD_SHARE = 0.4;

/** Bytes of the network's state and of what was announced. */
export const TOLD_STATE_BYTES = COMPACT_STATE_BYTES + TOLD_GROWTH_BYTES;

export interface ToldForecasterOptions {
  /** Where the network's state lies, a multiple of 4; what was announced is kept beside it and paid for. */
  readonly buffer?: ArrayBuffer | undefined;
  readonly byteOffset?: number | undefined;
  readonly capacityBytes: number;
  readonly announcer: Announcer;
}

export class ToldForecaster implements Forecaster {
  readonly id = "told";
  readonly stateBytes = TOLD_STATE_BYTES;
  readonly #network: CompactPredictor;
  readonly #growth: ToldGrowth;
  readonly #capacityBytes: number;

  constructor({ buffer, byteOffset, capacityBytes, announcer }: ToldForecasterOptions) {
    this.#network = new CompactPredictor({ buffer, byteOffset });
    this.#growth = new ToldGrowth(announcer);
    this.#capacityBytes = capacityBytes;
  }

  observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    this.#network.observe(nowMicros, occupancyRatio, pressureRatio);
  }

  noteCompaction(nowMicros: number): void {
    this.#network.noteCompaction(nowMicros);
  }

  tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    this.#growth.tick(nowMicros);
    this.#network.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
  }

  forecast(nowMicros: number): number {
    const growth = this.#growth.expectedGrowthBytes(nowMicros, HORIZON_MICROS);
    return clampRatio(this.#network.forecast(nowMicros) + (TOLD_SHARE * growth) / this.#capacityBytes);
  }

  /** Of the network alone: what is told makes it err less, so the margin is on the safe side. */
  upperMargin(): number {
    return this.#network.upperMargin();
  }

  confidence(): number {
    return this.#network.confidence();
  }
}
