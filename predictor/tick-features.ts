// What the larger models look at: seventy-seven figures of the last two minutes, made anew at each tick from what a Forecaster
// is told. The 4→8→1 network has four inputs (features.ts); these are for `wide` and `gru`, which live outside the heap.
//
// Pressures are compared with an anchor in the logit, where a step is worth the same at 98 % as at 50 %: x = logit(p) −
// logit(anchor). Occupancies come as differences, in units of 3 points of capacity and of what the anchor leaves free. The
// anchor is the level that features.ts defines. Groups:
//
//   levels     P, U, their means over 1, 4, 12, 40 s, least and greatest P of the last half second
//   lags       how far U and P have come since 1..40 ticks ago
//   scales     mean |step| of U and of P
//   arrivals   now, over 1, 5, 30 s, and their ratios: a warning before a herd is a ratio
//   compactions likewise
//   heap       reference, holes, largest hole; all 0 while nobody calls sampleHeap
//   requests   mean length over 2 and 20 s; 0 while nobody calls observeRequest
//   season     the period of U by autocorrelation, what U and P did one and two periods ago
//   events     time since U last dropped and last jumped, against the mean gap between such events: the phase of a sawtooth
//   age        ticks so far, up to 200: while it is cold the others mean less
//
// Time constants fade by k = dt / (τ + dt) as in features.ts. State: typed arrays of fixed size, no garbage.

import { assert } from "../core/errors.ts";
import { logDeterministic } from "../core/math.ts";
import { HORIZON_TICKS } from "../core/units.ts";
import { EventClock } from "./event-clock.ts";
import { ANCHOR_MARGIN, LEVEL_MEMORY_MICROS, LEVEL_NOISE } from "./features.ts";
import { Season } from "./season.ts";

const TICK_SECONDS = 0.5;
const LEVEL_SECONDS = [1, 4, 12, 40] as const;
const OCCUPANCY_LAGS = [1, 2, 4, 6, 8, 10, 14, 20, 30, 40] as const;
const PRESSURE_LAGS = [1, 2, 4, 8, 12, 20] as const;
const COUNT_SECONDS = [1, 5, 30] as const;
const LENGTH_SECONDS = [2, 20] as const;
const TYPICAL_LENGTH = 200;
const LAG_PLACES = 64; // a power of two over the greatest lag
const COLD_TICKS = 200;
const TYPICAL_ARRIVALS = 50; // a tick at the default rate
const SWING = 0.03; // 3 points of capacity
const LEAST_FREE = 0.005;
const LEAST_MOTION = 0.002;
const FARTHEST = 6; // features stay within ±this

/** The number of features. */
export const TICK_FEATURES = 77;

export class TickFeatures {
  /** (TICK_FEATURES): those of the last tick. */
  readonly values = new Float64Array(TICK_FEATURES);
  readonly #io = new Float64Array(8); // since the last tick: Σ U, Σ P, least P, greatest P; level; mean steps of U, P; mean reference
  readonly #levels = new Float64Array(2 * LEVEL_SECONDS.length);
  readonly #counts = new Float64Array(2 * COUNT_SECONDS.length);
  readonly #occupancies = new Float64Array(LAG_PLACES);
  readonly #pressures = new Float64Array(LAG_PLACES);
  readonly #season = new Season();
  readonly #drops = new EventClock();
  readonly #jumps = new EventClock();
  readonly #heap = new Float64Array(3); // largest hole, holes, reference; reference 0: unknown
  readonly #lengths = new Float64Array(LENGTH_SECONDS.length + 2); // mean lengths, then Σ and count since the last tick
  #observations = 0;
  #compactions = 0;
  #ticks = 0;
  #at = 0; // next place of `values`, while they are written

  /** Bytes of its state. */
  static readonly stateBytes =
    (TICK_FEATURES +
      8 +
      2 * LEVEL_SECONDS.length +
      2 * COUNT_SECONDS.length +
      2 * LAG_PLACES +
      3 +
      LENGTH_SECONDS.length +
      2 +
      4) *
      8 +
    Season.stateBytes +
    2 * EventClock.stateBytes;

  constructor() {
    this.reset();
  }

  /** Ticks since the start or the last reset. */
  get ticks(): number {
    return this.#ticks;
  }

  /** The level of P that the forecast starts from, within 0.001..0.999. */
  get anchor(): number {
    const level = this.#io[4];
    return level < ANCHOR_MARGIN ? ANCHOR_MARGIN : level > 1 - ANCHOR_MARGIN ? 1 - ANCHOR_MARGIN : level;
  }

  /**
   * How much P moves at all, 0..1: 1 from a mean step of 0.2 points on, as on everything that was trained on, its square
   * below. A signal that stands still needs no correction of its level, and none was trained for it.
   */
  get motion(): number {
    const share = this.#io[6] / LEAST_MOTION;
    return share < 1 ? share * share : 1;
  }

  /** Forgets everything: the ticks were interrupted. */
  reset(): void {
    this.#ticks = 0;
    this.#season.reset();
    this.#drops.reset();
    this.#jumps.reset();
    this.#levels.fill(0);
    this.#counts.fill(0);
    this.#heap.fill(0);
    this.#lengths.fill(0);
    this.#startTick();
  }

