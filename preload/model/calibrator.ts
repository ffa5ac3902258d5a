// From a stated probability to how often such a statement comes true: for each kind of statement (who said it, how far ahead) a
// curve over the logarithm of the odds, learned online. A curve begins as "as stated", each outcome moves the two points that it
// lies between, and points are kept in order, so that calibration never exchanges two candidates of one kind. The points are
// those of PAQ's adaptive probability maps (Mahoney, "Adaptive weighing of context models for lossless data compression", 2005).

import { assert } from "../../core/errors.ts";
import { logDeterministic, sigmoid } from "../../core/math.ts";
import type { Columns } from "./columns.ts";

/** Points of a curve, at odds of e^−8 to e^8. */
const POINTS = 25;
const MOST_LOG_ODDS = 8;
/** Outcomes that "as stated" counts for, and the most that a point remembers. */
const FIRST_OUTCOMES = 20;
const MOST_OUTCOMES = 1000;
const LEAST = 1 / 4096;

export class Calibrator {
  readonly kindCount: number;
  /** Kind × point: how often it came true. */
  readonly values: Float32Array;
  /** Kind × point: outcomes that stand behind it. */
  readonly outcomes: Float32Array;

  /** @param kindCount kinds of statements, each with a curve of its own */
  constructor(kindCount: number) {
    this.kindCount = kindCount;
    this.values = new Float32Array(kindCount * POINTS);
    this.outcomes = new Float32Array(kindCount * POINTS).fill(FIRST_OUTCOMES);
    for (let i = 0; i < this.values.length; i++) {
      this.values[i] = sigmoid(((i % POINTS) / (POINTS - 1)) * 2 * MOST_LOG_ODDS - MOST_LOG_ODDS);
    }
  }

  get stateBytes(): number {
    return 8 * this.values.length;
  }

  /** How often what is stated with probability `stated` comes true, 0..1. */
  calibrate(kind: number, stated: number): number {
    const at = placeOf(stated);
    const point = Math.min(POINTS - 2, Math.floor(at));
    const first = kind * POINTS + point;
    const low = this.values[first]!;
    return low + (this.values[first + 1]! - low) * (at - point);
  }

  /** Something that was stated with probability `stated` came, or did not. */
  learn(kind: number, stated: number, came: boolean): void {
    assert(kind >= 0 && kind < this.kindCount, "the kind of statement is known");
    const at = placeOf(stated);
    const point = Math.min(POINTS - 2, Math.floor(at));
    const target = came ? 1 : 0;
    const first = kind * POINTS;
    const end = first + POINTS;
    for (let side = 0; side < 2; side++) {
      const share = side === 0 ? 1 - (at - point) : at - point;
      if (share === 0) continue;
      const i = first + point + side;
      const count = Math.min(MOST_OUTCOMES, this.outcomes[i]! + share);
      this.outcomes[i] = count;
      const value = this.values[i]! + ((target - this.values[i]!) * share) / count;
      this.values[i] = value;
      // Neighbours that it passed come with it.
      for (let above = i + 1; above < end && this.values[above]! < value; above++) this.values[above] = value;
      for (let below = i - 1; below >= first && this.values[below]! > value; below--) this.values[below] = value;
    }
  }

  columns(): Columns {
    return { values: this.values, outcomes: this.outcomes };
  }

  /** Throws AssertionError when a curve falls or leaves 0..1. */
  check(): void {
    for (let i = 0; i < this.values.length; i++) {
      assert(this.values[i]! >= 0 && this.values[i]! <= 1, "a frequency is 0 to 1");
      assert(i % POINTS === 0 || this.values[i]! >= this.values[i - 1]!, "a curve does not fall");
      assert(this.outcomes[i]! >= FIRST_OUTCOMES && this.outcomes[i]! <= MOST_OUTCOMES, "outcomes are counted");
    }
  }
}

/** Place among the points, 0 to POINTS − 1. */
function placeOf(stated: number): number {
  const p = Math.min(1 - LEAST, Math.max(LEAST, stated));
  const logOdds = logDeterministic(p / (1 - p));
  return Math.min(POINTS - 1, Math.max(0, ((logOdds + MOST_LOG_ODDS) / (2 * MOST_LOG_ODDS)) * (POINTS - 1)));
}
