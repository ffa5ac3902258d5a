// The last n samples in order of time, kept in a ring of doubles; shared by the baselines that look back.

export class SampleHistory {
  readonly capacity: number;
  readonly #values: Float64Array;
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#values = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Appends; the oldest falls out when full. */
  push(value: number): void {
    this.#values[this.#head] = value;
    this.#head = this.#head + 1 === this.capacity ? 0 : this.#head + 1;
    if (this.#length < this.capacity) this.#length++;
  }

  /** The sample `ago` pushes before the newest, which is at 0; `ago` < length. */
  back(ago: number): number {
    const at = this.#head - 1 - ago;
    return this.#values[at < 0 ? at + this.capacity : at];
  }
}
