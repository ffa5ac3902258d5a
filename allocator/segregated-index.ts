// Segregated fit: a list of holes per size class and a bitmap over the lists, so that insert, remove and find take
// constant time whatever the number of holes. Good fit, not best: it takes the newest hole of the least class that is
// sure to fit. Differs from TLSF (Masmano 2004) in that the first-level bitmap is replaced by a scan over at most 21
// words that ends at a sentinel bit, and in that no operation has a branch that depends on the state of a list.

import type { HoleIndex, IndexReport } from "./hole-index.ts";
import { alignWord, FREE, LENGTH_MASK, NO_WORD } from "./layout.ts";
import { classOfHole, classOfSearch } from "./size-class.ts";

/**
 * Holes looked at in the one class that may hold a fitting hole after the classes above came up empty. All holes are then
 * shorter than the next class, and only classes of 1 KiB and more mix lengths: 64 of them are 64 KiB of free memory
 * in holes within 1/32 of the request, so the bound is out of reach for the default arena and keeps large ones O(1).
 */
export const CLASS_SEARCH_LIMIT = 64;
const TOP_BIT = 0x80000000;

export class SegregatedIndex implements HoleIndex {
  readonly #words: Int32Array;
  /** @internal First hole of each class, NO_WORD if none. Element 0 belongs to no class and takes the writes that must not count. */
  readonly heads: Int32Array;
  /** @internal Bit 31 − (class & 31) of word class >> 5 is set when the class has holes. */
  readonly bitmap: Int32Array;
  readonly #sentinelClass: number;

