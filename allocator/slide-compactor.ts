// Slide: the whole heap in address order towards low addresses. It gives the largest hole that any layout can give
// beside the pinned blocks, and moves the most. The goal is ignored.

import type { Compactor } from "./compactor.ts";
import { LEAD_WORDS } from "./layout.ts";
import { SlideRun } from "./slide-run.ts";

export class SlideCompactor extends SlideRun implements Compactor {
  readonly kind = "slide";

  begin(goalLengthBytes: number, budgetBytes: number): boolean {
    this.prepare(goalLengthBytes, budgetBytes);
    return this.startRun(LEAD_WORDS, this.heap.endWord, budgetBytes);
  }
}
