// W-TinyLFU: newcomers enter a small LRU window; who falls out of it enters the main part only if it was asked for more often than
// the one that would leave for it, by a sketch that knows absent keys too. Main is a segmented LRU: 20 % probation, 80 % protected.
// Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM ToS 13(4), 2017; segmented LRU: Karedla,
// Love and Wherry, IEEE Computer 27(3), 1994. The window's size is a target that may change at any time; a window as large as the
// cache is LRU.

import { assert } from "../../core/errors.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_KEY, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint32, NONE, SlotLists } from "./slot-lists.ts";

export const WINDOW = 0;
export const PROBATION = 1;
export const PROTECTED = 2;
const PROTECTED_SHARE = 0.8;
const NOBODY = -2;

export interface WindowTinyLfuOptions extends CachePolicyOptions {
  /** Share of the capacity that the window aims at, 0 to 1; it holds one entry at least. */
  readonly windowShare: number;
}

export class WindowTinyLfu implements CachePolicy {
  readonly id: string;
  readonly lists: SlotLists;
  readonly sketch: FrequencySketch;
  #hashOf: Uint32Array;
  #capacity: number;
  #windowShare: number;
  #windowTarget = 0;
  #protectedTarget = 0;
  /** The newcomer whose request the sketch has counted. */
  #counted = NOBODY;
  /** The most entries that there were slots for: what the sketch is made for. */
  #entryCount: number;

  constructor(id: string, options: WindowTinyLfuOptions) {
    this.id = id;
    this.lists = new SlotLists(3, options.slotCount);
    this.#hashOf = new Uint32Array(options.slotCount);
    this.#entryCount = options.slotCount;
    this.sketch = new FrequencySketch(options.slotCount);
    this.#capacity = options.capacity;
    this.#windowShare = options.windowShare;
    this.#aim();
  }

  get capacity(): number {
    return this.#capacity;
  }

  get windowTarget(): number {
    return this.#windowTarget;
  }

  get windowShare(): number {
    return this.#windowShare;
  }

  /** The window is to be this share of the capacity, 0 to 1. Entries move as newcomers come. */
  setWindowShare(windowShare: number): void {
    this.#windowShare = windowShare;
    this.#aim();
  }

