// The last so many durations, and their percentiles by sorting: asked rarely, so nothing cleverer is worth it.

export class RecentTimes {
  readonly #millis: Float64Array;
  #count = 0;

  constructor(capacity = 1000) {
    this.#millis = new Float64Array(capacity);
  }

  add(millis: number): void {
    this.#millis[this.#count++ % this.#millis.length] = millis;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The smallest kept duration that at least the share `ratio` of them do not exceed; 0 without any. O(n log n). */
  quantile(ratio: number): number {
    const kept = this.#millis.slice(0, Math.min(this.#count, this.#millis.length)).sort();
    return kept.length === 0 ? 0 : kept[Math.max(0, Math.ceil(ratio * kept.length) - 1)];
  }
}
