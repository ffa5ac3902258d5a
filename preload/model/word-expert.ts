// Components whose names share words with what the user asked for in the last twenty requests. The only expert that can expect
// what nobody ever asked for: a component that is known by name alone.

import { quickLog } from "../../cache/quick-math.ts";
import { assert } from "../../core/errors.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import type { Columns } from "./columns.ts";
import { EXPERIENCE_STEPS, type Expert, experienceOf, type Situation, SOURCES } from "./expert.ts";
import { ALIKE_COUNT, type WordIndex } from "./word-index.ts";

/** Requests looked back. */
export const RECENT_COUNT = 20;
const SOURCE = SOURCES.indexOf("words");
/** What a request weighs against the one after it. */
const KEPT = 0.9;
const MOST_GATHERED = 128;

export class WordExpert implements Expert {
  readonly source = "words";
  tick = 0;
  readonly index: WordIndex;
  /** By symbol: it was asked for at least once. */
  readonly #isAsked: Uint8Array;
  readonly #weights: number;
  // User × RECENT_COUNT: a ring of the last requests.
  readonly #recent: Uint16Array;
  readonly #counts: Uint8Array;
  readonly #ends: Uint8Array;
  readonly #sums: Float32Array; // by symbol; 0 outside a proposal
  readonly #gathered = new Uint16Array(MOST_GATHERED);
  #gatheredCount = 0;

  constructor(index: WordIndex, options: { symbolCount: number; userCount: number }, mixer: CandidateMixer) {
    this.index = index;
    this.#isAsked = new Uint8Array(options.symbolCount);
    this.#weights = mixer.reserve(2 * EXPERIENCE_STEPS, 0.1);
    this.#recent = new Uint16Array(options.userCount * RECENT_COUNT);
    this.#counts = new Uint8Array(options.userCount);
    this.#ends = new Uint8Array(options.userCount);
    this.#sums = new Float32Array(options.symbolCount);
  }

  get stateBytes(): number {
    const users = this.#recent.byteLength + this.#counts.byteLength + this.#ends.byteLength;
    return this.index.stateBytes + this.#isAsked.byteLength + users + this.#sums.byteLength;
  }

  propose({ user, requestCount }: Situation, mixer: CandidateMixer): void {
    const { alike, likeness, counts } = this.index;
    let share = 1;
    for (let back = 1; back <= this.#counts[user]!; back++) {
      const symbol = this.#requestedAt(user, back);
      const first = symbol * ALIKE_COUNT;
      for (let i = first; i < first + counts[symbol]!; i++) this.#gather(alike[i]!, share * likeness[i]!);
      share *= KEPT;
    }
    if (this.#gatheredCount === 0) return;
    const weight = this.#weights + experienceOf(requestCount);
    for (let isAsked = 0; isAsked <= 1; isAsked++) {
      mixer.column(weight + isAsked * EXPERIENCE_STEPS, SOURCE);
      for (let i = 0; i < this.#gatheredCount; i++) {
        const symbol = this.#gathered[i]!;
        if (this.#isAsked[symbol] === isAsked) mixer.add(symbol, quickLog(1 + 4 * this.#sums[symbol]!));
      }
    }
    for (let i = 0; i < this.#gatheredCount; i++) this.#sums[this.#gathered[i]!] = 0;
    this.#gatheredCount = 0;
  }

  observe({ user }: Situation, symbol: number): void {
    this.#isAsked[symbol] = 1;
    this.#recent[user * RECENT_COUNT + this.#ends[user]!] = symbol;
    this.#ends[user] = (this.#ends[user]! + 1) % RECENT_COUNT;
    this.#counts[user] = Math.min(RECENT_COUNT, this.#counts[user]! + 1);
  }

  /** Names go as well. */
  forget(deadSymbols: Uint8Array, deadUsers: Uint8Array): void {
    this.index.forget(deadSymbols);
    for (let symbol = 0; symbol < this.#isAsked.length; symbol++)
      if (deadSymbols[symbol] === 1) this.#isAsked[symbol] = 0;
    for (let user = 0; user < this.#counts.length; user++) {
      if (deadUsers[user] === 1) this.#counts[user] = 0;
      this.#retain(user, deadSymbols);
    }
  }

  columns(): Columns {
    const { alike, likeness, counts } = this.index;
    const rings = { recent: this.#recent, recentCounts: this.#counts, recentEnds: this.#ends };
    return { alike, likeness, alikeCounts: counts, isAsked: this.#isAsked, ...rings };
  }

  check(isKnown: (symbol: number) => boolean): void {
    this.index.check();
    for (let user = 0; user < this.#counts.length; user++) {
      assert(this.#counts[user]! <= RECENT_COUNT && this.#ends[user]! < RECENT_COUNT, "a ring keeps to its places");
      for (let back = 1; back <= this.#counts[user]!; back++) {
        assert(isKnown(this.#requestedAt(user, back)), "components asked for lately are known");
      }
    }
  }

  /** What a user asked for `back` requests ago, 1 to its count. */
  #requestedAt(user: number, back: number): number {
    return this.#recent[user * RECENT_COUNT + ((this.#ends[user]! - back + RECENT_COUNT) % RECENT_COUNT)]!;
  }

  #gather(symbol: number, amount: number): void {
    if (this.#sums[symbol] === 0) {
      if (this.#gatheredCount === MOST_GATHERED) return;
      this.#gathered[this.#gatheredCount++] = symbol;
    }
    this.#sums[symbol] = this.#sums[symbol]! + amount;
  }

  #retain(user: number, dead: Uint8Array): void {
    const kept: number[] = [];
    for (let back = this.#counts[user]!; back > 0; back--) {
      const symbol = this.#requestedAt(user, back);
      if (dead[symbol] === 0) kept.push(symbol);
    }
    this.#recent.set(kept, user * RECENT_COUNT);
    this.#counts[user] = kept.length;
    this.#ends[user] = kept.length % RECENT_COUNT;
  }
}
