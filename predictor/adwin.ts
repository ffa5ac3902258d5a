// ADWIN: a window over a stream that grows while the mean stays the same and drops its old part when it has changed
// (Bifet & Gavaldà 2007, sec. 3 and 4, ADWIN2 with the variance bound of eq. 3.1). The window is an exponential histogram:
// row r holds up to 4 buckets of 2^r values each, so 1,020 values fit in 8 rows; older ones fall off the end.
// Unlike a fixed window against persistence it needs no scale of time: it reports a change as soon as it is significant.

import { assert } from "../core/errors.ts";
import { logDeterministic } from "../core/math.ts";

const ROWS = 8;
const BUCKETS = 4; // per row; one more while a row overflows
const WIDTH = BUCKETS + 1;
const LEAST_PART = 5; // values on either side of a cut

/** Slots of the totals. */
const SUM = 0;
const VARIANCE = 1;

/** Bytes of one window. */
export const ADWIN_STATE_BYTES = ROWS * WIDTH * 2 * 8 + ROWS + 2 * 8 + 8;

export class Adwin {
  readonly #sums = new Float64Array(ROWS * WIDTH);
  readonly #variances = new Float64Array(ROWS * WIDTH); // sums of squared deviations
  readonly #counts = new Uint8Array(ROWS);
  readonly #delta: number;
  readonly #totals = new Float64Array(2); // sum and variance of the window, kept unboxed
  #length = 0;

  /** @param delta probability of a false cut for independent values, 0 < delta < 1 */
  constructor(delta = 0.002) {
    assert(delta > 0 && delta < 1, "delta must be in (0, 1)");
    this.#delta = delta;
  }

  /** Values in the window. */
  get length(): number {
    return this.#length;
  }

  /** Their mean; 0 for an empty window. */
  get mean(): number {
    return this.#length === 0 ? 0 : this.#totals[SUM] / this.#length;
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0);
    this.#length = 0;
    this.#totals.fill(0);
  }

  /**
   * Takes in a value in 0..1 and drops the old part of the window while it differs from the new one.
   * @returns mean of the new part less that of the old at the first cut made now: above 0 the mean rose; 0 without a cut
   * Cost: O(log n) a cut tried.
   */
  add(value: number): number {
    assert(value >= 0 && value <= 1, "ADWIN takes values in 0..1");
    if (this.#length > 0) {
      const deviation = value - this.mean;
      this.#totals[VARIANCE] += (deviation * deviation * this.#length) / (this.#length + 1);
    }
    this.#length++;
    this.#totals[SUM] += value;
    this.#push(value);
    const change = this.#findChange();
    if (change !== 0) {
      do this.#dropOldest();
      while (this.#findChange() !== 0);
    }
    return change;
  }

  /** Appends a bucket of one value to row 0; a row that overflows hands its two oldest on to the next, merged. */
  #push(value: number): void {
    const sums = this.#sums;
    const variances = this.#variances;
    const counts = this.#counts;
    sums[counts[0]] = value;
    variances[counts[0]] = 0;
    counts[0]++;
    for (let row = 0; counts[row] > BUCKETS; row++) {
      if (row === ROWS - 1) {
        this.#dropOldest();
        return;
      }
      const base = row * WIDTH;
      const next = base + WIDTH + counts[row + 1];
      const size = 1 << row;
      const gap = (sums[base] - sums[base + 1]) / size;
      sums[next] = sums[base] + sums[base + 1];
      variances[next] = variances[base] + variances[base + 1] + (gap * gap * size) / 2;
      counts[row + 1]++;
      this.#shift(row, 2);
    }
  }

  /** Removes the `n` oldest buckets of a row. */
  #shift(row: number, n: number): void {
    const base = row * WIDTH;
    const left = this.#counts[row] - n;
    for (let i = 0; i < left; i++) {
      this.#sums[base + i] = this.#sums[base + i + n];
      this.#variances[base + i] = this.#variances[base + i + n];
    }
    this.#counts[row] = left;
  }

  #dropOldest(): void {
    const totals = this.#totals;
    let row = ROWS - 1;
    while (this.#counts[row] === 0) row--;
    const size = 1 << row;
    const sum = this.#sums[row * WIDTH];
    const rest = this.#length - size;
    if (rest > 0) {
      const gap = sum / size - (totals[SUM] - sum) / rest;
      totals[VARIANCE] -= this.#variances[row * WIDTH] + (gap * gap * size * rest) / this.#length;
      if (totals[VARIANCE] < 0) totals[VARIANCE] = 0; // by rounding
    } else totals[VARIANCE] = 0;
    this.#length = rest;
    totals[SUM] -= sum;
    this.#shift(row, 1);
  }

  /**
   * The difference of the means on either side of the oldest cut at which it is more than eq. 3.1 allows, new less old;
   * 0 when there is none.
   */
  #findChange(): number {
    const n = this.#length;
    if (n < 2 * LEAST_PART) return 0;
    const logTerm = logDeterministic((2 * logDeterministic(n)) / this.#delta);
    const total = this.#totals[SUM];
    const variance = this.#totals[VARIANCE] / n;
    let oldLength = 0;
    let oldSum = 0;
    for (let row = ROWS - 1; row >= 0; row--) {
      for (let i = 0; i < this.#counts[row]; i++) {
        oldLength += 1 << row;
        oldSum += this.#sums[row * WIDTH + i];
        const newLength = n - oldLength;
        if (newLength < LEAST_PART) return 0;
        if (oldLength < LEAST_PART) continue;
        const m = 1 / oldLength + 1 / newLength; // inverse of the paper's harmonic mean
        const bound = Math.sqrt(2 * m * variance * logTerm) + (2 / 3) * m * logTerm;
        const change = (total - oldSum) / newLength - oldSum / oldLength;
        if (Math.abs(change) > bound) return change;
      }
    }
    return 0;
  }
}
