// CLOCK: FIFO with a second chance. A hit sets one bit; who comes to the end with the bit set loses it and goes round again. Near
// LRU without moving anything on a hit. New entries enter with the bit clear. Corbató, "A paging experiment with the Multics
// system", 1968.

import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint8, NONE, SlotLists } from "./slot-lists.ts";

const RING = 0;

class Clock implements CachePolicy {
  readonly id = "clock";
  readonly #lists: SlotLists;
  /** 1: asked for since it was last looked at. */
  #isReferenced: Uint8Array;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(1, options.slotCount);
    this.#isReferenced = new Uint8Array(options.slotCount);
  }

  hit(slot: number): void {
    this.#isReferenced[slot] = 1;
  }

  evict(_keyHash: number, _weight: number): number {
    let slot = this.#lists.tail[RING] as number;
    if (slot === NONE) return NO_SLOT;
    // Ends: each step clears a bit.
    while (this.#isReferenced[slot] === 1) {
      this.#isReferenced[slot] = 0;
      this.#lists.move(RING, slot);
      slot = this.#lists.tail[RING] as number;
    }
    this.#lists.take(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, weight: number): void {
    this.#lists.push(RING, slot, weight);
    this.#isReferenced[slot] = 0;
  }

  remove(slot: number): void {
    this.#lists.take(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
    this.#isReferenced = grownUint8(this.#isReferenced, slotCount);
  }

  candidates(out: Int32Array): number {
    let place = this.#copy(out, 0, 0);
    place = this.#copy(out, place, 1);
    return place;
  }

  get stateBytes(): number {
    return this.#lists.stateBytes + this.#isReferenced.byteLength;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
  }

  #copy(out: Int32Array, at: number, bit: number): number {
    let place = at;
    const { previous } = this.#lists;
    for (let slot = this.#lists.tail[RING] as number; slot !== NONE; slot = previous[slot] as number) {
      if (place === out.length) break;
      if (this.#isReferenced[slot] === bit) out[place++] = slot;
    }
    return place;
  }
}

export const CLOCK: CachePolicyDefinition = {
  id: "clock",
  title: "CLOCK, one reference bit",
  source: "Corbató, A paging experiment with the Multics system, 1968",
  create: (options) => new Clock(options),
};
