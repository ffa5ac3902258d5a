// Between the sensors and a forecaster: readings and times are checked before anything is computed from them. A reading that
// cannot be true is an operating fault and no programmer's mistake, so it trips the watchdog and asserts nothing. Unlike the
// watchdog, which judges what a forecaster says, this judges what it is told. While a reading is bad the last good one
// stands in for it, and labels are masked, so that nothing is learned from it.
//
//   bad-input    not a ratio, or pressure below occupancy: P ≥ U by definition, and 1 − P, 1 − U turn that round
//   stuck-input  both readings the same to the bit over 256 requests and 5 s: every request that is served changes U
//   clock        back by any amount, or ahead by over 5 s between two calls, of which there is one each 500 ms. Backward
//                steps count as no time at all, so what is behind this sees a time that never decreases
//
// A drift that both readings share, within 0..1, is not seen: one arena has no second opinion.

import { HORIZON_MICROS } from "../core/units.ts";
import type { TripReason, Watchdog } from "../predictor/watchdog.ts";
import type { GuardedSignal } from "./policies/policy.ts";

const MOST_STEP_MICROS = HORIZON_MICROS;
const STUCK_READINGS = 256;
const STUCK_MICROS = HORIZON_MICROS;
/** P and U are sums divided by the capacity, one of them subtracted from 1: equal ones may differ by rounding. */
const ROUNDING = 1e-9;

/** A signal, and its watchdog where it has one. */
export interface WatchedSignal extends GuardedSignal {
  readonly watchdog?: Pick<Watchdog, "fault"> | undefined;
}

export class SensorGuard implements GuardedSignal {
  readonly id: string;
  readonly stateBytes: number;
  readonly guarded: GuardedSignal["guarded"];
  /** Readings and times that were not let through. */
  faults = 0;
  readonly #signal: WatchedSignal;
  #raw = NaN;
  #offset = 0;
  #occupancy = 0;
  #pressure = 0;
  #same = 0;
  #sameSince = 0;

  constructor(signal: WatchedSignal) {
    this.#signal = signal;
    this.id = signal.id;
    this.stateBytes = signal.stateBytes;
    this.guarded = signal.guarded;
  }

  get isTripped(): boolean {
    return this.#signal.isTripped;
  }

  get trips(): GuardedSignal["trips"] {
    return this.#signal.trips;
  }

  observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    const now = this.#time(nowMicros);
    if (occupancyRatio === this.#occupancy && pressureRatio === this.#pressure) {
      if (this.#same++ === 0) this.#sameSince = now;
    } else this.#same = 0;
    if (!this.#take(now, occupancyRatio, pressureRatio)) return;
    this.#signal.observe(now, occupancyRatio, pressureRatio);
  }

  noteCompaction(nowMicros: number): void {
    this.#signal.noteCompaction(nowMicros + this.#offset);
  }

  observeRequest(nowMicros: number, lengthBytes: number, requestClass: number, tenant: number): void {
    this.#signal.observeRequest?.(this.#time(nowMicros), lengthBytes, requestClass, tenant);
  }

  sampleHeap(largestHoleBytes: number, holeCount: number, referenceBytes: number): void {
    this.#signal.sampleHeap?.(largestHoleBytes, holeCount, referenceBytes);
  }

  forecast(nowMicros: number): number {
    return this.#signal.forecast(this.#time(nowMicros));
  }

  tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    const now = this.#time(nowMicros);
    let isGood = this.#take(now, occupancyRatio, pressureRatio);
    if (this.#same >= STUCK_READINGS && now - this.#sameSince >= STUCK_MICROS) {
      this.#fault(now, "stuck-input");
      isGood = false;
    }
    this.#signal.tick(now, this.#occupancy, this.#pressure, isLabelMasked || !isGood);
  }

  upperMargin(): number {
    return this.#signal.upperMargin();
  }

  confidence(): number {
    return this.#signal.confidence();
  }

  /** True when the readings can be, and are now the last good ones. */
  #take(now: number, occupancyRatio: number, pressureRatio: number): boolean {
    if (occupancyRatio >= 0 && pressureRatio <= 1 && pressureRatio >= occupancyRatio - ROUNDING) {
      if (occupancyRatio <= 1 && pressureRatio >= 0) {
        this.#occupancy = occupancyRatio;
        this.#pressure = pressureRatio;
        return true;
      }
    }
    this.#fault(now, "bad-input");
    return false;
  }

  /** The time that never decreases. */
  #time(rawMicros: number): number {
    const step = rawMicros - this.#raw;
    if (step >= 0 && step <= MOST_STEP_MICROS) {
      this.#raw = rawMicros;
      return rawMicros + this.#offset;
    }
    return this.#timeAfterJump(rawMicros);
  }

  #timeAfterJump(rawMicros: number): number {
    if (Number.isNaN(this.#raw)) {
      this.#raw = rawMicros; // the first call of all
      return rawMicros;
    }
    if (!(rawMicros >= this.#raw)) this.#offset += this.#raw - rawMicros;
    this.#raw = rawMicros;
    this.#fault(rawMicros + this.#offset, "clock");
    return rawMicros + this.#offset;
  }

  #fault(nowMicros: number, reason: TripReason): void {
    this.faults++;
    this.#signal.watchdog?.fault(nowMicros, reason);
  }
}
