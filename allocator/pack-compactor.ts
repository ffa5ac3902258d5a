// Pack: a slide that fills the gaps it leaves. A slide keeps the order of the blocks, so before each pinned block there stays
// a gap when the next block does not fit; here every later block that has to move anyway goes into the shortest of those gaps
// that holds it (best fit, as in bin packing), and only if there is none it slides. Each block moves at most once, so it
// moves no more than a slide. What is left at the end is gathered around the largest hole (gather-compactor.ts).

import { assert } from "../core/errors.ts";
import type { Compactor } from "./compactor.ts";
import { GatherCompactor } from "./gather-compactor.ts";
import type { Heap } from "./heap.ts";
import { alignWord, FREE, LEAD_WORDS, LENGTH_MASK, NO_WORD, SLOT_MASK } from "./layout.ts";

export class PackCompactor implements Compactor {
  readonly kind = "pack";
  readonly heap: Heap;
  readonly #gather: GatherCompactor;
  #isPacking = false;
  #packedBytes = 0;
  #packedVisits = 0;
  /** No gap that was left so far is longer. */
  #longestGapBytes = 0;
  #isGathering = false;
  #goalBytes = 0;
  #budgetBytes = 0;
  #worthRatio: number | undefined;

  constructor(heap: Heap) {
    this.heap = heap;
    this.#gather = new GatherCompactor(heap);
  }

  get isActive(): boolean {
    return this.#isPacking || this.#gather.isActive;
  }

  get movedBytes(): number {
    return this.#packedBytes + (this.#isGathering ? this.#gather.movedBytes : 0);
  }

  get visitedBlocks(): number {
    return this.#packedVisits + (this.#isGathering ? this.#gather.visitedBlocks : 0);
  }

  get failedMoves(): number {
    return this.#isGathering ? this.#gather.failedMoves : 0;
  }

  begin(goalLengthBytes: number, budgetBytes: number, wishLengthBytes = goalLengthBytes, worthRatio?: number): boolean {
    assert(goalLengthBytes > 0, "goalLengthBytes must be positive");
    assert(budgetBytes > 0, "budgetBytes must be positive");
    assert(this.heap.cursorWord < 0, "a compaction run is active on this heap");
    this.#goalBytes = Math.max(goalLengthBytes, wishLengthBytes);
    this.#budgetBytes = budgetBytes;
    this.#worthRatio = worthRatio;
    this.#isGathering = false;
    this.#packedBytes = 0;
    this.#packedVisits = 0;
    this.#longestGapBytes = 0;
    this.heap.cursorWord = LEAD_WORDS;
    this.#isPacking = true;
    return this.peek(1) > 0;
  }

  peek(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (this.#isPacking) {
      const bytes = this.#pack(maxBytes, true);
      if (bytes > 0) return bytes;
      this.#endPacking();
    }
    return this.#gather.isActive ? this.#gather.peek(maxBytes) : 0;
  }

  step(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (this.#isPacking) {
      const bytes = this.#pack(maxBytes, false);
      this.#packedBytes += bytes;
      this.heap.version++;
      if (this.heap.isVerifying) this.heap.assertIntact();
      if (bytes > 0) return bytes;
      this.#endPacking();
    }
    return this.#gather.isActive ? this.#gather.step(maxBytes) : 0;
  }

  abort(): void {
    this.#gather.abort();
    if (!this.#isPacking) return;
    this.#isPacking = false;
    this.heap.cursorWord = NO_WORD;
  }

  #endPacking(): void {
    this.#isPacking = false;
    this.heap.cursorWord = NO_WORD;
    const left = this.#budgetBytes - this.#packedBytes;
    if (left <= 0) return;
    this.#isGathering = true;
    // Whatever is to be had: what comes nearest to the goal serves the next request.
    this.#gather.beginAny(0, left, this.#goalBytes, this.#worthRatio);
  }

  /**
   * The next blocks of together at most `maxBytes`, one at least: a row that slides by the same hole, or one that goes into a
   * gap. Returns their bytes; dry, it only moves the cursor over what stays where it is.
   */
  #pack(maxBytes: number, isDry: boolean): number {
    const heap = this.heap;
    const words = heap.words;
    const limit = Math.min(maxBytes, this.#budgetBytes - this.#packedBytes);
    if (limit <= 0 || !this.#findWork()) return 0;
    let hole = heap.cursorWord;
    let source = hole + ((words[hole]! & LENGTH_MASK) >> 2);
    const gap = this.#findGap(source, hole);
    if (gap >= 0) {
      const bytes = words[source]! & LENGTH_MASK;
      if (!isDry) heap.transfer(source, gap, alignWord(gap, heap.alignOf(source)));
      return bytes;
    }
    let bytes = 0;
    let place = hole;
    let end = source;
    let count = 0;
    do {
      const length = words[end]! & LENGTH_MASK;
      bytes += length;
      place = alignWord(place, heap.alignOf(end)) + (length >> 2);
      end += length >> 2;
      count++;
    } while (
      heap.isMovable(end) &&
      end < heap.endWord &&
      bytes + (words[end]! & LENGTH_MASK) <= limit &&
      alignWord(place, heap.alignOf(end)) < end && // an aligned one may lie as low as it can
      this.#findGap(end, hole) < 0
    );
    for (; !isDry && count > 0; count--) {
      this.#slideDown(hole, source);
      hole = heap.cursorWord;
      source = hole + ((words[hole]! & LENGTH_MASK) >> 2);
    }
    return bytes;
  }

  /** Puts the cursor on the next hole whose block behind it can go lower. False: there is none. */
  #findWork(): boolean {
    const heap = this.heap;
    const words = heap.words;
    let word = heap.cursorWord;
    while (word < heap.endWord) {
      const length = words[word]! & LENGTH_MASK;
      const next = word + (length >> 2);
      if (words[word]! & FREE) {
        const isPushed = next < heap.endWord && heap.isMovable(next);
        if (isPushed && (alignWord(word, heap.alignOf(next)) < next || this.#findGap(next, word) >= 0)) break;
        if (length > this.#longestGapBytes) this.#longestGapBytes = length;
      } else this.#packedVisits++;
      word = next;
    }
    heap.cursorWord = word;
    return word < heap.endWord;
  }

  /** A gap that ends before `hole` for the block at `source`, or NO_WORD. */
  #findGap(source: number, hole: number): number {
    const heap = this.heap;
    const length = heap.words[source]! & LENGTH_MASK;
    if (length > this.#longestGapBytes) return NO_WORD;
    return heap.holes.findAligned(length, heap.alignOf(source), hole, heap.endWord);
  }

  /** Slides the block at `source` into the hole right before it; the cursor follows to the hole behind it. */
  #slideDown(hole: number, source: number): void {
    const heap = this.heap;
    const words = heap.words;
    const length = words[source]! & LENGTH_MASK;
    const place = alignWord(hole, heap.alignOf(source));
    const rest = place + (length >> 2);
    heap.unlinkHole(hole, words[hole]! & LENGTH_MASK);
    heap.noteMove(words[source + 1]! & SLOT_MASK, source, place);
    words.copyWithin(place + 1, source + 1, source + (length >> 2));
    words[place] = length;
    if (place > hole) heap.linkHole(hole, (place - hole) << 2);
    heap.cursorWord = rest;
    heap.release(rest, (source - place) << 2, 0);
  }
}
