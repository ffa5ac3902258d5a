// Keys that left, by their hash, in lists by age. A ghost weighs what its entry weighed, so that a bound in bytes holds.

import { assert } from "../../core/errors.ts";
import { HashIndex } from "./hash-index.ts";
import { NONE, SlotLists } from "./slot-lists.ts";

const FIRST_NODES = 64;

export class Ghosts {
  /** By node. `previous` is towards the newer. */
  readonly lists: SlotLists;
  readonly #index: HashIndex;
  /** Free nodes, a stack. */
  #free: Int32Array;
  #freeCount = 0;

  constructor(listCount: number) {
    this.lists = new SlotLists(listCount, FIRST_NODES);
    this.#index = new HashIndex(FIRST_NODES);
    this.#free = new Int32Array(FIRST_NODES);
    this.#addFree(0);
  }

  /** The node of `hash`, or NONE. */
  find(hash: number): number {
    return this.#index.find(hash);
  }

  /** A ghost at the newer end of `list`; one of the same hash goes before. @returns its node */
  add(list: number, hash: number, weight: number): number {
    const before = this.find(hash);
    if (before !== NONE) this.drop(before);
    if (this.#freeCount === 0) this.#grow();
    const node = this.#free[--this.#freeCount] as number;
    this.#index.add(node, hash);
    this.lists.push(list, node, weight);
    return node;
  }

  drop(node: number): void {
    this.lists.take(node);
    this.#index.drop(node);
    this.#free[this.#freeCount++] = node;
  }

  /** Drops the oldest of `list` until it weighs at most `limit`. */
  trim(list: number, limit: number): void {
    while ((this.lists.total[list] as number) > limit) this.drop(this.lists.tail[list] as number);
  }

  get stateBytes(): number {
    return this.lists.stateBytes + this.#index.stateBytes + this.#free.byteLength;
  }

  check(): void {
    let count = 0;
    this.lists.check((node) => {
      count++;
      assert(this.find(this.#index.hashOf(node)) === node, "ghosts: a node is not found by its hash");
    });
    assert(count + this.#freeCount === this.#free.length, "ghosts: a node was lost");
    assert(this.#index.count() === count, "ghosts: the index holds more or less than the lists");
  }

  #grow(): void {
    const before = this.#free.length;
    const after = before * 2;
    this.lists.grow(after);
    this.#index.grow(after);
    this.#free = new Int32Array(after);
    this.#addFree(before);
  }

  #addFree(from: number): void {
    for (let node = this.#free.length - 1; node >= from; node--) this.#free[this.#freeCount++] = node;
  }
}
