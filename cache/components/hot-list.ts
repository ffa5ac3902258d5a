// Which components are asked for most, learned from use and bounded: a count for each key that halves every `halfLifeMillis`.
// When the table is full the coldest key makes room and the newcomer inherits its count, as in Space-Saving (Metwally,
// Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in data streams, ICDT 2005), so that no key that is
// truly hot can be missed. Counts are kept as if at a common moment and grow instead of the others fading.

import { assert, MempredError } from "../../core/errors.ts";
import { expDeterministic, logDeterministic } from "../../core/math.ts";

export interface HotKey {
  readonly key: string;
  /** Requests, faded. */
  readonly score: number;
}

/** The list as saved. */
export interface HotListState {
  readonly atMillis: number;
  readonly keys: readonly HotKey[];
}

const LN2 = logDeterministic(2);
/** Scores are brought back to the present before they lose digits. */
const MOST_HALVINGS = 100;

export class HotList {
  readonly capacity: number;
  readonly #halfLifeMillis: number;
  readonly #scores = new Map<string, number>();
  #epochMillis = 0;
  #isBegun = false;

  /** @param capacity keys remembered, ≥ 1 @param halfLifeMillis after which a request counts half, > 0 */
  constructor(capacity: number, halfLifeMillis: number) {
    assert(Number.isInteger(capacity) && capacity >= 1, "a hot list remembers at least one key");
    assert(halfLifeMillis > 0 && halfLifeMillis < Infinity, "a half-life is positive");
    this.capacity = capacity;
    this.#halfLifeMillis = halfLifeMillis;
  }

  get size(): number {
    return this.#scores.size;
  }

  /** `key` was asked for. O(1), O(capacity) for a new key in a full list. */
  note(key: string, nowMillis: number): void {
    if (!this.#isBegun) {
      this.#epochMillis = nowMillis;
      this.#isBegun = true;
    }
    if (nowMillis - this.#epochMillis > MOST_HALVINGS * this.#halfLifeMillis) this.#moveEpoch(nowMillis);
    const step = this.#weightAt(nowMillis);
    const score = this.#scores.get(key);
    if (score !== undefined) {
      this.#scores.set(key, score + step);
      return;
    }
    const inherited = this.#scores.size === this.capacity ? this.#dropColdest() : 0;
    this.#scores.set(key, inherited + step);
  }

  forget(key: string): void {
    this.#scores.delete(key);
  }

  /** The `count` hottest, hottest first, ties by key. O(n log n). */
  top(count: number, nowMillis: number): HotKey[] {
    const unit = this.#isBegun ? this.#weightAt(nowMillis) : 1;
    return [...this.#scores]
      .map(([key, score]) => ({ key, score: score / unit }))
      .sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1))
      .slice(0, count);
  }

  state(nowMillis: number): HotListState {
    return { atMillis: nowMillis, keys: this.top(this.capacity, nowMillis) };
  }

  /** Takes over a saved list; what was learned here meanwhile is dropped. Errors: INVALID_MODEL, and nothing changes. */
  restore(state: HotListState, nowMillis: number): void {
    const isGood =
      Number.isFinite(state.atMillis) &&
      Array.isArray(state.keys) &&
      state.keys.every(({ key, score }) => typeof key === "string" && Number.isFinite(score) && score >= 0);
    if (!isGood)
      throw new MempredError("INVALID_MODEL", "this is no list of hot keys", { expected: "keys and scores ≥ 0" });
    this.#scores.clear();
    this.#epochMillis = nowMillis;
    this.#isBegun = true;
    // A clock that went back does not make old counts larger.
    const faded = 1 / this.#growth(Math.max(0, nowMillis - state.atMillis));
    for (const { key, score } of state.keys.slice(0, this.capacity)) this.#scores.set(key, score * faded);
  }

  #weightAt(nowMillis: number): number {
    return this.#growth(Math.max(0, nowMillis - this.#epochMillis));
  }

  /** 2^(elapsed / half-life). */
  #growth(elapsedMillis: number): number {
    return expDeterministic(Math.min((LN2 * elapsedMillis) / this.#halfLifeMillis, 600));
  }

  #moveEpoch(nowMillis: number): void {
    const unit = this.#weightAt(nowMillis);
    for (const [key, score] of this.#scores) this.#scores.set(key, score / unit);
    this.#epochMillis = nowMillis;
  }

  #dropColdest(): number {
    let coldest = "";
    let least = Infinity;
    for (const [key, score] of this.#scores) {
      if (score < least) {
        least = score;
        coldest = key;
      }
    }
    this.#scores.delete(coldest);
    return least;
  }
}
