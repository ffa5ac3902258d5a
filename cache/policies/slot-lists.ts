// Several doubly linked lists over the same slots, in typed arrays: each slot is in one list or in none. After the links of
// lru-cache (parallel arrays instead of node objects), with the list's own head and tail beside them.

import { assert } from "../../core/errors.ts";

/** No slot: the end of a list. */
export const NONE = -1;
const FREE = 255;

/** Lists 0 … listCount − 1 over slots 0 … slotCount − 1. Each list counts its entries and sums their weights. All moves are O(1). */
export class SlotLists {
  /** Towards the head (the newer end), by slot. */
  previous: Int32Array;
  /** Towards the tail (the older end), by slot. */
  next: Int32Array;
  /** The list that a slot is in, FREE = 255 where it is in none. */
  listOf: Uint8Array;
  weight: Uint32Array;
  readonly head: Int32Array;
  readonly tail: Int32Array;
  readonly count: Int32Array;
  /** Sum of weights by list. */
  readonly total: Float64Array;

  constructor(listCount: number, slotCount: number) {
    assert(listCount >= 1 && listCount < FREE, "lists: 1 to 254");
    assert(slotCount >= 1, "lists: one slot at least");
    this.previous = new Int32Array(slotCount).fill(NONE);
    this.next = new Int32Array(slotCount).fill(NONE);
    this.listOf = new Uint8Array(slotCount).fill(FREE);
    this.weight = new Uint32Array(slotCount);
    this.head = new Int32Array(listCount).fill(NONE);
    this.tail = new Int32Array(listCount).fill(NONE);
    this.count = new Int32Array(listCount);
    this.total = new Float64Array(listCount);
  }

  /** Puts a free slot at the head of `list`. */
  push(list: number, slot: number, weight: number): void {
    assert(this.listOf[slot] === FREE, "lists: the slot is out of range or in a list");
    this.weight[slot] = weight;
    this.#link(list, slot);
  }

  /** Takes a slot out of its list. */
  take(slot: number): void {
    assert(this.isListed(slot), "lists: the slot is in no list");
    this.#unlink(slot);
    this.listOf[slot] = FREE;
  }

  /** Moves a listed slot to the head of `list`, which may be its own. Hot. */
  move(list: number, slot: number): void {
    if (this.listOf[slot] === list) {
      this.#touch(list, slot);
      return;
    }
    assert(this.isListed(slot), "lists: the slot is in no list");
    this.#unlink(slot);
    this.#link(list, slot);
  }

  isListed(slot: number): boolean {
    return slot >= 0 && slot < this.listOf.length && this.listOf[slot] !== FREE;
  }

  /** There are now `slotCount` slots. */
  grow(slotCount: number): void {
    const before = this.listOf.length;
    assert(slotCount >= before, "lists: slots never become fewer");
    this.previous = grownInt32(this.previous, slotCount);
    this.next = grownInt32(this.next, slotCount);
    const listOf = new Uint8Array(slotCount).fill(FREE, before);
    listOf.set(this.listOf);
    this.listOf = listOf;
    this.weight = grownUint32(this.weight, slotCount);
  }

  /** Writes the slots of `list` from its tail on into `out` from `at` on. @returns the place after the last one */
  copyFromTail(list: number, out: Int32Array, at: number): number {
    let place = at;
    for (
      let slot = this.tail[list] as number;
      slot !== NONE && place < out.length;
      slot = this.previous[slot] as number
    ) {
      out[place++] = slot;
    }
    return place;
  }

  get stateBytes(): number {
    return this.previous.byteLength + this.next.byteLength + this.listOf.byteLength + this.weight.byteLength;
  }

  /** Walks every list both ways; `visit` is told each slot. Throws AssertionError. */
  check(visit: (slot: number, list: number) => void): void {
    let listed = 0;
    for (let list = 0; list < this.head.length; list++) {
      let count = 0;
      let total = 0;
      let before = NONE;
      for (let slot = this.head[list] as number; slot !== NONE; slot = this.next[slot] as number) {
        assert(this.listOf[slot] === list, "lists: a slot is linked into a list that is not its own");
        assert(this.previous[slot] === before, "lists: a backward link is wrong");
        count++;
        assert(count <= this.listOf.length, "lists: a list runs in a circle");
        total += this.weight[slot] as number;
        visit(slot, list);
        before = slot;
      }
      assert(this.tail[list] === before, "lists: a tail is wrong");
      assert(this.count[list] === count, "lists: a count is wrong");
      assert(this.total[list] === total, "lists: a sum of weights is wrong");
      listed += count;
    }
    for (let slot = 0; slot < this.listOf.length; slot++) if (this.listOf[slot] !== FREE) listed--;
    assert(listed === 0, "lists: a slot says that it is in a list and is not");
  }

  /** To the head of its own list: counts and sums stay as they are. */
  #touch(list: number, slot: number): void {
    const head = this.head[list] as number;
    if (head === slot) return;
    const previous = this.previous[slot] as number; // there is one: it is not the head
    const next = this.next[slot] as number;
    this.next[previous] = next;
    if (next === NONE) this.tail[list] = previous;
    else this.previous[next] = previous;
    this.previous[slot] = NONE;
    this.next[slot] = head;
    this.previous[head] = slot;
    this.head[list] = slot;
  }

  #link(list: number, slot: number): void {
    const head = this.head[list] as number;
    this.previous[slot] = NONE;
    this.next[slot] = head;
    if (head === NONE) this.tail[list] = slot;
    else this.previous[head] = slot;
    this.head[list] = slot;
    this.#account(list, slot, 1);
    this.listOf[slot] = list;
  }

  #unlink(slot: number): void {
    const list = this.listOf[slot] as number;
    const previous = this.previous[slot] as number;
    const next = this.next[slot] as number;
    if (previous === NONE) this.head[list] = next;
    else this.next[previous] = next;
    if (next === NONE) this.tail[list] = previous;
    else this.previous[next] = previous;
    this.#account(list, slot, -1);
  }

  #account(list: number, slot: number, sign: number): void {
    this.count[list] = (this.count[list] as number) + sign;
    this.total[list] = (this.total[list] as number) + sign * (this.weight[slot] as number);
  }
}

/** A copy of `from` with room for `length` numbers. */
export function grownInt32(from: Int32Array, length: number): Int32Array {
  const to = new Int32Array(length).fill(NONE, from.length);
  to.set(from);
  return to;
}

/** A copy of `from` with room for `length` numbers, new ones 0. */
export function grownUint32(from: Uint32Array, length: number): Uint32Array {
  const to = new Uint32Array(length);
  to.set(from);
  return to;
}

/** Checks that the listed slots are exactly the residents. */
export function checkResidents(lists: SlotLists, residents: ReadonlySet<number>): void {
  let count = 0;
  lists.check((slot) => {
    count++;
    assert(residents.has(slot), "policy: it holds a slot that the cache does not");
  });
  assert(count === residents.size, "policy: it lost a slot that the cache holds");
}

/** A copy of `from` with room for `length` numbers, new ones 0. */
export function grownUint8(from: Uint8Array, length: number): Uint8Array {
  const to = new Uint8Array(length);
  to.set(from);
  return to;
}
