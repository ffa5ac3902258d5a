// The network as a forecaster in 48 bytes: the same four inputs, anchor, 4→8→1 network, interval and confidence as
// PressurePredictor, without what makes that one 656 bytes long. Its weights were trained offline and are constants of the
// program (shipped-compact.ts), as its code is; they are NOT trained online. What is: two numbers that are added to the
// network's output, a bias and a weight of the rate x1, by the same loss. On seeds 101..105 they bring what
// training all 49 weights brings. Means and errors are 16-bit fixed point, times are whole milliseconds, and a sample waits for
// its label in 32 bits, each second tick (compact-layout.ts). A policy pays for a forecaster with memory of a heap that is short
// of it, so bytes that a forecast does not need cost more than they bring.
//
// Other differences that can be seen: x3 fades at ticks and not at each allocation; a gap of over a minute counts as "never
// before", and one of over 4.6 hours may look like a shorter one.

import { assert, MempredError } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { expDeterministic, logDeterministic } from "../core/math.ts";
import { HORIZON_TICKS, MICROS_PER_MILLI, TICK_MICROS } from "../core/units.ts";
import {
  BIAS_U16,
  CLOCK_MASK,
  CLOCK_SHIFT,
  CLOCK_U32,
  COMPACT_SAMPLES,
  COMPACT_STATE_BYTES,
  COMPACTION_STEPS,
  ERROR_U16,
  FILLED_U8,
  forecastOfSample,
  isSampleFinite,
  LABELS_U8,
  LEARNED_MOST,
  LEARNED_NONE,
  LEARNED_STEPS,
  LEVEL_U16,
  LONG_AGO_MILLIS,
  MARGIN_PHASE_U16,
  MEAN_OCCUPANCY_F32,
  MISSES_U16,
  MOST_COMPACTIONS,
  MOST_LABELS,
  marginStepOfSample,
  OCCUPANCY_U16,
  PERSISTENCE_U16,
  PHASE_MASK,
  PHASE_SHIFT,
  packSample,
  pressureOfSample,
  RATE_WEIGHT_U16,
  rateOfSample,
  SAMPLE_EACH_TICKS,
  SAMPLES_U32,
  SINCE_MILLIS_U16,
  STEPS_OF_A_MISS,
} from "./compact-layout.ts";
import {
  ERROR_TRACKER_LENGTH,
  INITIAL_MARGIN,
  LEAST_MARGIN,
  MARGIN_STEP,
  MATURED_FORECAST,
  MATURED_LABEL,
  MATURED_LENGTH,
  MATURED_MARGIN,
  MATURED_PERSISTENCE,
  resetErrorTracker,
  TRACKED_ERROR,
  TRACKED_MARGIN,
  TRACKED_MISSES,
  TRACKED_PERSISTENCE_ERROR,
  trackError,
  trackedConfidence,
} from "./error-tracker.ts";
import { featuresInto, MEMORY_MICROS, moveLevel } from "./features.ts";
import { forwardKernel, IO_ANCHOR, IO_FORECAST, IO_LABEL, IO_LENGTH, IO_NOW, IO_X } from "./kernel.ts";
import { B2_AT, LOSS_SOFTNESS } from "./network.ts";
import { compactWeights } from "./shipped-compact.ts";
import {
  COMPACTIONS,
  fromFixed16,
  LEVEL,
  MEAN_OCCUPANCY,
  OCCUPANCY,
  RATIO_STEPS,
  TICK_AT_MICROS,
  TRACKER,
} from "./state-layout.ts";

export { COMPACT_STATE_BYTES } from "./compact-layout.ts";

