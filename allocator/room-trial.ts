// Would these blocks find room elsewhere? That depends on the order in which they take the holes, so it is tried: a trial takes
// room for one block after the other out of the index, as real moves would, and gives all of it back in reverse order
// (dancing links, Knuth, TAOCP 4B, 7.2.2.1), by which the index is again exactly what it was. Nothing moves.

import { assert } from "../core/errors.ts";
import type { Heap } from "./heap.ts";
import { alignWord, FREE, LENGTH_MASK } from "./layout.ts";

const FIELDS = 5; // hole, its length, end of the block in it, the hole's two links

export class RoomTrial {
  /** Blocks that have room so far. */
  count = 0;
  readonly mostBlocks: number;
  readonly #heap: Heap;
  readonly #taken: Int32Array;

  constructor(heap: Heap, mostBlocks: number) {
    this.#heap = heap;
    this.mostBlocks = mostBlocks;
    this.#taken = new Int32Array(FIELDS * mostBlocks);
  }

  /** Takes room for the block at `word` that does not touch the words [avoidStart, avoidEnd]; false: there is none. */
  take(word: number, avoidStart: number, avoidEnd: number): boolean {
    assert(this.count < this.mostBlocks, "a trial has a bounded number of blocks");
    const heap = this.#heap;
    const words = heap.words;
    const holes = heap.holes;
    const length = words[word]! & LENGTH_MASK;
    const align = heap.alignOf(word);
    const hole = holes.findAligned(length, align, avoidStart, avoidEnd);
    if (hole < 0) return false;
    const holeLength = words[hole]! & LENGTH_MASK;
    const holeEnd = hole + (holeLength >> 2);
    const place = alignWord(hole, align);
    const rest = place + (length >> 2);
    const taken = this.#taken;
    const at = FIELDS * this.count++;
    taken[at] = hole;
    taken[at + 1] = holeLength;
    taken[at + 2] = rest;
    taken[at + 3] = words[hole + 1]!;
    taken[at + 4] = words[hole + 2]!;
    // As `carve` would, and in its order; headers are written in holes only.
    holes.remove(hole, holeLength);
    if (rest < holeEnd) {
      words[rest] = ((holeEnd - rest) << 2) | FREE;
      holes.insert(rest, words[rest]! & LENGTH_MASK);
    }
    if (place > hole) {
      words[hole] = ((place - hole) << 2) | FREE;
      holes.insert(hole, (place - hole) << 2);
    }
    return true;
  }

  /** Gives everything back. */
  undo(): void {
    const words = this.#heap.words;
    const holes = this.#heap.holes;
    const taken = this.#taken;
    while (this.count > 0) {
      const at = FIELDS * --this.count;
      const hole = taken[at]!;
      const holeLength = taken[at + 1]!;
      const rest = taken[at + 2]!;
      const holeEnd = hole + (holeLength >> 2);
      const front = words[hole]! & LENGTH_MASK; // shorter than the hole when an aligned block left a gap before it
      if (front < holeLength) holes.remove(hole, front);
      if (rest < holeEnd) holes.remove(rest, (holeEnd - rest) << 2);
      words[hole] = holeLength | FREE;
      words[hole + 1] = taken[at + 3]!; // a front gap has put its own links there
      words[hole + 2] = taken[at + 4]!;
      holes.restore(hole, holeLength);
    }
  }
}
