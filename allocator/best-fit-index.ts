// Address-ordered best fit: the shortest hole that fits, the lowest address among equals. The size classes and the bitmap
// are those of the segregated fit next door, but each class keeps its holes in a treap ordered by (length, address), not in a
// list: the answer is exact, for O(log holes of a class) instead of O(1). Most classes hold a hole or two.
//
// Priorities are a hash of the address: no balance bits, no history, so two heaps with the same holes have the same trees
// (Seidel & Aragon, "Randomized Search Trees", Algorithmica 16, 1996). Insertion splits and removal merges on the way
// down, so that left and right links suffice and a 16-byte hole has room for its node.

import { AssertionError } from "../core/errors.ts";
import type { HoleIndex, IndexReport } from "./hole-index.ts";
import { alignWord, LENGTH_MASK, NO_WORD } from "./layout.ts";
import { classOfHole } from "./size-class.ts";

const LEFT = 1;
const RIGHT = 2;
/** The first lead word of the buffer stands in for the root's link while a tree is changed: a link is a word index everywhere. */
const ROOT = 0;
const TOP_BIT = 0x80000000;

/** Multiplication by an odd number is a bijection on 32 bits: no two holes share a priority. */
function priorityOf(word: number): number {
  return Math.imul(word, 0x9e3779b1);
}

export class BestFitIndex implements HoleIndex {
  readonly #words: Int32Array;
  /** @internal Root of each class's tree, NO_WORD if none. */
  readonly roots: Int32Array;
  /** @internal As in SegregatedIndex, sentinel included. */
  readonly bitmap: Int32Array;
  readonly #sentinelClass: number;
  #avoidStart = 1;
  #avoidEnd = 0;
  #alignBytes = 16;
  #lengthWords = 0;

