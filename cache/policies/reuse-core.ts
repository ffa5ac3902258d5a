// One structure that can run as LRU, as W-TinyLFU with any window, or as LIRS, and can change between them at any request without
// losing an entry: an LRU window for newcomers and a main part of two LRU lists, probation and protected. What differs is how large
// the window aims to be and who gets from it into main:
//
// - `frequency`: who was asked for more often than main's oldest, by a sketch (W-TinyLFU; see window-tiny-lfu.ts).
// - `distance`: who was asked for twice within the time since main's oldest was last asked for. That is LIRS (see lirs.ts): its
//   stack is ordered by last use, so "still in the stack" is "last used later than the LIR entry at the bottom", and times by slot
//   and a table of times of keys that left replace the stack and its ghosts.
// - a window as large as the cache is LRU, whatever the rule.

import { assert } from "../../core/errors.ts";
import { DepartureTimes } from "./departure-times.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { type CachePolicy, type CachePolicyOptions, NO_KEY, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint32, NONE, SlotLists } from "./slot-lists.ts";

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const PROTECTED_SHARE = 0.8;
const NOBODY = -2;

/** How the cache is to behave. */
export interface ReuseMode {
  readonly id: string;
  /** Share of the capacity that the window aims at, 0 to 1. */
  readonly windowShare: number;
  /** Units that it aims at, at least. */
  readonly windowUnitsLeast: number;
  readonly rule: "recency" | "frequency" | "distance";
}

export class ReuseCore implements CachePolicy {
  readonly lists: SlotLists;
  readonly #sketch: FrequencySketch | null;
  /** The sketch where the mode reads it; null where counting would be for nothing. */
  #counter: FrequencySketch | null = null;
  readonly #departures: DepartureTimes | null;
  #hashOf: Uint32Array;
  /** Request at which a slot was last asked for, modulo 2^32. */
  #usedAt: Uint32Array;
  #now = 0;
  #capacity: number;
  #mode: ReuseMode;
  #isByDistance = false;
  #isByRecency = false;
  #windowTarget = 0;
  #mainTarget = 0;
  #protectedTarget = 0;
  /** The newcomer whose request was counted. */
  #counted = NOBODY;
  #entryCount: number;

  /** @param isFixed the mode never changes: what it does not need is left out */
  constructor(options: CachePolicyOptions, mode: ReuseMode, isFixed = false) {
    this.lists = new SlotLists(3, options.slotCount);
    this.#sketch = isFixed && mode.rule !== "frequency" ? null : new FrequencySketch(options.slotCount);
    this.#departures = isFixed && mode.rule !== "distance" ? null : new DepartureTimes(options.slotCount);
    this.#hashOf = new Uint32Array(options.slotCount);
    this.#usedAt = new Uint32Array(options.slotCount);
    this.#entryCount = options.slotCount;
    this.#capacity = options.capacity;
    this.#mode = mode;
    this.#aim();
  }

  get id(): string {
    return this.#mode.id;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get mode(): ReuseMode {
    return this.#mode;
  }

  hashOf(slot: number): number {
    return this.#hashOf[slot] as number;
  }

  weightOf(slot: number): number {
    return this.lists.weight[slot] as number;
  }

