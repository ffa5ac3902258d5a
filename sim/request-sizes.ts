// How large requests are: the distribution of recent block lengths, from which a controller reads how likely it is that the
// next request needs more than the largest hole. Thirty-two counts of equal width over the lengths seen so far; when a longer
// one comes, the width doubles and neighbours are added up. All counts are halved now and then, so that what was seen some
// thousand requests ago fades, and a length that no longer comes is forgotten. 72 bytes, which may lie in the heap itself.

import { assert } from "../core/errors.ts";

const BINS = 32;
/** Counts are halved when they add up to this many. */
const MOST_COUNT = 8192;
/** Words of 16 bits: the counts, their sum, log2 of the width, and two that round up to a multiple of 8 bytes. */
const SUM = BINS;
const WIDTH_LOG2 = BINS + 1;
const WORDS = BINS + 4;

/** Bytes of the whole state: 72. */
export const REQUEST_SIZES_BYTES = 2 * WORDS;

export class RequestSizes {
  readonly #words: Uint16Array;

  /** @param byteOffset a multiple of 2 with REQUEST_SIZES_BYTES behind it; what lies there is overwritten */
  constructor(buffer: ArrayBuffer = new ArrayBuffer(REQUEST_SIZES_BYTES), byteOffset = 0) {
    this.#words = new Uint16Array(buffer, byteOffset, WORDS);
    this.#words.fill(0);
    this.#words[WIDTH_LOG2] = 4;
  }

  /** Takes in one request of `lengthBytes` > 0. Cost: constant but for a halving each some thousand requests. */
  add(lengthBytes: number): void {
    assert(lengthBytes > 0, "a request has a length");
    const words = this.#words;
    // A product and not a shift: 32 bins of 64 MiB are 2^31, and there are requests of a GiB, if only to be denied.
    while (lengthBytes > BINS * (1 << words[WIDTH_LOG2]!)) this.#widen();
    words[(lengthBytes - 1) >>> words[WIDTH_LOG2]!]!++;
    if (++words[SUM]! >= MOST_COUNT) this.#halve();
  }

  /** The share of recent requests longer than `lengthBytes`, 0..1, evenly spread within a bin; 0 before any. */
  shareAbove(lengthBytes: number): number {
    const words = this.#words;
    if (words[SUM] === 0) return 0;
    const width = 1 << words[WIDTH_LOG2]!;
    const bin = Math.min(BINS, Math.floor(Math.max(0, lengthBytes) / width));
    let above = 0;
    for (let b = bin + 1; b < BINS; b++) above += words[b]!;
    if (bin < BINS) above += words[bin]! * (bin + 1 - Math.max(0, lengthBytes) / width);
    return above / words[SUM]!;
  }

  /** The length that no recent request exceeded, rounded up to the width of a bin; 0 before any. */
  largestBytes(): number {
    const words = this.#words;
    for (let b = BINS - 1; b >= 0; b--) if (words[b]! > 0) return (b + 1) * (1 << words[WIDTH_LOG2]!);
    return 0;
  }

  #widen(): void {
    const words = this.#words;
    for (let b = 0; b < BINS / 2; b++) words[b] = words[2 * b]! + words[2 * b + 1]!;
    words.fill(0, BINS / 2, BINS);
    words[WIDTH_LOG2]!++;
  }

  #halve(): void {
    const words = this.#words;
    let sum = 0;
    for (let b = 0; b < BINS; b++) {
      words[b]! >>>= 1;
      sum += words[b]!;
    }
    words[SUM] = sum;
  }
}
