// Turns readings of a memory's pressure into five ordered levels and, from them, into orders for whoever holds memory: how much
// of its limit it may fill, how much it is to give back now, and what loading ahead has to be worth. Synchronous and
// without a clock: time comes with the readings.
//
// What drives it is the larger of pressure now and pressure foreseen: the forecast's upper bound counts by as much as the
// forecast is to be trusted, `now + confidence · (upper − now)`. A forecast of less pressure relaxes nothing.
//
// It never flaps. A level is entered at its own threshold, after `dwellMillis` over it; it is left one step at a time, after
// the drive has stayed under its exit threshold, which is lower, for `holdMillis`, and not sooner than `cooldownMillis` after
// the last change. So in any time T there are at most T / cooldown + 1 steps down, and no more steps up than steps down and
// four. Budgets fall at once and come back at a stated rate, so that all that was held back is not loaded again in one go.
//
// Levels with enter and exit thresholds are those of Android's low-memory killer and of Linux's vmpressure; that the budget
// comes back slower than it falls is TCP's additive increase.

import { assert } from "../core/errors.ts";
import { PRESSURE_LEVELS, type PressureLevel, type PressureReading } from "../core/pressure.ts";

/** What a level means. The first is LOW, which is entered at 0. */
export interface LevelRule {
  /** Drive from which the level is entered, and under which it may be left; 0..1. LOW has neither. */
  readonly enterRatio: number;
  readonly exitRatio: number;
  /** Share of its limit that a tenant may fill, 0..1. */
  readonly budgetRatio: number;
  /** What a byte loaded ahead has to bring; see PressureTenant. */
  readonly prefetchPrice: number;
}

export interface GovernorOptions {
  /** One rule a level, calm first; thresholds ascend, budgets do not, prices do not descend. */
  readonly rules?: readonly LevelRule[] | undefined;
  /** From HIGH on it sheds what the drive is over this; 0..1. Default: the exit threshold of HIGH. */
  readonly targetRatio?: number | undefined;
  /** The drive is over a level's threshold for so long before the level is entered. Default 0: at once. */
  readonly dwellMillis?: number | undefined;
  /** And under its exit threshold for so long before it is left. Default 2,000. */
  readonly holdMillis?: number | undefined;
  /** Least time between a change and a step down. Default 2,000. */
  readonly cooldownMillis?: number | undefined;
  /** How fast budgets come back, share of the limit a second. Default 0.05. */
  readonly restorePerSecond?: number | undefined;
  /** Without a reading for so long the last level stands; then at least MEDIUM is assumed. Default 5,000. */
  readonly blindMillis?: number | undefined;
}

export interface LevelChange {
  readonly atMillis: number;
  readonly from: PressureLevel;
  readonly to: PressureLevel;
  /** What drove it, 0..1; NaN when the source was lost. */
  readonly driveRatio: number;
  readonly reason: "pressure" | "forecast" | "calm" | "blind";
}

/** Counts since the beginning. */
export interface GovernorCounts {
  readings: number;
  /** Readings with a number in them that cannot be. */
  invalidReadings: number;
  /** Times that the source had no reading to give. */
  failures: number;
  changes: number;
  /** Times that at least MEDIUM was assumed for want of readings. */
  blindSpells: number;
  /** Listeners that threw; the others were called all the same. */
  listenerErrors: number;
}

const MEDIUM = 1;
const HIGH = 2;
/** Of the memory that V8 or a control group grants: garbage that is not collected yet counts as used, so HIGH is not near 1. */
export const DEFAULT_RULES: readonly LevelRule[] = [
  { enterRatio: 0, exitRatio: 0, budgetRatio: 1, prefetchPrice: 0 },
  { enterRatio: 0.75, exitRatio: 0.7, budgetRatio: 0.9, prefetchPrice: 1 },
  { enterRatio: 0.85, exitRatio: 0.8, budgetRatio: 0.7, prefetchPrice: Infinity },
  { enterRatio: 0.92, exitRatio: 0.88, budgetRatio: 0.45, prefetchPrice: Infinity },
  { enterRatio: 0.97, exitRatio: 0.94, budgetRatio: 0.2, prefetchPrice: Infinity },
];

