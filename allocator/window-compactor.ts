// Window: slides just enough neighbours for one hole of the wanted length. The window is the stretch from one hole to
// another whose holes add up to the goal with the fewest live bytes between them; ties go to the lowest address. Pinned
// blocks bound a window, and so do blocks aligned above 16, which might leave a gap. One pass with two pointers finds it: for
// each right end the narrowest window is the cheapest, and its left end never goes back.

import type { Compactor } from "./compactor.ts";
import { FREE, LEAD_WORDS, LENGTH_MASK, PINNED } from "./layout.ts";
import { SlideRun } from "./slide-run.ts";

export class WindowCompactor extends SlideRun implements Compactor {
  readonly kind = "window";
  #startWord = 0;
  #limitWord = 0;

  begin(goalLengthBytes: number, budgetBytes: number): boolean {
    this.prepare(goalLengthBytes, budgetBytes);
    if (goalLengthBytes > this.heap.freeBytes || this.heap.largestHole() >= goalLengthBytes) return false;
    const costBytes = this.#plan(goalLengthBytes);
    return (
      costBytes < Infinity && costBytes <= budgetBytes && this.startRun(this.#startWord, this.#limitWord, budgetBytes)
    );
  }

  /** Finds the cheapest window; returns its live bytes, Infinity if there is none. */
  #plan(goalLengthBytes: number): number {
    const heap = this.heap;
    const words = heap.words;
    let bestCost = Infinity;
    let left = -1; // the first hole of the window, −1: none yet
    let freeBytes = 0;
    let liveBytes = 0;
    for (let word = LEAD_WORDS; word < heap.endWord; ) {
      const header = words[word]!;
      const length = header & LENGTH_MASK;
      const end = word + (length >> 2);
      if (header & FREE) {
        if (left < 0) left = word;
        freeBytes += length;
        while (freeBytes - (words[left]! & LENGTH_MASK) >= goalLengthBytes) {
          freeBytes -= words[left]! & LENGTH_MASK;
          left += words[left]! >> 2;
          left = this.#skipLive(left);
          // What was skipped leaves the window.
          liveBytes -= this.#skippedBytes;
        }
        if (freeBytes >= goalLengthBytes && liveBytes < bestCost) {
          bestCost = liveBytes;
          this.#startWord = left;
          this.#limitWord = end;
        }
      } else {
        this.visitedBlocks++;
        if (header & PINNED || heap.alignOf(word) > 16) {
          left = -1;
          freeBytes = 0;
          liveBytes = 0;
        } else if (left >= 0) liveBytes += length;
      }
      word = end;
    }
    return bestCost;
  }

  #skippedBytes = 0;

  /** The next hole from `word` on; there is one inside the window. */
  #skipLive(word: number): number {
    const words = this.heap.words;
    const start = word;
    while ((words[word]! & FREE) === 0) word += (words[word]! & LENGTH_MASK) >> 2;
    this.#skippedBytes = (word - start) << 2;
    return word;
  }
}
