// Was a proactive run useful? It was if within 5 s of its end a request succeeded that was denied in the shadow arena, which
// got the same demand and no proactive run (DESIGN section 3).

import { HORIZON_MICROS } from "../core/units.ts";
import type { Arena } from "./arena.ts";
import { RUN_PROACTIVE } from "./compaction-runner.ts";

export class Usefulness {
  useful = 0;
  readonly #acting: Arena;
  readonly #isDeniedInShadow: Uint8Array;
  /** Ends of the proactive runs not yet found useful, oldest first. */
  #ends: number[] = [];

  constructor(acting: Arena, rows: number) {
    this.#acting = acting;
    this.#isDeniedInShadow = new Uint8Array(rows);
  }

  /** The shadow arena denied a request. */
  deniedInShadow(row: number): void {
    this.#isDeniedInShadow[row] = 1;
    const served = this.#acting.servedAtMicros[row]!;
    if (served >= 0) this.#credit(served);
  }

  /** The acting arena served a request that had waited. */
  servedLate(row: number, nowMicros: number): void {
    if (this.#isDeniedInShadow[row] === 1) this.#credit(nowMicros);
  }

  /** A run of the acting arena has ended. */
  runEnded(kind: number, nowMicros: number): void {
    if (kind !== RUN_PROACTIVE) return;
    // A request that waits is decided at most 1 s after the acting arena served it.
    const oldest = nowMicros - HORIZON_MICROS - 2_000_000;
    while (this.#ends.length > 0 && this.#ends[0]! < oldest) this.#ends.shift();
    this.#ends.push(nowMicros);
  }

  #credit(servedMicros: number): void {
    const left: number[] = [];
    for (const end of this.#ends) {
      if (end <= servedMicros && servedMicros - end <= HORIZON_MICROS) this.useful++;
      else left.push(end);
    }
    this.#ends = left;
  }
}
