// Evacuate: empties the cheapest window by moving its blocks into holes elsewhere, as Linux's migrate and free scanners do
// (mm/compaction.c, isolate_migratepages and isolate_freepages), again and again until the goal is reached or the budget
// is spent. It moves far less than a slide and leaves the rest of the heap as fragmented as before.
//
// A window is a stretch without pinned blocks that is at least as long as the goal. Whether its blocks find room elsewhere is
// tried (room-trial.ts); the same trial answers `peek`.

import { assert } from "../core/errors.ts";
import type { Compactor } from "./compactor.ts";
import type { Heap } from "./heap.ts";
import { alignWord, FREE, LEAD_WORDS, LENGTH_MASK, NO_WORD, PINNED } from "./layout.ts";
import { RoomTrial } from "./room-trial.ts";

/** Most blocks in one trial. A window with more is not cheap; a step with more is cut there by trial and step alike. */
const TRIAL_BLOCKS = 4096;
/** Windows tried in one run; each but the first follows a window that did not give the goal. */
const MAX_WINDOWS = 16;

export class EvacuateCompactor implements Compactor {
  readonly kind = "evacuate";
  readonly heap: Heap;
  isActive = false;
  movedBytes = 0;
  visitedBlocks = 0;
  failedMoves = 0;
  readonly #trial: RoomTrial;
  #goalBytes = 0;
  #budgetBytes = 0;
  #windowStart = 0;
  #windowEnd = 0;
  #windows = 0;
  #triedBlocks = 0;

  constructor(heap: Heap) {
    this.heap = heap;
    this.#trial = new RoomTrial(heap, Math.min(TRIAL_BLOCKS, heap.slotCapacity));
  }

  begin(goalLengthBytes: number, budgetBytes: number): boolean {
    assert(goalLengthBytes > 0, "goalLengthBytes must be positive");
    assert(budgetBytes > 0, "budgetBytes must be positive");
    assert(this.heap.cursorWord < 0, "a compaction run is active on this heap");
    this.movedBytes = 0;
    this.visitedBlocks = 0;
    this.failedMoves = 0;
    this.#goalBytes = goalLengthBytes;
    this.#budgetBytes = budgetBytes;
    this.#windows = 0;
    return this.#nextWindow();
  }

