// The network as a forecaster: it looks at every allocation, forecasts effective pressure 5 s ahead, and learns online from
// each label that matures. Its whole state is one block of 656 bytes (state-layout.ts) that may lie inside the heap it
// watches; the typed arrays here are views of it and the scratch holds nothing between calls, so a second predictor over a
// copy of the bytes goes on bit by bit. Unlike the baselines it has weights, and unlike the guarded forecaster around it
// (watchdog.ts) it returns what the network says, NaN included.

import { assert, MempredError } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { TICK_MICROS } from "../core/units.ts";
import {
  MATURED_FORECAST,
  MATURED_LABEL,
  MATURED_LENGTH,
  MATURED_MARGIN,
  MATURED_PERSISTENCE,
  resetErrorTracker,
  trackError,
  trackedConfidence,
  trackedError,
  trackedMargin,
} from "./error-tracker.ts";
import { featuresInto, MEMORY_MICROS, moveLevel } from "./features.ts";
import {
  forwardKernel,
  IO_ANCHOR,
  IO_CLIP,
  IO_FORECAST,
  IO_LABEL,
  IO_LEARNING_RATE,
  IO_LENGTH,
  IO_NOW,
  IO_X,
  trainKernel,
} from "./kernel.ts";
import { initialWeights, PARAMETER_COUNT } from "./network.ts";
import {
  BYTE_STEPS,
  CLIP_F32,
  COMPACTIONS,
  LAST_MICROS,
  LEARNING_RATE,
  MAGIC_U32,
  MATURED_U32,
  MEAN_OCCUPANCY,
  NOT_FINITE,
  OCCUPANCY,
  PREDICTIONS_U32,
  PREDICTOR_STATE_BYTES,
  RATIO_STEPS,
  RING_FILLED_U8,
  RING_HEAD_U8,
  RING_SAMPLES,
  RING_U16,
  SAMPLE_ANCHOR,
  SAMPLE_FIELDS,
  SAMPLE_FORECAST,
  SAMPLE_MARGIN,
  SAMPLE_PRESSURE,
  SAMPLE_X1,
  SAMPLE_X2,
  SAMPLE_X3_X4,
  SMOOTHED,
  STATE_MAGIC,
  STATE_VERSION,
  TICK_AT_MICROS,
  TRACKER,
  TRAINED_U32,
  toFixed16,
  VERSION_U32,
  WEIGHTS_F64,
} from "./state-layout.ts";

export { PREDICTOR_STATE_BYTES } from "./state-layout.ts";

/** Step of online training. */
export const DEFAULT_LEARNING_RATE = 0.01;
/** Greatest Euclidean norm of one gradient. */
export const DEFAULT_GRADIENT_CLIP = 0.5;
/** Share by which the smoothed forecast follows at each tick. */
export const SMOOTHING = 0.3;
/** A tick later than this after the last breaks the pairing of samples and labels: the ring starts anew. */
const GAP_MICROS = 2 * TICK_MICROS;
/** "Never": so long ago that the first step takes the new value whole, k = dt / (τ + dt) = 1 in doubles. */
const LONG_AGO = -1e300;

export interface PressurePredictorOptions {
  /** Memory to live in; a fresh one when absent. */
  readonly buffer?: ArrayBuffer | SharedArrayBuffer | undefined;
  /** Start of the block in `buffer`, a multiple of 8 with PREDICTOR_STATE_BYTES behind it. Default 0. */
  readonly byteOffset?: number | undefined;
  /** Seed of the stream "weights". Default 1. */
  readonly seed?: number | undefined;
  /** 49 weights to start from instead of random ones, order as in network.ts. */
  readonly weights?: ArrayLike<number> | undefined;
  /** 0..1, default 0.01; 0 freezes the weights. */
  readonly learningRate?: number | undefined;
  /** > 0, default 0.5. */
  readonly gradientClip?: number | undefined;
}

export class PressurePredictor implements Forecaster {
  readonly id = "neural";
  readonly stateBytes = PREDICTOR_STATE_BYTES;
  /** The live weights (49), order as in network.ts. A view: writing to it changes the network. */
  readonly weights: Float64Array;
  /** The whole live state, PREDICTOR_STATE_BYTES long. A view. */
  readonly bytes: Uint8Array;
  readonly #state: Float64Array;
  readonly #words: Uint32Array;
  readonly #singles: Float32Array;
  readonly #ring: Uint16Array;
  readonly #io = new Float64Array(IO_LENGTH); // scratch
  readonly #matured = new Float64Array(MATURED_LENGTH); // scratch

