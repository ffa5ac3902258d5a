// What gather and pack do of their own: pictures before and after. What every compactor promises is in compactor.test.ts.

import { describe, expect, test } from "vitest";
import { createCompactor } from "../../allocator/compactor.ts";
import { GatherCompactor } from "../../allocator/gather-compactor.ts";
import { Heap, NO_HANDLE } from "../../allocator/heap.ts";
import { RoomTrial } from "../../allocator/room-trial.ts";
import { AssertionError } from "../../core/errors.ts";
import { type Layout, layOut, pictureOf } from "./heap-pictures.ts";

describe.each(["segregated", "best"] as const)("gather, %s fit", (fit) => {
  interface Wish {
    goal?: number;
    budget?: number;
    wish?: number;
    worth?: number;
  }

  /** Begins without a goal where none is given. */
  function begun(picture: string, { goal, budget = Infinity, wish = goal ?? 1e6, worth }: Wish) {
    const layout = layOut(picture, fit);
    const compactor = new GatherCompactor(layout.heap);
    const isBegun =
      goal === undefined ? compactor.beginAny(0, budget, wish, worth) : compactor.begin(goal, budget, wish, worth);
    expect(compactor.isActive).toBe(isBegun);
    return { ...layout, compactor, isBegun };
  }

  function finish({ compactor, ...layout }: Layout & { compactor: GatherCompactor }): string {
    while (compactor.step(Infinity) > 0);
    return pictureOf(layout);
  }

  /** The picture after a run, or false where none begins. */
  function run(picture: string, options: Wish): string | false {
    const all = begun(picture, options);
    if (!all.isBegun) return false;
    const before = all.heap.largestHole();
    const after = finish(all);
    expect(all.heap.largestHole()).toBeGreaterThan(before);
    expect(all.compactor.movedBytes).toBeLessThanOrEqual(options.budget ?? Infinity);
    expect(all.compactor.failedMoves).toBe(0);
    return after;
  }

  test("grows a large hole by moving its neighbours into holes that fit them", () => {
    expect(run("A96 -64 b16 C96 -16 D96", { goal: 80 })).toBe("A96 -80 C96 b16 D96");
    expect(run("A96 b16 -64 C96 -16 D96", { goal: 80 })).toBe("A96 -80 C96 b16 D96");
    expect(run("A96 b16 -64 c32 D96 -16 E96 -32 F96", { goal: 112 })).toBe("A96 -112 D96 b16 E96 c32 F96");
  });

  test("who finds no room slides within the window", () => {
    expect(run("A96 -32 b48 -64 C96", { goal: 96 })).toBe("A96 b48 -96 C96");
    expect(run("A96 -32 b48 c16 -64 D96 -16 E96", { goal: 112 })).toBe("A96 b48 -112 D96 c16 E96");
  });

  test("blocks that want the same room do not both get it; who is left over is stuck", () => {
    expect(run("A96 -32 b16 c16 d16 E96 -16 F96", { wish: 80 })).toBe("A96 -48 c16 d16 E96 b16 F96");
    expect(run("A96 -32 b16 c16 d16 E96 -16 F96", { goal: 64 })).toBe(false);
    // All three look as if they had a room; the first takes it, and the choice is made again.
    const rooms = "E96 -32 F96 -16 G96 -16 H96 -16 I96";
    const after = "E96 b32 F96 -16 G96 -16 H96 -16 I96";
    expect(run(`A96 -32 b32 c32 d32 ${rooms}`, { wish: 112 })).toBe(`A96 -64 c32 d32 ${after}`);
  });

  test("stops at the wish, and where a byte costs more than it is worth", () => {
    const picture = "A96 -64 b16 c32 D96 -16 E96 -32 F96";
    expect(run(picture, { goal: 80 })).toBe("A96 -80 c32 D96 b16 E96 -32 F96");
    expect(run(picture, { goal: 80, wish: 112 })).toBe("A96 -112 D96 b16 E96 c32 F96");
    expect(run(picture, { goal: 80, wish: 112, worth: 0.5 })).toBe("A96 -80 c32 D96 b16 E96 -32 F96");
    // 48 bytes moved for 16 bytes of hole
    expect(run("A96 -64 b48 -16 C96", { wish: 80, worth: 2 })).toBe(false);
    expect(run("A96 -64 b48 -16 C96", { wish: 80, worth: 4 })).toBe("A96 b48 -80 C96");
  });

  test("a goal is reached at any price, but within the budget", () => {
    expect(run("A96 -64 b48 -16 C96", { goal: 80, worth: 1 })).toBe("A96 b48 -80 C96");
    expect(run("A96 -64 b48 -16 C96", { goal: 80, budget: 47 })).toBe(false);
    expect(run("A96 -64 b48 -16 C96", { goal: 80, budget: 48 })).toBe("A96 b48 -80 C96");
    expect(run("A96 -16 b48 -64 C96", { goal: 80, budget: 47 })).toBe(false);
    expect(run("A96 -16 b48 -64 C96", { goal: 80, budget: 48 })).toBe("A96 b48 -80 C96");
  });

  test("pinned blocks and wide alignments bound the window", () => {
    expect(run("a16 P16 -64 Q16 b16 R96 -16 S96", { goal: 80 })).toBe(false);
    const heap = new Heap({ capacityBytes: 256, fit });
    const [before, , behind] = [heap.allocate(40), heap.allocate(56, 64), heap.allocate(40)];
    heap.allocate(heap.largestHole() - 8);
    heap.free(before);
    heap.free(behind!);
    expect([heap.freeBytes, heap.largestHole()]).toEqual([96, 48]);
    expect(createCompactor("gather", heap).begin(64, Infinity)).toBe(false);
  });

  test("without a goal any gain will do, with one nothing less", () => {
    const picture = "A96 -64 b16 C96 -16 D96";
    expect(run(picture, { goal: 96 })).toBe(false); // 80 are free
    expect(run("A96 -64 b16 C96 -16 D96 -16 E96", { goal: 96 })).toBe(false); // 80 are to be had
    expect(run(picture, { wish: 96 })).toBe("A96 -80 C96 b16 D96");
    expect(run(picture, { wish: 64 })).toBe(false); // it is there
    expect(run("A96 -64 B96 -16 C96", {})).toBe(false); // nothing can be had
    expect(run("a96 B96", {})).toBe(false);
  });

  test("the largest hole need not be the one that grows", () => {
    expect(run("A96 -64 B96 -48 c32 D96 -32 E96", { goal: 80 })).toBe("A96 -64 B96 -80 D96 c32 E96");
    // the fourth largest is not looked at
    expect(run("A96 -64 B96 -64 C96 -64 D96 -48 e32 F96 -32 G96", { goal: 80 })).toBe(false);
  });

  test("the window with the best value wins, whichever hole it grows from", () => {
    const picture = "A96 -64 b48 C96 -64 d16 E96 -16 F96 -48 G96";
    expect(run(picture, { goal: 80 })).toBe("A96 -64 b48 C96 -80 E96 d16 F96 -48 G96");
  });

  test("a window has a bounded number of entries on each side", () => {
    const blocks = Array.from({ length: 200 }, () => "b16 -16");
    const holes = (count: number) => 16 * count;
    const within = begun(`A96 ${blocks.join(" ")} Z96`, { goal: holes(20), worth: 1e6 });
    expect(within.isBegun).toBe(true);
    finish(within);
    expect(within.heap.largestHole()).toBeGreaterThanOrEqual(holes(20));
    expect(begun(`A96 ${blocks.join(" ")} Z96`, { goal: holes(190) }).isBegun).toBe(false);
    // Far from the start of the heap, only what is nearest on the low side counts: 32 of the holes.
    const late = `A96 ${blocks.join(" ")} -64 Z96`;
    expect(begun(late, { goal: holes(4 + 1 + 66), budget: 16 * 32 }).isBegun).toBe(false);
  });

  describe("between steps", () => {
    const PICTURE = "A96 -32 b16 c16 d16 E96 -16 F96 -16 G96 -16 H96";

    function afterOneStep() {
      const all = begun(PICTURE, { goal: 80 });
      expect(all.isBegun).toBe(true);
      expect([all.compactor.peek(1), all.compactor.step(1), all.compactor.visitedBlocks > 8]).toEqual([16, 16, true]);
      expect(all.heap.addressOf(all.at["b"]!)).toBeGreaterThan(176);
      return all;
    }

    test("undisturbed, all go", () => {
      expect(run(PICTURE, { goal: 80 })).toMatch(/^A96 -80 E96 [bcd]16 F96 [bcd]16 G96 [bcd]16 H96$/);
    });

    test("a block freed since is a failed move, and the rest goes on", () => {
      const all = afterOneStep();
      all.heap.free(all.at["c"]!);
      expect(finish(all)).toMatch(/^A96 -80 E96 .* H96$/);
      expect(all.compactor.failedMoves).toBe(1);
    });

    test("a block pinned since stays", () => {
      const all = afterOneStep();
      all.heap.setPinned(all.at["c"]!, true);
      expect(finish(all)).toMatch(/^A96 -48 c16 -16 E96 /);
      expect(all.compactor.failedMoves).toBe(1);
    });

    test("a block that grew beyond its room slides", () => {
      const all = afterOneStep();
      all.heap.free(all.at["d"]!);
      all.heap.resize(all.at["c"]!, 24); // in place
      all.heap.view(all.at["c"]!).fill("c".charCodeAt(0));
      expect(finish(all)).toMatch(/^A96 c32 -48 E96 /);
      expect(all.compactor.failedMoves).toBe(2);
    });

    test("a block resized out of the window is a failed move", () => {
      const all = begun("A96 -64 b16 c16 d16 E96 -16 F96 -16 G96 -16 H96 -48 I96", { goal: 112 });
      expect(all.compactor.step(1)).toBe(16);
      all.heap.free(all.at["H"]!);
      all.heap.resize(all.at["c"]!, 100);
      all.heap.view(all.at["c"]!).fill("c".charCodeAt(0));
      expect(finish(all)).toMatch(/c112/);
      expect(all.compactor.failedMoves).toBe(1);
    });

    test("a room taken since: its block slides instead", () => {
      const all = afterOneStep();
      while (all.heap.largestHole() > 48) all.heap.allocate(8);
      const taken = [all.heap.allocate(8), all.heap.allocate(8)];
      expect(taken).not.toContain(NO_HANDLE);
      finish(all);
      all.heap.assertIntact();
    });

    test("the budget is kept when a block grew since", () => {
      const all = begun("A96 -32 b16 c16 d16 E96 -32 F96 -32 G96 -32 H96", { goal: 64, budget: 32 });
      expect(all.isBegun).toBe(true);
      expect(all.compactor.step(1)).toBe(16);
      all.heap.free(all.at["d"]!);
      all.heap.resize(all.at["c"]!, 24);
      all.heap.view(all.at["c"]!).fill("c".charCodeAt(0));
      finish(all);
      expect(all.compactor.failedMoves).toBeLessThanOrEqual(1);
      expect(all.compactor.movedBytes).toBeLessThanOrEqual(48); // about the budget: one block is slid, however long
    });

    test("abort ends it where it is", () => {
      const all = afterOneStep();
      all.compactor.abort();
      all.compactor.abort();
      expect([all.compactor.isActive, all.heap.cursorWord, all.compactor.step(1)]).toEqual([false, -1, 0]);
    });
  });

  test("refuses a budget of nothing, and a second run", () => {
    const { compactor } = begun("A96 -64 b16 C96 -16 D96", { goal: 80 });
    expect(() => compactor.beginAny(0, 100, 80)).toThrow(AssertionError);
    compactor.abort();
    expect(() => compactor.beginAny(0, 0, 80)).toThrow(AssertionError);
  });
});