  /** Hot. */
  observe(occupancyRatio: number, pressureRatio: number): void {
    const io = this.#io;
    io[0] += occupancyRatio;
    io[1] += pressureRatio;
    if (pressureRatio < io[2]) io[2] = pressureRatio;
    if (pressureRatio > io[3]) io[3] = pressureRatio;
    this.#observations++;
  }

  /** See Forecaster.observeRequest. Hot. */
  observeRequest(lengthBytes: number): void {
    this.#lengths[LENGTH_SECONDS.length] += lengthBytes;
    this.#lengths[LENGTH_SECONDS.length + 1]++;
  }

  noteCompaction(): void {
    this.#compactions++;
  }

  /** See Forecaster.sampleHeap. */
  sampleHeap(largestHoleBytes: number, holeCount: number, referenceBytes: number): void {
    this.#heap[0] = largestHoleBytes;
    this.#heap[1] = holeCount;
    this.#heap[2] = referenceBytes;
  }

  /** Takes in the sample of a tick and writes `values`. Cost: some 4 µs, each twentieth tick some 100 more for the season. */
  tick(occupancyRatio: number, pressureRatio: number): void {
    const io = this.#io;
    const n = this.#observations;
    const meanOccupancy = n === 0 ? occupancyRatio : io[0] / n;
    const meanPressure = n === 0 ? pressureRatio : io[1] / n;
    const least = n === 0 ? pressureRatio : io[2];
    const most = n === 0 ? pressureRatio : io[3];
    this.#follow(occupancyRatio, pressureRatio, meanOccupancy, meanPressure);
    this.#season.take(meanOccupancy, meanPressure);
    this.#write(occupancyRatio, pressureRatio, least, most);
    this.#ticks++;
    this.#startTick();
  }

