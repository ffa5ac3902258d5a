// Arrival times: a renewal process run on a clock that goes as fast as the rate of the moment. Gaps are drawn in expected
// arrivals and walked off over a table of rates that are constant within a cell, which inverts the cumulative rate
// exactly; for exponential gaps that is the non-homogeneous Poisson process (Çinlar, Introduction to Stochastic
// Processes, 1975, ch. 4).

import type { RandomStream } from "../core/random.ts";

export class ArrivalProcess {
  readonly #ratePerMicro: Float64Array;
  readonly #cellMicros: number;
  readonly #endMicros: number;
  readonly #isRegular: boolean;
  readonly #stream: RandomStream;
  #nowMicros: number;

  /** @param ratePerMicro arrivals/µs in each cell from time 0 on. */
  constructor(
    ratePerMicro: Float64Array,
    cellMicros: number,
    fromMicros: number,
    endMicros: number,
    law: "poisson" | "regular",
    stream: RandomStream,
  ) {
    this.#ratePerMicro = ratePerMicro;
    this.#cellMicros = cellMicros;
    this.#endMicros = endMicros;
    this.#isRegular = law === "regular";
    this.#stream = stream;
    this.#nowMicros = fromMicros;
  }

  /** The next arrival in integer µs, never decreasing, less than the end; Infinity when there is none. */
  next(): number {
    let need = this.#isRegular ? 0.5 + this.#stream.next() : this.#stream.exponential(1);
    let now = this.#nowMicros;
    let cell = Math.floor(now / this.#cellMicros);
    while (now < this.#endMicros) {
      const rate = this.#ratePerMicro[cell]!;
      const cellEnd = (cell + 1) * this.#cellMicros;
      const within = (cellEnd - now) * rate;
      if (need < within) {
        now += need / rate;
        this.#nowMicros = now;
        return now < this.#endMicros ? Math.floor(now) : Infinity;
      }
      need -= within;
      now = cellEnd;
      cell++;
    }
    this.#nowMicros = now;
    return Infinity;
  }
}
