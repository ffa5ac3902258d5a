// One probability from many opinions: each expert fills columns, in which it gives some candidates a value ≥ 0 (a logarithm, so that
// an absent candidate has 0), and the columns' weighted sum goes through one softmax, with one more candidate for "none of
// these". The weights follow the gradient of the likelihood of what came: log-linear mixing (Mattern, "Mixing strategies in data
// compression", DCC 2012; PAQ's mixers), steps after Duchi et al., "Adaptive subgradient methods", JMLR 2011. Where a softmax
// over everything is too coarse, `LinkWeights` adds to single scores. The product is calibrated as far as its features are.

import { quickExp } from "../../cache/quick-math.ts";
import { assert } from "../../core/errors.ts";
import type { Columns } from "./columns.ts";

/** Candidates at a time, without "none of these". */
export const MOST_CANDIDATES = 256;
const MOST_COLUMNS = 96;
const MOST_ENTRIES = 8192;
const LEARNING_RATE = 0.02;
const FIRST_SQUARES = 0.02;
/** The candidate that stands for whatever is none of the others. */
export const OTHER = 0;

export class CandidateMixer {
  /** By candidate from 1; 0 is "none of these". */
  readonly symbols = new Uint16Array(MOST_CANDIDATES + 1);
  /** By candidate: scores until `normalise`, then probabilities. */
  readonly scores = new Float64Array(MOST_CANDIDATES + 1);
  /** Candidates, "none of these" included. */
  count = 1;
  readonly sourceCount: number;
  /** Candidate × source: what each source gave to the score. */
  readonly #shares: Float32Array;
  readonly #candidateOf: Uint16Array; // by symbol, valid where #stamps has the stamp
  readonly #stamps: Uint32Array;
  #stamp = 0;
  // Columns: their weight, source, and entries up to #ends.
  readonly #columnWeights = new Uint32Array(MOST_COLUMNS);
  readonly #columnSources = new Uint8Array(MOST_COLUMNS);
  readonly #ends = new Uint16Array(MOST_COLUMNS);
  #columnCount = 0;
  readonly #entryCandidates = new Uint16Array(MOST_ENTRIES);
  readonly #entryValues = new Float32Array(MOST_ENTRIES);
  #entryCount = 0;
  /** All weights; experts reserve theirs. */
  weights = new Float32Array(0);
  squares = new Float32Array(0);

  /** @param symbolCount symbols are below it @param sourceCount sources are below it */
  constructor(symbolCount: number, sourceCount: number) {
    this.sourceCount = sourceCount;
    this.#shares = new Float32Array((MOST_CANDIDATES + 1) * sourceCount);
    this.#candidateOf = new Uint16Array(symbolCount);
    this.#stamps = new Uint32Array(symbolCount);
  }

  /** Bytes of all typed arrays. */
  get stateBytes(): number {
    return (
      10 * this.symbols.length +
      this.#shares.byteLength +
      6 * this.#stamps.length +
      7 * MOST_COLUMNS +
      6 * MOST_ENTRIES +
      2 * this.weights.byteLength
    );
  }

  /** Weights for an expert; cold, before the first prediction. @returns the first one's index */
  reserve(count: number, initial: number): number {
    const first = this.weights.length;
    const grow = (from: Float32Array, value: number) => {
      const grown = new Float32Array(first + count).fill(value, first);
      grown.set(from);
      return grown;
    };
    this.weights = grow(this.weights, initial);
    this.squares = grow(this.squares, FIRST_SQUARES);
    return first;
  }

  /** A new prediction: no candidates and no columns. */
  begin(): void {
    this.count = 1;
    this.#columnCount = 0;
    this.#entryCount = 0;
    this.#stamp = (this.#stamp + 1) >>> 0;
    if (this.#stamp === 0) {
      this.#stamps.fill(0);
      this.#stamp = 1;
    }
  }

