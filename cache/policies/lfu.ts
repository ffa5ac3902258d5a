// LFU: who was asked for least often while it was here leaves; among equals the least recently used one. Good against scans, but
// yesterday's favourites never leave. Entries of equal count hang in one bucket, buckets in order of count, so each step is O(1):
// Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010.

import { assert } from "../../core/errors.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { grownInt32, NONE } from "./slot-lists.ts";

class Lfu implements CachePolicy {
  readonly id = "lfu";
  /** Links among the slots of a bucket; previous towards the newer. */
  #previous: Int32Array;
  #next: Int32Array;
  /** The slot's bucket, NONE where it is not resident. */
  #bucketOf: Int32Array;
  /** Buckets: count of hits + 1, newest and oldest slot, links among buckets in order of count. */
  #frequency: Float64Array;
  #newest: Int32Array;
  #oldest: Int32Array;
  #lower: Int32Array;
  #higher: Int32Array;
  /** Free buckets hang together by `#higher`. */
  #freeBucket = 0;
  #lowest = NONE;

  constructor(options: CachePolicyOptions) {
    const slots = options.slotCount;
    this.#previous = new Int32Array(slots).fill(NONE);
    this.#next = new Int32Array(slots).fill(NONE);
    this.#bucketOf = new Int32Array(slots).fill(NONE);
    // A hit opens the next bucket before it leaves its own: one more than there are slots.
    this.#frequency = new Float64Array(slots + 1);
    this.#newest = new Int32Array(slots + 1).fill(NONE);
    this.#oldest = new Int32Array(slots + 1).fill(NONE);
    this.#lower = new Int32Array(slots + 1).fill(NONE);
    this.#higher = new Int32Array(slots + 1);
    this.#chainFree(0);
  }

  hit(slot: number): void {
    const bucket = this.#bucketOf[slot] as number;
    const frequency = (this.#frequency[bucket] as number) + 1;
    const above = this.#higher[bucket] as number;
    const target =
      above !== NONE && this.#frequency[above] === frequency ? above : this.#open(frequency, bucket, above);
    this.#leave(slot);
    this.#enter(slot, target);
  }

  evict(_keyHash: number, _weight: number): number {
    if (this.#lowest === NONE) return NO_SLOT;
    const slot = this.#oldest[this.#lowest] as number;
    this.#leave(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, _weight: number): void {
    assert(this.#bucketOf[slot] === NONE, "lfu: the slot is out of range or taken");
    const lowest = this.#lowest;
    const bucket = lowest !== NONE && this.#frequency[lowest] === 1 ? lowest : this.#open(1, NONE, lowest);
    this.#enter(slot, bucket);
  }

  remove(slot: number): void {
    assert(slot >= 0 && slot < this.#bucketOf.length && this.#bucketOf[slot] !== NONE, "lfu: the slot is not resident");
    this.#leave(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    const before = this.#frequency.length;
    this.#previous = grownInt32(this.#previous, slotCount);
    this.#next = grownInt32(this.#next, slotCount);
    this.#bucketOf = grownInt32(this.#bucketOf, slotCount);
    const frequency = new Float64Array(slotCount + 1);
    frequency.set(this.#frequency);
    this.#frequency = frequency;
    this.#newest = grownInt32(this.#newest, slotCount + 1);
    this.#oldest = grownInt32(this.#oldest, slotCount + 1);
    this.#lower = grownInt32(this.#lower, slotCount + 1);
    this.#higher = grownInt32(this.#higher, slotCount + 1);
    this.#chainFree(before);
  }

  candidates(out: Int32Array): number {
    let place = 0;
    for (let bucket = this.#lowest; bucket !== NONE; bucket = this.#higher[bucket] as number) {
      for (let slot = this.#oldest[bucket] as number; slot !== NONE; slot = this.#previous[slot] as number) {
        if (place === out.length) return place;
        out[place++] = slot;
      }
    }
    return place;
  }

  get stateBytes(): number {
    return 3 * this.#previous.byteLength + this.#frequency.byteLength + 4 * this.#newest.byteLength;
  }

  check(residents: ReadonlySet<number>): void {
    let count = 0;
    let frequencyBefore = 0;
    let bucketBefore = NONE;
    for (let bucket = this.#lowest; bucket !== NONE; bucket = this.#higher[bucket] as number) {
      assert((this.#frequency[bucket] as number) > frequencyBefore, "lfu: buckets are out of order");
      assert(this.#lower[bucket] === bucketBefore, "lfu: a link among buckets is wrong");
      assert(this.#newest[bucket] !== NONE, "lfu: an empty bucket was kept");
      let slotBefore = NONE;
      for (let slot = this.#newest[bucket] as number; slot !== NONE; slot = this.#next[slot] as number) {
        assert(this.#bucketOf[slot] === bucket && this.#previous[slot] === slotBefore, "lfu: a link is wrong");
        assert(residents.has(slot), "lfu: it holds a slot that the cache does not");
        count++;
        slotBefore = slot;
      }
      assert(this.#oldest[bucket] === slotBefore, "lfu: the oldest of a bucket is wrong");
      frequencyBefore = this.#frequency[bucket] as number;
      bucketBefore = bucket;
    }
    assert(count === residents.size, "lfu: it lost a slot that the cache holds");
  }

  #chainFree(from: number): void {
    const end = this.#frequency.length;
    for (let bucket = from; bucket < end; bucket++)
      this.#higher[bucket] = bucket + 1 < end ? bucket + 1 : from === 0 ? NONE : this.#freeBucket;
    this.#freeBucket = from;
  }

  #open(frequency: number, below: number, above: number): number {
    const bucket = this.#freeBucket;
    this.#freeBucket = this.#higher[bucket] as number;
    this.#frequency[bucket] = frequency;
    this.#lower[bucket] = below;
    this.#higher[bucket] = above;
    if (below === NONE) this.#lowest = bucket;
    else this.#higher[below] = bucket;
    if (above !== NONE) this.#lower[above] = bucket;
    return bucket;
  }

  #enter(slot: number, bucket: number): void {
    const newest = this.#newest[bucket] as number;
    this.#previous[slot] = NONE;
    this.#next[slot] = newest;
    if (newest === NONE) this.#oldest[bucket] = slot;
    else this.#previous[newest] = slot;
    this.#newest[bucket] = slot;
    this.#bucketOf[slot] = bucket;
  }

  #leave(slot: number): void {
    const bucket = this.#bucketOf[slot] as number;
    const previous = this.#previous[slot] as number;
    const next = this.#next[slot] as number;
    if (previous === NONE) this.#newest[bucket] = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#oldest[bucket] = previous;
    else this.#previous[next] = previous;
    this.#bucketOf[slot] = NONE;
    if (this.#newest[bucket] === NONE) this.#close(bucket);
  }

  #close(bucket: number): void {
    const below = this.#lower[bucket] as number;
    const above = this.#higher[bucket] as number;
    if (below === NONE) this.#lowest = above;
    else this.#higher[below] = above;
    if (above !== NONE) this.#lower[above] = below;
    this.#higher[bucket] = this.#freeBucket;
    this.#freeBucket = bucket;
  }
}

export const LFU: CachePolicyDefinition = {
  id: "lfu",
  title: "Least frequently used, ties to the least recently used",
  source: "Shah, Mitra, Matani, An O(1) algorithm for LFU, 2010",
  create: (options) => new Lfu(options),
};