const MEMORY_MILLIS = MEMORY_MICROS / MICROS_PER_MILLI;
/** A tick later than this after the last breaks the pairing of samples and labels: the ring starts anew. */
const GAP_MILLIS = (2 * TICK_MICROS) / MICROS_PER_MILLI;
/** "Never" for moveLevel: the share of the way is 1. */
const LONG_AGO_MICROS = 1e300;
/** Steps of the bias and of the rate's weight, each label; larger ones lose on steady families what they win on others. */
const BIAS_LEARNING_RATE = 0.004;
const RATE_LEARNING_RATE = 0.01;
const MOST_MARGIN_STEP = Math.floor(-logDeterministic(LEAST_MARGIN) / MARGIN_STEP);
/** The margin at each step: what the tracker would reach by so many steps from the least one. */
const MARGINS = Float64Array.from(
  { length: MOST_MARGIN_STEP + 1 },
  (_, step) => LEAST_MARGIN * expDeterministic(step * MARGIN_STEP),
);
const INITIAL_MARGIN_STEP = Math.round(logDeterministic(INITIAL_MARGIN / LEAST_MARGIN) / MARGIN_STEP);

export interface CompactPredictorOptions {
  /** Memory to live in; a fresh one when absent. */
  readonly buffer?: ArrayBuffer | SharedArrayBuffer | undefined;
  /** Start of the block in `buffer`, a multiple of 4 with COMPACT_STATE_BYTES behind it. Default 0. */
  readonly byteOffset?: number | undefined;
  /** 49 weights in place of the shipped ones, order as in network.ts. They are not part of the state. */
  readonly weights?: ArrayLike<number> | undefined;
}

export class CompactPredictor implements Forecaster {
  readonly id = "compact";
  readonly stateBytes = COMPACT_STATE_BYTES;
  /** The whole live state, COMPACT_STATE_BYTES long. A view. */
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #singles: Float32Array;
  readonly #halves: Uint16Array;
  /** Constants, but for the bias of the output, to which what was learned online is added before each use. */
  readonly #weights: Float64Array;
  readonly #outputBias: number;
  readonly #state = new Float64Array(TRACKER + ERROR_TRACKER_LENGTH); // scratch: the state in the layout of features.ts
  readonly #io = new Float64Array(IO_LENGTH); // scratch
  readonly #matured = new Float64Array(MATURED_LENGTH); // scratch

  /** Makes a fresh predictor in the given memory, or in its own. Throws AssertionError on bad options. */
  constructor(options: CompactPredictorOptions = {}) {
    const buffer = options.buffer ?? new ArrayBuffer(COMPACT_STATE_BYTES);
    const byteOffset = options.byteOffset ?? 0;
    assert(byteOffset >= 0 && byteOffset % 4 === 0, "the predictor's block must lie at a multiple of 4");
    assert(byteOffset + COMPACT_STATE_BYTES <= buffer.byteLength, "the predictor's block does not fit the buffer");
    this.bytes = new Uint8Array(buffer, byteOffset, COMPACT_STATE_BYTES);
    this.#words = new Uint32Array(buffer, byteOffset, COMPACT_STATE_BYTES / 4);
    this.#singles = new Float32Array(buffer, byteOffset, COMPACT_STATE_BYTES / 4);
    this.#halves = new Uint16Array(buffer, byteOffset, COMPACT_STATE_BYTES / 2);
    this.#weights = compactWeights();
    if (options.weights !== undefined) {
      assert(options.weights.length === this.#weights.length, "49 weights are needed");
      this.#weights.set(options.weights);
    }
    this.#outputBias = this.#weights[B2_AT];
    if ((options as { readonly [attached]?: boolean })[attached] !== true) this.#initialize();
  }

  /**
   * A predictor that goes on from the state in `buffer`. There is no byte for a mark, so what is checked is that each field is
   * in its range; a block of zeros is not a state.
   * Errors: INVALID_WEIGHTS when that is not so.
   */
  static attach(buffer: ArrayBuffer | SharedArrayBuffer, byteOffset = 0): CompactPredictor {
    const predictor = new CompactPredictor({ buffer, byteOffset, [attached]: true } as CompactPredictorOptions);
    const field = predictor.#fieldOutOfRange();
    if (field !== null) {
      throw new MempredError("INVALID_WEIGHTS", "there is no state of a compact predictor in the buffer", { field });
    }
    return predictor;
  }

  observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    assert(occupancyRatio >= 0 && occupancyRatio <= 1, "occupancy must be a ratio");
    assert(pressureRatio >= 0 && pressureRatio <= 1, "pressure must be a ratio");
    const words = this.#words;
    const halves = this.#halves;
    const nowMillis = (nowMicros / MICROS_PER_MILLI) & CLOCK_MASK;
    const clock = words[CLOCK_U32];
    const elapsed = (nowMillis - (clock >>> CLOCK_SHIFT)) & CLOCK_MASK;
    if (elapsed > 0) {
      const singles = this.#singles;
      const since = halves[SINCE_MILLIS_U16] + elapsed;
      if (since >= LONG_AGO_MILLIS) singles[MEAN_OCCUPANCY_F32] = occupancyRatio;
      else {
        const k = elapsed / (MEMORY_MILLIS + elapsed);
        singles[MEAN_OCCUPANCY_F32] += k * (occupancyRatio - singles[MEAN_OCCUPANCY_F32]);
      }
      halves[SINCE_MILLIS_U16] = since >= LONG_AGO_MILLIS ? LONG_AGO_MILLIS : since;
      words[CLOCK_U32] = (nowMillis << CLOCK_SHIFT) | (clock & MOST_COMPACTIONS);
    } else if (halves[SINCE_MILLIS_U16] === LONG_AGO_MILLIS) this.#singles[MEAN_OCCUPANCY_F32] = occupancyRatio;
    halves[OCCUPANCY_U16] = occupancyRatio * RATIO_STEPS + 0.5;
  }

