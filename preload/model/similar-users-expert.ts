// Collaborative filtering: what the users most like this one asked for after the same component, and what they use that this
// user does not. After Sarwar et al., "Analysis of recommendation algorithms for e-commerce", EC 2000, with the sequence's
// statistics of each neighbour in place of ratings.

import { quickLog } from "../../cache/quick-math.ts";
import type { SequenceTable } from "../../cache/sequence-table.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import type { Columns } from "./columns.ts";
import { EXPERIENCE_STEPS, type Expert, experienceOf, type Situation, SOURCES } from "./expert.ts";
import { NEAREST_COUNT, PROFILE_COUNT, type UserProfiles } from "./user-profiles.ts";

const SOURCE = SOURCES.indexOf("similar-users");
/** Symbols that one proposal gathers. */
const MOST_GATHERED = 128;

export class SimilarUsersExpert implements Expert {
  readonly source = "similar-users";
  tick = 0;
  readonly #profiles: UserProfiles;
  /** Statistics with a space for each user. */
  readonly #table: SequenceTable;
  readonly #weights: number;
  readonly #sums: Float32Array; // by symbol; 0 outside a proposal
  readonly #gathered = new Uint16Array(MOST_GATHERED);
  #gatheredCount = 0;

  constructor(profiles: UserProfiles, table: SequenceTable, symbolCount: number, mixer: CandidateMixer) {
    this.#profiles = profiles;
    this.#table = table;
    this.#weights = mixer.reserve(2 * EXPERIENCE_STEPS, 0.1);
    this.#sums = new Float32Array(symbolCount);
  }

  /** Its profiles and statistics are counted where they are kept. */
  get stateBytes(): number {
    return this.#sums.byteLength;
  }

  propose(situation: Situation, mixer: CandidateMixer): void {
    const { user, history, requestCount } = situation;
    const { nearestCounts, nearest, likeness } = this.#profiles;
    const first = user * NEAREST_COUNT;
    const end = first + nearestCounts[user]!;
    if (first === end) return;
    const weight = this.#weights + experienceOf(requestCount);
    let total = 0;
    for (let i = first; i < end; i++) total += likeness[i]!;
    if (history.length > 0) {
      for (let i = first; i < end; i++) this.#gatherFollowers(nearest[i]!, history.recent, likeness[i]! / total);
      this.#propose(weight, mixer);
    }
    for (let i = first; i < end; i++) this.#gatherProfile(user, nearest[i]!, likeness[i]! / total);
    this.#propose(weight + EXPERIENCE_STEPS, mixer);
  }

  observe(): void {}

  forget(): void {}

  columns(): Columns {
    return {};
  }

  check(): void {}

  #gatherFollowers(other: number, recent: Uint16Array, share: number): void {
    const { successors, slow, successorCount, successorCounts } = this.#table;
    const node = this.#table.find(other, 1, recent);
    if (node < 0) return;
    const first = node * successorCount;
    const end = first + successorCounts[node]!;
    let total = 0;
    for (let i = first; i < end; i++) total += slow[i]!;
    for (let i = first; i < end; i++) this.#gather(successors[i]!, (share * slow[i]!) / total);
  }

  #gatherProfile(user: number, other: number, share: number): void {
    const { symbols, weights, counts } = this.#profiles;
    const first = other * PROFILE_COUNT;
    const end = first + counts[other]!;
    let total = 0;
    for (let i = first; i < end; i++) total += weights[i]!;
    for (let i = first; i < end; i++) {
      if (!this.#profiles.has(user, symbols[i]!)) this.#gather(symbols[i]!, (share * weights[i]!) / total);
    }
  }

  #gather(symbol: number, amount: number): void {
    if (this.#sums[symbol] === 0) {
      if (this.#gatheredCount === MOST_GATHERED) return;
      this.#gathered[this.#gatheredCount++] = symbol;
    }
    this.#sums[symbol] = this.#sums[symbol]! + amount;
  }

  /** What was gathered becomes a column. */
  #propose(weight: number, mixer: CandidateMixer): void {
    if (this.#gatheredCount > 0) mixer.column(weight, SOURCE);
    for (let i = 0; i < this.#gatheredCount; i++) {
      const symbol = this.#gathered[i]!;
      mixer.add(symbol, quickLog(1 + 64 * this.#sums[symbol]!));
      this.#sums[symbol] = 0;
    }
    this.#gatheredCount = 0;
  }
}
