// ARC: two LRU lists, of what was asked for once (T1) and more often (T2), and the keys that left each (B1, B2). A request for a
// key in B1 says that T1 should have been longer, one in B2 that T2 should: the target moves towards it. Needs no constant.
// Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4.

import { assert } from "../../core/errors.ts";
import { Ghosts } from "./ghosts.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_KEY, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint32, NONE, SlotLists } from "./slot-lists.ts";

/** Lists of residents and, by the same number, of ghosts. */
const ONCE = 0;
const OFTEN = 1;
const NOBODY = -2;

class Arc implements CachePolicy {
  readonly id = "arc";
  readonly #lists: SlotLists;
  readonly #ghosts = new Ghosts(2);
  #hashOf: Uint32Array;
  #capacity: number;
  /** Target of T1 in units (the paper's p). */
  #onceTarget = 0;
  /** The newcomer that the target was moved for already. */
  #learnedFrom = NOBODY;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(2, options.slotCount);
    this.#hashOf = new Uint32Array(options.slotCount);
    this.#capacity = options.capacity;
  }

  hit(slot: number): void {
    this.#lists.move(OFTEN, slot);
  }

  evict(keyHash: number, weight: number): number {
    const once = this.#lists.tail[ONCE] as number;
    const often = this.#lists.tail[OFTEN] as number;
    if (once === NONE && often === NONE) return NO_SLOT;
    const ghost = keyHash === NO_KEY ? NONE : this.#ghosts.find(keyHash);
    if (ghost !== NONE) this.#learn(ghost, keyHash, weight);
    const isFromOften = ghost !== NONE && this.#ghosts.lists.listOf[ghost] === OFTEN;
    const total = this.#lists.total[ONCE] as number;
    const isOnceOver = total > this.#onceTarget || (isFromOften && total >= this.#onceTarget);
    const list = once !== NONE && (isOnceOver || often === NONE) ? ONCE : OFTEN;
    const slot = list === ONCE ? once : often;
    this.#lists.take(slot);
    this.#ghosts.add(list, this.#hashOf[slot] as number, this.#lists.weight[slot] as number);
    // With no newcomer nothing follows that would trim.
    if (keyHash === NO_KEY) this.#trim();
    return slot;
  }

  insert(slot: number, keyHash: number, weight: number): void {
    this.#hashOf[slot] = keyHash;
    const ghost = this.#ghosts.find(keyHash);
    if (ghost === NONE) {
      this.#lists.push(ONCE, slot, weight);
    } else {
      this.#learn(ghost, keyHash, weight);
      this.#ghosts.drop(ghost);
      this.#lists.push(OFTEN, slot, weight);
    }
    this.#learnedFrom = NOBODY;
    this.#trim();
  }

  remove(slot: number): void {
    this.#lists.take(slot);
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#onceTarget = Math.min(this.#onceTarget, capacity);
    this.#trim();
  }

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
    this.#hashOf = grownUint32(this.#hashOf, slotCount);
  }

  candidates(out: Int32Array): number {
    const isOnceFirst = (this.#lists.total[ONCE] as number) > this.#onceTarget;
    const first = isOnceFirst ? ONCE : OFTEN;
    return this.#lists.copyFromTail(1 - first, out, this.#lists.copyFromTail(first, out, 0));
  }

  get stateBytes(): number {
    return this.#lists.stateBytes + this.#hashOf.byteLength + this.#ghosts.stateBytes;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
    this.#ghosts.check();
    assert(this.#onceTarget >= 0 && this.#onceTarget <= this.#capacity, "arc: the target is out of range");
  }

  /** Moves the target towards the list whose ghost was asked for, once a newcomer. */
  #learn(ghost: number, keyHash: number, weight: number): void {
    if (this.#learnedFrom === keyHash) return;
    this.#learnedFrom = keyHash;
    const { total, listOf } = this.#ghosts.lists;
    const once = total[ONCE] as number;
    const often = total[OFTEN] as number;
    if (listOf[ghost] === ONCE) {
      this.#onceTarget = Math.min(this.#capacity, this.#onceTarget + Math.max(often / once, 1) * weight);
    } else {
      this.#onceTarget = Math.max(0, this.#onceTarget - Math.max(once / often, 1) * weight);
    }
  }

  /** T1 and B1 weigh at most the capacity, all four lists at most twice that. */
  #trim(): void {
    const once = this.#lists.total[ONCE] as number;
    const often = this.#lists.total[OFTEN] as number;
    this.#ghosts.trim(ONCE, Math.max(0, this.#capacity - once));
    const ghostsOnce = this.#ghosts.lists.total[ONCE] as number;
    this.#ghosts.trim(OFTEN, Math.max(0, 2 * this.#capacity - once - often - ghostsOnce));
  }
}

export const ARC: CachePolicyDefinition = {
  id: "arc",
  title: "Adaptive replacement cache",
  source: "Megiddo and Modha, FAST 2003",
  create: (options) => new Arc(options),
};