export class PressureGovernor {
  readonly counts: GovernorCounts = {
    readings: 0,
    invalidReadings: 0,
    failures: 0,
    changes: 0,
    blindSpells: 0,
    listenerErrors: 0,
  };
  /** What a tenant may fill of its limit, 0..1. */
  budgetRatio: number;
  /** Bytes that all tenants together are to give back now; 0 after a failure: nobody knows. */
  shedBytes = 0;
  prefetchPrice: number;
  /** The last drive; NaN before the first reading. */
  driveRatio = Number.NaN;
  /** True while there has been no reading for longer than `blindMillis`. */
  isBlind = false;

  readonly #rules: readonly LevelRule[];
  readonly #targetRatio: number;
  readonly #dwellMillis: number;
  readonly #holdMillis: number;
  readonly #cooldownMillis: number;
  readonly #restorePerMilli: number;
  readonly #blindMillis: number;
  readonly #listeners = new Set<(change: LevelChange) => void>();
  #level = 0;
  #nowMillis = Number.NEGATIVE_INFINITY;
  #changedMillis = Number.NEGATIVE_INFINITY;
  #readMillis = Number.NEGATIVE_INFINITY;
  /** Since when the drive has been over each level's threshold, Infinity: it is not. */
  readonly #overSince: Float64Array;
  /** Since when it has been under the exit threshold of the present level. */
  #underSince = Number.POSITIVE_INFINITY;

