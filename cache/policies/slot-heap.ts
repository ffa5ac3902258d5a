// A binary heap of slots by a number, the smallest on top, in which each slot knows its place, so that its number can change in
// O(log n). Ties go to the lower slot.

import { assert } from "../../core/errors.ts";
import { grownInt32, NONE } from "./slot-lists.ts";

export class SlotHeap {
  /** The number a slot is ordered by. */
  #keyOf: Float64Array;
  #placeOf: Int32Array;
  #slotAt: Int32Array;
  #count = 0;

  constructor(slotCount: number) {
    this.#keyOf = new Float64Array(slotCount);
    this.#placeOf = new Int32Array(slotCount).fill(NONE);
    this.#slotAt = new Int32Array(slotCount);
  }

  get count(): number {
    return this.#count;
  }

  /** The slot of the smallest number, or NONE. */
  get top(): number {
    return this.#count === 0 ? NONE : (this.#slotAt[0] as number);
  }

  keyOf(slot: number): number {
    return this.#keyOf[slot] as number;
  }

  has(slot: number): boolean {
    return slot >= 0 && slot < this.#placeOf.length && this.#placeOf[slot] !== NONE;
  }

  add(slot: number, key: number): void {
    assert(
      slot >= 0 && slot < this.#placeOf.length && this.#placeOf[slot] === NONE,
      "heap: the slot is out of range or in it",
    );
    this.#keyOf[slot] = key;
    this.#up(slot, this.#count++);
  }

  change(slot: number, key: number): void {
    assert(this.has(slot), "heap: the slot is not in it");
    const place = this.#placeOf[slot] as number;
    const before = this.#keyOf[slot] as number;
    this.#keyOf[slot] = key;
    if (key < before) this.#up(slot, place);
    else this.#down(slot, place);
  }

  take(slot: number): void {
    assert(this.has(slot), "heap: the slot is not in it");
    const place = this.#placeOf[slot] as number;
    this.#placeOf[slot] = NONE;
    this.#count--;
    if (place === this.#count) return;
    const last = this.#slotAt[this.#count] as number;
    this.#up(last, place);
    this.#down(last, this.#placeOf[last] as number);
  }

  grow(slotCount: number): void {
    const keyOf = new Float64Array(slotCount);
    keyOf.set(this.#keyOf);
    this.#keyOf = keyOf;
    this.#placeOf = grownInt32(this.#placeOf, slotCount);
    this.#slotAt = grownInt32(this.#slotAt, slotCount);
  }

  /** Writes slots into `out`, the smallest number first, without changing anything. Cost: O(n log n), a copy. */
  copyInOrder(out: Int32Array): number {
    const slots = this.#slotAt.slice(0, this.#count);
    slots.sort((a, b) => (this.#keyOf[a] as number) - (this.#keyOf[b] as number) || a - b);
    const copied = slots.subarray(0, Math.min(out.length, slots.length));
    out.set(copied);
    return copied.length;
  }

  get stateBytes(): number {
    return this.#keyOf.byteLength + this.#placeOf.byteLength + this.#slotAt.byteLength;
  }

  /** The heap holds exactly `residents`, each where it says it is and none above its parent. */
  check(residents: ReadonlySet<number>): void {
    assert(this.#count === residents.size, "heap: it holds more or less than the cache");
    for (let place = 0; place < this.#count; place++) {
      const slot = this.#slotAt[place] as number;
      assert(residents.has(slot), "heap: it holds a slot that the cache does not");
      assert(this.#placeOf[slot] === place, "heap: a slot is not where it says it is");
      if (place > 0)
        assert(!this.#isBefore(slot, this.#slotAt[(place - 1) >> 1] as number), "heap: a slot is above its place");
    }
  }

  #isBefore(a: number, b: number): boolean {
    const keyA = this.#keyOf[a] as number;
    const keyB = this.#keyOf[b] as number;
    return keyA < keyB || (keyA === keyB && a < b);
  }

  #up(slot: number, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = this.#slotAt[(place - 1) >> 1] as number;
      if (!this.#isBefore(slot, parent)) break;
      this.#set(place, parent);
      place = (place - 1) >> 1;
    }
    this.#set(place, slot);
  }

  #down(slot: number, from: number): void {
    let place = from;
    for (let child = 2 * place + 1; child < this.#count; child = 2 * place + 1) {
      const right = child + 1;
      if (right < this.#count && this.#isBefore(this.#slotAt[right] as number, this.#slotAt[child] as number))
        child = right;
      const best = this.#slotAt[child] as number;
      if (!this.#isBefore(best, slot)) break;
      this.#set(place, best);
      place = child;
    }
    this.#set(place, slot);
  }

  #set(place: number, slot: number): void {
    this.#slotAt[place] = slot;
    this.#placeOf[slot] = place;
  }
}