  #startTick(): void {
    const io = this.#io;
    io[0] = 0;
    io[1] = 0;
    io[2] = 1;
    io[3] = 0;
    this.#lengths[LENGTH_SECONDS.length] = 0;
    this.#lengths[LENGTH_SECONDS.length + 1] = 0;
    this.#observations = 0;
    this.#compactions = 0;
  }

  /** Moves means, histories and clocks on. */
  #follow(u: number, p: number, meanU: number, meanP: number): void {
    const io = this.#io;
    const tick = this.#ticks;
    const levels = this.#levels;
    const counts = this.#counts;
    if (tick === 0) {
      io[4] = p;
      io[5] = 0.01;
      io[6] = 0.01;
      for (let k = 0; k < LEVEL_SECONDS.length; k++) {
        levels[2 * k] = u;
        levels[2 * k + 1] = p;
      }
      for (let k = 0; k < COUNT_SECONDS.length; k++) counts[2 * k] = TYPICAL_ARRIVALS;
      this.#occupancies.fill(u);
      this.#pressures.fill(meanP);
      io[7] = this.#heap[2];
    }
    const distance = p - io[4];
    const ratio = (distance * distance) / (distance * distance + LEVEL_NOISE * LEVEL_NOISE);
    const jump = ratio * ratio;
    const elapsed = TICK_SECONDS * 1e6;
    io[4] += (jump + ((1 - jump) * elapsed) / (LEVEL_MEMORY_MICROS + elapsed)) * distance;
    for (let k = 0; k < LEVEL_SECONDS.length; k++) {
      const share = TICK_SECONDS / (LEVEL_SECONDS[k] + TICK_SECONDS);
      levels[2 * k] += share * (meanU - levels[2 * k]);
      levels[2 * k + 1] += share * (meanP - levels[2 * k + 1]);
    }
    for (let k = 0; k < COUNT_SECONDS.length; k++) {
      const share = TICK_SECONDS / (COUNT_SECONDS[k] + TICK_SECONDS);
      counts[2 * k] += share * (this.#observations - counts[2 * k]);
      counts[2 * k + 1] += share * (this.#compactions - counts[2 * k + 1]);
    }
    if (this.#heap[2] > 0) {
      if (io[7] === 0) io[7] = this.#heap[2];
      io[7] += (tick < 60 ? 1 / (tick + 1) : 1 / 60) * (this.#heap[2] - io[7]);
    }
    const lengths = this.#lengths;
    const requests = lengths[LENGTH_SECONDS.length + 1];
    for (let k = 0; requests > 0 && k < LENGTH_SECONDS.length; k++) {
      const mean = lengths[LENGTH_SECONDS.length] / requests;
      const share = lengths[k] === 0 ? 1 : TICK_SECONDS / (LENGTH_SECONDS[k] + TICK_SECONDS);
      lengths[k] += share * (mean - lengths[k]);
    }
    const last = (tick - 1) & (LAG_PLACES - 1);
    const here = tick & (LAG_PLACES - 1);
    if (tick > 0) {
      io[5] += 0.02 * (Math.abs(u - this.#occupancies[last]) - io[5]);
      io[6] += 0.02 * (Math.abs(p - this.#pressures[last]) - io[6]);
    }
    const fall = (tick > 1 ? this.#occupancies[(tick - 2) & (LAG_PLACES - 1)] : u) - u;
    const large = Math.max(0.02, 3 * io[5]);
    this.#occupancies[here] = u;
    this.#pressures[here] = meanP;
    this.#drops.take(fall > large);
    this.#jumps.take(-fall > large);
  }

  #write(u: number, p: number, least: number, most: number): void {
    const io = this.#io;
    const anchor = this.anchor;
    const base = logitOf(anchor);
    const free = 1 - anchor + LEAST_FREE;
    const tick = this.#ticks;
    this.#at = 0;
    this.#put(base * 0.5 - 1);
    this.#put(logitOf(p) - base);
    this.#put(logitOf(u) - base);
    for (let k = 0; k < 2 * LEVEL_SECONDS.length; k++) this.#put(logitOf(this.#levels[k]) - base);
    this.#put(logitOf(least) - base);
    this.#put(logitOf(most) - base);
    for (let i = 0; i < OCCUPANCY_LAGS.length; i++) {
      const lag = Math.min(tick, OCCUPANCY_LAGS[i]);
      const way = u - this.#occupancies[(tick - lag) & (LAG_PLACES - 1)];
      this.#put(way / SWING);
      this.#put(way / free);
    }
    for (let i = 0; i < PRESSURE_LAGS.length; i++) {
      const lag = Math.min(tick, PRESSURE_LAGS[i]);
      this.#put(logitOf(this.#pressures[(tick - lag) & (LAG_PLACES - 1)]) - base);
    }
    this.#put(logDeterministic(io[5] + 1e-4) + 4);
    this.#put(logDeterministic(io[6] + 1e-4) + 4);
    this.#writeCounts();
    this.#writeHeap(u);
    for (let k = 0; k < LENGTH_SECONDS.length; k++) {
      this.#put(this.#lengths[k] === 0 ? 0 : logDeterministic(this.#lengths[k] / TYPICAL_LENGTH));
    }
    this.#writeSeason(u, base, free);
    this.#writeEvents();
    this.#put(tick < COLD_TICKS ? tick / COLD_TICKS : 1);
    assert(this.#at === TICK_FEATURES, "every feature is written once");
  }

  #writeCounts(): void {
    const counts = this.#counts;
    this.#put(this.#observations / TYPICAL_ARRIVALS - 1);
    for (let k = 0; k < COUNT_SECONDS.length; k++) this.#put(counts[2 * k] / TYPICAL_ARRIVALS - 1);
    this.#put(2 * logDeterministic((counts[0] + 5) / (counts[4] + 5)));
    this.#put(2 * logDeterministic((counts[2] + 5) / (counts[4] + 5)));
    this.#put(this.#compactions / 2 - 1);
    for (let k = 0; k < COUNT_SECONDS.length; k++) this.#put(counts[2 * k + 1] / 2 - 1);
  }

  #writeHeap(u: number): void {
    const largest = this.#heap[0];
    const reference = this.#heap[2];
    if (reference === 0) {
      for (let i = 0; i < 5; i++) this.#put(0);
      return;
    }
    this.#put(logDeterministic(reference / 512));
    this.#put(logDeterministic(reference / this.#io[7]));
    this.#put(this.#heap[1] / 100 - 1);
    this.#put(logDeterministic((largest + 16) / reference));
    this.#put(u > 0 ? logDeterministic((largest + 16) / 512) : 0);
  }

  #writeSeason(u: number, base: number, free: number): void {
    const season = this.#season;
    const hasPeriod = season.periodTicks > 0;
    season.look(HORIZON_TICKS);
    this.#put(season.correlation * 2 - 1);
    this.#put(season.way / SWING);
    this.#put(season.way / free);
    this.#put(season.wayBefore / SWING);
    this.#put(hasPeriod ? logitOf(season.pressure) - base : logitOf(this.#levels[3]) - base);
    this.#put(hasPeriod ? season.periodTicks / 60 - 1 : 0);
    this.#put(hasPeriod ? logitOf(u + season.way) - base : 0);
  }

  #writeEvents(): void {
    for (let k = 0; k < 2; k++) {
      const clock = k === 0 ? this.#drops : this.#jumps;
      this.#put(clock.phase);
      this.#put(clock.gaps === 0 ? 0 : logDeterministic(clock.meanTicks / 40));
      this.#put(clock.gaps > 1 ? clock.spreadTicks / clock.meanTicks : 0.5);
      this.#put(clock.leftTicks / HORIZON_TICKS);
      this.#put(Math.min(3, clock.sinceTicks / 20));
    }
    this.#put(this.#drops.gaps === 0 ? 0 : 1);
  }

  #put(value: number): void {
    this.values[this.#at++] = value < -FARTHEST ? -FARTHEST : value > FARTHEST ? FARTHEST : value;
  }
}

/** logit of p kept within 0.001..0.999. */
export function logitOf(p: number): number {
  const q = p < ANCHOR_MARGIN ? ANCHOR_MARGIN : p > 1 - ANCHOR_MARGIN ? 1 - ANCHOR_MARGIN : p;
  return logDeterministic(q / (1 - q));
}