  constructor(options: GovernorOptions = {}) {
    const { rules = DEFAULT_RULES } = options;
    checkRules(rules);
    this.#rules = rules;
    this.#targetRatio = options.targetRatio ?? rules[HIGH]!.exitRatio;
    this.#dwellMillis = options.dwellMillis ?? 0;
    this.#holdMillis = options.holdMillis ?? 2_000;
    this.#cooldownMillis = options.cooldownMillis ?? 2_000;
    this.#restorePerMilli = (options.restorePerSecond ?? 0.05) / 1000;
    this.#blindMillis = options.blindMillis ?? 5_000;
    assert(this.#targetRatio > 0 && this.#targetRatio <= 1, "a target is a share of the limit");
    for (const millis of [this.#dwellMillis, this.#holdMillis, this.#cooldownMillis, this.#blindMillis]) {
      assert(millis >= 0, "a time is not negative");
    }
    assert(this.#restorePerMilli > 0, "budgets come back");
    this.#overSince = new Float64Array(rules.length).fill(Infinity);
    this.budgetRatio = rules[0]!.budgetRatio;
    this.prefetchPrice = rules[0]!.prefetchPrice;
  }

  get level(): PressureLevel {
    return PRESSURE_LEVELS[this.#level]!;
  }

  /** 0 for LOW … 4 for EMERGENCY. */
  get levelIndex(): number {
    return this.#level;
  }

  /** May something be loaded ahead of need? Not from HIGH up (P13). */
  get mayLoadAhead(): boolean {
    return this.#level < HIGH;
  }

  /** Has `listener` called at each change of level, after the orders were set. Returns what ends that. */
  onChange(listener: (change: LevelChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes in a reading. One that cannot be counts as none (`fail`). Cost: constant, no garbage unless the level changes.
   * @param nowMillis where the caller knows the time better than the reading does; what lies in the past counts as now
   */
  update(reading: PressureReading, nowMillis: number = reading.atMillis): void {
    const { pressureRatio, upperRatio, confidence, limitBytes } = reading;
    if (!(pressureRatio >= 0) || pressureRatio === Infinity || !(limitBytes >= 0) || limitBytes === Infinity) {
      this.counts.invalidReadings++;
      this.#withoutReading(nowMillis);
      return;
    }
    const now = this.#advance(nowMillis);
    this.counts.readings++;
    this.#readMillis = now;
    this.isBlind = false;
    const drive = driveOf(pressureRatio, upperRatio, confidence);
    this.driveRatio = drive;
    this.#note(drive, now);
    const wanted = this.#wantedLevel(now);
    if (wanted > this.#level)
      this.#change(wanted, now, pressureRatio >= this.#rules[wanted]!.enterRatio ? "pressure" : "forecast");
    else if (this.#mayStepDown(now)) this.#change(this.#level - 1, now, "calm");
    const isShedding = this.#level >= HIGH && drive > this.#targetRatio;
    this.shedBytes = isShedding ? Math.ceil((Math.min(1, drive) - this.#targetRatio) * limitBytes) : 0;
  }

  /** The source has no reading at `nowMillis`: the last level stands for a while, then at least MEDIUM is assumed. */
  fail(nowMillis: number): void {
    this.counts.failures++;
    this.#withoutReading(nowMillis);
  }

  #withoutReading(nowMillis: number): void {
    const now = this.#advance(nowMillis);
    this.shedBytes = 0;
    if (now === -Infinity) return;
    if (this.#readMillis === -Infinity) this.#readMillis = now; // blind from the start: the time runs from here
    if (now - this.#readMillis < this.#blindMillis) return;
    if (!this.isBlind) {
      this.isBlind = true;
      this.counts.blindSpells++;
      this.driveRatio = Number.NaN;
      this.#overSince.fill(Infinity);
      this.#underSince = now;
    }
    if (this.#level < MEDIUM) this.#change(MEDIUM, now, "blind");
    else if (this.#level > MEDIUM && this.#mayStepDown(now)) this.#change(this.#level - 1, now, "blind");
  }

  /** Time goes on, never back; budgets come back by as much. */
  #advance(atMillis: number): number {
    const before = this.#nowMillis;
    const now = atMillis > before ? atMillis : before;
    const allowed = this.#rules[this.#level]!.budgetRatio;
    if (before > -Infinity && this.budgetRatio < allowed) {
      this.budgetRatio = Math.min(allowed, this.budgetRatio + (now - before) * this.#restorePerMilli);
    }
    this.#nowMillis = now;
    return now;
  }

  #note(drive: number, now: number): void {
    for (let level = 1; level < this.#rules.length; level++) {
      if (drive < this.#rules[level]!.enterRatio) this.#overSince[level] = Infinity;
      else if (this.#overSince[level] === Infinity) this.#overSince[level] = now;
    }
    if (this.#level > 0 && drive < this.#rules[this.#level]!.exitRatio) {
      if (this.#underSince === Infinity) this.#underSince = now;
    } else this.#underSince = Infinity;
  }

  #wantedLevel(now: number): number {
    for (let level = this.#rules.length - 1; level > this.#level; level--) {
      if (now - this.#overSince[level]! >= this.#dwellMillis) return level;
    }
    return this.#level;
  }

  #mayStepDown(now: number): boolean {
    return (
      this.#level > 0 && now - this.#underSince >= this.#holdMillis && now - this.#changedMillis >= this.#cooldownMillis
    );
  }

  #change(level: number, now: number, reason: LevelChange["reason"]): void {
    const from = this.level;
    this.#level = level;
    this.#changedMillis = now;
    this.counts.changes++;
    const rule = this.#rules[level]!;
    // The next step down has its own threshold to stay under, and its own time.
    this.#underSince = reason === "blind" || (level > 0 && this.driveRatio < rule.exitRatio) ? now : Infinity;
    if (rule.budgetRatio < this.budgetRatio) this.budgetRatio = rule.budgetRatio;
    this.prefetchPrice = rule.prefetchPrice;
    const change: LevelChange = { atMillis: now, from, to: this.level, driveRatio: this.driveRatio, reason };
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch {
        this.counts.listenerErrors++;
      }
    }
  }
}

/** The larger of now and foreseen; a forecast that is none, or is not to be trusted, counts nothing. */
export function driveOf(pressureRatio: number, upperRatio: number, confidence: number): number {
  const trust = confidence > 0 ? Math.min(1, confidence) : 0; // NaN: no trust
  const upper = upperRatio > pressureRatio ? Math.min(upperRatio, Math.max(1, pressureRatio)) : pressureRatio;
  return pressureRatio + trust * (upper - pressureRatio);
}

function checkRules(rules: readonly LevelRule[]): void {
  assert(rules.length === PRESSURE_LEVELS.length, "a rule for each level");
  for (let level = 0; level < rules.length; level++) {
    const { enterRatio, exitRatio, budgetRatio, prefetchPrice } = rules[level]!;
    assert(budgetRatio >= 0 && budgetRatio <= 1 && prefetchPrice >= 0, "a budget is 0..1, a price not negative");
    if (level === 0) continue;
    const before = rules[level - 1]!;
    assert(exitRatio < enterRatio && exitRatio >= 0, "a level is left under where it is entered");
    assert(enterRatio > before.enterRatio && exitRatio >= before.exitRatio, "thresholds ascend");
    assert(budgetRatio <= before.budgetRatio && prefetchPrice >= before.prefetchPrice, "a higher level grants no more");
  }
}
