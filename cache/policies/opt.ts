// The clairvoyant optimum: who is asked for furthest in the future leaves. With unit weights no policy has more hits; with other
// weights the problem is NP-hard and this is a strong mark, not a bound. `opt` lets every newcomer in (demand paging), `opt-bypass`
// refuses a newcomer that is asked for later than everyone here. Belady, IBM Systems Journal 5(2), 1966; Mattson et al., 1970.

import type { CacheBoundDefinition, CachePolicyOptions, ClairvoyantPolicy, RequestTrace } from "./policy.ts";
import { NO_KEY, NO_SLOT } from "./policy.ts";
import { SlotHeap } from "./slot-heap.ts";
import { NONE } from "./slot-lists.ts";

class Opt implements ClairvoyantPolicy {
  readonly id: string;
  readonly #mayRefuse: boolean;
  /** By request: the next request for the same key, `keys.length` when there is none. */
  readonly #nextUse: Uint32Array;
  /** By −next use: the furthest is on top. */
  readonly #heap: SlotHeap;
  #request = 0;

  constructor(id: string, mayRefuse: boolean, options: CachePolicyOptions, trace: RequestTrace) {
    this.id = id;
    this.#mayRefuse = mayRefuse;
    this.#nextUse = nextUses(trace.keys);
    this.#heap = new SlotHeap(options.slotCount);
  }

  at(requestIndex: number): void {
    this.#request = requestIndex;
  }

  hit(slot: number): void {
    this.#heap.change(slot, -(this.#nextUse[this.#request] as number));
  }

  evict(keyHash: number, _weight: number): number {
    const slot = this.#heap.top;
    if (slot === NONE) return NO_SLOT;
    const isNewcomerLast = keyHash !== NO_KEY && (this.#nextUse[this.#request] as number) >= -this.#heap.keyOf(slot);
    if (this.#mayRefuse && isNewcomerLast) return NO_SLOT;
    this.#heap.take(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, _weight: number): void {
    this.#heap.add(slot, -(this.#nextUse[this.#request] as number));
  }

  remove(slot: number): void {
    this.#heap.take(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    this.#heap.grow(slotCount);
  }

  candidates(out: Int32Array): number {
    return this.#heap.copyInOrder(out);
  }

  get stateBytes(): number {
    return this.#heap.stateBytes + this.#nextUse.byteLength;
  }

  check(residents: ReadonlySet<number>): void {
    this.#heap.check(residents);
  }
}

/** By request: the index of the next one for the same key, `keys.length` when there is none. Keys are dense. */
function nextUses(keys: Uint32Array): Uint32Array {
  let largest = 0;
  for (let index = 0; index < keys.length; index++)
    if ((keys[index] as number) > largest) largest = keys[index] as number;
  const seen = new Uint32Array(largest + 1).fill(keys.length);
  const next = new Uint32Array(keys.length);
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] as number;
    next[index] = seen[key] as number;
    seen[key] = index;
  }
  return next;
}

export const OPT: CacheBoundDefinition = {
  id: "opt",
  title: "Clairvoyant optimum, every newcomer enters",
  source: "Belady, IBM Systems Journal 5(2), 1966",
  createBound: (options, trace) => new Opt("opt", false, options, trace),
};

export const OPT_BYPASS: CacheBoundDefinition = {
  id: "opt-bypass",
  title: "Clairvoyant optimum that may refuse a newcomer",
  source: "Mattson et al., IBM Systems Journal 9(2), 1970",
  createBound: (options, trace) => new Opt("opt-bypass", true, options, trace),
};
