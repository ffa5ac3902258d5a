// LRU: who was asked for least recently leaves. What nearly every cache runs and what each policy here is measured against; a
// loop that is one entry longer than the cache makes it miss always. Mattson et al., "Evaluation techniques for storage
// hierarchies", IBM Systems Journal 9(2), 1970.

import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { checkResidents, NONE, SlotLists } from "./slot-lists.ts";

const STACK = 0;

class Lru implements CachePolicy {
  readonly id = "lru";
  readonly #lists: SlotLists;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(1, options.slotCount);
  }

  hit(slot: number): void {
    this.#lists.move(STACK, slot);
  }

  evict(_keyHash: number, _weight: number): number {
    const slot = this.#lists.tail[STACK] as number;
    if (slot === NONE) return NO_SLOT;
    this.#lists.take(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, weight: number): void {
    this.#lists.push(STACK, slot, weight);
  }

  remove(slot: number): void {
    this.#lists.take(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
  }

  candidates(out: Int32Array): number {
    return this.#lists.copyFromTail(STACK, out, 0);
  }

  get stateBytes(): number {
    return this.#lists.stateBytes;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
  }
}

export const LRU: CachePolicyDefinition = {
  id: "lru",
  title: "Least recently used",
  source: "Mattson et al., IBM Systems Journal 9(2), 1970",
  create: (options) => new Lru(options),
};
