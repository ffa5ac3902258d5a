// One suite for what every compactor promises, then what slide, window and evacuate do of their own; gather and pack are in
// growing-compactors.test.ts, random runs in heap-model.ts.

import { describe, expect, test } from "vitest";
import { COMPACTOR_KINDS, type CompactorKind, createCompactor } from "../../allocator/compactor.ts";
import { Heap, NO_HANDLE } from "../../allocator/heap.ts";
import { AssertionError } from "../../core/errors.ts";
import { layOut, pictureOf } from "./heap-pictures.ts";

const FRAGMENTED = "a32 -48 b16 -32 c64 -16 d48 -64 e32";

describe.each(COMPACTOR_KINDS)("%s", (kind: CompactorKind) => {
  test("plans, moves in steps as announced, and ends", () => {
    const layout = layOut(FRAGMENTED);
    const compactor = createCompactor(kind, layout.heap);
    expect([compactor.kind, compactor.heap, compactor.isActive]).toEqual([kind, layout.heap, false]);
    expect([compactor.peek(100), compactor.step(100)]).toEqual([0, 0]);
    expect(compactor.begin(80, Infinity)).toBe(true);
    expect(compactor.visitedBlocks).toBeGreaterThanOrEqual(0);
    let moved = 0;
    for (;;) {
      const announced = compactor.peek(1);
      const bytes = compactor.step(1);
      expect(bytes).toBe(announced);
      moved += bytes;
      if (bytes === 0) break;
      expect(compactor.isActive).toBe(true);
    }
    expect(moved).toBeGreaterThan(0);
    expect(compactor.movedBytes).toBe(moved);
    expect(compactor.isActive).toBe(false);
    expect(compactor.visitedBlocks).toBeGreaterThan(0);
    expect(layout.heap.largestHole()).toBeGreaterThanOrEqual(80);
    pictureOf(layout);
  });

  test("has nothing to do on an empty, a full and a compact heap", () => {
    for (const picture of ["-256", "a64 b32 c16", "a64 b32 -64"])
      expect(createCompactor(kind, layOut(picture).heap).begin(64, Infinity)).toBe(false);
  });

  test("moves no pinned block, and has nothing to do when all are pinned", () => {
    const compactor = createCompactor(kind, layOut("A32 -48 B16 -32 C64 -16").heap);
    expect(compactor.begin(64, Infinity)).toBe(false);
    expect(compactor.isActive).toBe(false);
  });

  test("one run at a time, and abort makes room for the next", () => {
    const { heap } = layOut(FRAGMENTED);
    const compactor = createCompactor(kind, heap);
    const other = createCompactor("slide", heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    expect(() => compactor.begin(80, Infinity)).toThrow(AssertionError);
    expect(() => other.begin(80, Infinity)).toThrow(AssertionError);
    other.abort(); // has no run to end
    expect(compactor.isActive).toBe(true);
    compactor.abort();
    compactor.abort();
    expect(compactor.isActive).toBe(false);
    expect(compactor.step(10)).toBe(0);
    expect(other.begin(80, Infinity)).toBe(true);
  });

  test.each([0, -1, NaN])("refuses %d for a goal, a budget or a step", (value) => {
    const compactor = createCompactor(kind, layOut(FRAGMENTED).heap);
    expect(() => compactor.begin(value, 10)).toThrow(AssertionError);
    expect(() => compactor.begin(10, value)).toThrow(AssertionError);
    expect(() => compactor.peek(value)).toThrow(AssertionError);
    expect(() => compactor.step(value)).toThrow(AssertionError);
  });

  test("moves at least one block, however long, and stops at the budget", () => {
    const { heap } = layOut("-32 a128 -32 b128 -32 c128 -96");
    const compactor = createCompactor(kind, heap);
    if (!compactor.begin(112, 130)) return;
    let steps = 0;
    while (compactor.step(16) > 0) steps++;
    expect(steps).toBeLessThanOrEqual(2);
    expect(compactor.movedBytes).toBeLessThanOrEqual(256);
  });

  test("does not touch version, layout or listener when it peeks", () => {
    const layout = layOut(FRAGMENTED);
    const compactor = createCompactor(kind, layout.heap);
    compactor.begin(80, Infinity);
    layout.heap.moveListener = () => expect.unreachable();
    const before = [layout.heap.version, pictureOf(layout), [...layout.heap.words]];
    for (const limit of [1, 50, Infinity]) compactor.peek(limit);
    // Words inside holes are the index's own; what is in and around blocks must be the same.
    expect([layout.heap.version, pictureOf(layout)]).toEqual(before.slice(0, 2));
    layout.heap.assertIntact();
  });

  test.each(["segregated", "best"] as const)("an unknown kind is a mistake (%s fit)", (fit) => {
    expect(() => createCompactor("copy" as CompactorKind, new Heap({ fit }))).toThrow(AssertionError);
  });
});

describe("slide", () => {
  function slid(picture: string, maxBytes = Infinity): string {
    const layout = layOut(picture);
    const promised = layout.heap.largestHoleAfterSlide();
    const compactor = createCompactor("slide", layout.heap);
    if (compactor.begin(1, Infinity)) while (compactor.step(maxBytes) > 0);
    expect(layout.heap.largestHole()).toBe(promised);
    return pictureOf(layout);
  }

  test.each([1, 70, Infinity])("closes every hole, order kept, in steps of %d", (maxBytes) => {
    expect(slid(FRAGMENTED, maxBytes)).toBe("a32 b16 c64 d48 e32 -160");
    expect(slid("-16 a16 b16 c16 -16 d16", maxBytes)).toBe("a16 b16 c16 d16 -32");
  });

  test.each([1, 70, Infinity])("goes past pins into the room before them, in steps of %d", (maxBytes) => {
    expect(slid("-64 P16 a32 b32 c32", maxBytes)).toBe("a32 b32 P16 c32 -64");
    expect(slid("-64 P16 Q16 a32 b48 c16", maxBytes)).toBe("a32 -32 P16 Q16 b48 c16 -32");
    expect(slid("-32 P16 -16 Q16 -48 a32 b16 c64", maxBytes)).toBe("a32 P16 b16 Q16 c64 -96");
    expect(slid("-32 P16 -16 Q16 a48", maxBytes)).toBe("-32 P16 -16 Q16 a48");
    expect(slid("-32 P16 -16 Q16 -16 a48 b16", maxBytes)).toBe("-32 P16 -16 Q16 a48 b16 -16");
  });

  test("keeps alignments, and what they leave is a hole", () => {
    const heap = new Heap({ capacityBytes: 512, verify: true });
    const first = heap.allocate(8);
    const gone = heap.allocate(200);
    const aligned = heap.allocate(40, 64);
    const last = heap.allocate(40);
    heap.free(gone);
    const compactor = createCompactor("slide", heap);
    expect(compactor.begin(1, Infinity)).toBe(true);
    while (compactor.step(Infinity) > 0);
    expect([heap.addressOf(first), heap.payloadOffsetOf(aligned) % 64]).toEqual([0, 0]);
    expect(heap.addressOf(aligned)).toBe(48);
    expect([heap.addressOf(last), heap.holeCount]).toEqual([96, 2]);
  });

  test("an aligned block that cannot follow its neighbour stays, and the room between is a hole", () => {
    const heap = new Heap({ capacityBytes: 256, verify: true });
    const gone = heap.allocate(8);
    const plain = heap.allocate(24);
    const aligned = heap.allocate(8, 64);
    heap.free(gone);
    const compactor = createCompactor("slide", heap);
    expect(compactor.begin(1, Infinity)).toBe(true);
    while (compactor.step(Infinity) > 0);
    expect([heap.addressOf(plain), heap.addressOf(aligned), heap.holeCount]).toEqual([0, 48, 2]);
  });

  test("goes on after the block at the cursor was freed, resized and its hole taken", () => {
    const layout = layOut("-32 a32 b32 c32 d32 e32");
    const { heap, at } = layout;
    const compactor = createCompactor("slide", heap);
    compactor.begin(1, Infinity);
    expect(compactor.step(1)).toBe(32);
    expect(pictureOf(layout)).toBe("a32 -32 b32 c32 d32 e32");
    heap.free(at["b"]!); // merges the cursor's own hole
    expect(compactor.step(1)).toBe(32);
    heap.free(at["a"]!);
    heap.free(at["c"]!); // the merged hole now begins before the cursor
    heap.resize(at["d"]!, 8);
    heap.view(at["d"]!).fill("d".charCodeAt(0));
    at["x"] = heap.allocate(40); // takes the room
    heap.view(at["x"]!).fill("x".charCodeAt(0));
    while (compactor.step(1) > 0);
    expect(heap.holeCount).toBe(1);
    expect(heap.largestHole()).toBe(heap.freeBytes);
    pictureOf(layout);
  });

  test("a block pinned between steps stays", () => {
    const layout = layOut("-32 a32 b32 c32");
    const compactor = createCompactor("slide", layout.heap);
    compactor.begin(1, Infinity);
    compactor.step(1);
    layout.heap.setPinned(layout.at["b"]!, true);
    while (compactor.step(1) > 0);
    expect(pictureOf(layout)).toBe("a32 c32 b32 -32");
  });
});

describe("window", () => {
  function run(picture: string, goal: number, budget = Infinity): string | false {
    const layout = layOut(picture);
    const compactor = createCompactor("window", layout.heap);
    if (!compactor.begin(goal, budget)) return false;
    while (compactor.step(Infinity) > 0);
    expect(layout.heap.largestHole()).toBeGreaterThanOrEqual(goal);
    return pictureOf(layout);
  }

  test("slides the fewest bytes that give the goal", () => {
    expect(run("a16 -32 b96 -32 c16 -32 d96 -32", 64)).toBe("a16 -32 b96 c16 -64 d96 -32");
    expect(run("-32 a16 -32 b16 -32 c48 -32", 96)).toBe("a16 b16 -96 c48 -32");
  });

  test("ties go to the lowest address", () => {
    expect(run("-32 a16 -32 b64 -32 c16 -32", 64)).toBe("a16 -64 b64 -32 c16 -32");
  });

  test("pins and wide alignments bound it", () => {
    expect(run("-32 P16 -32 a96 -32 b16", 64)).toBe("-32 P16 a96 -64 b16");
    expect(run("-32 P16 -32 Q16 -32", 64)).toBe(false);
    const heap = new Heap({ capacityBytes: 256 });
    const before = heap.allocate(40);
    heap.allocate(40, 64);
    heap.allocate(120);
    heap.free(before);
    expect(heap.holeCount).toBe(2);
    expect(createCompactor("window", heap).begin(64, Infinity)).toBe(false);
  });

  test("nothing is begun that the budget or the free bytes cannot finish", () => {
    expect(run("-32 a96 -32", 64, 95)).toBe(false);
    expect(run("-32 a96 -32", 64, 96)).toBe("a96 -64");
    expect(run("-32 a96 -32", 65)).toBe(false);
    expect(run("-32 a96 -32", 32)).toBe(false);
  });
});

describe.each(["segregated", "best"] as const)("evacuate, %s fit", (fit) => {
  test("moves the cheapest window into holes elsewhere", () => {
    const layout = layOut("a96 -32 b16 -32 c96 -16 d96", fit);
    const compactor = createCompactor("evacuate", layout.heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    expect(compactor.step(Infinity)).toBe(16);
    expect(compactor.step(Infinity)).toBe(0);
    expect(pictureOf(layout)).toBe("a96 -80 c96 b16 d96");
    expect(compactor.failedMoves).toBe(0);
  });

  test("begins nothing when no window can be emptied, or only over the budget", () => {
    const compactor = createCompactor("evacuate", layOut("a96 -32 b64 -32 c96 -48 d96", fit).heap);
    expect(compactor.begin(80, Infinity)).toBe(false); // b has no place elsewhere
    const dear = createCompactor("evacuate", layOut("a96 -32 b48 -32 c96 -48 d96", fit).heap);
    expect(dear.begin(80, 47)).toBe(false);
    expect(dear.begin(80, 48)).toBe(true);
  });

  test("a block pinned since fails the window, which is counted, and another window is chosen", () => {
    const layout = layOut("a96 -32 b16 -32 c96 -16 d96 -32 e16 -32 f96 -16 g96", fit);
    const { heap, at } = layout;
    const compactor = createCompactor("evacuate", heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    heap.setPinned(at["b"]!, true);
    expect(compactor.step(Infinity)).toBe(16);
    expect(compactor.failedMoves).toBe(1);
    expect(compactor.step(Infinity)).toBe(0);
    expect(heap.largestHole()).toBe(80);
    expect(heap.addressOf(at["b"]!)).toBe(128);
  });

  test("a room that was taken since fails the window, and the run ends when there is no other", () => {
    const layout = layOut("a96 -32 b16 -32 c96 -16 d96", fit);
    const compactor = createCompactor("evacuate", layout.heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    expect(layout.heap.addressOf(layout.heap.allocate(8))).toBe(272);
    expect(compactor.peek(Infinity)).toBe(0);
    expect([compactor.step(Infinity), compactor.failedMoves, compactor.isActive]).toEqual([0, 1, false]);
  });

  test("a block pinned or a room lost in the middle of a step ends the step", () => {
    const layout = layOut("a96 -16 b16 -16 c16 -16 d96 -16 e96 -16 f96", fit);
    const compactor = createCompactor("evacuate", layout.heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    layout.heap.setPinned(layout.at["c"]!, true);
    expect(compactor.peek(Infinity)).toBe(16);
    expect(compactor.step(Infinity)).toBe(16);
    while (compactor.step(Infinity) > 0);
    pictureOf(layout);
  });

  test("rooms that run out in the middle of a step end the step", () => {
    const layout = layOut("a96 -16 b32 -16 c32 -16 d96 -32 e96 -32 f96", fit);
    const compactor = createCompactor("evacuate", layout.heap);
    expect(compactor.begin(112, Infinity)).toBe(true);
    expect(layout.heap.allocate(24)).not.toBe(NO_HANDLE);
    expect([compactor.peek(Infinity), compactor.step(Infinity)]).toEqual([32, 32]);
    expect([compactor.step(Infinity), compactor.failedMoves]).toEqual([0, 1]);
    pictureOf(layout);
  });

  test("the budget ends a run whose window has filled up since", () => {
    const layout = layOut("a96 -32 b16 -32 c96 -48 d96 -48 e96", fit);
    const compactor = createCompactor("evacuate", layout.heap);
    expect(compactor.begin(80, 16)).toBe(true);
    expect(layout.heap.addressOf(layout.heap.allocate(24))).toBeLessThan(192);
    expect(compactor.step(Infinity)).toBeGreaterThanOrEqual(16);
    expect([compactor.peek(Infinity), compactor.isActive]).toEqual([0, false]);
    expect(layout.heap.largestHole()).toBeLessThan(80);
  });

  test("an aligned block goes to an aligned place, and the gap before it stays free", () => {
    const heap = new Heap({ capacityBytes: 512, fit, verify: true });
    heap.allocate(40);
    const aligned = heap.allocate(8, 64);
    const holes = [56, 120, 56].map((size) => heap.allocate(size));
    heap.allocate(heap.largestHole() - 8);
    heap.free(holes[0]!);
    heap.free(holes[2]!);
    const compactor = createCompactor("evacuate", heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    expect([compactor.peek(Infinity), compactor.peek(Infinity), compactor.step(Infinity)]).toEqual([16, 16, 16]);
    expect([heap.addressOf(aligned), heap.payloadOffsetOf(aligned), heap.largestHole()]).toEqual([304, 320, 80]);
  });

  test("a block placed across the end of the window is left alone", () => {
    const layout = layOut("a96 -32 b16 -32 c16 d96 -16 e96", fit);
    const { heap, at } = layout;
    const compactor = createCompactor("evacuate", heap);
    expect(compactor.begin(80, Infinity)).toBe(true);
    heap.free(at["c"]!); // the hole behind b grows beyond the window
    at["x"] = heap.allocate(40);
    heap.view(at["x"]!).fill("x".charCodeAt(0));
    while (compactor.step(Infinity) > 0);
    pictureOf(layout);
    heap.assertIntact();
  });

  test("more blocks than one trial takes are moved in several steps, each as announced", () => {
    const heap = new Heap({ capacityBytes: 2 ** 18, fit });
    const room = [65_528, 8, 65_528, 8].map((size) => heap.allocate(size, 16, size === 8));
    const tiny = Array.from({ length: 4_000 }, () => heap.allocate(8));
    const gap = heap.allocate(6_000);
    heap.allocate(heap.largestHole() - 8, 16, true);
    heap.free(gap);
    heap.free(room[0]!);
    heap.free(room[2]!);
    const compactor = createCompactor("evacuate", heap);
    expect(compactor.begin(69_000, Infinity)).toBe(true);
    let placed = 0;
    while (placed < 300) {
      const handle = heap.allocate(8);
      expect(handle).not.toBe(NO_HANDLE);
      placed++;
    }
    let moved = 0;
    for (;;) {
      const announced = compactor.peek(Infinity);
      const bytes = compactor.step(Infinity);
      expect(bytes).toBe(announced);
      expect(bytes).toBeLessThanOrEqual(4_096 * 16);
      if (bytes === 0) break;
      moved += bytes;
    }
    expect(moved).toBeGreaterThan(4_096 * 16);
    expect(heap.largestHole()).toBeGreaterThanOrEqual(69_000);
    expect(tiny.every((handle) => heap.isLive(handle))).toBe(true);
    heap.assertIntact();
  });

  test("gives up after a bounded number of windows", () => {
    const layout = layOut("a96 -32 b16 -32 c96 -16 d96", fit);
    const { heap, at } = layout;
    const compactor = createCompactor("evacuate", heap);
    let begun = compactor.begin(80, Infinity);
    for (let i = 0; begun && i < 100; i++) {
      heap.setPinned(at["b"]!, true);
      begun = compactor.peek(1) > 0;
      heap.setPinned(at["b"]!, false);
    }
    expect(compactor.isActive).toBe(false);
    expect(compactor.failedMoves).toBeGreaterThan(0);
  });
});