describe.each(["segregated", "best"] as const)("pack, %s fit", (fit) => {
  function run(picture: string, goal: number, maxBytes = Infinity, budget = Infinity) {
    const layout = layOut(picture, fit);
    const compactor = createCompactor("pack", layout.heap);
    const moves = new Map<number, number>();
    layout.heap.moveListener = (handle) => moves.set(handle, (moves.get(handle) ?? 0) + 1);
    if (!compactor.begin(goal, budget)) return { picture: false };
    for (;;) {
      const announced = compactor.peek(maxBytes);
      expect(compactor.step(maxBytes)).toBe(announced);
      if (announced === 0) break;
    }
    expect([compactor.isActive, compactor.failedMoves]).toEqual([false, 0]);
    return {
      picture: pictureOf(layout),
      moved: compactor.movedBytes,
      most: Math.max(...moves.values()),
      moves: moves.size,
    };
  }

  test.each([1, 70, Infinity])("without pins it is a slide, in steps of %d", (maxBytes) => {
    const result = run("a32 -48 b16 -32 c64 -16 d48 -64 e32", 160, maxBytes);
    expect(result).toEqual({ picture: "a32 b16 c64 d48 e32 -160", moved: 160, most: 1, moves: 4 });
  });

  test.each([1, 70, Infinity])(
    "fills the gaps that a slide leaves before pins, best fit, in steps of %d",
    (maxBytes) => {
      expect(run("-32 P16 -16 a48 b16", 32, maxBytes)).toMatchObject({ picture: "b16 -16 P16 a48 -32", most: 1 });
      // the shorter of two gaps
      expect(run("-32 P16 -16 Q16 -16 a48 b16", 32, maxBytes)).toMatchObject({
        picture: "-32 P16 b16 Q16 a48 -32",
        moved: 64,
        most: 1,
      });
    },
  );

  test("then the largest hole is gathered: that may move a block again, and reaches past what is not behind a hole", () => {
    expect(run("-32 P16 x16 -48 Q16", 64)).toMatchObject({ picture: "x16 -16 P16 -64 Q16", moved: 16 });
    expect(run("-64 P16 -16 a32 b64 Q16", 64)).toMatchObject({
      picture: "-64 P16 b64 a32 -16 Q16",
      moved: 128,
      most: 2,
    });
  });

  test("it packs whatever the goal: where pins divide the room, the largest hole may become smaller", () => {
    expect(run("-64 P16 -16 a32 b64 Q16", 48)).toMatchObject({
      picture: "a32 -32 P16 b64 -48 Q16",
      moved: 96,
      most: 1,
    });
  });

  test("an aligned block that already lies as low as it can does not follow its neighbours", () => {
    const heap = new Heap({ capacityBytes: 256, fit, verify: true });
    const gone = heap.allocate(8);
    const plain = heap.allocate(24);
    const aligned = heap.allocate(8, 64);
    heap.free(gone);
    const moved: number[] = [];
    heap.moveListener = (handle, from, to) => {
      expect(to).not.toBe(from);
      moved.push(handle);
    };
    const compactor = createCompactor("pack", heap);
    expect(compactor.begin(1, Infinity)).toBe(true);
    while (compactor.step(Infinity) > 0);
    expect([heap.addressOf(plain), heap.addressOf(aligned), moved]).toEqual([0, 48, [plain]]);
  });

  test("an aligned block leaves a gap before it that later blocks fill", () => {
    const heap = new Heap({ capacityBytes: 512, fit, verify: true });
    const first = heap.allocate(8);
    const gone = heap.allocate(200);
    const aligned = heap.allocate(40, 64);
    const last = heap.allocate(8);
    heap.free(gone);
    const compactor = createCompactor("pack", heap);
    expect(compactor.begin(1, Infinity)).toBe(true);
    while (compactor.step(Infinity) > 0);
    expect([first, last, aligned].map((handle) => heap.addressOf(handle))).toEqual([0, 16, 48]);
  });

  test("stops at the budget, with nothing left to gather with", () => {
    expect(run("-16 a16 b16 c16", 16, Infinity, 16)).toMatchObject({ picture: "a16 -16 b16 c16", moved: 16 });
    expect(run("-16 a16 b16 c16", 16, Infinity, 32)).toMatchObject({ picture: "a16 b16 -16 c16", moved: 32 });
  });

  test("goes on after blocks were freed, pinned and placed between steps", () => {
    const layout = layOut("-32 a32 b32 P16 -32 c32 d32 e32 -32 f32", fit);
    const { heap, at } = layout;
    const compactor = createCompactor("pack", heap);
    expect(compactor.begin(64, Infinity)).toBe(true);
    expect(compactor.step(1)).toBe(32);
    heap.free(at["a"]!);
    heap.setPinned(at["d"]!, true);
    at["x"] = heap.allocate(8);
    heap.view(at["x"]!).fill("x".charCodeAt(0));
    while (compactor.step(1) > 0);
    heap.assertIntact();
    expect(pictureOf(layout)).toContain("d32");
    expect(compactor.isActive).toBe(false);
  });

  test("abort while it packs, and while it gathers", () => {
    const { heap } = layOut("-32 P16 x16 -48 Q16 -16 y16 -16", fit);
    const compactor = createCompactor("pack", heap);
    expect(compactor.begin(64, Infinity)).toBe(true);
    compactor.abort();
    expect([compactor.isActive, heap.cursorWord, compactor.peek(1)]).toEqual([false, -1, 0]);
    expect(compactor.begin(64, Infinity)).toBe(true);
    expect(compactor.step(1)).toBe(16); // y
    expect(compactor.peek(1)).toBe(16); // x, gathered
    compactor.abort();
    expect([compactor.isActive, heap.cursorWord, compactor.movedBytes]).toEqual([false, -1, 16]);
  });
});

