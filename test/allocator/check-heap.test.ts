// The integrity walk, tested by damage: each rule is produced at least once, and an intact heap produces none.

import { afterAll, describe, expect, test } from "vitest";
import { checkHeap, HEAP_RULES } from "../../allocator/check-heap.ts";
import { createCompactor } from "../../allocator/compactor.ts";
import { type FitKind, Heap } from "../../allocator/heap.ts";
import { FREE, PINNED, PREVIOUS_FREE, wordOfAddress } from "../../allocator/layout.ts";
import { AssertionError } from "../../core/errors.ts";

const produced = new Set<string>();

/** Live blocks at 0 (32), 96 (48), 160 (64), 256 (16); holes at 32 (64), 144 (16), 224 (32), 272 (240). */
function sample(fit: FitKind = "segregated", verify = false): Heap {
  const heap = new Heap({ capacityBytes: 512, fit, verify, zoneTag: 2 });
  const handles = [32, 64, 48, 16, 64, 32, 16].map((length) => heap.allocate(length - 9));
  for (const i of [1, 3, 5]) heap.free(handles[i]!);
  expect(checkHeap(heap)).toEqual([]);
  return heap;
}

function rulesAfter(heap: Heap, damage: (heap: Heap, at: (address: number) => number) => void): string[] {
  damage(heap, wordOfAddress);
  const violations = checkHeap(heap);
  for (const { rule, message, address } of violations) {
    produced.add(rule);
    expect(HEAP_RULES).toContain(rule);
    expect(message).not.toBe("");
    expect(address).toBeGreaterThanOrEqual(-1);
  }
  return violations.map(({ rule }) => rule);
}

afterAll(() => {
  expect([...produced].sort()).toEqual([...HEAP_RULES].sort());
});

type Damage = (heap: Heap, at: (address: number) => number) => void;

describe.each(["segregated", "best"] as const)("blocks and counts, %s fit", (fit) => {
  const cases: [rule: string, what: string, damage: Damage][] = [
    ["sentinel", "first word", ({ words, endWord }) => void (words[endWord]! ^= 64)],
    ["sentinel", "second word", ({ words, endWord }) => void (words[endWord + 1] = 0)],
    ["block-length", "zero", ({ words }, at) => void (words[at(96)] = 0)],
    ["block-length", "negative", ({ words }, at) => void (words[at(96)] = -64)],
    ["block-length", "beyond the end", ({ words }, at) => void (words[at(96)] = 432)],
    ["block-length", "a flag that does not exist", ({ words }, at) => void (words[at(96)]! |= 8)],
    ["previous-free", "lost", ({ words }, at) => void (words[at(96)]! &= ~PREVIOUS_FREE)],
    ["previous-free", "made up", ({ words }, at) => void (words[at(0)]! |= PREVIOUS_FREE)],
    ["previous-free", "at the sentinel", ({ words, endWord }) => void (words[endWord]! &= ~PREVIOUS_FREE)],
    [
      "coalesce",
      "a live block turned into a hole",
      ({ words }, at) => void (words[at(96)] = 48 | FREE | PREVIOUS_FREE),
    ],
    ["pinned-hole", "pinned", ({ words }, at) => void (words[at(32)]! |= PINNED)],
    ["footer", "wrong", ({ words }, at) => void (words[at(96) - 1] = 48)],
    ["slot", "out of range", ({ words }, at) => void (words[at(96) + 1]! |= 0xffffff)],
    ["slot", "another block's", ({ words }, at) => void (words[at(96) + 1] = words[at(0) + 1]!)],
    ["slot", "free", ({ slots, words }, at) => void (slots[2 * (words[at(96) + 1]! & 0xffffff)] = -5)],
    ["slot", "moved away", ({ slots, words }, at) => void (slots[2 * (words[at(96) + 1]! & 0xffffff) + 1]! += 4)],
    ["slot", "zone of the handle", ({ slots }) => void (slots[0]! ^= 1 << 28)],
    ["slack", "more than there is", ({ words }, at) => void (words[at(256) + 1]! |= 15 << 24)],
    ["align", "off", ({ words }, at) => void (words[at(96) + 1]! |= 3 << 28)],
    ["free-slots", "a live slot in the list", ({ slots }) => void (slots[3] = 0)],
    ["free-slots", "out of range", ({ slots }) => void (slots[3] = 999)],
    ["free-slots", "cut short", (heap) => void (heap.freeSlot = -1)],
    ["free-slots", "in a circle", ({ slots }) => void (slots[3] = 3)],
    ["statistics", "blockCount", (heap) => void heap.blockCount++],
    ["statistics", "holeCount", (heap) => void heap.holeCount--],
    ["statistics", "allocatedBytes", (heap) => void (heap.allocatedBytes += 16)],
    ["statistics", "freeBytes", (heap) => void (heap.freeBytes -= 16)],
    ["statistics", "pinnedBytes", (heap) => void (heap.pinnedBytes = 16)],
    ["statistics", "usableBytes", (heap) => void (heap.usableBytes = 0)],
    ["statistics", "a live slot too many", ({ slots }) => void (slots[2] = 77)],
    ["cursor", "inside a block", (heap, at) => void (heap.cursorWord = at(112))],
    ["index-count", "a hole is not reached", (heap, at) => heap.holes.remove(at(144), 16)],
  ];
  test.each(cases)("%s: %s", (rule, _what, damage) => {
    expect(rulesAfter(sample(fit), damage)).toContain(rule);
  });

  test("a boundary is a right place for the cursor, and so is the end", () => {
    const heap = sample(fit);
    for (const word of [wordOfAddress(0), wordOfAddress(224), heap.endWord]) {
      heap.cursorWord = word;
      expect(checkHeap(heap)).toEqual([]);
    }
  });

  test("redzone: a written byte behind a payload, in verify mode alone", () => {
    const damage: Damage = (heap, at) => void (heap.bytes[(at(96) << 2) + 47] = 1);
    expect(rulesAfter(sample(fit, true), damage)).toEqual(["redzone"]);
    expect(rulesAfter(sample(fit, false), damage)).toEqual([]);
  });
});