  /** The values that follow are multiplied by `weight` (an index) and owed to `source`. Past the last column nothing is added. */
  column(weight: number, source: number): void {
    if (this.#columnCount === MOST_COLUMNS) return;
    const column = this.#columnCount++;
    this.#columnWeights[column] = weight;
    this.#columnSources[column] = source;
    this.#ends[column] = this.#entryCount;
  }

  /** In the open column, `symbol` has `value`. Candidates and entries past the largest number are dropped. */
  add(symbol: number, value: number): void {
    if (this.#stamps[symbol] !== this.#stamp) {
      if (this.count > MOST_CANDIDATES) return;
      this.#stamps[symbol] = this.#stamp;
      this.#candidateOf[symbol] = this.count;
      this.symbols[this.count++] = symbol;
    }
    this.#enter(this.#candidateOf[symbol]!, value);
  }

  /** In the open column, "none of these" has `value`. */
  addOther(value: number): void {
    this.#enter(OTHER, value);
  }

  /** The candidate of a symbol, 0 for one that is none. */
  candidateOf(symbol: number): number {
    return this.#stamps[symbol] === this.#stamp ? this.#candidateOf[symbol]! : OTHER;
  }

  /** Weighs the columns: scores, and whose they are. */
  weigh(): void {
    const { scores, count, sourceCount } = this;
    const shares = this.#shares;
    scores.fill(0, 0, count);
    shares.fill(0, 0, count * sourceCount);
    let entry = 0;
    for (let column = 0; column < this.#columnCount; column++) {
      const weight = this.weights[this.#columnWeights[column]!]!;
      const source = this.#columnSources[column]!;
      for (const end = this.#ends[column]!; entry < end; entry++) {
        const candidate = this.#entryCandidates[entry]!;
        const part = weight * this.#entryValues[entry]!;
        scores[candidate] = scores[candidate]! + part;
        const at = candidate * sourceCount + source;
        shares[at] = shares[at]! + part;
      }
    }
  }

  /** Adds to one candidate's score, on behalf of a source. */
  lift(candidate: number, part: number, source: number): void {
    this.scores[candidate] = this.scores[candidate]! + part;
    const at = candidate * this.sourceCount + source;
    this.#shares[at] = this.#shares[at]! + part;
  }

  /** Scores become probabilities that add to 1. */
  normalise(): void {
    const { scores, count } = this;
    let largest = scores[0]!;
    for (let i = 1; i < count; i++) if (scores[i]! > largest) largest = scores[i]!;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const share = quickExp(largest - scores[i]!);
      scores[i] = share;
      sum += share;
    }
    const scale = 1 / sum;
    for (let i = 0; i < count; i++) scores[i] = scores[i]! * scale;
  }

  /** Who gave a candidate most of its score. */
  sourceOf(candidate: number): number {
    const first = candidate * this.sourceCount;
    let most = 0;
    for (let source = 1; source < this.sourceCount; source++) {
      if (this.#shares[first + source]! > this.#shares[first + most]!) most = source;
    }
    return most;
  }

  /** `came` (a candidate) was it: a step of the weights in use. */
  learn(came: number): void {
    let entry = 0;
    for (let column = 0; column < this.#columnCount; column++) {
      let gradient = 0;
      for (const end = this.#ends[column]!; entry < end; entry++) {
        const candidate = this.#entryCandidates[entry]!;
        const surprise = (candidate === came ? 1 : 0) - this.scores[candidate]!;
        gradient += surprise * this.#entryValues[entry]!;
      }
      const weight = this.#columnWeights[column]!;
      const squares = this.squares[weight]! + gradient * gradient;
      this.squares[weight] = squares;
      this.weights[weight] = this.weights[weight]! + (LEARNING_RATE * gradient) / Math.sqrt(squares);
    }
  }

  columns(): Columns {
    return { weights: this.weights, squares: this.squares };
  }

  /** Throws AssertionError when a weight is not a number. */
  check(): void {
    for (const weight of this.weights) assert(Math.abs(weight) < 1e6, "weights stay finite");
    for (const square of this.squares) assert(square > 0 && square < Infinity, "squares stay positive and finite");
  }

  #enter(candidate: number, value: number): void {
    if (this.#entryCount === MOST_ENTRIES) return;
    this.#entryCandidates[this.#entryCount] = candidate;
    this.#entryValues[this.#entryCount++] = value;
    this.#ends[this.#columnCount - 1] = this.#entryCount;
  }
}
