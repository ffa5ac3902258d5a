// Leases within one process: who may load which key, until when. Enough for a backend that only one process can have open; a
// row in its file would only outlive a process that died, and keep its successor from loading.

import { assert } from "../../core/errors.ts";
import type { Lease } from "./backend.ts";

interface Holder {
  readonly untilMillis: number;
}

export class LeaseTable {
  readonly #holders = new Map<string, Holder>();
  readonly #now: () => number;
  #takenSinceSweep = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The right to load `key` for `holdMillis` > 0, or null while another has it. O(1), amortised. */
  take(key: string, holdMillis: number): Lease | null {
    checkHold(holdMillis);
    const nowMillis = this.#now();
    const current = this.#holders.get(key);
    if (current !== undefined && current.untilMillis > nowMillis) return null;
    if (++this.#takenSinceSweep > this.#holders.size + 64) this.#sweep(nowMillis);
    const holder: Holder = { untilMillis: nowMillis + holdMillis };
    this.#holders.set(key, holder);
    return {
      release: async () => {
        if (this.#holders.get(key) === holder) this.#holders.delete(key);
      },
    };
  }

  clear(): void {
    this.#holders.clear();
  }

  /** Forgets leases that ran out and were never given back. */
  #sweep(nowMillis: number): void {
    this.#takenSinceSweep = 0;
    for (const [key, holder] of this.#holders) if (holder.untilMillis <= nowMillis) this.#holders.delete(key);
  }
}

/** A lease without an end would keep everybody from loading when its holder dies. */
export function checkHold(holdMillis: number): void {
  assert(Number.isSafeInteger(holdMillis) && holdMillis > 0, "a lease is held for a whole number of ms above 0");
}
