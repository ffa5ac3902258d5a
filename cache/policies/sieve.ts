// SIEVE: CLOCK whose survivors stay where they are. A hand walks from the oldest to the newest, clears the bit of who was asked for
// and takes the first whose bit is clear; the newcomer enters at the head, not where the hand is. So new entries are judged soon
// and old, popular ones are kept. Zhang et al., "SIEVE is simpler than LRU", NSDI 2024, algorithm 1.

import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint8, NONE, SlotLists } from "./slot-lists.ts";

const QUEUE = 0;

class Sieve implements CachePolicy {
  readonly id = "sieve";
  readonly #lists: SlotLists;
  #isVisited: Uint8Array;
  /** Where the next search starts; NONE: at the tail. */
  #hand = NONE;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(1, options.slotCount);
    this.#isVisited = new Uint8Array(options.slotCount);
  }

  hit(slot: number): void {
    this.#isVisited[slot] = 1;
  }

  evict(_keyHash: number, _weight: number): number {
    const tail = this.#lists.tail[QUEUE] as number;
    if (tail === NONE) return NO_SLOT;
    let slot = this.#hand === NONE ? tail : this.#hand;
    // Ends: each step clears a bit.
    while (this.#isVisited[slot] === 1) {
      this.#isVisited[slot] = 0;
      const newer = this.#lists.previous[slot] as number;
      slot = newer === NONE ? tail : newer;
    }
    this.#hand = this.#lists.previous[slot] as number;
    this.#lists.take(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, weight: number): void {
    this.#lists.push(QUEUE, slot, weight);
    this.#isVisited[slot] = 0;
  }

  remove(slot: number): void {
    if (this.#hand === slot) this.#hand = this.#lists.previous[slot] as number;
    this.#lists.take(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
    this.#isVisited = grownUint8(this.#isVisited, slotCount);
  }

  candidates(out: Int32Array): number {
    const place = this.#copy(out, 0, 0);
    return this.#copy(out, place, 1);
  }

  get stateBytes(): number {
    return this.#lists.stateBytes + this.#isVisited.byteLength;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
  }

  /** From the hand to the head, then from the tail to the hand. */
  #copy(out: Int32Array, at: number, bit: number): number {
    const { previous, tail, count } = this.#lists;
    let place = at;
    let slot = this.#hand === NONE ? (tail[QUEUE] as number) : this.#hand;
    for (let step = count[QUEUE] as number; step > 0 && place < out.length; step--) {
      if (this.#isVisited[slot] === bit) out[place++] = slot;
      const newer = previous[slot] as number;
      slot = newer === NONE ? (tail[QUEUE] as number) : newer;
    }
    return place;
  }
}

export const SIEVE: CachePolicyDefinition = {
  id: "sieve",
  title: "SIEVE",
  source: "Zhang et al., NSDI 2024",
  create: (options) => new Sieve(options),
};
