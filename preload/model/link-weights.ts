// One learned weight for each (how many requests ago, which component then, candidate): what statistics of whole contexts do not
// say, as in "after a `tar` two or three requests ago, `ls` is less likely than its counts". A maximum-entropy model with lagged
// features (Lau, Rosenfeld, Roukos, "Trigger-based language models: a maximum entropy approach", ICASSP 1993), learned online on
// top of the mixer's score. Weights lie in a table without keys: two links that meet in one place share a weight.

import type { SequenceHistory } from "../../cache/sequence-history.ts";
import { assert } from "../../core/errors.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import type { Columns } from "./columns.ts";
import { SOURCES } from "./expert.ts";

const SOURCE = SOURCES.indexOf("links");
const LEARNING_RATE = 0.1;
const FIRST_SQUARES = 1;
/** Candidates less likely than this, if they did not come, are not worth a step. */
const LEAST_PROBABILITY = 0.002;

export class LinkWeights {
  readonly lagCount: number;
  readonly weights: Float32Array;
  readonly squares: Float32Array;
  readonly #mask: number;

  /** @param lagCount requests looked back, 1 to 6 @param linkCount a power of two */
  constructor(lagCount: number, linkCount: number) {
    assert(lagCount >= 1 && lagCount <= 6, "links look 1 to 6 requests back");
    assert(linkCount >= 2 && (linkCount & (linkCount - 1)) === 0, "the number of links is a power of two");
    this.lagCount = lagCount;
    this.weights = new Float32Array(linkCount);
    this.squares = new Float32Array(linkCount).fill(FIRST_SQUARES);
    this.#mask = linkCount - 1;
  }

  get stateBytes(): number {
    return 8 * this.weights.length;
  }

  /** Adds to the scores of all candidates, "none of these" included. */
  lift({ recent, length }: SequenceHistory, mixer: CandidateMixer): void {
    const lags = Math.min(this.lagCount, length);
    for (let candidate = 0; candidate < mixer.count; candidate++) {
      const symbol = candidate === 0 ? 65_536 : mixer.symbols[candidate]!;
      let part = 0;
      for (let lag = 0; lag < lags; lag++) part += this.weights[this.#placeOf(lag, recent[lag]!, symbol)]!;
      mixer.lift(candidate, part, SOURCE);
    }
  }

  /** `came` (a candidate) was it. The mixer holds the probabilities that were given. */
  learn({ recent, length }: SequenceHistory, mixer: CandidateMixer, came: number): void {
    const lags = Math.min(this.lagCount, length);
    for (let candidate = 0; candidate < mixer.count; candidate++) {
      const probability = mixer.scores[candidate]!;
      if (candidate !== came && probability < LEAST_PROBABILITY) continue;
      const gradient = (candidate === came ? 1 : 0) - probability;
      const symbol = candidate === 0 ? 65_536 : mixer.symbols[candidate]!;
      for (let lag = 0; lag < lags; lag++) {
        const place = this.#placeOf(lag, recent[lag]!, symbol);
        const squares = this.squares[place]! + gradient * gradient;
        this.squares[place] = squares;
        this.weights[place] = this.weights[place]! + (LEARNING_RATE * gradient) / Math.sqrt(squares);
      }
    }
  }

  columns(): Columns {
    return { weights: this.weights, squares: this.squares };
  }

  /** Throws AssertionError when a weight is not a number. */
  check(): void {
    for (const weight of this.weights) assert(Math.abs(weight) < 1e6, "links stay finite");
    for (const square of this.squares) assert(square >= FIRST_SQUARES, "squares only grow");
  }

  #placeOf(lag: number, before: number, symbol: number): number {
    let hash = Math.imul(before * 8 + lag + 1, 0x9e3779b1) ^ Math.imul(symbol + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) & this.#mask;
  }
}