  /** The count fades at the next tick; `nowMicros` is not needed for it. */
  noteCompaction(_nowMicros: number): void {
    const words = this.#words;
    const room = MOST_COMPACTIONS - (words[CLOCK_U32] & MOST_COMPACTIONS);
    words[CLOCK_U32] += room < COMPACTION_STEPS ? room : COMPACTION_STEPS;
  }

  forecast(nowMicros: number): number {
    const io = this.#io;
    io[IO_NOW] = nowMicros;
    this.#forward();
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
    return MARGINS[this.#halves[MARGIN_PHASE_U16] >> PHASE_SHIFT];
  }

  confidence(): number {
    this.#readTracker();
    // Counted in ticks, so that trust comes as soon as that of the network whose labels come at each.
    return trackedConfidence(this.#state, TRACKER, this.bytes[LABELS_U8] * SAMPLE_EACH_TICKS);
  }

  /** Labels taken in, counted to 255. */
  get maturedLabels(): number {
    return this.bytes[LABELS_U8];
  }

  /** The 49 weights of the last forecast: constants, but for the output's bias, which has what was learned in it. A view. */
  get weights(): Float64Array {
    return this.#weights;
  }

  /** What was learned online of the bias of the output and of the weight of 2·x1 − 1, in the logit, within ±2. */
  get learned(): readonly [bias: number, rateWeight: number] {
    return [this.#learnedAt(BIAS_U16), this.#learnedAt(RATE_WEIGHT_U16)];
  }

  /** Recent mean of |forecast − label|, 0..1. */
  get recentError(): number {
    return fromFixed16(this.#halves[ERROR_U16]);
  }

  /** Writes the four features and the anchor that a forecast at `nowMicros` starts from into `out` (5). */
  readFeatures(nowMicros: number, out: Float64Array): void {
    this.#io[IO_NOW] = nowMicros;
    this.#readFeatures();
    for (let i = 0; i <= IO_ANCHOR; i++) out[i] = this.#io[i];
  }

  #initialize(): void {
    this.bytes.fill(0);
    resetErrorTracker(this.#state, TRACKER);
    this.#writeErrors();
    this.#halves[MARGIN_PHASE_U16] = INITIAL_MARGIN_STEP << PHASE_SHIFT;
    this.#halves[SINCE_MILLIS_U16] = LONG_AGO_MILLIS;
    this.#halves[BIAS_U16] = LEARNED_NONE;
    this.#halves[RATE_WEIGHT_U16] = LEARNED_NONE;
  }

  /** The tick whose time is in IO_NOW and whose pressure is in IO_LABEL. */
  #tick(isLabelMasked: boolean): void {
    const io = this.#io;
    const state = this.#state;
    const halves = this.#halves;
    const bytes = this.bytes;
    const since = halves[SINCE_MILLIS_U16];
    if (since > GAP_MILLIS) bytes[FILLED_U8] = 0;
    this.#fade(since);
    state[LEVEL] = fromFixed16(halves[LEVEL_U16]);
    state[TICK_AT_MICROS] = io[IO_NOW] - (since === LONG_AGO_MILLIS ? LONG_AGO_MICROS : since * MICROS_PER_MILLI);
    moveLevel(state, io);
    halves[LEVEL_U16] = state[LEVEL] * RATIO_STEPS + 0.5;
    halves[SINCE_MILLIS_U16] = 0;
    const phase = halves[MARGIN_PHASE_U16] & PHASE_MASK;
    if (phase % SAMPLE_EACH_TICKS === SAMPLE_EACH_TICKS - 1) {
      const at = SAMPLES_U32 + (phase - (SAMPLE_EACH_TICKS - 1)) / SAMPLE_EACH_TICKS;
      if (bytes[FILLED_U8] < COMPACT_SAMPLES) bytes[FILLED_U8]++;
      else if (!isLabelMasked) this.#learn(at);
      this.#forward();
      this.#words[at] = packSample(io, halves[MARGIN_PHASE_U16] >> PHASE_SHIFT);
    }
    halves[MARGIN_PHASE_U16] += phase + 1 === HORIZON_TICKS ? -phase : 1;
  }

  /** Fades the compaction count over `since` ms; rounded down, so that it gets to 0. */
  #fade(since: number): void {
    const words = this.#words;
    const count = words[CLOCK_U32] & MOST_COMPACTIONS;
    words[CLOCK_U32] -= count - Math.floor((count * MEMORY_MILLIS) / (MEMORY_MILLIS + since));
  }

  /** The label of the sample at `at` is in IO_LABEL: takes in its error and learns from it. */
  #learn(at: number): void {
    const sample = this.#words[at] | 0;
    if (!isSampleFinite(sample)) return;
    const matured = this.#matured;
    const state = this.#state;
    const halves = this.#halves;
    const bytes = this.bytes;
    const step = halves[MARGIN_PHASE_U16] >> PHASE_SHIFT;
    matured[MATURED_FORECAST] = forecastOfSample(sample);
    matured[MATURED_MARGIN] = MARGINS[marginStepOfSample(sample, step)];
    matured[MATURED_PERSISTENCE] = pressureOfSample(sample);
    matured[MATURED_LABEL] = this.#io[IO_LABEL];
    this.#readTracker();
    trackError(state, TRACKER, bytes[LABELS_U8], matured);
    const isMiss = state[TRACKER + TRACKED_MARGIN] > MARGINS[step];
    const moved = isMiss ? Math.min(MOST_MARGIN_STEP, step + STEPS_OF_A_MISS) : Math.max(0, step - 1);
    halves[MARGIN_PHASE_U16] = (moved << PHASE_SHIFT) | (halves[MARGIN_PHASE_U16] & PHASE_MASK);
    this.#writeErrors();
    if (bytes[LABELS_U8] < MOST_LABELS) bytes[LABELS_U8]++;
    const error = matured[MATURED_FORECAST] - matured[MATURED_LABEL];
    const slope = (LEARNED_STEPS * error) / ((error < 0 ? -error : error) + LOSS_SOFTNESS);
    this.#move(BIAS_U16, Math.round(BIAS_LEARNING_RATE * slope) | 0);
    this.#move(RATE_WEIGHT_U16, Math.round(RATE_LEARNING_RATE * slope * (2 * rateOfSample(sample) - 1)) | 0);
  }

  /** Takes `steps` off one of the two learned numbers. */
  #move(at: number, steps: number): void {
    const moved = this.#halves[at] - steps;
    this.#halves[at] = Math.max(LEARNED_NONE - LEARNED_MOST, Math.min(LEARNED_NONE + LEARNED_MOST, moved));
  }

