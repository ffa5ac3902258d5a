// Tells a forecaster of frees, which wants to know how long each block lived and whose it was. An allocator knows a block's
// length from its header; for the birth of each it would have to keep a time, so whoever listens runs beside the arena.

import { type Demand, OP_FREE } from "../core/demand.ts";
import type { Forecaster } from "../core/forecaster.ts";

/** A forecaster that hears of frees. */
export interface FreeListener {
  observeFree(lengthBytes: number, ageMicros: number, tenant: number): void;
}

export function hearsOfFrees(forecaster: Forecaster | null): forecaster is Forecaster & FreeListener {
  return forecaster !== null && typeof (forecaster as Partial<FreeListener>).observeFree === "function";
}

export class FreeWatch {
  readonly #demand: Demand;
  readonly #listener: FreeListener;
  readonly #bornMicros: Float64Array;
  /** 0: nothing is held under that id. */
  readonly #lengthBytes: Uint32Array;
  readonly #owners: Uint8Array;

  constructor(demand: Demand, listener: FreeListener) {
    this.#demand = demand;
    this.#listener = listener;
    this.#bornMicros = new Float64Array(demand.idCount);
    this.#lengthBytes = new Uint32Array(demand.idCount);
    this.#owners = new Uint8Array(demand.idCount);
  }

  /** Row `row` of the demand, of `lengthBytes`, before the forecaster hears of the request in it. A resize frees what was. Hot. */
  take(row: number, nowMicros: number, lengthBytes: number): void {
    const { id, kind, tenant } = this.#demand;
    const at = id[row]!;
    const old = this.#lengthBytes[at]!;
    if (old > 0) this.#listener.observeFree(old, nowMicros - this.#bornMicros[at]!, this.#owners[at]!);
    if (kind[row] === OP_FREE) {
      this.#lengthBytes[at] = 0;
      return;
    }
    this.#lengthBytes[at] = lengthBytes;
    this.#bornMicros[at] = nowMicros;
    this.#owners[at] = tenant[row]!;
  }
}
