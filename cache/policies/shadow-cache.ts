// What a cache would hold if it had always run one way: keys only, over a sample of the keys. A key is in the sample by its hash, so
// every request for it is, and a cache of a share of the size sees a like stream. Waldspurger et al., "Cache modeling and
// optimization using miniature simulations", USENIX ATC 2017.

import { assert } from "../../core/errors.ts";
import { HashIndex } from "./hash-index.ts";
import { NO_KEY, NO_SLOT } from "./policy.ts";
import { ReuseCore, type ReuseMode } from "./reuse-core.ts";
import { grownUint32, NONE } from "./slot-lists.ts";

export class ShadowCache {
  readonly #core: ReuseCore;
  readonly #index: HashIndex;
  #weightOf: Uint32Array;
  #free: Int32Array;
  #freeCount = 0;
  #usedUnits = 0;
  #capacity: number;

  constructor(slotCount: number, capacity: number, mode: ReuseMode) {
    this.#core = new ReuseCore({ slotCount, capacity }, mode, true);
    this.#index = new HashIndex(slotCount);
    this.#weightOf = new Uint32Array(slotCount);
    this.#free = new Int32Array(slotCount);
    this.#capacity = capacity;
    this.#addFree(0);
  }

  /** A request; a miss is stored. @returns whether it would have been found */
  request(hash: number, weight: number): boolean {
    const found = this.#index.find(hash);
    if (found !== NONE) {
      this.#core.hit(found);
      return true;
    }
    if (weight > this.#capacity) return false;
    while (this.#usedUnits + weight > this.#capacity) {
      const slot = this.#core.evict(hash, weight);
      if (slot === NO_SLOT) return false;
      this.#release(slot);
    }
    if (this.#freeCount === 0) this.#grow();
    const slot = this.#free[--this.#freeCount] as number;
    this.#index.add(slot, hash);
    this.#weightOf[slot] = weight;
    this.#usedUnits += weight;
    this.#core.insert(slot, hash, weight);
    return false;
  }

  /** Entries that it holds. */
  get count(): number {
    return this.#free.length - this.#freeCount;
  }

  /** The capacity became `capacity` units. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#core.resize(capacity);
    while (this.#usedUnits > capacity) this.#release(this.#core.evict(NO_KEY, 0));
  }

  get stateBytes(): number {
    return this.#core.stateBytes + this.#index.stateBytes + this.#weightOf.byteLength + this.#free.byteLength;
  }

  check(): void {
    const residents = new Set<number>();
    for (let slot = 0; slot < this.#weightOf.length; slot++) residents.add(slot);
    for (let place = 0; place < this.#freeCount; place++) residents.delete(this.#free[place] as number);
    assert(this.#index.count() === residents.size, "shadow: the index holds more or less than the cache");
    this.#core.check(residents);
  }

  #release(slot: number): void {
    this.#index.drop(slot);
    this.#usedUnits -= this.#weightOf[slot] as number;
    this.#free[this.#freeCount++] = slot;
  }

  #grow(): void {
    const before = this.#free.length;
    const after = 2 * before;
    this.#index.grow(after);
    this.#weightOf = grownUint32(this.#weightOf, after);
    this.#free = new Int32Array(after);
    this.#core.growSlots(after);
    this.#addFree(before);
  }

  #addFree(from: number): void {
    for (let slot = this.#free.length - 1; slot >= from; slot--) this.#free[this.#freeCount++] = slot;
  }
}
