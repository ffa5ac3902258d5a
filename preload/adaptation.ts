// What a level of pressure means for the preloader: how long its queues are, which workers run, in what order, and what is given up
// (P13, P41 to P45). The levels come from a governor, which is driven by the forecast and has a hysteresis of its own
// (cache/pressure-governor.ts); what is added here is that queues come back to their size slowly after they were cut, so that
// all that was held back is not loaded in one go.
//
//            queues  speculative loads   background   order     queued speculation   loaded speculation
// LOW        whole   all                 yes          rank      stays                stays
// MEDIUM     whole   what pays (price)   yes          rank      stays                stays
// HIGH       half    none                no           benefit   the best half stays  stays
// CRITICAL   half    none, aborted       no           benefit   is dropped           stays, goes first when memory is shed
// EMERGENCY  half    none, aborted       no           benefit   is dropped           is unloaded
//
// Required loads go on at every level.

import { assert } from "../core/errors.ts";
import { PRESSURE_LEVELS, type PressureLevel } from "../core/pressure.ts";
import type { QueueName } from "./contract.ts";
import type { QueueOrder } from "./queue.ts";

export interface LevelPlan {
  /** Share of its places that each queue has, 0..1; required entries find one all the same. */
  readonly queueRatio: number;
  /** Whether what nobody has asked for may be loaded. */
  readonly maySpeculate: boolean;
  /** Whether the workers of the background queue run. */
  readonly isBackgroundRunning: boolean;
  readonly order: QueueOrder;
  /** Speculative work is given up: what waits is dropped, what is under way is aborted. */
  readonly isClearing: boolean;
  /** What was loaded and not asked for yet leaves the memory. */
  readonly isUnloading: boolean;
}

const CALM: LevelPlan = {
  queueRatio: 1,
  maySpeculate: true,
  isBackgroundRunning: true,
  order: "rank",
  isClearing: false,
  isUnloading: false,
};
const HIGH: LevelPlan = { ...CALM, queueRatio: 0.5, maySpeculate: false, isBackgroundRunning: false, order: "benefit" };
const CRITICAL: LevelPlan = { ...HIGH, isClearing: true };

export const LEVEL_PLANS: Readonly<Record<PressureLevel, LevelPlan>> = {
  LOW: CALM,
  MEDIUM: CALM,
  HIGH,
  CRITICAL,
  EMERGENCY: { ...CRITICAL, isUnloading: true },
};

export interface PreloadAdaptationOptions {
  /** How fast queues come back to their size, share of it a second. Default 0.1: from half in five seconds. */
  readonly restorePerSecond?: number | undefined;
}

/** Follows the level. Synchronous and without a clock: time comes with the calls. */
export class PreloadAdaptation {
  readonly #restorePerMilli: number;
  #toldLevel: PressureLevel = "LOW";
  #price = 0;
  #level: PressureLevel = "LOW";
  #queueRatio = 1;
  #nowMillis = Number.NEGATIVE_INFINITY;
  /** Changes of the level that was in force. */
  changes = 0;

  constructor(options: PreloadAdaptationOptions = {}) {
    const { restorePerSecond = 0.1 } = options;
    assert(restorePerSecond > 0, "adaptation: queues come back");
    this.#restorePerMilli = restorePerSecond / 1000;
  }

  /** The level in force: the one that was told, and at least HIGH while the price of memory forbids loading ahead. */
  get level(): PressureLevel {
    return this.#level;
  }

  get plan(): LevelPlan {
    return LEVEL_PLANS[this.#level];
  }

  /** Share of its places that each queue has now, 0..1. */
  get queueRatio(): number {
    return this.#queueRatio;
  }

  /** @returns whether the level in force changed */
  setLevel(level: PressureLevel, nowMillis: number): boolean {
    this.#toldLevel = level;
    return this.#judge(nowMillis);
  }

  /** What a byte held for a second costs; Infinity forbids loading ahead. @returns whether the level in force changed */
  setPrice(price: number, nowMillis: number): boolean {
    assert(price >= 0, "adaptation: a price is not negative");
    this.#price = price;
    return this.#judge(nowMillis);
  }

  /** Time goes on: queues come back. @returns whether their size may have changed */
  advance(nowMillis: number): boolean {
    const elapsed = nowMillis - this.#nowMillis;
    if (!(elapsed > 0)) return false;
    this.#nowMillis = nowMillis;
    const { queueRatio } = this.plan;
    if (this.#queueRatio >= queueRatio || elapsed === Infinity) return false;
    this.#queueRatio = Math.min(queueRatio, this.#queueRatio + elapsed * this.#restorePerMilli);
    return true;
  }

  /** Places of a queue that has `places` when memory is plenty: never fewer than one, where it has any. */
  placesOf(places: number): number {
    return Math.min(places, Math.max(1, Math.floor(places * this.#queueRatio)));
  }

  /** Whether a worker of this queue may begin this load now (P13). */
  mayLoad(queue: QueueName, isRequired: boolean): boolean {
    if (isRequired) return true;
    const { maySpeculate, isBackgroundRunning } = this.plan;
    return maySpeculate && (queue !== "background" || isBackgroundRunning);
  }

  #judge(nowMillis: number): boolean {
    this.advance(nowMillis);
    const told = PRESSURE_LEVELS.indexOf(this.#toldLevel);
    const index = this.#price === Infinity ? Math.max(told, PRESSURE_LEVELS.indexOf("HIGH")) : told;
    const level = PRESSURE_LEVELS[index] as PressureLevel;
    if (level === this.#level) return false;
    this.#level = level;
    this.changes++;
    // Down at once, up with time.
    this.#queueRatio = Math.min(this.#queueRatio, this.plan.queueRatio);
    return true;
  }
}
