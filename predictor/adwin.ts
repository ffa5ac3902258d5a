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

/** Bytes of one window. */
export const ADWIN_STATE_BYTES = ROWS * WIDTH * 2 * 8 + ROWS;

export class Adwin {
  readonly #sums = new Float64Array(ROWS * WIDTH);
  readonly #variances = new Float64Array(ROWS * WIDTH); // sums of squared deviations
  readonly #counts = new Uint8Array(ROWS);
  readonly #delta: number;
  #length = 0;
  #sum = 0;
  #variance = 0;

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
    return this.#length === 0 ? 0 : this.#sum / this.#length;
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0);
    this.#length = 0;
    this.#sum = 0;
    this.#variance = 0;
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
      this.#variance += (deviation * deviation * this.#length) / (this.#length + 1);
    }
    this.#length++;
    this.#sum += value;
    this.#push(0, value, 0);
    const change = this.#findChange();
    if (change !== 0) {
      do this.#dropOldest();
      while (this.#findChange() !== 0);
    }
    return change;
  }

  /** Appends a bucket to a row; merges its two oldest into the next row when it overflows. */
  #push(row: number, sum: number, variance: number): void {
    const base = row * WIDTH;
    const count = this.#counts[row];
    this.#sums[base + count] = sum;
    this.#variances[base + count] = variance;
    this.#counts[row] = count + 1;
    if (count + 1 <= BUCKETS) return;
    if (row === ROWS - 1) {
      this.#dropOldest();
      return;
    }
    const size = 1 << row;
    const gap = (this.#sums[base] - this.#sums[base + 1]) / size;
    const mergedSum = this.#sums[base] + this.#sums[base + 1];
    const mergedVariance = this.#variances[base] + this.#variances[base + 1] + (gap * gap * size) / 2;
    this.#shift(row, 2);
    this.#push(row + 1, mergedSum, mergedVariance);
  }

  /** Removes the `n` oldest buckets of a row. */
  #shift(row: number, n: number): void {
    const base = row * WIDTH;
    this.#sums.copyWithin(base, base + n, base + WIDTH);
    this.#variances.copyWithin(base, base + n, base + WIDTH);
    this.#counts[row] -= n;
  }

  #dropOldest(): void {
    let row = ROWS - 1;
    while (this.#counts[row] === 0) row--;
    const size = 1 << row;
    const sum = this.#sums[row * WIDTH];
    const rest = this.#length - size;
    if (rest > 0) {
      const gap = sum / size - (this.#sum - sum) / rest;
      const change = this.#variances[row * WIDTH] + (gap * gap * size * rest) / this.#length;
      this.#variance = Math.max(0, this.#variance - change);
    } else this.#variance = 0;
    this.#length = rest;
    this.#sum -= sum;
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
    const variance = this.#variance / n;
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
        const change = (this.#sum - oldSum) / newLength - oldSum / oldLength;
        if (Math.abs(change) > bound) return change;
      }
    }
    return 0;
  }
}