test.each(["gather", "pack"] as const)("%s does the same on a heap that does not check itself", (kind) => {
  const pictures = [false, true].map((verify) => {
    const heap = new Heap({ capacityBytes: 512, verify });
    const handles = Array.from({ length: 10 }, () => heap.allocate(24));
    for (const i of [0, 3, 4, 7]) heap.free(handles[i]!);
    const compactor = createCompactor(kind, heap);
    expect(compactor.begin(304, Infinity)).toBe(true);
    while (compactor.step(32) > 0);
    heap.assertIntact();
    expect(heap.largestHole()).toBeGreaterThanOrEqual(304);
    return handles.filter((handle) => heap.isLive(handle)).map((handle) => heap.addressOf(handle));
  });
  expect(pictures[0]).toEqual(pictures[1]);
});

describe.each(["segregated", "best"] as const)("a trial of rooms, %s fit", (fit) => {
  test("takes the rooms that moves would take, and leaves no trace", () => {
    const heap = new Heap({ capacityBytes: 1024, fit, verify: true });
    const aligned = heap.allocate(40, 64);
    const plain = heap.allocate(40);
    const gone = [56, 120, 8].map((size) => {
      const handle = heap.allocate(size);
      heap.allocate(8);
      return handle;
    });
    heap.allocate(heap.largestHole() - 8);
    for (const handle of gone) heap.free(handle);
    const wordOf = (handle: number) => heap.slots[2 * heap.slotOf(handle) + 1]!;
    const trial = new RoomTrial(heap, 2);
    const before = [...heap.words];
    const largest = heap.largestHole();
    expect(trial.take(wordOf(aligned), 1, 0)).toBe(true);
    expect(trial.take(wordOf(plain), 1, 0)).toBe(true);
    expect(() => trial.take(wordOf(plain), 1, 0)).toThrow(AssertionError);
    trial.undo();
    expect([trial.count, heap.largestHole()]).toEqual([0, largest]);
    heap.assertIntact();
    // Links of holes are what they were, word for word; what lies inside holes behind them is nobody's.
    heap.forEachBlock((address, _length, handle) => {
      const word = (address >> 2) + 2;
      if (handle === NO_HANDLE) for (let k = 0; k < 3; k++) expect(heap.words[word + k]).toBe(before[word + k]);
    });
    expect(trial.take(wordOf(plain), 0, heap.endWord)).toBe(false); // nothing is left that it may touch
  });
});