  #learnedAt(at: number): number {
    return (this.#halves[at] - LEARNED_NONE) / LEARNED_STEPS;
  }

  /** The forecast at the time in IO_NOW, into IO_FORECAST. */
  #forward(): void {
    const weights = this.#weights;
    const io = this.#io;
    const halves = this.#halves;
    this.#readFeatures();
    const learned = halves[BIAS_U16] - LEARNED_NONE + (halves[RATE_WEIGHT_U16] - LEARNED_NONE) * (2 * io[IO_X] - 1);
    weights[B2_AT] = this.#outputBias + learned / LEARNED_STEPS;
    forwardKernel(weights, io);
  }

  /** x1..x4 and the anchor at the time in IO_NOW, into the first slots of `io`. */
  #readFeatures(): void {
    const halves = this.#halves;
    const state = this.#state;
    const io = this.#io;
    const clock = this.#words[CLOCK_U32];
    const sinceLast = (io[IO_NOW] / MICROS_PER_MILLI - (clock >>> CLOCK_SHIFT)) & CLOCK_MASK;
    state[MEAN_OCCUPANCY] = this.#singles[MEAN_OCCUPANCY_F32];
    state[OCCUPANCY] = fromFixed16(halves[OCCUPANCY_U16]);
    state[LEVEL] = fromFixed16(halves[LEVEL_U16]);
    state[COMPACTIONS] = (clock & MOST_COMPACTIONS) / COMPACTION_STEPS;
    state[TICK_AT_MICROS] = io[IO_NOW] - (halves[SINCE_MILLIS_U16] + sinceLast) * MICROS_PER_MILLI;
    featuresInto(state, io);
  }

  #readTracker(): void {
    const halves = this.#halves;
    const state = this.#state;
    state[TRACKER + TRACKED_MARGIN] = MARGINS[halves[MARGIN_PHASE_U16] >> PHASE_SHIFT];
    state[TRACKER + TRACKED_ERROR] = halves[ERROR_U16] / RATIO_STEPS;
    state[TRACKER + TRACKED_PERSISTENCE_ERROR] = halves[PERSISTENCE_U16] / RATIO_STEPS;
    state[TRACKER + TRACKED_MISSES] = halves[MISSES_U16] / RATIO_STEPS;
  }

  /** The tracked ratios are within 0..1, so that to round is all there is to do. */
  #writeErrors(): void {
    const halves = this.#halves;
    const state = this.#state;
    halves[ERROR_U16] = state[TRACKER + TRACKED_ERROR] * RATIO_STEPS + 0.5;
    halves[PERSISTENCE_U16] = state[TRACKER + TRACKED_PERSISTENCE_ERROR] * RATIO_STEPS + 0.5;
    halves[MISSES_U16] = state[TRACKER + TRACKED_MISSES] * RATIO_STEPS + 0.5;
  }

  /** Name of a field that no predictor could have left, null when there is none. */
  #fieldOutOfRange(): string | null {
    const halves = this.#halves;
    const mean = this.#singles[MEAN_OCCUPANCY_F32];
    const marginPhase = halves[MARGIN_PHASE_U16];
    if (!(mean >= 0 && mean <= 1)) return "mean occupancy";
    for (const at of [LEVEL_U16, OCCUPANCY_U16, ERROR_U16, PERSISTENCE_U16, MISSES_U16]) {
      if (halves[at] > RATIO_STEPS) return `ratio at ${2 * at}`;
    }
    if (marginPhase >> PHASE_SHIFT > MOST_MARGIN_STEP) return "margin";
    if ((marginPhase & PHASE_MASK) >= HORIZON_TICKS || this.bytes[FILLED_U8] > COMPACT_SAMPLES) return "place";
    for (const at of [BIAS_U16, RATE_WEIGHT_U16]) {
      if (Math.abs(halves[at] - LEARNED_NONE) > LEARNED_MOST) return `learned number at ${2 * at}`;
    }
    return null;
  }
}

/** Marks the options of `attach`: the block holds a state already. */
const attached = Symbol("attached");
