// Attacks on a run: what breaks, from when to when. A schedule is plain data, drawn from the stream "attacks", so that a run
// under attack can be run again from its seed. What an attack does is in attack-director.ts; what withstands it is the
// sensor guard and the watchdog, which are in every run. After the fault schedules of TigerBeetle's simulator: faults come,
// and then they stop, and the run must be safe in the first part and live in the second.

import { MempredError } from "../core/errors.ts";
import { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";

/** What can be attacked, and how. */
export const ATTACK_KINDS = [
  // what the forecaster says
  "nan", // not a number
  "infinite",
  "out-of-bounds", // a number that is no ratio
  "stuck", // the first value of the attack, over and over
  "drift", // away from the forecast by up to 50 points
  "flip", // 1 − forecast
  "flip-flop", // 40 points up at one tick, 40 down at the next
  // what it is told: occupancy and pressure
  "input-nan",
  "input-drift", // both away from the truth by up to 20 points, the same way, which no plausibility check sees
  "input-flip", // 1 − reading
  "input-freeze",
  // what it is made of
  "weights", // overwritten once: NaN, huge, negated or random
  // what acts on it
  "slow-compactor", // a run takes 100 times as long
  "stalled-compactor", // a run that starts makes no progress while the attack lasts
  // when it thinks it is: the clock of forecaster and watchdog, not the arena's, which counts what really passes
  "clock-jump", // ahead by 1 to 60 s, again and again
  "clock-back", // back by 1 to 60 s, again and again
  "lost-ticks", // the 500 ms loop does not run
] as const;
export type AttackKind = (typeof ATTACK_KINDS)[number];

export interface Attack {
  readonly kind: AttackKind;
  /** From this moment, included, to that one, not included. */
  readonly fromMicros: number;
  readonly toMicros: number;
}

/** What one attack did to the run. */
export interface AttackOutcome extends Attack {
  /** Why the watchdog tripped between the attack's start and the next one's, in order. */
  readonly trips: readonly string[];
  /** From the start of the attack to the first trip; null when there was none. */
  readonly tripAfterMicros: number | null;
  /** Ticks in safe mode between the attack's start and the next one's. */
  readonly safeModeTicks: number;
  /**
   * From the end of the attack to the first tick at which the forecaster is in use and no run that began before that end is
   * under way; 0 when that is so at the end itself. Null when the run, or the quiet before the next attack, ended first.
   */
  readonly recoveredAfterMicros: number | null;
  /** OOM events while the attack lasted. */
  readonly ooms: { readonly total: number; readonly avoidable: number };
}

export interface AttackReport {
  readonly outcomes: readonly AttackOutcome[];
}

/** No attack lasts longer. Long enough for every check of the watchdog, the slowest of which waits 30 s for a label. */
const MOST_ATTACK_MICROS = 45 * MICROS_PER_SECOND;
/** Before this share of the run nothing is attacked. */
const QUIET_SHARE = 0.1;

/**
 * A schedule with one attack of each kind, in random order: the time after the first tenth falls into as many equal slots,
 * and an attack takes at most a third of its own, 45 s at most, near the start, so that more than half is left to recover.
 */
export function scheduleAttacks(kinds: readonly AttackKind[], seed: number, durationMicros: number): Attack[] {
  const random = new RandomStream(seed, "attacks");
  const order = [...kinds];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const quiet = Math.floor(durationMicros * QUIET_SHARE);
  const slot = Math.floor((durationMicros - quiet) / Math.max(1, order.length));
  const longest = Math.min(MOST_ATTACK_MICROS, Math.floor(slot / 3));
  const attacks: Attack[] = [];
  for (const [i, kind] of order.entries()) {
    const fromMicros = quiet + i * slot + random.integer(Math.floor(slot / 8) + 1);
    const lasts = longest - random.integer(Math.floor(longest / 5) + 1);
    if (lasts > 0) attacks.push({ kind, fromMicros, toMicros: fromMicros + lasts });
  }
  return attacks;
}

/** Throws INVALID_INPUT on an attack of unknown kind or without duration. */
export function checkAttacks(attacks: readonly Attack[]): void {
  for (const { kind, fromMicros, toMicros } of attacks) {
    if (!ATTACK_KINDS.includes(kind)) {
      throw new MempredError("INVALID_INPUT", `unknown attack "${kind}"`, { expected: ATTACK_KINDS.join(", ") });
    }
    if (!(Number.isInteger(fromMicros) && Number.isInteger(toMicros) && fromMicros >= 0 && toMicros > fromMicros)) {
      throw new MempredError("INVALID_INPUT", `an attack lasts from ${fromMicros} to ${toMicros} µs?`, {
        expected: "whole µs, 0 ≤ from < to",
      });
    }
  }
}