  /** From now on behaves as `mode`; entries move as requests come. */
  setMode(mode: ReuseMode): void {
    const isCounted = this.#counter !== null;
    this.#mode = mode;
    this.#aim();
    if (!isCounted && this.#counter !== null) this.#beginCounting(this.#counter);
    const { lists } = this;
    const list = this.#isByDistance ? PROTECTED : PROBATION;
    // What the window holds too much goes to main, the oldest first, so that main keeps the order of last use.
    while (
      (lists.total[WINDOW] as number) > this.#windowTarget &&
      (lists.total[PROBATION] as number) + (lists.total[PROTECTED] as number) < this.#mainTarget
    ) {
      lists.move(list, lists.tail[WINDOW] as number);
    }
    if (!this.#isByDistance) this.#demoteToProbation();
  }

  hit(slot: number): void {
    const { lists } = this;
    this.#now = (this.#now + 1) >>> 0;
    if (this.#counter !== null) this.#counter.add(this.#hashOf[slot] as number);
    const list = lists.listOf[slot] as number;
    if (list === WINDOW) {
      if (this.#isByDistance && this.#isCloserThanMain(this.#usedAt[slot] as number)) {
        lists.move(PROTECTED, slot);
        this.#demoteToWindow();
      } else {
        lists.move(WINDOW, slot);
      }
    } else if (this.#isByRecency) {
      lists.move(WINDOW, slot);
    } else {
      lists.move(PROTECTED, slot);
      if (!this.#isByDistance) this.#demoteToProbation();
    }
    this.#usedAt[slot] = this.#now;
  }

  evict(keyHash: number, weight: number): number {
    if (keyHash === NO_KEY) return this.#leave(this.#coldest());
    this.#count(keyHash);
    if (this.#isByRecency) return this.#leave(this.#leastRecent());
    const { lists } = this;
    // Ends: each turn moves an entry out of the window or returns.
    for (;;) {
      const candidate = lists.tail[WINDOW] as number;
      const victim = this.#mainOldest();
      if ((lists.total[WINDOW] as number) + weight <= this.#windowTarget)
        return this.#leave(victim === NONE ? candidate : victim);
      if (this.#isByDistance) return this.#leave(candidate === NONE ? victim : candidate);
      if (candidate === NONE) {
        if (victim === NONE) return NO_SLOT;
        return this.#isBetter(keyHash, this.#hashOf[victim] as number) ? this.#leave(victim) : this.#refuse();
      }
      const mainUnits = (lists.total[PROBATION] as number) + (lists.total[PROTECTED] as number);
      if (mainUnits + (lists.weight[candidate] as number) <= this.#mainTarget) {
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
    this.#usedAt[slot] = this.#now;
    if (this.#isByDistance) {
      const mainUnits = (lists.total[PROBATION] as number) + (lists.total[PROTECTED] as number);
      const oldest = this.#mainOldest();
      const departures = this.#departures as DepartureTimes;
      const isClose = oldest !== NONE && departures.isLater(keyHash, this.#usedAt[oldest] as number);
      if (isClose || mainUnits + weight <= this.#mainTarget) {
        lists.push(PROTECTED, slot, weight);
        this.#demoteToWindow();
      } else {
        lists.push(WINDOW, slot, weight);
      }
    } else {
      lists.push(weight > this.#windowTarget ? PROBATION : WINDOW, slot, weight);
      while ((lists.total[WINDOW] as number) > this.#windowTarget) lists.move(PROBATION, lists.tail[WINDOW] as number);
    }
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
    this.#usedAt = grownUint32(this.#usedAt, slotCount);
    this.#entryCount = slotCount;
    this.#sketch?.fit(Math.min(slotCount, this.#capacity));
    this.#departures?.fit(Math.min(slotCount, this.#capacity));
  }

  candidates(out: Int32Array): number {
    const { lists } = this;
    const isWindowFirst = this.#isWindowFirst();
    let place = isWindowFirst ? lists.copyFromTail(WINDOW, out, 0) : 0;
    place = lists.copyFromTail(PROBATION, out, place);
    place = lists.copyFromTail(PROTECTED, out, place);
    return isWindowFirst ? place : lists.copyFromTail(WINDOW, out, place);
  }

  get stateBytes(): number {
    const bySlot = this.lists.stateBytes + this.#hashOf.byteLength + this.#usedAt.byteLength;
    return bySlot + (this.#sketch?.stateBytes ?? 0) + (this.#departures?.stateBytes ?? 0);
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.lists, residents);
    assert(
      this.#windowTarget >= 1 && this.#windowTarget <= this.#capacity,
      "reuse core: the window's target is out of range",
    );
    assert(this.#windowTarget + this.#mainTarget === this.#capacity, "reuse core: the targets do not add up");
  }

  #aim(): void {
    const share = this.#capacity - Math.floor(this.#capacity * (1 - this.#mode.windowShare));
    this.#windowTarget = Math.min(this.#capacity, Math.max(share, this.#mode.windowUnitsLeast));
    this.#mainTarget = this.#capacity - this.#windowTarget;
    this.#protectedTarget = Math.floor(this.#mainTarget * PROTECTED_SHARE);
    this.#isByDistance = this.#mode.rule === "distance";
    this.#isByRecency = this.#mode.rule === "recency";
    this.#counter = this.#mode.rule === "frequency" ? this.#sketch : null;
    this.#sketch?.fit(Math.min(this.#entryCount, this.#capacity));
  }

  #count(keyHash: number): void {
    if (this.#counted === keyHash) return;
    this.#counted = keyHash;
    this.#now = (this.#now + 1) >>> 0;
    if (this.#counter !== null) this.#counter.add(keyHash);
  }

  /** Nothing was counted while no mode asked: what is here counts once, and what was asked for again twice. */
  #beginCounting(counter: FrequencySketch): void {
    counter.clear();
    const { listOf } = this.lists;
    for (let slot = 0; slot < listOf.length; slot++) {
      if (!this.lists.isListed(slot)) continue;
      counter.add(this.#hashOf[slot] as number);
      if (listOf[slot] === PROTECTED) counter.add(this.#hashOf[slot] as number);
    }
  }

  #isBetter(candidateHash: number, victimHash: number): boolean {
    const sketch = this.#sketch as FrequencySketch;
    return sketch.frequency(candidateHash) > sketch.frequency(victimHash);
  }

  /** Was it last used later than main's oldest? Times are compared around the circle of 2^32. */
  #isCloserThanMain(usedAt: number): boolean {
    const oldest = this.#mainOldest();
    return oldest !== NONE && ((usedAt - (this.#usedAt[oldest] as number)) | 0) > 0;
  }

  #mainOldest(): number {
    const probation = this.lists.tail[PROBATION] as number;
    return probation === NONE ? (this.lists.tail[PROTECTED] as number) : probation;
  }

  #demoteToProbation(): void {
    const { lists } = this;
    while ((lists.total[PROTECTED] as number) > this.#protectedTarget)
      lists.move(PROBATION, lists.tail[PROTECTED] as number);
  }

  #demoteToWindow(): void {
    const { lists } = this;
    while ((lists.total[PROBATION] as number) + (lists.total[PROTECTED] as number) > this.#mainTarget) {
      lists.move(WINDOW, this.#mainOldest());
    }
  }

  #isWindowFirst(): boolean {
    const recent = this.lists.total[WINDOW] as number;
    return this.#isByDistance ? recent > 0 : recent > this.#windowTarget;
  }

  #leastRecent(): number {
    const recent = this.lists.tail[WINDOW] as number;
    const main = this.#mainOldest();
    if (recent === NONE || main === NONE) return main === NONE ? recent : main;
    return (((this.#usedAt[recent] as number) - (this.#usedAt[main] as number)) | 0) < 0 ? recent : main;
  }

  #coldest(): number {
    if (this.#isByRecency) return this.#leastRecent();
    const main = this.#mainOldest();
    return this.#isWindowFirst() || main === NONE ? (this.lists.tail[WINDOW] as number) : main;
  }

  #leave(slot: number): number {
    if (slot === NONE) return NO_SLOT;
    this.lists.take(slot);
    if (this.#departures !== null) this.#departures.put(this.#hashOf[slot] as number, this.#usedAt[slot] as number);
    return slot;
  }

  #refuse(): number {
    this.#counted = NOBODY;
    return NO_SLOT;
  }
}
