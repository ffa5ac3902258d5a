// Response times of served requests: most are 0 (placed on arrival), so only the others are kept, and percentiles are exact.

import type { ResponseReport } from "./result.ts";

/** Nearest-rank percentile over `served` requests of which those in `waits`, ascending, waited. @param q 0..1 */
export function nearestRank(served: number, waits: Float64Array, q: number): number {
  const rank = Math.ceil(q * served) - 1;
  const immediate = served - waits.length;
  return rank < immediate || waits.length === 0 ? 0 : waits[rank - immediate]!;
}

export class ResponseMeter {
  served = 0;
  #waits = new Float64Array(256);
  #count = 0;

  /** One request served without waiting. Hot. */
  addImmediate(): void {
    this.served++;
  }

  /** One request served after `micros` > 0. */
  addWaited(micros: number): void {
    this.served++;
    if (micros <= 0) return;
    if (this.#count === this.#waits.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#waits);
      this.#waits = grown;
    }
    this.#waits[this.#count++] = micros;
  }

  /** Nearest-rank percentiles over all served requests. Sorts what waited. */
  report(): ResponseReport {
    const waits = this.#waits.subarray(0, this.#count).slice().sort();
    let sum = 0;
    for (let i = 0; i < waits.length; i++) sum += waits[i]!;
    const at = (q: number): number => nearestRank(this.served, waits, q);
    return {
      mean: this.served === 0 ? 0 : sum / this.served,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      p999: at(0.999),
      max: waits.length === 0 ? 0 : waits[waits.length - 1]!,
    };
  }
}
