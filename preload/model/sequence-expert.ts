// What followed what, from cache/sequence-model.ts: of one user (a space for each), or of everyone together (one space).

import { quickLog } from "../../cache/quick-math.ts";
import { SequenceHistory } from "../../cache/sequence-history.ts";
import { Predictions, SequenceModel } from "../../cache/sequence-model.ts";
import { assert } from "../../core/errors.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import { type Columns, checkNames, tableColumns } from "./columns.ts";
import { EXPERIENCE_STEPS, type Expert, experienceOf, type Situation, SOURCES } from "./expert.ts";

const PROPOSALS = 24;
/** Less is as good as never. */
const LEAST = 1 / 65_536;
const LOG_LEAST = quickLog(LEAST);

export interface SequenceExpertOptions {
  readonly symbolCount: number;
  /** Users with statistics of their own; 0: all share one. */
  readonly userCount: number;
  readonly order: number;
  readonly nodeCount: number;
  readonly successorCount: number;
}

export class SequenceExpert implements Expert {
  readonly source: "sequence" | "everyone";
  readonly model: SequenceModel;
  readonly #isShared: boolean;
  readonly #number: number;
  readonly #weights: number;
  readonly #found = new Predictions(PROPOSALS);
  readonly #noUsers = new Uint8Array(1);
  /** A copy of the last situation's: the model adds to a history what it observes. */
  readonly #history = new SequenceHistory(0);

  constructor(options: SequenceExpertOptions, mixer: CandidateMixer, initialWeight: number) {
    this.#isShared = options.userCount === 0;
    this.source = this.#isShared ? "everyone" : "sequence";
    this.#number = SOURCES.indexOf(this.source);
    this.model = new SequenceModel({ ...options, spaceCount: Math.max(1, options.userCount) });
    this.#weights = mixer.reserve(EXPERIENCE_STEPS, initialWeight);
  }

  get stateBytes(): number {
    return this.model.stateBytes;
  }

  propose(situation: Situation, mixer: CandidateMixer): void {
    const found = this.#found;
    this.#history.copyFrom(situation.history);
    if (this.#isShared) this.#history.space = 0;
    this.model.invalidate();
    this.model.predict(this.#history, PROPOSALS, found);
    if (found.count === 0) return;
    mixer.column(this.#weights + experienceOf(situation.requestCount), this.#number);
    let rest = 1;
    for (let i = 0; i < found.count; i++) {
      const probability = found.probabilities[i]!;
      rest -= probability;
      if (probability > LEAST) mixer.add(found.symbols[i]!, quickLog(probability) - LOG_LEAST);
    }
    if (rest > LEAST) mixer.addOther(quickLog(rest) - LOG_LEAST);
  }

  observe(_situation: Situation, symbol: number): void {
    this.model.observe(this.#history, symbol);
  }

  forget(deadSymbols: Uint8Array, deadUsers: Uint8Array): void {
    this.model.purge(deadSymbols, this.#isShared ? this.#noUsers : deadUsers);
  }

  columns(): Columns {
    const { table, weights, squares } = this.model;
    return { ...tableColumns(table), weights, squares };
  }

  get tick(): number {
    return this.model.tick;
  }

  set tick(tick: number) {
    this.model.tick = tick;
  }

  check(isKnown: (symbol: number) => boolean, isUser: (user: number) => boolean): void {
    this.model.check();
    for (const space of this.model.table.spaces) {
      assert(space === 0 || this.#isShared || isUser(space - 1), "users of contexts are known");
    }
    checkNames(this.model.table, isKnown);
  }
}