describe("the segregated index", () => {
  const cases: [rule: string, what: string, damage: Damage][] = [
    ["index-bitmap", "a bit without a list", ({ lists }) => void (lists!.bitmap[0]! |= 1)],
    ["index-bitmap", "a list without a bit", ({ lists }) => void (lists!.bitmap[0] = 0)],
    ["index-bitmap", "the sentinel's bit", ({ lists }) => void lists!.bitmap.fill(0, 1)],
    ["index-foreign", "a live block", ({ lists }, at) => void (lists!.heads[4] = at(0))],
    ["index-foreign", "no boundary", ({ lists }, at) => void (lists!.heads[4] = at(32) + 1)],
    ["index-foreign", "outside", ({ lists }) => void (lists!.heads[4] = 100_000)],
    ["index-class", "wrong class", ({ lists }, at) => void (lists!.heads[5] = at(32))],
    ["index-link", "back link", ({ words }, at) => void (words[at(32) + 2] = at(144))],
    ["index-link", "a circle", ({ words }, at) => void (words[at(32) + 1] = at(32))],
  ];
  test.each(cases)("%s: %s", (rule, _what, damage) => {
    expect(rulesAfter(sample(), damage)).toContain(rule);
  });
});

describe("the best-fit index", () => {
  /** Eight holes of 16 bytes, so that one class has a tree of some depth. */
  function wooded(): Heap {
    const heap = new Heap({ capacityBytes: 512, fit: "best" });
    const handles = Array.from({ length: 17 }, () => heap.allocate(8));
    for (let i = 1; i < 17; i += 2) heap.free(handles[i]!);
    expect(checkHeap(heap)).toEqual([]);
    return heap;
  }

  /** Word of the tree's root and of one child, with the side the child hangs on. */
  function family({ tree, words }: Heap): { root: number; child: number; side: number } {
    const root = tree!.roots[1]!;
    const side = words[root + 1]! >= 0 ? 1 : 2;
    return { root, child: words[root + side]!, side };
  }

  const cases: [rule: string, what: string, damage: Damage][] = [
    ["index-bitmap", "a bit without a tree", ({ tree }) => void (tree!.bitmap[0]! |= 1)],
    ["index-bitmap", "a tree without a bit", ({ tree }) => void (tree!.bitmap[0] = 0)],
    ["index-bitmap", "the sentinel's bit", ({ tree }) => void tree!.bitmap.fill(0, 1)],
    ["index-foreign", "a live block", (heap, at) => void (heap.words[family(heap).root + 1] = at(0))],
    ["index-foreign", "no boundary", (heap, at) => void (heap.words[family(heap).root + 1] = at(16) + 2)],
    ["index-foreign", "outside", (heap) => void (heap.words[family(heap).root + 1] = 100_000)],
    ["index-class", "wrong class", ({ tree }) => void (tree!.roots[5] = tree!.roots[1]!)],
    ["index-link", "a circle", (heap) => void (heap.words[family(heap).child + 1] = family(heap).root)],
  ];
  test.each(cases)("%s: %s", (rule, _what, damage) => {
    expect(rulesAfter(wooded(), damage)).toContain(rule);
  });

  test("index-class: a hole on the wrong side", () => {
    const damage: Damage = (heap) => {
      const { root } = family(heap);
      const left = heap.words[root + 1]!;
      heap.words[root + 1] = heap.words[root + 2]!;
      heap.words[root + 2] = left;
    };
    expect(rulesAfter(wooded(), damage)).toContain("index-class");
  });

  test("holes can be taken out and put back in any order, and the tree is the same", () => {
    const heap = wooded();
    const shape = [...heap.words];
    for (let first = 0; first < 8; first++) {
      const order = Array.from({ length: 8 }, (_, i) => wordOfAddress(16 + 32 * ((first + 3 * i) % 8)));
      for (const word of order) heap.holes.remove(word, 16);
      expect(heap.tree!.roots[1]).toBe(-1);
      for (const word of order) heap.holes.insert(word, 16);
      expect(checkHeap(heap)).toEqual([]);
      expect([...heap.words].slice(1)).toEqual(shape.slice(1)); // all but the lead word
    }
  });

  test("taking out a hole that is not in the index is a mistake", () => {
    const heap = wooded();
    heap.holes.remove(wordOfAddress(16), 16);
    expect(() => heap.holes.remove(wordOfAddress(16), 16)).toThrow(AssertionError);
    heap.holes.insert(wordOfAddress(16), 16);
    expect(checkHeap(heap)).toEqual([]);
  });
});

test("a heap in the middle of a run is intact", () => {
  const heap = sample();
  const compactor = createCompactor("slide", heap);
  compactor.begin(1, Infinity);
  do expect(checkHeap(heap)).toEqual([]);
  while (compactor.step(1) > 0);
});

test("assertIntact throws the first violation with its place", () => {
  const heap = sample();
  heap.assertIntact();
  heap.words[wordOfAddress(96) - 1] = 1;
  expect(() => heap.assertIntact()).toThrow(/footer at 32: .* \(1 violations\)/);
});
