// Finds a node by a 32-bit hash: an open-addressed table with linear probing and deletion by shifting back (Knuth, TAOCP 3,
// algorithm 6.4R). Two keys of equal hash are one key here: among some thousand entries that is one in a million.

import { grownUint32 } from "./slot-lists.ts";

const EMPTY = 0;
/** No node has the hash. */
const NONE = -1;

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

/** Nodes 0 … nodeCount − 1, each with a hash or not in the index. */
export class HashIndex {
  #hashOf: Uint32Array;
  /** Node + 1 by place, 0 where the place is empty; at least twice as many places as nodes. */
  #table: Int32Array;

  constructor(nodeCount: number) {
    this.#hashOf = new Uint32Array(nodeCount);
    this.#table = new Int32Array(powerOfTwoFrom(2 * nodeCount));
  }

  /** The node of `hash`, or −1. Hot. */
  find(hash: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let place = mix(hash) & mask; ; place = (place + 1) & mask) {
      const node = (table[place] as number) - 1;
      if (node === NONE || this.#hashOf[node] === hash) return node;
    }
  }

  hashOf(node: number): number {
    return this.#hashOf[node] as number;
  }

  /** Enters a node that is not in the index, under a hash that no other node has. */
  add(node: number, hash: number): void {
    this.#hashOf[node] = hash;
    const mask = this.#table.length - 1;
    let place = mix(hash) & mask;
    while (this.#table[place] !== EMPTY) place = (place + 1) & mask;
    this.#table[place] = node + 1;
  }

  /** Takes out a node that is in the index. */
  drop(node: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let hole = mix(this.#hashOf[node] as number) & mask;
    while (table[hole] !== node + 1) hole = (hole + 1) & mask;
    for (let place = (hole + 1) & mask; table[place] !== EMPTY; place = (place + 1) & mask) {
      const home = mix(this.#hashOf[(table[place] as number) - 1] as number) & mask;
      // It may move into the hole when its home is not between the hole and itself.
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        table[hole] = table[place] as number;
        hole = place;
      }
    }
    table[hole] = EMPTY;
  }

  /** There are now `nodeCount` nodes. */
  grow(nodeCount: number): void {
    this.#hashOf = grownUint32(this.#hashOf, nodeCount);
    const before = this.#table;
    this.#table = new Int32Array(powerOfTwoFrom(2 * nodeCount));
    for (let place = 0; place < before.length; place++) {
      const node = (before[place] as number) - 1;
      if (node !== NONE) this.add(node, this.#hashOf[node] as number);
    }
  }

  /** Nodes in the index. Cost: O(places). */
  count(): number {
    let count = 0;
    for (let place = 0; place < this.#table.length; place++) if (this.#table[place] !== EMPTY) count++;
    return count;
  }

  get stateBytes(): number {
    return this.#hashOf.byteLength + this.#table.byteLength;
  }
}
