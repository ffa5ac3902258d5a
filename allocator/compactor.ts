// What a compactor is: a run that is planned once and then moved in resumable steps, between which anyone may allocate,
// free, resize or pin. Three kinds behind one interface; a heap has one run at a time, since the run's cursor lives in it.

import { assert } from "../core/errors.ts";
import { EvacuateCompactor } from "./evacuate-compactor.ts";
import { GatherCompactor } from "./gather-compactor.ts";
import type { Heap } from "./heap.ts";
import { PackCompactor } from "./pack-compactor.ts";
import { SlideCompactor } from "./slide-compactor.ts";
import { WindowCompactor } from "./window-compactor.ts";

/** The whole heap; the cheapest stretch of neighbours; one window emptied into holes elsewhere; a large hole grown in place. */
export type CompactorKind = "slide" | "window" | "evacuate" | "gather" | "pack";
export const COMPACTOR_KINDS: readonly CompactorKind[] = ["slide", "window", "evacuate", "gather", "pack"];

export interface Compactor {
  readonly kind: CompactorKind;
  readonly heap: Heap;
  /** A run is planned and not over. */
  readonly isActive: boolean;
  /** Bytes moved by this run, headers included; stays readable after its end. */
  readonly movedBytes: number;
  /** Blocks looked at by this run, plans and trials included: the scan work. Of a `peek` only a new plan counts. */
  readonly visitedBlocks: number;
  /** Moves of this run that found no place; 0 for sliding compactors, which always have one. */
  readonly failedMoves: number;

  /**
   * Plans a run that wants a hole of at least `goalLengthBytes` and moves at most about `budgetBytes` (Infinity: no bound).
   * The slide ignores the goal. `gather` and `pack` go on to a hole of `wishLengthBytes` (the goal when left out) where each
   * further byte of it costs at most `worthRatio` moved bytes; the others ignore both. False = nothing useful to do, and no run is active. Throws AssertionError when a run is
   * active on this heap. Cost: O(blocks).
   */
  begin(goalLengthBytes: number, budgetBytes: number, wishLengthBytes?: number, worthRatio?: number): boolean;
  /** The bytes that `step(maxBytes)` would move as things stand, 0 when the run is over (and then it is). Moves nothing. */
  peek(maxBytes: number): number;
  /**
   * Moves blocks of at most `maxBytes` together, one at least, however long. Returns the bytes moved, 0 = the run is over. The heap is
   * consistent afterwards: every hole indexed, every handle right. Makes no garbage.
   */
  step(maxBytes: number): number;
  /** Ends the run where it is. No effect without one. */
  abort(): void;
}

/** Makes a compactor for the heap. Several may exist; one run at a time is active. */
export function createCompactor(kind: CompactorKind, heap: Heap): Compactor {
  switch (kind) {
    case "slide":
      return new SlideCompactor(heap);
    case "window":
      return new WindowCompactor(heap);
    case "evacuate":
      return new EvacuateCompactor(heap);
    case "gather":
      return new GatherCompactor(heap);
    case "pack":
      return new PackCompactor(heap);
    default:
      assert(false, 'a compactor is "slide", "window", "evacuate", "gather" or "pack"');
  }
}
