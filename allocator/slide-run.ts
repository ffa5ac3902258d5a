// A run of sliding steps over a part of the heap: what the slide and the window compactor share. They differ in the part
// they choose. Its only state between steps is the cursor in the heap, which free and resize pull back when they merge
// the boundary away, and the limit, which is only compared with and may lie inside a block.

import { assert } from "../core/errors.ts";
import type { Heap } from "./heap.ts";
import { NO_WORD } from "./layout.ts";
import { SlideWalk } from "./slide-walk.ts";

export class SlideRun {
  readonly heap: Heap;
  isActive = false;
  movedBytes = 0;
  visitedBlocks = 0;
  readonly failedMoves = 0;
  readonly #walk = new SlideWalk();
  #limitWord = 0;
  #budgetBytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  peek(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (!this.isActive) return 0;
    const bytes = this.#run(maxBytes, true);
    if (bytes === 0) this.abort();
    return bytes;
  }

  step(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (!this.isActive) return 0;
    const bytes = this.#run(maxBytes, false);
    if (bytes === 0) this.abort();
    return bytes;
  }

  abort(): void {
    if (!this.isActive) return;
    this.isActive = false;
    this.heap.cursorWord = NO_WORD;
  }

  /** Called by a subclass's begin before it plans. */
  protected prepare(goalLengthBytes: number, budgetBytes: number): void {
    assert(goalLengthBytes > 0, "goalLengthBytes must be positive");
    assert(budgetBytes > 0, "budgetBytes must be positive");
    assert(this.heap.cursorWord < 0, "a compaction run is active on this heap");
    this.movedBytes = 0;
    this.visitedBlocks = 0;
  }

  /** Starts the run over the blocks that begin in [start, limit); false when none of them has to move. */
  protected startRun(startWord: number, limitWord: number, budgetBytes: number): boolean {
    this.#limitWord = limitWord;
    this.#budgetBytes = budgetBytes;
    this.heap.cursorWord = startWord;
    this.isActive = true;
    return this.peek(1) > 0;
  }

  #run(maxBytes: number, isDry: boolean): number {
    const heap = this.heap;
    const walk = this.#walk;
    const left = this.#budgetBytes - this.movedBytes;
    if (left <= 0) return 0;
    const bytes = walk.run(heap, heap.cursorWord, this.#limitWord, Math.min(maxBytes, left), isDry);
    if (isDry) return bytes;
    heap.cursorWord = walk.cursorWord;
    heap.version++;
    this.movedBytes += bytes;
    this.visitedBlocks += walk.visitedBlocks;
    if (heap.isVerifying) heap.assertIntact();
    return bytes;
  }
}