  constructor(words: Int32Array, capacityBytes: number) {
    this.#words = words;
    this.#sentinelClass = classOfHole(capacityBytes) + 1;
    this.roots = new Int32Array(this.#sentinelClass + 1).fill(NO_WORD);
    this.bitmap = new Int32Array((this.#sentinelClass >>> 5) + 1);
    this.bitmap[this.#sentinelClass >>> 5]! |= TOP_BIT >>> (this.#sentinelClass & 31);
  }

  insert(word: number, lengthBytes: number): void {
    const words = this.#words;
    const sizeClass = classOfHole(lengthBytes);
    this.bitmap[sizeClass >>> 5]! |= TOP_BIT >>> (sizeClass & 31);
    words[ROOT] = this.roots[sizeClass]!;
    const priority = priorityOf(word);
    let link = ROOT;
    let node = words[link]!;
    while (node >= 0 && priorityOf(node) > priority) {
      link = this.#isBefore(node, word, lengthBytes) ? node + RIGHT : node + LEFT;
      node = words[link]!;
    }
    words[link] = word;
    // Split the subtree by the key: what comes before it hangs on the left, the rest on the right.
    let leftLink = word + LEFT;
    let rightLink = word + RIGHT;
    while (node >= 0) {
      if (this.#isBefore(node, word, lengthBytes)) {
        words[leftLink] = node;
        leftLink = node + RIGHT;
        node = words[leftLink]!;
      } else {
        words[rightLink] = node;
        rightLink = node + LEFT;
        node = words[rightLink]!;
      }
    }
    words[leftLink] = NO_WORD;
    words[rightLink] = NO_WORD;
    this.roots[sizeClass] = words[ROOT]!;
  }

  remove(word: number, lengthBytes: number): void {
    const words = this.#words;
    const sizeClass = classOfHole(lengthBytes);
    words[ROOT] = this.roots[sizeClass]!;
    let link = ROOT;
    let node = words[link]!;
    while (node !== word) {
      if (node < 0) throw new AssertionError("the hole is not in the index");
      link = this.#isBefore(node, word, lengthBytes) ? node + RIGHT : node + LEFT;
      node = words[link]!;
    }
    let left = words[word + LEFT]!;
    let right = words[word + RIGHT]!;
    while (left >= 0 && right >= 0) {
      if (priorityOf(left) > priorityOf(right)) {
        words[link] = left;
        link = left + RIGHT;
        left = words[link]!;
      } else {
        words[link] = right;
        link = right + LEFT;
        right = words[link]!;
      }
    }
    words[link] = left >= 0 ? left : right;
    const root = words[ROOT]!;
    this.roots[sizeClass] = root;
    this.bitmap[sizeClass >>> 5]! &= ~((TOP_BIT >>> (sizeClass & 31)) & (root >> 31));
  }

  restore(word: number, lengthBytes: number): void {
    this.insert(word, lengthBytes); // the shape depends on the set of holes alone
  }

  find(lengthBytes: number): number {
    const words = this.#words;
    const bitmap = this.bitmap;
    const least = classOfHole(lengthBytes);
    let index = least >>> 5;
    let bits = bitmap[index]! & (-1 >>> (least & 31));
    for (;;) {
      while (bits === 0) bits = bitmap[++index]!; // ends at the sentinel
      const position = Math.clz32(bits);
      const sizeClass = (index << 5) + position;
      let best = NO_WORD;
      let node = this.roots[sizeClass]!;
      while (node >= 0) {
        if (words[node]! >= lengthBytes) {
          best = node;
          node = words[node + LEFT]!;
        } else node = words[node + RIGHT]!;
      }
      // Only the first class, which mixes lengths, may have none that fits; the sentinel's tree is empty.
      if (best >= 0 || sizeClass === this.#sentinelClass) return best;
      bits &= ~(TOP_BIT >>> position);
    }
  }

  findAligned(lengthBytes: number, alignBytes: number, avoidStart: number, avoidEnd: number): number {
    this.#lengthWords = lengthBytes >> 2;
    this.#alignBytes = alignBytes;
    this.#avoidStart = avoidStart;
    this.#avoidEnd = avoidEnd;
    const bitmap = this.bitmap;
    const least = classOfHole(lengthBytes);
    let index = least >>> 5;
    let bits = bitmap[index]! & (-1 >>> (least & 31));
    for (;;) {
      while (bits === 0) bits = bitmap[++index]!;
      const position = Math.clz32(bits);
      const sizeClass = (index << 5) + position;
      const found = this.#firstFitting(this.roots[sizeClass]!);
      if (found >= 0 || sizeClass === this.#sentinelClass) return found;
      bits &= ~(TOP_BIT >>> position);
    }
  }

  largest(): number {
    const words = this.#words;
    const bitmap = this.bitmap;
    let index = this.#sentinelClass >>> 5;
    let bits = bitmap[index]! & ~(TOP_BIT >>> (this.#sentinelClass & 31));
    while (bits === 0 && index > 0) bits = bitmap[--index]!;
    if (bits === 0) return 0;
    // The highest class is the lowest bit.
    let length = 0;
    for (let node = this.roots[(index << 5) + Math.clz32(bits & -bits)]!; node >= 0; node = words[node + RIGHT]!)
      length = words[node]! & LENGTH_MASK;
    return length;
  }

  check(isHole: Uint8Array, report: IndexReport): number {
    let reached = 0;
    for (let sizeClass = 1; sizeClass <= this.#sentinelClass; sizeClass++) {
      const bit = (this.bitmap[sizeClass >>> 5]! & (TOP_BIT >>> (sizeClass & 31))) !== 0;
      const root = this.roots[sizeClass]!;
      const isSentinel = sizeClass === this.#sentinelClass;
      if (bit !== (root >= 0 || isSentinel)) report("index-bitmap", root, `bit of class ${sizeClass} is ${bit}`);
      reached += this.#checkBelow(root, sizeClass, isHole, report, NO_WORD, 0);
    }
    return reached;
  }

  /** Is `node` ordered before the hole (word, lengthBytes)? */
  #isBefore(node: number, word: number, lengthBytes: number): boolean {
    const length = this.#words[node]! & LENGTH_MASK;
    return length < lengthBytes || (length === lengthBytes && node < word);
  }

  /** In-order search below `node`; recursion as deep as the tree. */
  #firstFitting(node: number): number {
    if (node < 0) return NO_WORD;
    const words = this.#words;
    const end = node + (words[node]! >> 2);
    if (end - node < this.#lengthWords) return this.#firstFitting(words[node + RIGHT]!);
    const found = this.#firstFitting(words[node + LEFT]!);
    if (found >= 0) return found;
    if (
      alignWord(node, this.#alignBytes) + this.#lengthWords <= end &&
      (end < this.#avoidStart || node > this.#avoidEnd)
    )
      return node;
    return this.#firstFitting(words[node + RIGHT]!);
  }

  #checkBelow(
    node: number,
    sizeClass: number,
    isHole: Uint8Array,
    report: IndexReport,
    parent: number,
    side: number,
  ): number {
    const words = this.#words;
    if (node < 0) return 0;
    if (isHole[node >> 2] !== 1 || (node & 3) !== 2) {
      report("index-foreign", node, "the tree holds a word where no hole starts");
      return 0;
    }
    if (classOfHole(words[node]! & LENGTH_MASK) !== sizeClass)
      report("index-class", node, `in class ${sizeClass}, length ${words[node]! & LENGTH_MASK}`);
    if (parent >= 0) {
      if (priorityOf(node) >= priorityOf(parent)) {
        report("index-link", node, `priority above that of the parent at word ${parent}`);
        return 0; // also ends a circle, as priorities fall along any path
      }
      if (this.#isBefore(node, parent, words[parent]! & LENGTH_MASK) !== (side === LEFT))
        report("index-class", node, `on the wrong side of the parent at word ${parent}`);
    }
    return (
      1 +
      this.#checkBelow(words[node + LEFT]!, sizeClass, isHole, report, node, LEFT) +
      this.#checkBelow(words[node + RIGHT]!, sizeClass, isHole, report, node, RIGHT)
    );
  }
}
