// LRU at every size in one pass: the stack distance of a request is the number of distinct keys asked for since its key was
// last asked for, itself included, and LRU of s entries finds exactly the requests whose distance is s or less. Mattson et al.,
// "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970. The distance is a count of marks in a
// Fenwick tree over time, one mark a key at its last request (Bennett and Kruskal, IBM J. Res. Dev. 19(4), 1975). Time is
// renumbered whenever the tree is full, so that memory goes with the number of keys and not with that of requests.

import { assert } from "../core/errors.ts";

const LEAST_MOMENTS = 1_024;
const NEVER = -1;

/**
 * How many requests have each stack distance. Cost: O(log keyCount) a request; some 20 bytes a key.
 * @param keys 0 … keyCount − 1
 * @returns counts (keyCount + 1): counts[d] of distance d, d = 1 … keyCount; counts[0] are first requests, which no size finds
 */
export function stackDistanceCounts(keys: Uint32Array, keyCount: number): Float64Array {
  const counts = new Float64Array(keyCount + 1);
  const tree = new MomentTree(keyCount);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as number;
    assert(key < keyCount, "stack distances: a key is out of range");
    const distance = tree.request(key);
    counts[distance] = (counts[distance] as number) + 1;
  }
  return counts;
}

/** Hits of LRU at every size, from `stackDistanceCounts`: (keyCount + 1), hits[s] at s entries; more entries find no more. */
export function lruHitsBySize(counts: Float64Array): Float64Array {
  const hits = new Float64Array(counts.length);
  for (let entries = 1; entries < counts.length; entries++)
    hits[entries] = (hits[entries - 1] as number) + (counts[entries] as number);
  return hits;
}

/** The last request of every key as a mark on a line of moments. */
class MomentTree {
  readonly #moments: number; // ≥ 2 × keys: a renumbering comes at most once in `moments − keys` requests
  readonly #sums: Int32Array; // a Fenwick tree, 1-based
  readonly #keyAt: Int32Array; // whose mark is at a moment, NEVER where it was taken away
  readonly #momentOf: Int32Array;
  #now = 0;
  #marks = 0;

  constructor(keyCount: number) {
    this.#moments = Math.max(LEAST_MOMENTS, 2 * keyCount);
    this.#sums = new Int32Array(this.#moments + 1);
    this.#keyAt = new Int32Array(this.#moments).fill(NEVER);
    this.#momentOf = new Int32Array(keyCount).fill(NEVER);
  }

  /** The distance of a request, 0 for the first of its key; its mark moves to now. */
  request(key: number): number {
    if (this.#now === this.#moments) this.#renumber();
    const before = this.#momentOf[key] as number;
    let distance = 0;
    if (before !== NEVER) {
      distance = this.#marks - this.#marksUpTo(before) + 1; // marks after it, and the key itself
      this.#add(before, -1);
      this.#keyAt[before] = NEVER;
    } else this.#marks++;
    this.#momentOf[key] = this.#now;
    this.#keyAt[this.#now] = key;
    this.#add(this.#now++, 1);
    return distance;
  }

  #marksUpTo(moment: number): number {
    let sum = 0;
    for (let i = moment + 1; i > 0; i -= i & -i) sum += this.#sums[i] as number;
    return sum;
  }

  #add(moment: number, change: number): void {
    const sums = this.#sums;
    for (let i = moment + 1; i <= this.#moments; i += i & -i) sums[i] = (sums[i] as number) + change;
  }

  /** The marks, in order, become moments 0 … marks − 1; the tree is built anew in linear time. */
  #renumber(): void {
    let next = 0;
    for (let moment = 0; moment < this.#now; moment++) {
      const key = this.#keyAt[moment] as number;
      if (key === NEVER) continue;
      this.#keyAt[moment] = NEVER;
      this.#keyAt[next] = key;
      this.#momentOf[key] = next++;
    }
    this.#now = next;
    assert(next === this.#marks, "stack distances: a mark was lost");
    const sums = this.#sums.fill(0);
    for (let i = 1; i <= this.#moments; i++) {
      sums[i] = (sums[i] as number) + (i <= next ? 1 : 0);
      const parent = i + (i & -i);
      if (parent <= this.#moments) sums[parent] = (sums[parent] as number) + (sums[i] as number);
    }
  }
}
