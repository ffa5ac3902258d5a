// Which reclaimable block goes first. `oldest` is what a shrinker knows that knows nothing (shrinker.ts has it built in).
// `coldest` is what the cache itself knows: it counts how often each key is asked for, whether found or not, with an
// exponential decay, and lets go what brings the fewest hits per byte; what was loaded on speculation and never asked for
// goes before all else. The count by key outlives the block, as in TinyLFU (Einziger, Friedman & Manes, ACM TOS 2017), and
// value per byte is GreedyDual-Size-Frequency's (Cherkasova, HP Labs 1998) without its clock, since all blocks age alike.

import type { Heap } from "../allocator/heap.ts";
import type { CacheTenant } from "./cache-tenant.ts";

export const SHED_ORDERS = ["oldest", "coldest"] as const;
export type ShedOrderName = (typeof SHED_ORDERS)[number];

/** Names the next block to go. */
export interface ShedOrder {
  /** A reclaimable block was placed. */
  add(id: number): void;
  /** The id whose block goes next, −1: there is none. */
  next(nowMicros: number): number;
  /** Its handle. */
  handleOf(id: number): number;
}

export class ColdestFirst implements ShedOrder {
  readonly #cache: CacheTenant;
  readonly #heap: Heap;
  readonly #handles: Int32Array;
  /** Ids placed and not known to be gone. */
  #ids = new Uint32Array(256);
  #count = 0;

  /** @param handles handle of each id, kept up to date by whoever places and frees */
  constructor(cache: CacheTenant, heap: Heap, handles: Int32Array) {
    this.#cache = cache;
    this.#heap = heap;
    this.#handles = handles;
  }

  add(id: number): void {
    if (this.#count === this.#ids.length) this.#forgetDead();
    if (this.#count === this.#ids.length) {
      const grown = new Uint32Array(this.#count * 2);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.#count++] = id;
  }

  /** Cost: an exponential for each block of the cache. */
  next(nowMicros: number): number {
    this.#forgetDead();
    let best = -1;
    let least = Infinity;
    for (let k = 0; k < this.#count; k++) {
      const id = this.#ids[k]!;
      const worth = this.#cache.demandFor(id, nowMicros) / this.#heap.lengthOf(this.#handles[id]!);
      if (worth < least) {
        least = worth;
        best = id;
      }
    }
    return best;
  }

  handleOf(id: number): number {
    return this.#handles[id]!;
  }

  #forgetDead(): void {
    let kept = 0;
    for (let k = 0; k < this.#count; k++) {
      const id = this.#ids[k]!;
      if (this.#heap.isLive(this.#handles[id]!)) this.#ids[kept++] = id;
    }
    this.#count = kept;
  }
}