  peek(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (!this.#findWork()) return 0;
    return this.#try(this.heap.cursorWord, Math.min(maxBytes, this.#budgetBytes - this.movedBytes));
  }

  step(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (!this.#findWork()) return 0;
    const heap = this.heap;
    const words = heap.words;
    const limitBytes = Math.min(maxBytes, this.#budgetBytes - this.movedBytes);
    let moved = 0;
    let count = 0;
    while (heap.cursorWord < this.#windowEnd) {
      const word = heap.cursorWord;
      const header = words[word]!;
      const length = header & LENGTH_MASK;
      if (header & FREE) {
        heap.cursorWord = word + (length >> 2);
        continue;
      }
      if (header & PINNED || !this.#isInWindow(word) || (moved > 0 && moved + length > limitBytes)) break;
      if (count === this.#trial.mostBlocks) break;
      const hole = this.#findRoom(word);
      if (hole < 0) break;
      this.visitedBlocks++;
      heap.transfer(word, hole, alignWord(hole, heap.alignOf(word)));
      moved += length;
      count++;
    }
    heap.version++;
    this.movedBytes += moved;
    if (heap.isVerifying) heap.assertIntact();
    return moved;
  }

  abort(): void {
    if (!this.isActive) return;
    this.isActive = false;
    this.heap.cursorWord = NO_WORD;
  }

  /** Puts the cursor on a block that can be moved out, in this window or a new one. False: the run is over. */
  #findWork(): boolean {
    const heap = this.heap;
    const words = heap.words;
    while (this.isActive) {
      if (this.movedBytes >= this.#budgetBytes) this.abort();
      else {
        while (heap.cursorWord < this.#windowEnd && words[heap.cursorWord]! & FREE)
          heap.cursorWord += (words[heap.cursorWord]! & LENGTH_MASK) >> 2;
        // The cursor was pulled back before the window: the stretch counts as window from now on, for peek and step alike.
        this.#windowStart = Math.min(this.#windowStart, heap.cursorWord);
        if (this.#isInWindow(heap.cursorWord)) {
          if (heap.isMovable(heap.cursorWord) && this.#findRoom(heap.cursorWord) >= 0) return true;
          this.failedMoves++; // pinned, or its room was taken, since the window was chosen
        }
        this.abort();
        this.#nextWindow();
      }
    }
    return false;
  }

  /** Does the block at `word` end inside the window? One that was placed across the end since is left alone. */
  #isInWindow(word: number): boolean {
    return word + ((this.heap.words[word]! & LENGTH_MASK) >> 2) <= this.#windowEnd;
  }

  /** A hole for the block at `word` away from the window. */
  #findRoom(word: number): number {
    const heap = this.heap;
    return heap.holes.findAligned(
      heap.words[word]! & LENGTH_MASK,
      heap.alignOf(word),
      this.#windowStart,
      this.#windowEnd,
    );
  }

  /** Chooses the cheapest window whose blocks find room elsewhere within the budget. False: there is none, or no need. */
  #nextWindow(): boolean {
    const heap = this.heap;
    const goal = this.#goalBytes;
    if (heap.largestHole() >= goal || this.#windows === MAX_WINDOWS) return false;
    this.#windows++;
    const words = heap.words;
    let bestCost = this.#budgetBytes - this.movedBytes + 1;
    let bestStart = NO_WORD;
    let bestEnd = NO_WORD;
    let left = LEAD_WORDS;
    let liveBytes = 0;
    for (let word = LEAD_WORDS; word < heap.endWord; ) {
      const header = words[word]!;
      const length = header & LENGTH_MASK;
      const end = word + (length >> 2);
      word = end;
      if ((header & FREE) === 0) {
        this.visitedBlocks++;
        if (header & PINNED) {
          left = end;
          liveBytes = 0;
          continue;
        }
        liveBytes += length;
      }
      for (;;) {
        const leftLength = words[left]! & LENGTH_MASK;
        if (((end - left) << 2) - leftLength < goal) break;
        if ((words[left]! & FREE) === 0) liveBytes -= leftLength;
        left += leftLength >> 2;
      }
      const span = (end - left) << 2;
      if (span < goal || liveBytes >= bestCost || liveBytes > heap.freeBytes - (span - liveBytes)) continue;
      this.#windowStart = left;
      this.#windowEnd = end;
      const triedBytes = this.#try(left, Infinity);
      this.visitedBlocks += this.#triedBlocks;
      if (triedBytes < liveBytes) continue;
      bestCost = liveBytes;
      bestStart = left;
      bestEnd = end;
    }
    if (bestStart < 0) return false;
    this.#windowStart = bestStart;
    this.#windowEnd = bestEnd;
    heap.cursorWord = bestStart;
    this.isActive = true;
    return true;
  }

  /** The bytes that moving blocks out of the window from the boundary `from` on would move: until one finds no room, `maxBytes`, or a pinned block. */
  #try(from: number, maxBytes: number): number {
    const words = this.heap.words;
    const trial = this.#trial;
    let bytes = 0;
    for (let word = from; word < this.#windowEnd && trial.count < trial.mostBlocks; ) {
      const header = words[word]!;
      const length = header & LENGTH_MASK;
      if ((header & FREE) === 0) {
        if (header & PINNED || !this.#isInWindow(word) || (bytes > 0 && bytes + length > maxBytes)) break;
        if (!trial.take(word, this.#windowStart, this.#windowEnd)) break;
        bytes += length;
      }
      word += length >> 2;
    }
    this.#triedBlocks = trial.count;
    trial.undo();
    return bytes;
  }
}
