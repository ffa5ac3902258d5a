// How often a key was asked for lately, for keys that are here and keys that are not: a count-min sketch of 4-bit counters which are
// all halved after ten requests an entry, so that it forgets. Cormode and Muthukrishnan, J. Algorithms 55(1), 2005; ageing: Einziger,
// Friedman and Manes, "TinyLFU", ACM ToS 13(4), 2017, section 3.3. The four counters of a key lie in one block of 64 bytes, as in
// blocked Bloom filters (Putze, Sanders, Singler 2009), so a request touches one cache line. 8 to 16 bytes an entry.

import { mix, powerOfTwoFrom } from "./hash-index.ts";

const WORDS_PER_BLOCK = 16;
const ENTRIES_PER_BLOCK = 8;
const REQUESTS_PER_ENTRY = 10;
const COUNTER_MAX = 15;
/** The lowest bit of each of the eight counters of a word, and the lower three bits of each. */
const LOWEST_BITS = 0x11111111;
const LOWER_THREE_BITS = 0x77777777;

export class FrequencySketch {
  /** Eight counters a word; four rows of four words a block. */
  #words: Uint32Array;
  #sampleSize: number;
  #additions = 0;

  /** @param entryCount entries that the cache is expected to hold, ≥ 1 */
  constructor(entryCount: number) {
    const entries = powerOfTwoFrom(Math.max(ENTRIES_PER_BLOCK, entryCount));
    this.#words = new Uint32Array((entries / ENTRIES_PER_BLOCK) * WORDS_PER_BLOCK);
    this.#sampleSize = REQUESTS_PER_ENTRY * Math.max(1, entryCount);
  }

  /** 0 to 15; never less than what was counted since the last halving, up to 15. */
  frequency(hash: number): number {
    const h = mix(hash);
    const block = (mix(h) & (this.#words.length / WORDS_PER_BLOCK - 1)) * WORDS_PER_BLOCK;
    let least = COUNTER_MAX;
    for (let row = 0; row < 4; row++) {
      const bits = h >>> (row * 8);
      const word = this.#words[block + row * 4 + (bits & 3)] as number;
      const count = (word >>> (((bits >>> 2) & 7) * 4)) & COUNTER_MAX;
      if (count < least) least = count;
    }
    return least;
  }

  /** Counts one request. Hot. */
  add(hash: number): void {
    const words = this.#words;
    const h = mix(hash);
    const block = (mix(h) & (words.length / WORDS_PER_BLOCK - 1)) * WORDS_PER_BLOCK;
    // One statement a row, no loop: a third faster, and this runs on every hit.
    const isAdded =
      (addOne(words, block + (h & 3), (h >>> 2) & 7) |
        addOne(words, block + 4 + ((h >>> 8) & 3), (h >>> 10) & 7) |
        addOne(words, block + 8 + ((h >>> 16) & 3), (h >>> 18) & 7) |
        addOne(words, block + 12 + ((h >>> 24) & 3), (h >>> 26) & 7)) !==
      0;
    if (isAdded && ++this.#additions >= this.#sampleSize) this.#halve();
  }

  /** The cache now holds `entryCount` entries or may: more room where there is too little, and a sample of that size. */
  fit(entryCount: number): void {
    this.#sampleSize = REQUESTS_PER_ENTRY * Math.max(1, entryCount);
    const entries = powerOfTwoFrom(Math.max(ENTRIES_PER_BLOCK, entryCount));
    // A block's copy is where its keys go with one more bit of the hash: no count is lost.
    while (this.#words.length < (entries / ENTRIES_PER_BLOCK) * WORDS_PER_BLOCK) {
      const words = new Uint32Array(2 * this.#words.length);
      words.set(this.#words);
      words.set(this.#words, this.#words.length);
      this.#words = words;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#words.fill(0);
    this.#additions = 0;
  }

  get stateBytes(): number {
    return this.#words.byteLength;
  }

  #halve(): void {
    const words = this.#words;
    let odd = 0;
    for (let place = 0; place < words.length; place++) {
      const word = words[place] as number;
      odd += bitCount(word & LOWEST_BITS);
      words[place] = (word >>> 1) & LOWER_THREE_BITS;
    }
    this.#additions = (this.#additions - (odd >>> 2)) >>> 1;
  }
}

/** Counts one in counter `counter` of a word. @returns 0 where it is full */
function addOne(words: Uint32Array, place: number, counter: number): number {
  const word = words[place] as number;
  const shift = counter * 4;
  if (((word >>> shift) & COUNTER_MAX) === COUNTER_MAX) return 0;
  words[place] = word + (1 << shift);
  return 1;
}

/** Bits set among the lowest bits of eight counters. */
function bitCount(lowestBits: number): number {
  return Math.imul(lowestBits, LOWEST_BITS) >>> 28;
}
