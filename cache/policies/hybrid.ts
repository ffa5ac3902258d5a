// Hybrid: one score of 60 % recency and 40 % frequency; the lowest leaves. Recency is when an entry was last asked for, in turns of
// the cache (as many requests as it has entries); frequency is log2 of 1 + its uses, and uses halve every ten turns without one.
// Every score falls behind equally as time passes, so the order changes only where an entry is asked for and a heap can keep it:
// O(log n) a hit. The idea of one spectrum between LRU and LFU is LRFU's (Lee et al., IEEE Transactions on Computers 50(12), 2001).

import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { SlotHeap } from "./slot-heap.ts";
import { NONE } from "./slot-lists.ts";

const RECENCY_SHARE = 0.6;
const FREQUENCY_SHARE = 0.4;
const HALVING_TURNS = 10;

class Hybrid implements CachePolicy {
  readonly id = "hybrid";
  readonly #heap: SlotHeap;
  #uses: Float64Array;
  #usedAtTurn: Float64Array;
  /** Requests so far, each counted as a share of the entries that there were. */
  #turn = 0;

  constructor(options: CachePolicyOptions) {
    this.#heap = new SlotHeap(options.slotCount);
    this.#uses = new Float64Array(options.slotCount);
    this.#usedAtTurn = new Float64Array(options.slotCount);
  }

  hit(slot: number): void {
    this.#turn += 1 / this.#heap.count;
    const idleTurns = this.#turn - (this.#usedAtTurn[slot] as number);
    this.#use(slot, (this.#uses[slot] as number) / halvings(idleTurns) + 1);
    this.#heap.change(slot, this.#score(slot));
  }

  evict(_keyHash: number, _weight: number): number {
    const slot = this.#heap.top;
    if (slot === NONE) return NO_SLOT;
    this.#heap.take(slot);
    return slot;
  }

  insert(slot: number, _keyHash: number, _weight: number): void {
    this.#turn += 1 / (this.#heap.count + 1);
    this.#use(slot, 1);
    this.#heap.add(slot, this.#score(slot));
  }

  remove(slot: number): void {
    this.#heap.take(slot);
  }

  resize(_capacity: number): void {}

  growSlots(slotCount: number): void {
    this.#heap.grow(slotCount);
    this.#uses = grownFloat64(this.#uses, slotCount);
    this.#usedAtTurn = grownFloat64(this.#usedAtTurn, slotCount);
  }

  candidates(out: Int32Array): number {
    return this.#heap.copyInOrder(out);
  }

  get stateBytes(): number {
    return this.#heap.stateBytes + this.#uses.byteLength + this.#usedAtTurn.byteLength;
  }

  check(residents: ReadonlySet<number>): void {
    this.#heap.check(residents);
  }

  #use(slot: number, uses: number): void {
    this.#uses[slot] = uses;
    this.#usedAtTurn[slot] = this.#turn;
  }

  #score(slot: number): number {
    return RECENCY_SHARE * this.#turn + FREQUENCY_SHARE * log2Linear(1 + (this.#uses[slot] as number));
  }
}

/** 2 ^ (turns / HALVING_TURNS), linear between whole halvings; capped where nothing is left of the uses. */
function halvings(turns: number): number {
  const exponent = Math.min(30, turns / HALVING_TURNS);
  const whole = Math.floor(exponent);
  return (1 << whole) * (1 + exponent - whole);
}

/** log2 for x ≥ 1, linear between powers of two: equal on every engine, and the order is all that counts. */
function log2Linear(x: number): number {
  const whole = 31 - Math.clz32(Math.min(x, 0x7fffffff));
  return whole + x / (1 << whole) - 1;
}

function grownFloat64(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}

export const HYBRID: CachePolicyDefinition = {
  id: "hybrid",
  title: "60 % recency, 40 % frequency, with decay",
  source: "own; after Lee et al. (LRFU), IEEE Transactions on Computers 50(12), 2001",
  create: (options) => new Hybrid(options),
};
