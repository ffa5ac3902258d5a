// Address-ordered best fit: the shortest hole that fits, the lowest address among equals. A treap ordered by (length,
// address) whose priorities are a hash of the address: no balance bits, no history, so two heaps with the same holes
// have the same tree. Expected O(log holes) for each operation, against O(1) and a slightly worse fit next door.
// Seidel & Aragon, "Randomized Search Trees" (Algorithmica 16, 1996). Insertion splits and removal merges on the way
// down, so that left and right links suffice and a 16-byte hole has room for its node.

import type { HoleIndex, IndexReport } from "./hole-index.ts";
import { alignWord, LENGTH_MASK, NO_WORD } from "./layout.ts";

const LEFT = 1;
const RIGHT = 2;
/** The root link lives in the first lead word of the buffer, so that a link is a word index everywhere. */
const ROOT = 0;

/** Multiplication by an odd number is a bijection on 32 bits: no two holes share a priority. */
function priorityOf(word: number): number {
  return Math.imul(word, 0x9e3779b1);
}

export class BestFitIndex implements HoleIndex {
  readonly #words: Int32Array;
  #avoidStart = 1;
  #avoidEnd = 0;
  #alignBytes = 16;
  #lengthWords = 0;

  constructor(words: Int32Array) {
    this.#words = words;
    words[ROOT] = NO_WORD;
  }

  insert(word: number, lengthBytes: number): void {
    const words = this.#words;
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
  }

  remove(word: number, lengthBytes: number): void {
    const words = this.#words;
    let link = ROOT;
    let node = words[link]!;
    while (node !== word) {
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
  }

  restore(word: number, lengthBytes: number): void {
    this.insert(word, lengthBytes); // the shape depends on the set of holes alone
  }

  find(lengthBytes: number): number {
    const words = this.#words;
    let best = NO_WORD;
    let node = words[ROOT]!;
    while (node >= 0) {
      if (words[node]! >= lengthBytes) {
        best = node;
        node = words[node + LEFT]!;
      } else node = words[node + RIGHT]!;
    }
    return best;
  }

  findAligned(lengthBytes: number, alignBytes: number, avoidStart: number, avoidEnd: number): number {
    this.#lengthWords = lengthBytes >> 2;
    this.#alignBytes = alignBytes;
    this.#avoidStart = avoidStart;
    this.#avoidEnd = avoidEnd;
    return this.#firstFitting(this.#words[ROOT]!);
  }

  largest(): number {
    const words = this.#words;
    let length = 0;
    for (let node = words[ROOT]!; node >= 0; node = words[node + RIGHT]!) length = words[node]! & LENGTH_MASK;
    return length;
  }

  check(isHole: Uint8Array, report: IndexReport): number {
    return this.#checkBelow(this.#words[ROOT]!, isHole, report, NO_WORD, 0);
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

  #checkBelow(node: number, isHole: Uint8Array, report: IndexReport, parent: number, side: number): number {
    const words = this.#words;
    if (node < 0) return 0;
    if (isHole[node >> 2] !== 1 || (node & 3) !== 2) {
      report("index-foreign", node, "the tree holds a word where no hole starts");
      return 0;
    }
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
      this.#checkBelow(words[node + LEFT]!, isHole, report, node, LEFT) +
      this.#checkBelow(words[node + RIGHT]!, isHole, report, node, RIGHT)
    );
  }
}
