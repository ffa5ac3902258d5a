// The limits on compaction (DESIGN section 1): at most so many run starts in any sliding second, and a token bucket over
// the bytes moved. The bucket may go into debt by the last run, since a run's bytes are known only when it ends.

import { assert } from "../core/errors.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { Limits } from "./simulate-types.ts";

/** What an unused proactive budget may add up to, in seconds of it. */
const PROACTIVE_BURST_SECONDS = 10;

/** A tenth of the copying bandwidth may go to compaction, saved up for at least one whole slide. */
export function defaultLimits(capacityBytes: number): Limits {
  const movedBytesPerSecond = 8_500_000;
  return {
    runsPerSecond: 10,
    movedBytesPerSecond,
    movedBytesBurst: Math.max(movedBytesPerSecond, capacityBytes),
    proactiveBytesPerSecond: Infinity,
    proactiveCooldownMicros: 50_000,
  };
}

export class Limiter {
  readonly limits: Limits;
  /** Start times of the last runs, a ring of `runsPerSecond` places. */
  readonly #starts: Float64Array;
  #head = 0;
  #tokens: number;
  #refilledMicros = 0;
  #proactiveTokens = 0;
  #proactiveRefilledMicros = 0;

  constructor(limits: Limits) {
    assert(limits.runsPerSecond >= 1, "runsPerSecond is at least 1");
    this.limits = limits;
    this.#starts = new Float64Array(limits.runsPerSecond === Infinity ? 1 : limits.runsPerSecond).fill(-Infinity);
    this.#tokens = limits.movedBytesBurst;
  }

  /** The earliest time ≥ now at which a run may start that leaves `spareRuns` further starts in its second. */
  nextAdmissionMicros(nowMicros: number, spareRuns = 0): number {
    let at = nowMicros;
    if (this.limits.runsPerSecond !== Infinity) {
      const places = this.#starts.length;
      // The ring's head is the oldest start; a run that leaves k spare needs the k-th after it to be a second old too.
      const needed = this.#starts[(this.#head + Math.min(spareRuns, places - 1)) % places]!;
      if (needed + MICROS_PER_SECOND > at) at = needed + MICROS_PER_SECOND;
    }
    if (this.limits.movedBytesPerSecond !== Infinity) {
      this.#refill(nowMicros);
      if (this.#tokens <= 0) {
        const wait = Math.ceil(((1 - this.#tokens) * MICROS_PER_SECOND) / this.limits.movedBytesPerSecond);
        if (nowMicros + wait > at) at = nowMicros + wait;
      }
    }
    return at;
  }

  /** Is anything left of the proactive budget? Like the other bucket, it may go into debt by the last run. */
  hasProactiveBudget(nowMicros: number): boolean {
    if (this.limits.proactiveBytesPerSecond === Infinity) return true;
    this.#refillProactive(nowMicros);
    return this.#proactiveTokens > 0;
  }

  /** Notes the start of a run. Asserts that the limit holds: whoever starts a run has asked. */
  noteStart(nowMicros: number): void {
    if (this.limits.runsPerSecond === Infinity) return;
    assert(nowMicros - this.#starts[this.#head]! >= MICROS_PER_SECOND, "the limit of runs in a sliding second holds");
    this.#starts[this.#head] = nowMicros;
    this.#head = (this.#head + 1) % this.#starts.length;
  }

  /** Charges bytes that a run has moved. */
  noteMoved(nowMicros: number, bytes: number, isProactive: boolean): void {
    if (isProactive && this.limits.proactiveBytesPerSecond !== Infinity) {
      this.#refillProactive(nowMicros);
      this.#proactiveTokens -= bytes;
    }
    if (this.limits.movedBytesPerSecond === Infinity) return;
    this.#refill(nowMicros);
    this.#tokens -= bytes;
  }

  #refill(nowMicros: number): void {
    const gained = ((nowMicros - this.#refilledMicros) * this.limits.movedBytesPerSecond) / MICROS_PER_SECOND;
    this.#refilledMicros = nowMicros;
    this.#tokens = Math.min(this.limits.movedBytesBurst, this.#tokens + gained);
  }
  #refillProactive(nowMicros: number): void {
    const { proactiveBytesPerSecond } = this.limits;
    const gained = ((nowMicros - this.#proactiveRefilledMicros) * proactiveBytesPerSecond) / MICROS_PER_SECOND;
    this.#proactiveRefilledMicros = nowMicros;
    this.#proactiveTokens = Math.min(proactiveBytesPerSecond * PROACTIVE_BURST_SECONDS, this.#proactiveTokens + gained);
  }
}
