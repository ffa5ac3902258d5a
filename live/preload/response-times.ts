// How long requests took, by how they were answered. A hit takes less time than reading the clock twice, so one in 64 is measured.

import type { ResponseFigures } from "./preloader-statistics.ts";

const HIT_SAMPLE_MASK = 63;

class Mean {
  count = 0;
  sum = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
  }

  get value(): number {
    return this.sum / this.count;
  }
}

export class ResponseTimes {
  readonly #hits = new Mean();
  readonly #late = new Mean();
  readonly #cold = new Mean();
  #hitCount = 0;

  /** Whether the next hit is to be measured. */
  get isHitMeasured(): boolean {
    return (this.#hitCount & HIT_SAMPLE_MASK) === HIT_SAMPLE_MASK;
  }

  /** @param millis NaN: not measured */
  countHit(millis: number): void {
    this.#hitCount++;
    if (millis >= 0) this.#hits.add(millis);
  }

  /** A request that waited. @param isLate for a load ahead that was under way */
  addWait(millis: number, isLate: boolean): void {
    (isLate ? this.#late : this.#cold).add(millis);
  }

  figures(): ResponseFigures {
    const count = this.#hitCount + this.#late.count + this.#cold.count;
    const hitSum = this.#hits.count === 0 ? 0 : this.#hits.value * this.#hitCount;
    const meanMillis = (hitSum + this.#late.sum + this.#cold.sum) / count;
    return {
      hitMillis: this.#hits.value,
      lateMillis: this.#late.value,
      coldMillis: this.#cold.value,
      meanMillis,
      ratioToCold: meanMillis / this.#cold.value,
    };
  }
}
