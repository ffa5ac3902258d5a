// The watchdog: decides at each forecast and each tick whether a forecaster may be trusted, and says why when not. Unlike
// confidence, which grades a forecaster that works, it catches one that is broken: damaged weights, an attacked input, a
// stuck or oscillating output, labels that no longer come. It is a circuit breaker (Nygard 2007, ch. 5) over a forecaster:
//
//   closed ──trip──▶ tripped ──cool-down──▶ half-open ──k labels no worse than persistence──▶ closed
//                       ▲────────────────────────┘ worse, or a damaged forecast: longer cool-down
//
// On a trip it puts back weights that were good for at least half a minute. It calls nobody: the caller reads `state` and
// `trips`. It knows no clock and draws nothing, so equal input gives equal trips.

import { HORIZON_TICKS, MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
import { ADWIN_STATE_BYTES, Adwin } from "./adwin.ts";
import { PARAMETER_COUNT } from "./network.ts";

/** Why a watchdog tripped. */
export const TRIP_REASONS = [
  "nan", // a forecast or a weight is not a number
  "infinite", // a forecast or a weight is infinite
  "out-of-bounds", // a forecast is outside 0..1
  "weight-norm", // the weights have grown beyond any use
  "worse-than-persistence", // over a window the errors are far above persistence's
  "drift", // the error against persistence's has risen significantly (ADWIN)
  "flip-flop", // the forecast swings to and fro while pressure does not
  "no-label", // no label has matured for too long
  "stuck", // the forecast has been the same number for long while pressure moved
  // What whoever feeds the forecaster reports through `fault`:
  "bad-input", // a reading is no ratio, or cannot be true
  "stuck-input", // a reading has been the same number for long while requests came
  "clock", // time ran backwards, or further ahead than between two readings it can
] as const;
export type TripReason = (typeof TRIP_REASONS)[number];

export interface Trip {
  readonly atMicros: number;
  readonly reason: TripReason;
}

export type WatchdogState = "closed" | "tripped" | "half-open";

export interface WatchdogParameters {
  /** Greatest Euclidean norm of the weights. */
  readonly weightNormCap: number;
  /** Longest time without a matured label, masked ones included. */
  readonly maxLabelAgeMicros: number;
  /** Longest time without a matured label that is not masked. */
  readonly maxMaskedMicros: number;
  /** First cool-down; it doubles with each failed re-admission and each trip soon after one, up to 16 times. */
  readonly coolDownMicros: number;
  /** Labels in the shadow before re-admission. */
  readonly shadowLabels: number;
  /** Window of the slow comparison with persistence, labels. */
  readonly windowLabels: number;
  /** The slow comparison trips above ratio · persistence's error + floor. */
  readonly worseRatio: number;
  readonly worseFloor: number;
  /** The fast comparison sums what an error is over persistence's recent peak + fastFloor and trips at fastLimit. */
  readonly fastFloor: number;
  readonly fastLimit: number;
  /** Steps of the forecast below this never count as a flip. */
  readonly flipStep: number;
  /** Flips within the last 16 ticks that trip. */
  readonly flipLimit: number;
  /** ADWIN's probability of a false cut. */
  readonly driftDelta: number;
  /** Least rise of the error against persistence's that counts as drift. */
  readonly driftRise: number;
  /** Ticks for which the forecast may be one and the same number, 0 and 1 excepted, while pressure moves. */
  readonly stuckTicks: number;
}

export const DEFAULT_WATCHDOG: WatchdogParameters = {
  weightNormCap: 100,
  maxLabelAgeMicros: 30 * MICROS_PER_SECOND,
  maxMaskedMicros: 600 * MICROS_PER_SECOND,
  coolDownMicros: 10 * MICROS_PER_SECOND,
  shadowLabels: 20,
  windowLabels: 60,
  worseRatio: 2,
  worseFloor: 0.02,
  fastFloor: 0.1,
  fastLimit: 1,
  flipStep: 0.1,
  flipLimit: 10,
  driftDelta: 0.001,
  driftRise: 0.03,
  stuckTicks: 20,
};

/** Ticks between snapshots of the weights. */
const SNAPSHOT_TICKS = 60;
/** A trip this soon after a re-admission lengthens the cool-down. */
const RELAPSE_MICROS = 120 * MICROS_PER_SECOND;
const MOST_COOL_DOWN_FACTOR = 16;
/** The error less persistence's, ±12.5 points, is mapped to 0..1 for ADWIN. */
const EXCESS_SCALE = 4;
const PEAK_DECAY = 0.99; // persistence's peak error halves in 35 s
const MOST_TRIPS_KEPT = 1000;

/** Slots of the state. */
const ERROR_MEAN = 2 * HORIZON_TICKS;
const PERSISTENCE_MEAN = ERROR_MEAN + 1;
const PERSISTENCE_PEAK = ERROR_MEAN + 2;
const FAST_SUM = ERROR_MEAN + 3;
const LAST_LABEL = ERROR_MEAN + 4;
const LAST_LEARNED = ERROR_MEAN + 5;
const TICK_AT = ERROR_MEAN + 6;
const UNTIL = ERROR_MEAN + 7; // end of the cool-down
const CLOSED_AT = ERROR_MEAN + 8;
const LAST_FORECAST = ERROR_MEAN + 9;
const LAST_PRESSURE = ERROR_MEAN + 10;
const VALUE = ERROR_MEAN + 11; // of the tick under way, with TICK_AT
const PRESSURE = ERROR_MEAN + 12;
const STATE_LENGTH = ERROR_MEAN + 13;

/** Bytes of a watchdog: its state, two snapshots of the weights, the drift window, counters. The list of trips is apart. */
export const watchdogStateBytes = STATE_LENGTH * 8 + 2 * PARAMETER_COUNT * 8 + ADWIN_STATE_BYTES + 10 * 8;

export class Watchdog {
  readonly parameters: WatchdogParameters;
  readonly #weights: Float64Array | undefined;
  readonly #good: Float64Array;
  readonly #candidate: Float64Array;
  readonly #state = new Float64Array(STATE_LENGTH);
  readonly #adwin: Adwin;
  readonly #trips: Trip[] = [];
  #phase: WatchdogState = "closed";
  #tripCount = 0;
  #head = 0;
  #filled = 0;
  #labels = 0; // since closed or half-open
  #ticks = 0;
  #flips = 0; // bit i: there was a flip i ticks ago
  #direction = 0;
  #stuck = 0; // ticks since the forecast last changed in which pressure did
  #coolDownFactor = 1;

  /** @param weights live weights to watch and to restore; none for forecasters without */
  constructor(weights?: Float64Array, parameters: Partial<WatchdogParameters> = {}) {
    this.parameters = { ...DEFAULT_WATCHDOG, ...parameters };
    this.#weights = weights;
    this.#good = weights === undefined ? new Float64Array(0) : weights.slice();
    this.#candidate = this.#good.slice();
    this.#adwin = new Adwin(this.parameters.driftDelta);
    this.#state[LAST_LABEL] = NaN; // NaN: age not yet measured, compares false
    this.#state[LAST_LEARNED] = NaN;
    this.#state[TICK_AT] = -Infinity;
    this.#state[CLOSED_AT] = -Infinity;
  }

  get state(): WatchdogState {
    return this.#phase;
  }

  /** Whether the forecaster is out of use: tripped or on probation. */
  get isTripped(): boolean {
    return this.#phase !== "closed";
  }

  /** The trips in order, the first 1,000. Failed re-admissions prolong a trip and are not trips. */
  get trips(): readonly Trip[] {
    return this.#trips;
  }

  /** All trips, kept or not. */
  get tripCount(): number {
    return this.#tripCount;
  }

  /**
   * The hot check: whether `value` may be used. Trips on a value that is no ratio, or when labels have stopped.
   * A few comparisons, no garbage.
   */
  admits(nowMicros: number, value: number): boolean {
    if (this.#phase !== "closed") return false;
    if (value >= 0 && value <= 1 && !(nowMicros - this.#state[LAST_LABEL] > this.parameters.maxLabelAgeMicros)) {
      return true;
    }
    this.#trip(nowMicros, reasonOfValue(value) ?? "no-label");
    return false;
  }

  /**
   * The check of a tick, after the forecaster's own tick.
   * @param value the forecast just issued, unguarded
   * @param isLabelMasked whether the label that matures now must not be judged
   */
  tick(nowMicros: number, value: number, pressureRatio: number, isLabelMasked: boolean): void {
    const state = this.#state;
    if (nowMicros - state[TICK_AT] > 2 * TICK_MICROS) this.#filled = 0; // missed ticks break the pairing
    state[TICK_AT] = nowMicros;
    state[VALUE] = value;
    state[PRESSURE] = pressureRatio; // from here on they travel in the state, unboxed
    this.#tick(isLabelMasked);
  }

  /**
   * A fault that the watchdog cannot see from here: a bad sensor, a clock that jumps. Trips at once; while it lasts each
   * report starts the cool-down anew, and one on probation ends the probation.
   */
  fault(nowMicros: number, reason: TripReason): void {
    if (this.#phase !== "tripped") this.#trip(nowMicros, reason);
    else {
      const until = nowMicros + this.parameters.coolDownMicros;
      if (until > this.#state[UNTIL]) this.#state[UNTIL] = until;
    }
  }

  #tick(isLabelMasked: boolean): void {
    const state = this.#state;
    this.#ticks++;
    if (!(state[LAST_LABEL] <= state[TICK_AT])) {
      state[LAST_LABEL] = state[TICK_AT];
      state[LAST_LEARNED] = state[TICK_AT];
    }
    if (this.#phase === "tripped") {
      if (state[TICK_AT] < state[UNTIL]) return;
      this.#enter("half-open");
    }
    const reason = this.#examine(isLabelMasked);
    if (reason !== undefined) this.#trip(state[TICK_AT], reason);
    else if (this.#phase === "half-open") this.#judgeShadow();
    else if (this.#ticks % SNAPSHOT_TICKS === 0) this.#snapshot();
  }

  /** Runs all checks of a tick and takes the forecast into the ring. */
  #examine(isLabelMasked: boolean): TripReason | undefined {
    const parameters = this.parameters;
    const state = this.#state;
    if (!(state[VALUE] >= 0 && state[VALUE] <= 1)) return reasonOfValue(state[VALUE]);
    let reason = this.#reasonOfWeights();
    if (reason !== undefined) return reason;
    const head = this.#head;
    if (this.#filled < HORIZON_TICKS) this.#filled++;
    else {
      state[LAST_LABEL] = state[TICK_AT];
      if (!isLabelMasked) {
        state[LAST_LEARNED] = state[TICK_AT];
        reason = this.#judgeLabel();
      }
    }
    if (this.#isStuck()) reason ??= "stuck"; // before the next line takes the last forecast's place
    if (this.#flipFlops()) reason ??= "flip-flop";
    state[head] = state[VALUE];
    state[HORIZON_TICKS + head] = state[PRESSURE];
    this.#head = (head + 1) % HORIZON_TICKS;
    if (this.#phase !== "closed") return undefined; // errors on probation are judged together
    if (state[TICK_AT] - state[LAST_LEARNED] > parameters.maxMaskedMicros) reason ??= "no-label";
    if (state[TICK_AT] - state[LAST_LABEL] > parameters.maxLabelAgeMicros) reason ??= "no-label";
    return reason;
  }

  #reasonOfWeights(): TripReason | undefined {
    if (this.#weights === undefined) return undefined;
    const cap = this.parameters.weightNormCap;
    let sum = 0;
    for (let i = 0; i < this.#weights.length; i++) sum += this.#weights[i] * this.#weights[i];
    if (sum <= cap * cap) return undefined;
    if (Number.isNaN(sum)) return "nan";
    return sum === Infinity && this.#weights.some((w) => w === Infinity || w === -Infinity)
      ? "infinite"
      : "weight-norm";
  }

  /** Takes in the error of the forecast that matures now. */
  #judgeLabel(): TripReason | undefined {
    const parameters = this.parameters;
    const state = this.#state;
    const head = this.#head;
    const error = Math.abs(state[head] - state[PRESSURE]);
    const reference = Math.abs(state[HORIZON_TICKS + head] - state[PRESSURE]);
    const labels = ++this.#labels;
    const k = 1 / Math.min(labels, parameters.windowLabels);
    state[ERROR_MEAN] += k * (error - state[ERROR_MEAN]);
    state[PERSISTENCE_MEAN] += k * (reference - state[PERSISTENCE_MEAN]);
    const peak = Math.max(reference, state[PERSISTENCE_PEAK] * PEAK_DECAY);
    state[PERSISTENCE_PEAK] = peak;
    state[FAST_SUM] = Math.max(0, state[FAST_SUM] + error - peak - parameters.fastFloor);
    if (state[FAST_SUM] > parameters.fastLimit) return "worse-than-persistence";
    const limit = parameters.worseRatio * state[PERSISTENCE_MEAN] + parameters.worseFloor;
    if (labels >= parameters.windowLabels && state[ERROR_MEAN] > limit) return "worse-than-persistence";
    const rise = this.#adwin.add(Math.max(0, Math.min(1, 0.5 + EXCESS_SCALE * (error - reference))));
    const excess = (this.#adwin.mean - 0.5) / EXCESS_SCALE;
    if (rise / EXCESS_SCALE > parameters.driftRise && excess > parameters.driftRise / 2) return "drift";
    return undefined;
  }

  /** Whether the forecast has not changed by a bit for long, though pressure has. At 0 and 1 a clamp may be at work. */
  #isStuck(): boolean {
    const state = this.#state;
    if (state[VALUE] !== state[LAST_FORECAST] || state[VALUE] === 0 || state[VALUE] === 1) this.#stuck = 0;
    else if (state[PRESSURE] !== state[LAST_PRESSURE]) this.#stuck++;
    return this.#stuck >= this.parameters.stuckTicks;
  }

  /** Whether the forecast has turned back by more than flipStep, and more than pressure explains, too often lately. */
  #flipFlops(): boolean {
    const state = this.#state;
    const step = state[VALUE] - state[LAST_FORECAST];
    const moved = Math.abs(state[PRESSURE] - state[LAST_PRESSURE]);
    state[LAST_FORECAST] = state[VALUE];
    state[LAST_PRESSURE] = state[PRESSURE];
    let isFlip = 0;
    if (Math.abs(step) > this.parameters.flipStep + 2 * moved) {
      const direction = step > 0 ? 1 : -1;
      if (this.#direction === -direction) isFlip = 1;
      this.#direction = direction;
    }
    this.#flips = ((this.#flips << 1) | isFlip) & 0xffff;
    let count = 0;
    for (let bits = this.#flips; bits !== 0; bits &= bits - 1) count++;
    return count >= this.parameters.flipLimit;
  }

  /** On probation: enough labels in the shadow decide. */
  #judgeShadow(): void {
    if (this.#labels < this.parameters.shadowLabels) return;
    const state = this.#state;
    if (state[ERROR_MEAN] <= state[PERSISTENCE_MEAN] + this.parameters.worseFloor / 2) {
      this.#enter("closed");
      state[CLOSED_AT] = state[TICK_AT];
    } else this.#coolDown(state[TICK_AT], true);
  }

  #trip(nowMicros: number, reason: TripReason): void {
    const isRelapse = this.#phase === "half-open" || nowMicros - this.#state[CLOSED_AT] < RELAPSE_MICROS;
    if (this.#phase === "closed") {
      this.#tripCount++;
      if (this.#trips.length < MOST_TRIPS_KEPT) this.#trips.push({ atMicros: nowMicros, reason });
    }
    this.#coolDown(nowMicros, isRelapse);
  }

  #coolDown(nowMicros: number, isRelapse: boolean): void {
    this.#coolDownFactor = isRelapse ? Math.min(MOST_COOL_DOWN_FACTOR, this.#coolDownFactor * 2) : 1;
    this.#state[UNTIL] = nowMicros + this.parameters.coolDownMicros * this.#coolDownFactor;
    this.#enter("tripped");
    this.#weights?.set(this.#good);
    this.#candidate.set(this.#good);
  }

  /** Changes phase and forgets the evidence of the last one. */
  #enter(phase: WatchdogState): void {
    this.#phase = phase;
    this.#labels = 0;
    this.#filled = 0;
    this.#flips = 0;
    this.#direction = 0;
    this.#stuck = 0;
    this.#adwin.reset();
    const state = this.#state;
    state[ERROR_MEAN] = 0;
    state[PERSISTENCE_MEAN] = 0;
    state[FAST_SUM] = 0;
    state[LAST_LABEL] = state[TICK_AT];
    state[LAST_LEARNED] = state[TICK_AT];
    state[LAST_FORECAST] = 0;
    state[LAST_PRESSURE] = 1; // so that the first step is never a flip
  }

  /** The weights of 30 s ago proved good until now; today's are the next candidates. */
  #snapshot(): void {
    if (this.#weights === undefined) return;
    this.#good.set(this.#candidate);
    this.#candidate.set(this.#weights);
  }
}

/** What is wrong with a value that should be a ratio. */
function reasonOfValue(value: number): TripReason | undefined {
  if (value >= 0 && value <= 1) return undefined;
  if (Number.isNaN(value)) return "nan";
  return value === Infinity || value === -Infinity ? "infinite" : "out-of-bounds";
}
