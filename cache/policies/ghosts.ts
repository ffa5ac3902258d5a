// Keys that left, by their hash: an open-addressed table of nodes (linear probing, deletion by shifting back: Knuth, TAOCP 3,
// algorithm 6.4R) with the nodes in lists by age. A ghost weighs what its entry weighed, so that a bound in bytes holds. Two keys
// of equal hash are one ghost: at 32 bits and some thousand entries a wrong ghost is one in a million.

import { assert } from "../../core/errors.ts";
import { grownUint32, NONE, SlotLists } from "./slot-lists.ts";

const FIRST_NODES = 64;

/** A hash of a hash: spreads dense keys over all 32 bits. The finaliser of MurmurHash3 (Appleby, public domain). */
export function mix(hash: number): number {
  let h = hash | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The power of two that is `n` or the next above it, n ≤ 2^30. */
export function powerOfTwoFrom(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

export class Ghosts {
  /** By node. `previous` is towards the newer. */
  readonly lists: SlotLists;
  #hashOf: Uint32Array;
  /** Node + 1 by place, 0 where the place is empty; twice as many places as nodes at least. */
  #table: Int32Array;
  /** Free nodes, a stack. */
  #free: Int32Array;
  #freeCount = 0;

  constructor(listCount: number) {
    this.lists = new SlotLists(listCount, FIRST_NODES);
    this.#hashOf = new Uint32Array(FIRST_NODES);
    this.#table = new Int32Array(2 * FIRST_NODES);
    this.#free = new Int32Array(FIRST_NODES);
    this.#addFree(0);
  }

  /** The node of `hash`, or NONE. */
  find(hash: number): number {
    const mask = this.#table.length - 1;
    for (let place = mix(hash) & mask; ; place = (place + 1) & mask) {
      const node = (this.#table[place] as number) - 1;
      if (node === NONE || this.#hashOf[node] === hash) return node;
    }
  }

  hashOf(node: number): number {
    return this.#hashOf[node] as number;
  }

  /** A ghost at the newer end of `list`; one of the same hash goes before. @returns its node */
  add(list: number, hash: number, weight: number): number {
    const before = this.find(hash);
    if (before !== NONE) this.drop(before);
    if (this.#freeCount === 0) this.#grow();
    const node = this.#free[--this.#freeCount] as number;
    this.#hashOf[node] = hash;
    this.#place(node);
    this.lists.push(list, node, weight);
    return node;
  }

  drop(node: number): void {
    this.lists.take(node);
    this.#free[this.#freeCount++] = node;
    const mask = this.#table.length - 1;
    let hole = mix(this.#hashOf[node] as number) & mask;
    while (this.#table[hole] !== node + 1) hole = (hole + 1) & mask;
    for (let place = (hole + 1) & mask; this.#table[place] !== 0; place = (place + 1) & mask) {
      const home = mix(this.#hashOf[(this.#table[place] as number) - 1] as number) & mask;
      // It may move into the hole when its home is not between the hole and itself.
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        this.#table[hole] = this.#table[place] as number;
        hole = place;
      }
    }
    this.#table[hole] = 0;
  }

  /** Drops the oldest of `list` until it weighs at most `limit`. */
  trim(list: number, limit: number): void {
    while ((this.lists.total[list] as number) > limit) this.drop(this.lists.tail[list] as number);
  }

  get stateBytes(): number {
    return this.lists.stateBytes + this.#hashOf.byteLength + this.#table.byteLength + this.#free.byteLength;
  }

  check(): void {
    let count = 0;
    this.lists.check((node) => {
      count++;
      assert(this.find(this.#hashOf[node] as number) === node, "ghosts: a node is not found by its hash");
    });
    assert(count + this.#freeCount === this.#free.length, "ghosts: a node was lost");
    let placed = 0;
    for (let place = 0; place < this.#table.length; place++) if (this.#table[place] !== 0) placed++;
    assert(placed === count, "ghosts: the table holds more or less than the lists");
  }

  #place(node: number): void {
    const mask = this.#table.length - 1;
    let place = mix(this.#hashOf[node] as number) & mask;
    while (this.#table[place] !== 0) place = (place + 1) & mask;
    this.#table[place] = node + 1;
  }

  #grow(): void {
    const before = this.#hashOf.length;
    const after = before * 2;
    this.lists.grow(after);
    this.#hashOf = grownUint32(this.#hashOf, after);
    this.#table = new Int32Array(2 * after);
    for (let node = 0; node < before; node++) this.#place(node);
    this.#free = new Int32Array(after);
    this.#addFree(before);
  }

  #addFree(from: number): void {
    for (let node = this.#hashOf.length - 1; node >= from; node--) this.#free[this.#freeCount++] = node;
  }
}
