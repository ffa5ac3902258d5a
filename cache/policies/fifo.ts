// FIFO: who came first leaves first, asked for or not. The floor that every policy has to clear; and where nothing is asked for
// twice soon, as good as any. Belady, "A study of replacement algorithms for virtual-storage computers", IBM Systems Journal 5(2), 1966.

import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { checkResidents, NONE, SlotLists } from "./slot-lists.ts";

const QUEUE = 0;

class Fifo implements CachePolicy {
  readonly id = "fifo";
  readonly #lists: SlotLists;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(1, options.slotCount);
  }

  hit(_slot: number): void {}

  evict(_keyHash: number, _weight: number): number {
    const slot = this.#lists.tail[QUEUE] as number;
    if (slot === NONE) return NO_SLOT;
    this.#lists.take(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, weight: number): void {
    this.#lists.push(QUEUE, slot, weight);
  }

  remove(slot: number): void {
    this.#lists.take(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
  }

  candidates(out: Int32Array): number {
    return this.#lists.copyFromTail(QUEUE, out, 0);
  }

  get stateBytes(): number {
    return this.#lists.stateBytes;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
  }
}

export const FIFO: CachePolicyDefinition = {
  id: "fifo",
  title: "First in, first out",
  source: "Belady, IBM Systems Journal 5(2), 1966",
  create: (options) => new Fifo(options),
};