  /** Makes a fresh predictor in the given memory, or in its own. Throws AssertionError on bad options. */
  constructor(options: PressurePredictorOptions = {}) {
    const buffer = options.buffer ?? new ArrayBuffer(PREDICTOR_STATE_BYTES);
    const byteOffset = options.byteOffset ?? 0;
    assert(byteOffset >= 0 && byteOffset % 8 === 0, "the predictor's block must lie at a multiple of 8");
    assert(byteOffset + PREDICTOR_STATE_BYTES <= buffer.byteLength, "the predictor's block does not fit the buffer");
    this.bytes = new Uint8Array(buffer, byteOffset, PREDICTOR_STATE_BYTES);
    this.#state = new Float64Array(buffer, byteOffset, PREDICTOR_STATE_BYTES / 8);
    this.#words = new Uint32Array(buffer, byteOffset, PREDICTOR_STATE_BYTES / 4);
    this.#singles = new Float32Array(buffer, byteOffset, PREDICTOR_STATE_BYTES / 4);
    this.#ring = new Uint16Array(buffer, byteOffset + RING_U16 * 2, RING_SAMPLES * SAMPLE_FIELDS);
    this.weights = new Float64Array(buffer, byteOffset + WEIGHTS_F64 * 8, PARAMETER_COUNT);
    if ((options as { readonly [attached]?: boolean })[attached] !== true) this.#initialize(options);
  }

  /**
   * A predictor that goes on from the state in `buffer`.
   * Errors: INVALID_WEIGHTS when there is no state of this version.
   */
  static attach(buffer: ArrayBuffer | SharedArrayBuffer, byteOffset = 0): PressurePredictor {
    const predictor = new PressurePredictor({ buffer, byteOffset, [attached]: true } as PressurePredictorOptions);
    const words = predictor.#words;
    if (words[MAGIC_U32] !== STATE_MAGIC || words[VERSION_U32] !== STATE_VERSION) {
      throw new MempredError("INVALID_WEIGHTS", "there is no predictor state of this version in the buffer", {
        expected: `magic ${STATE_MAGIC}, version ${STATE_VERSION}`,
        found: `magic ${words[MAGIC_U32]}, version ${words[VERSION_U32]}`,
      });
    }
    return predictor;
  }

  observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    assert(occupancyRatio >= 0 && occupancyRatio <= 1, "occupancy must be a ratio");
    assert(pressureRatio >= 0 && pressureRatio <= 1, "pressure must be a ratio");
    const state = this.#state;
    const elapsed = nowMicros - state[LAST_MICROS];
    if (elapsed > 0) {
      const k = elapsed / (MEMORY_MICROS + elapsed);
      state[MEAN_OCCUPANCY] += k * (occupancyRatio - state[MEAN_OCCUPANCY]);
      state[COMPACTIONS] -= k * state[COMPACTIONS];
      state[LAST_MICROS] = nowMicros;
    }
    state[OCCUPANCY] = occupancyRatio;
  }

  /** The count fades at the next observation; `nowMicros` is not needed for it. */
  noteCompaction(_nowMicros: number): void {
    this.#state[COMPACTIONS] += 1;
  }

  forecast(nowMicros: number): number {
    const io = this.#io;
    io[IO_NOW] = nowMicros;
    featuresInto(this.#state, io);
    forwardKernel(this.weights, io);
    return io[IO_FORECAST];
  }

  tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    this.observe(nowMicros, occupancyRatio, pressureRatio);
    const io = this.#io;
    io[IO_NOW] = nowMicros;
    io[IO_LABEL] = pressureRatio; // from here on time and pressure travel in `io`, unboxed
    this.#tick(isLabelMasked);
  }

  upperMargin(): number {
    return trackedMargin(this.#state, TRACKER);
  }

  confidence(): number {
    return trackedConfidence(this.#state, TRACKER, this.#words[MATURED_U32]);
  }

  /** The forecasts of the ticks, exponentially smoothed against oscillation (K66); 0 before the first tick. */
  get smoothed(): number {
    return this.#state[SMOOTHED];
  }

  /** Forecasts issued at ticks. */
  get predictions(): number {
    return this.#words[PREDICTIONS_U32];
  }

  /** Labels learned from. */
  get trainedLabels(): number {
    return this.#words[TRAINED_U32];
  }

  /** Labels whose error was taken in. */
  get maturedLabels(): number {
    return this.#words[MATURED_U32];
  }

  /** Recent mean of |forecast − label|, 0..1. */
  get recentError(): number {
    return trackedError(this.#state, TRACKER);
  }

  get learningRate(): number {
    return this.#state[LEARNING_RATE];
  }

  get gradientClip(): number {
    return this.#singles[CLIP_F32];
  }

  /** Writes the four features and the anchor that a forecast at `nowMicros` starts from into `out` (5). */
  readFeatures(nowMicros: number, out: Float64Array): void {
    this.#io[IO_NOW] = nowMicros;
    featuresInto(this.#state, this.#io);
    for (let i = 0; i <= IO_ANCHOR; i++) out[i] = this.#io[i];
  }

  #initialize(options: PressurePredictorOptions): void {
    const learningRate = options.learningRate ?? DEFAULT_LEARNING_RATE;
    const gradientClip = options.gradientClip ?? DEFAULT_GRADIENT_CLIP;
    assert(learningRate >= 0 && learningRate <= 1, "the learning rate must be in 0..1");
    assert(gradientClip > 0 && gradientClip < 1e9, "the gradient clip must be positive");
    this.bytes.fill(0);
    const state = this.#state;
    this.#words[MAGIC_U32] = STATE_MAGIC;
    this.#words[VERSION_U32] = STATE_VERSION;
    state[LAST_MICROS] = LONG_AGO;
    state[TICK_AT_MICROS] = LONG_AGO;
    state[LEARNING_RATE] = learningRate;
    this.#singles[CLIP_F32] = gradientClip;
    resetErrorTracker(state, TRACKER);
    if (options.weights === undefined) initialWeights(options.seed ?? 1, this.weights);
    else {
      assert(options.weights.length === PARAMETER_COUNT, "49 weights are needed");
      this.weights.set(options.weights);
    }
  }

  /** The tick whose time is in IO_NOW and whose pressure is in IO_LABEL. */
  #tick(isLabelMasked: boolean): void {
    const io = this.#io;
    const state = this.#state;
    const bytes = this.bytes;
    if (io[IO_NOW] - state[TICK_AT_MICROS] > GAP_MICROS) bytes[RING_FILLED_U8] = 0;
    moveLevel(state, io);
    const head = bytes[RING_HEAD_U8];
    const at = head * SAMPLE_FIELDS;
    if (bytes[RING_FILLED_U8] === RING_SAMPLES) {
      if (!isLabelMasked) this.#learn(at);
    } else bytes[RING_FILLED_U8]++;
    this.#issue(at);
    bytes[RING_HEAD_U8] = head + 1 === RING_SAMPLES ? 0 : head + 1;
    state[TICK_AT_MICROS] = io[IO_NOW];
  }

  /** The label of the sample at ring position `at` is in IO_LABEL: take in its error and learn from it. */
  #learn(at: number): void {
    const ring = this.#ring;
    const words = this.#words;
    const io = this.#io;
    if (ring[at + SAMPLE_FORECAST] !== NOT_FINITE) {
      const matured = this.#matured;
      matured[MATURED_FORECAST] = ring[at + SAMPLE_FORECAST] / RATIO_STEPS;
      matured[MATURED_MARGIN] = ring[at + SAMPLE_MARGIN] / RATIO_STEPS;
      matured[MATURED_PERSISTENCE] = ring[at + SAMPLE_PRESSURE] / RATIO_STEPS;
      matured[MATURED_LABEL] = io[IO_LABEL];
      trackError(this.#state, TRACKER, words[MATURED_U32], matured);
      words[MATURED_U32]++;
    }
    io[IO_X] = ring[at + SAMPLE_X1] / RATIO_STEPS;
    io[IO_X + 1] = ring[at + SAMPLE_X2] / RATIO_STEPS;
    io[IO_X + 2] = (ring[at + SAMPLE_X3_X4] & 255) / BYTE_STEPS;
    io[IO_X + 3] = (ring[at + SAMPLE_X3_X4] >> 8) / BYTE_STEPS;
    io[IO_ANCHOR] = ring[at + SAMPLE_ANCHOR] / RATIO_STEPS;
    io[IO_LEARNING_RATE] = this.#state[LEARNING_RATE];
    io[IO_CLIP] = this.#singles[CLIP_F32];
    trainKernel(this.weights, io);
    if (io[IO_FORECAST] - io[IO_FORECAST] === 0) words[TRAINED_U32]++;
  }

  /** Forecasts and writes the sample to ring position `at`. */
  #issue(at: number): void {
    const ring = this.#ring;
    const state = this.#state;
    const words = this.#words;
    const io = this.#io;
    featuresInto(state, io);
    forwardKernel(this.weights, io);
    ring[at + SAMPLE_X1] = toFixed16(io[IO_X]);
    ring[at + SAMPLE_X2] = toFixed16(io[IO_X + 1]);
    ring[at + SAMPLE_X3_X4] = Math.round(io[IO_X + 2] * BYTE_STEPS) | (Math.round(io[IO_X + 3] * BYTE_STEPS) << 8);
    ring[at + SAMPLE_ANCHOR] = toFixed16(io[IO_ANCHOR]);
    ring[at + SAMPLE_FORECAST] = toFixed16(io[IO_FORECAST]);
    ring[at + SAMPLE_MARGIN] = toFixed16(trackedMargin(state, TRACKER));
    ring[at + SAMPLE_PRESSURE] = toFixed16(io[IO_LABEL]);
    if (io[IO_FORECAST] - io[IO_FORECAST] === 0) {
      const share = words[PREDICTIONS_U32] === 0 ? 1 : SMOOTHING;
      state[SMOOTHED] += share * (io[IO_FORECAST] - state[SMOOTHED]);
    }
    words[PREDICTIONS_U32]++;
  }
}

/** Marks the options of `attach`: the block holds a state already. */
const attached = Symbol("attached");
