// Every sequence of operations up to depth 7 on heaps so small that all their layouts come up. Each sequence is replayed
// from an empty heap; its prefixes are sequences of their own, so checking the last state checks them all. One heap
// serves all sequences, since each ends with everything freed, which is checked.

import { expect, test } from "vitest";
import { checkHeap } from "../../allocator/check-heap.ts";
import { type Compactor, createCompactor } from "../../allocator/compactor.ts";
import { type FitKind, Heap, NO_HANDLE } from "../../allocator/heap.ts";
import { blockLength } from "../../core/units.ts";

const DEPTH = 7;

type Step = (heap: Heap, live: number[], slide: Compactor) => void;

function allocate(size: number, align = 16, isPinned = false): Step {
  return (heap, live) => {
    const couldPlace = align === 16 ? heap.canPlace(blockLength(size)) : undefined;
    const handle = heap.allocate(size, align, isPinned);
    if (couldPlace !== undefined && couldPlace !== (handle !== NO_HANDLE)) throw new Error("canPlace lied");
    if (handle !== NO_HANDLE) live.push(handle);
  };
}

function free(position: (count: number) => number): Step {
  return (heap, live) => {
    if (live.length === 0) return;
    const [handle] = live.splice(position(live.length), 1);
    heap.free(handle!);
    if (heap.isLive(handle!)) throw new Error("live after its free");
  };
}

const STEPS: readonly Step[] = [
  allocate(8),
  allocate(24),
  allocate(30, 32),
  allocate(8, 16, true),
  free(() => 0),
  free((count) => count - 1),
  (heap, live) => {
    if (live.length > 0) heap.resize(live[live.length >> 1]!, heap.sizeOf(live[live.length >> 1]!) === 8 ? 40 : 8);
  },
  (heap, _live, slide) => {
    const promised = heap.largestHoleAfterSlide();
    if (slide.begin(1, Infinity)) while (slide.step(16) > 0);
    if (heap.largestHole() !== promised) throw new Error("the slide broke its promise");
  },
];

/** Replays each sequence of steps up to DEPTH; returns how many, and every end state that is not right. */
function runAll(fit: FitKind, capacityBytes: number): { sequences: number; wrong: string[] } {
  const wrong: string[] = [];
  let sequences = 0;
  const sequence: number[] = [];
  let heap = new Heap({ capacityBytes, fit });
  let slide = createCompactor("slide", heap);
  const visit = (): void => {
    if (sequence.length > 0) {
      sequences++;
      const live: number[] = [];
      try {
        for (const step of sequence) STEPS[step]!(heap, live, slide);
        const violations = checkHeap(heap);
        if (violations.length > 0) throw new Error(violations[0]!.message);
        for (const handle of live) heap.free(handle);
        if (heap.holeCount !== 1 || heap.largestHole() !== capacityBytes) throw new Error("fragmented when empty");
      } catch (error) {
        heap = new Heap({ capacityBytes, fit });
        slide = createCompactor("slide", heap);
        wrong.push(`${sequence.join(" ")}: ${(error as Error).message}`);
      }
    }
    if (sequence.length === DEPTH) return;
    for (let step = 0; step < STEPS.length; step++) {
      sequence.push(step);
      visit();
      sequence.pop();
    }
  };
  visit();
  return { sequences, wrong };
}

test.each([
  ["segregated", 64],
  ["best", 64],
  ["segregated", 96],
  ["best", 128],
] as const)(
  "every sequence up to depth 7, %s fit, %i bytes",
  (fit, capacityBytes) => {
    const { sequences, wrong } = runAll(fit, capacityBytes);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(sequences).toBe((STEPS.length ** (DEPTH + 1) - STEPS.length) / (STEPS.length - 1));
  },
  600_000,
);