  hit(slot: number): void {
    const { lists } = this;
    this.sketch.add(this.#hashOf[slot] as number);
    const list = lists.listOf[slot] as number;
    if (list === WINDOW) {
      lists.move(WINDOW, slot);
      return;
    }
    lists.move(PROTECTED, slot);
    while ((lists.total[PROTECTED] as number) > this.#protectedTarget)
      lists.move(PROBATION, lists.tail[PROTECTED] as number);
  }

  evict(keyHash: number, weight: number): number {
    if (keyHash === NO_KEY) return this.#shrink();
    this.#count(keyHash);
    const { lists } = this;
    // Ends: each turn moves an entry out of the window or returns.
    for (;;) {
      const candidate = lists.tail[WINDOW] as number;
      const victim = this.#mainVictim();
      if ((lists.total[WINDOW] as number) + weight <= this.#windowTarget) {
        // The window has room, so main is what is too large.
        return this.#leave(victim === NONE ? candidate : victim);
      }
      if (candidate === NONE) {
        // The newcomer is larger than the window and stands for itself.
        if (victim === NONE) return NO_SLOT;
        return this.#isBetter(keyHash, this.#hashOf[victim] as number) ? this.#leave(victim) : this.#refuse();
      }
      const mainUnits = (lists.total[PROBATION] as number) + (lists.total[PROTECTED] as number);
      const mainTarget = this.#capacity - this.#windowTarget;
      if (mainUnits + (lists.weight[candidate] as number) <= mainTarget) {
        lists.move(PROBATION, candidate);
      } else if (victim === NONE) {
        return this.#leave(candidate);
      } else {
        const isAdmitted = this.#isBetter(this.#hashOf[candidate] as number, this.#hashOf[victim] as number);
        return this.#leave(isAdmitted ? victim : candidate);
      }
    }
  }

  insert(slot: number, keyHash: number, weight: number): void {
    this.#count(keyHash);
    this.#counted = NOBODY;
    const { lists } = this;
    this.#hashOf[slot] = keyHash;
    if (weight > this.#windowTarget) lists.push(PROBATION, slot, weight);
    else lists.push(WINDOW, slot, weight);
    while ((lists.total[WINDOW] as number) > this.#windowTarget) lists.move(PROBATION, lists.tail[WINDOW] as number);
  }

  remove(slot: number): void {
    this.lists.take(slot);
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#aim();
  }

  growSlots(slotCount: number): void {
    this.lists.grow(slotCount);
    this.#hashOf = grownUint32(this.#hashOf, slotCount);
    this.#entryCount = slotCount;
    this.sketch.fit(slotCount);
  }

  candidates(out: Int32Array): number {
    const { lists } = this;
    const isWindowOver = (lists.total[WINDOW] as number) > this.#windowTarget;
    let place = isWindowOver ? lists.copyFromTail(WINDOW, out, 0) : 0;
    place = lists.copyFromTail(PROBATION, out, place);
    place = lists.copyFromTail(PROTECTED, out, place);
    return isWindowOver ? place : lists.copyFromTail(WINDOW, out, place);
  }

  get stateBytes(): number {
    return this.lists.stateBytes + this.#hashOf.byteLength + this.sketch.stateBytes;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.lists, residents);
    assert(
      this.#windowTarget >= 1 && this.#windowTarget <= this.#capacity,
      "w-tinylfu: the window's target is out of range",
    );
  }

  #aim(): void {
    const main = Math.floor(this.#capacity * (1 - this.#windowShare));
    this.#windowTarget = Math.max(1, this.#capacity - main);
    this.#protectedTarget = Math.floor((this.#capacity - this.#windowTarget) * PROTECTED_SHARE);
    this.sketch.fit(Math.min(this.#entryCount, this.#capacity));
  }

  /** A request of a newcomer, once for all calls that make room for it. */
  #count(keyHash: number): void {
    if (this.#counted === keyHash) return;
    this.#counted = keyHash;
    this.sketch.add(keyHash);
  }

  #isBetter(candidateHash: number, victimHash: number): boolean {
    return this.sketch.frequency(candidateHash) > this.sketch.frequency(victimHash);
  }

  #mainVictim(): number {
    const probation = this.lists.tail[PROBATION] as number;
    return probation === NONE ? (this.lists.tail[PROTECTED] as number) : probation;
  }

  #leave(slot: number): number {
    if (slot === NONE) return NO_SLOT;
    this.lists.take(slot);
    return slot;
  }

  #refuse(): number {
    this.#counted = NOBODY;
    return NO_SLOT;
  }

  #shrink(): number {
    const isWindowOver = (this.lists.total[WINDOW] as number) > this.#windowTarget;
    const recent = this.lists.tail[WINDOW] as number;
    const victim = this.#mainVictim();
    return this.#leave(isWindowOver || victim === NONE ? recent : victim);
  }
}

export const W_TINY_LFU: CachePolicyDefinition = {
  id: "w-tinylfu",
  title: "W-TinyLFU, window 1 %",
  source: "Einziger, Friedman and Manes, ACM ToS 13(4), 2017",
  create: (options) => new WindowTinyLfu("w-tinylfu", { ...options, windowShare: 0.01 }),
};

export const W_TINY_LFU_20: CachePolicyDefinition = {
  id: "w-tinylfu-20",
  title: "W-TinyLFU, window 20 %",
  source: "Einziger, Friedman and Manes, ACM ToS 13(4), 2017",
  create: (options) => new WindowTinyLfu("w-tinylfu-20", { ...options, windowShare: 0.2 }),
};