  constructor(words: Int32Array, capacityBytes: number) {
    this.#words = words;
    // The search for the largest length rounds up by one class at most: the sentinel lies there, and its list is empty.
    this.#sentinelClass = classOfHole(capacityBytes) + 1;
    this.heads = new Int32Array(this.#sentinelClass + 1).fill(NO_WORD);
    this.bitmap = new Int32Array((this.#sentinelClass >>> 5) + 1);
    this.bitmap[this.#sentinelClass >>> 5]! |= TOP_BIT >>> (this.#sentinelClass & 31);
  }

  insert(word: number, lengthBytes: number): void {
    const words = this.#words;
    const heads = this.heads;
    const sizeClass = classOfHole(lengthBytes);
    const next = heads[sizeClass]!;
    words[word + 1] = next;
    words[word + 2] = NO_WORD;
    words[next + 2] = word; // a lead word when there is no next
    heads[sizeClass] = word;
    this.bitmap[sizeClass >>> 5]! |= TOP_BIT >>> (sizeClass & 31);
  }

  remove(word: number, lengthBytes: number): void {
    const words = this.#words;
    const sizeClass = classOfHole(lengthBytes);
    const next = words[word + 1]!;
    const previous = words[word + 2]!;
    words[previous + 1] = next; // a lead word when there is no previous
    words[next + 2] = previous;
    this.heads[sizeClass & (previous >> 31)] = next; // element 0 unless it was the first
    this.bitmap[sizeClass >>> 5]! &= ~((TOP_BIT >>> (sizeClass & 31)) & ((previous & next) >> 31)); // only when alone
  }

  restore(word: number, lengthBytes: number): void {
    const words = this.#words;
    const sizeClass = classOfHole(lengthBytes);
    const next = words[word + 1]!;
    const previous = words[word + 2]!;
    words[next + 2] = word;
    words[previous + 1] = word;
    this.heads[sizeClass & (previous >> 31)] = word;
    this.bitmap[sizeClass >>> 5]! |= TOP_BIT >>> (sizeClass & 31);
  }

  /** Σ ⌊length / n⌋ · n over all holes, n = `referenceBytes`. Cost: the holes of n bytes and more. */
  usableBytes(referenceBytes: number): number {
    const words = this.#words;
    const bitmap = this.bitmap;
    const least = Math.max(1, classOfHole(referenceBytes)); // class 0 is no class
    let usable = 0;
    for (let index = least >>> 5; index < bitmap.length; index++) {
      let bits = bitmap[index]!;
      if (index === least >>> 5) bits &= -1 >>> (least & 31);
      while (bits !== 0) {
        const bit = Math.clz32(bits);
        bits &= ~(TOP_BIT >>> bit);
        for (let word = this.heads[(index << 5) + bit]!; word !== NO_WORD; word = words[word + 1]!) {
          usable += Math.floor((words[word]! & LENGTH_MASK) / referenceBytes) * referenceBytes;
        }
      }
    }
    return usable;
  }

  find(lengthBytes: number): number {
    const bitmap = this.bitmap;
    const sizeClass = classOfSearch(lengthBytes);
    let index = sizeClass >>> 5;
    let bits = bitmap[index]! & (-1 >>> (sizeClass & 31));
    while (bits === 0) bits = bitmap[++index]!; // ends at the sentinel
    const word = this.heads[(index << 5) + Math.clz32(bits)]!;
    return word >= 0 ? word : this.findInClass(lengthBytes);
  }

  findAligned(lengthBytes: number, alignBytes: number, avoidStart: number, avoidEnd: number): number {
    const words = this.#words;
    const bitmap = this.bitmap;
    const lengthWords = lengthBytes >> 2;
    let index = classOfHole(lengthBytes) >>> 5;
    let bits = bitmap[index]! & (-1 >>> (classOfHole(lengthBytes) & 31));
    for (;;) {
      while (bits === 0) bits = bitmap[++index]!;
      const position = Math.clz32(bits);
      const sizeClass = (index << 5) + position;
      if (sizeClass === this.#sentinelClass) return NO_WORD;
      for (let word = this.heads[sizeClass]!; word >= 0; word = words[word + 1]!) {
        const end = word + (words[word]! >> 2);
        if (alignWord(word, alignBytes) + lengthWords <= end && (end < avoidStart || word > avoidEnd)) return word;
      }
      bits &= ~(TOP_BIT >>> position);
    }
  }

  largest(): number {
    const bitmap = this.bitmap;
    let index = this.#sentinelClass >>> 5;
    let bits = bitmap[index]! & ~(TOP_BIT >>> (this.#sentinelClass & 31));
    while (bits === 0 && index > 0) bits = bitmap[--index]!;
    if (bits === 0) return 0;
    let best = 0;
    // The highest class is the lowest bit.
    for (let word = this.heads[(index << 5) + Math.clz32(bits & -bits)]!; word >= 0; word = this.#words[word + 1]!) {
      const length = this.#words[word]! & LENGTH_MASK;
      if (length > best) best = length;
    }
    return best;
  }

  check(isHole: Uint8Array, report: IndexReport): number {
    const words = this.#words;
    let reached = 0;
    for (let sizeClass = 1; sizeClass <= this.#sentinelClass; sizeClass++) {
      const bit = (this.bitmap[sizeClass >>> 5]! & (TOP_BIT >>> (sizeClass & 31))) !== 0;
      const head = this.heads[sizeClass]!;
      const isSentinel = sizeClass === this.#sentinelClass;
      if (bit !== (head >= 0 || isSentinel)) report("index-bitmap", head, `bit of class ${sizeClass} is ${bit}`);
      let previous = NO_WORD;
      for (let word = head; word >= 0; word = words[word + 1]!) {
        if (isHole[word >> 2] !== 1 || (word & 3) !== 2) {
          report("index-foreign", word, `class ${sizeClass} lists a word where no hole starts`);
          break;
        }
        if (classOfHole(words[word]! & LENGTH_MASK) !== sizeClass)
          report("index-class", word, `listed in class ${sizeClass}, length ${words[word]! & LENGTH_MASK}`);
        if (words[word + 2] !== previous) {
          report("index-link", word, `back link is ${words[word + 2]}, expected ${previous}`);
          break; // also ends a list that runs in a circle
        }
        previous = word;
        reached++;
      }
    }
    return reached;
  }

  /** @internal The class that mixes shorter and longer holes than `lengthBytes`, CLASS_SEARCH_LIMIT holes of it. */
  findInClass(lengthBytes: number): number {
    const words = this.#words;
    let word = this.heads[classOfHole(lengthBytes)]!;
    for (let steps = 0; steps < CLASS_SEARCH_LIMIT && word >= 0; steps++) {
      if (words[word]! >= (lengthBytes | FREE)) return word;
      word = words[word + 1]!;
    }
    return NO_WORD;
  }
}
