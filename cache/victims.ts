// Who leaves a store. A speculation that is unused past its protection goes first; else whom the policy names; but where that one is
// marked, or others are marked as worth less, the lowest score among the coldest goes: its priority, raised while a speculation
// is protected. Under pressure speculations go before all, the oldest first. What is pinned is unknown to the policy.

import { PINNED, SPECULATIVE } from "./entry-columns.ts";
import type { EntryTable } from "./entry-table.ts";
import { hashKey } from "./key-hash.ts";
import { type CachePolicy, NO_KEY, NO_SLOT } from "./policies/policy.ts";

/** Coldest entries among which the lowest score is sought. */
const CANDIDATES = 16;
const PROTECTION_SCORE = 1_000;

/** Each slot that it names has been forgotten by the policy: the caller takes the entry out. */
export class Victims<V> {
  readonly #table: EntryTable<V>;
  readonly #policy: CachePolicy;
  readonly #now: () => number;
  readonly #weightOf: (slot: number) => number;
  readonly #candidates = new Int32Array(CANDIDATES);

  constructor(table: EntryTable<V>, policy: CachePolicy, now: () => number, weightOf: (slot: number) => number) {
    this.#table = table;
    this.#policy = policy;
    this.#now = now;
    this.#weightOf = weightOf;
  }

  /** Who leaves next, the policy having forgotten it; −1: nobody can or, with a newcomer, nobody should. */
  next(keyHash: number, weight: number): number {
    const table = this.#table;
    if (table.count === table.pinnedCount) return NO_SLOT;
    if (table.speculative.size > 0) {
      const past = this.oldestSpeculation(this.#now());
      if (past !== NO_SLOT) return past;
    }
    const named = this.#policy.evict(keyHash, weight);
    if (named === NO_SLOT || (table.prioritizedCount === 0 && table.speculative.size === 0)) return named;
    const score = this.#score(named);
    if (score <= 0 && table.lowPriorityCount === 0) return named;
    const best = this.#lowest(score);
    if (best === NO_SLOT) return named;
    this.#policy.insert(named, this.#hashAt(named), this.#weightOf(named));
    this.#policy.remove(best);
    return best;
  }

  /** The coldest of those whose score is lowest, if it is below `score`. */
  #lowest(score: number): number {
    let best = NO_SLOT;
    const count = this.#policy.candidates(this.#candidates);
    for (let i = 0; i < count; i++) {
      const slot = this.#candidates[i] as number;
      const own = this.#score(slot);
      if (own < score) {
        best = slot;
        score = own;
      }
    }
    return best;
  }

  /** Lowest goes first. */
  #score(slot: number): number {
    const priority = this.#table.columns.priorityOf(slot);
    return this.#table.has(slot, SPECULATIVE) ? priority + PROTECTION_SCORE : priority;
  }

  /** What goes under pressure: speculations, the oldest first, then as ever. */
  shed(): number {
    const oldest = this.oldestSpeculation(Infinity);
    return oldest !== NO_SLOT ? oldest : this.next(NO_KEY, 0);
  }

  /** The oldest unused speculation that is not pinned and whose protection ends by `time`, forgotten by the policy. */
  oldestSpeculation(time: number): number {
    for (const [slot, protectUntil] of this.#table.speculative) {
      if (this.#table.has(slot, PINNED)) continue;
      if (protectUntil > time) return NO_SLOT;
      this.#policy.remove(slot);
      return slot;
    }
    return NO_SLOT;
  }

  #hashAt(slot: number): number {
    return hashKey(this.#table.keyAt(slot), this.#table.spaceAt(slot).hashSeed);
  }
}
