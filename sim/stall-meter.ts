// Stall: the share of a sliding second in which some request waits, as PSI's `some` (Linux Documentation/accounting/psi).
// The maximum over all windows is reached by one that ends where a stall ends, so it is looked for only there.

import { MICROS_PER_SECOND } from "../core/units.ts";

export class StallMeter {
  peakRatio = 0;
  totalMicros = 0;
  #sinceMicros = -1;
  #starts = new Float64Array(64);
  #ends = new Float64Array(64);
  #first = 0;
  #count = 0;

  /** Some request began to wait. */
  begin(nowMicros: number): void {
    if (this.#sinceMicros < 0) this.#sinceMicros = nowMicros;
  }

  /** None waits any longer. Cost: the stalls of the last second. */
  end(nowMicros: number): void {
    if (this.#sinceMicros < 0) return;
    const start = this.#sinceMicros;
    this.#sinceMicros = -1;
    if (nowMicros === start) return;
    this.totalMicros += nowMicros - start;
    this.#push(start, nowMicros);
    const windowStart = nowMicros - MICROS_PER_SECOND;
    const mask = this.#starts.length - 1;
    while (this.#ends[this.#first & mask]! <= windowStart) {
      this.#first++;
      this.#count--;
    }
    let stalled = 0;
    for (let k = 0; k < this.#count; k++) {
      const at = (this.#first + k) & mask;
      stalled += this.#ends[at]! - Math.max(this.#starts[at]!, windowStart);
    }
    const ratio = stalled / MICROS_PER_SECOND;
    if (ratio > this.peakRatio) this.peakRatio = ratio;
  }

  #push(start: number, end: number): void {
    if (this.#count === this.#starts.length) this.#grow();
    const at = (this.#first + this.#count++) & (this.#starts.length - 1);
    this.#starts[at] = start;
    this.#ends[at] = end;
  }

  #grow(): void {
    const size = this.#starts.length;
    const starts = new Float64Array(size * 2);
    const ends = new Float64Array(size * 2);
    for (let k = 0; k < this.#count; k++) {
      starts[k] = this.#starts[(this.#first + k) & (size - 1)]!;
      ends[k] = this.#ends[(this.#first + k) & (size - 1)]!;
    }
    this.#starts = starts;
    this.#ends = ends;
    this.#first = 0;
  }
}
