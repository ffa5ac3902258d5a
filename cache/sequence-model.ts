// What comes next in a sequence of symbols: Markov contexts of order 0 to `order`, mixed instead of backed off. Each context
// that has been seen speaks for its successors by the logarithms of a slow and of a fast count, the session by how lately and
// how often it used each symbol, and all orders together by one probability in which each order smooths the next longer one
// (Witten and Bell, IEEE Trans. IT 1991, method C). How far to believe each of them is learned online as the weights of one
// softmax: log-linear mixing after Mattern, "Mixing strategies in data compression", DCC 2012, and PAQ's mixers; steps after
// Duchi et al., "Adaptive subgradient methods", JMLR 2011. A plain back-off to the longest context is one setting of the weights.
// The likelihood that is followed keeps the probabilities calibrated; one more candidate, "none of these", takes what is new.
// Each space has statistics and weights of its own, so nothing that happens in one shows in another, short of the table being
// full. Histories are the caller's: thousands of sessions may share a space.

import { assert } from "../core/errors.ts";
import { logDeterministic } from "../core/math.ts";
import { quickExp, quickLog } from "./quick-math.ts";
import { RECENCY_COUNT, type SequenceHistory } from "./sequence-history.ts";
import { SequenceTable, type SequenceTableOptions, SLOW_UNIT } from "./sequence-table.ts";

/** Steps of the number of visits by which weights differ: 1, 2, 4, … 128 or more. */
const BUCKET_COUNT = 8;
const LEARNING_RATE = 0.05;
const FIRST_SQUARES = 0.01;
/** What the counts of all orders weigh together before anything is learned, and the smoothed probability. */
const FIRST_COUNT_WEIGHT = 1.5;
const FIRST_CHAIN_WEIGHT = 0.3;
/** Added to a smoothed probability before its logarithm is taken. */
const LEAST_PROBABILITY = 1 / 65_536;

// Features are logarithms less the value that an absent symbol has, so that they are ≥ 0 and only what is there costs time. A
// slow count is looked up in quarters, a fast one in 256ths; to each a sixteenth is added before the logarithm.
const SLOW_STEP = 3;
const FAST_STEP = 4;
const SLOW_LOGS = logTable(65_536 >> SLOW_STEP, (1 << SLOW_STEP) / SLOW_UNIT);
const FAST_LOGS = logTable(4096, 1 / 256);
const USES_LOGS = Float32Array.from({ length: 256 }, (_, uses) => logDeterministic(1 + uses));
const RECENCY_LOGS = Float32Array.from({ length: RECENCY_COUNT }, (_, rank) =>
  logDeterministic((RECENCY_COUNT + 2) / (rank + 1)),
);

export interface SequenceModelOptions extends SequenceTableOptions {
  /** Spaces: who has statistics of their own. 1 to 65,535. */
  readonly spaceCount: number;
  /** Symbols are 0 to symbolCount − 1. 1 to 65,536. */
  readonly symbolCount: number;
}

/** Where predictions are put: `count` symbols, the likeliest first. Made once by a caller and used again. */
export class Predictions {
  readonly symbols: Int32Array;
  readonly probabilities: Float64Array;
  count = 0;

  constructor(mostCount: number) {
    this.symbols = new Int32Array(mostCount);
    this.probabilities = new Float64Array(mostCount);
  }
}

export class SequenceModel {
  readonly table: SequenceTable;
  readonly spaceCount: number;
  readonly symbolCount: number;
  /** Columns of BUCKET_COUNT weights, for each space: slow and fast count by order; uses; recency; by the longest order that was found: "none of these", smoothed probability. */
  readonly weights: Float32Array;
  /** Sums of the squared gradients, beside the weights. */
  readonly squares: Float32Array;
  readonly weightsPerSpace: number;
  /** Observations so far, modulo 2^32. */
  tick = 0;

  // What the last #prepare found; valid for one history until something is observed.
  #preparedFor: SequenceHistory | undefined;
  readonly #nodes: Int32Array; // by order; −1: not seen
  #longest = -1; // order of the longest context that was seen
  readonly #candidates: Uint16Array;
  readonly #scores: Float64Array; // by candidate, then probabilities
  readonly #chainLogs: Float64Array; // by candidate, log of the smoothed probability
  #candidateCount = 0;
  #otherProbability = 1;
  readonly #candidateOf: Uint16Array; // by symbol, valid where #stamps has the stamp
  readonly #stamps: Uint32Array;
  #stamp = 0;

  constructor(options: SequenceModelOptions) {
    const { spaceCount, symbolCount, order, successorCount } = options;
    assert(Number.isInteger(spaceCount) && spaceCount >= 1 && spaceCount <= 65_535, "1 to 65,535 spaces");
    assert(Number.isInteger(symbolCount) && symbolCount >= 1 && symbolCount <= 65_536, "1 to 65,536 symbols");
    this.table = new SequenceTable(options);
    this.spaceCount = spaceCount;
    this.symbolCount = symbolCount;
    this.weightsPerSpace = (4 * (order + 1) + 2) * BUCKET_COUNT;
    this.weights = new Float32Array(spaceCount * this.weightsPerSpace);
    this.squares = new Float32Array(spaceCount * this.weightsPerSpace);
    for (let space = 0; space < spaceCount; space++) this.#resetWeights(space);
    this.#nodes = new Int32Array(order + 1);
    const most = (order + 1) * successorCount + RECENCY_COUNT;
    this.#candidates = new Uint16Array(most);
    this.#scores = new Float64Array(most);
    this.#chainLogs = new Float64Array(most);
    this.#candidateOf = new Uint16Array(symbolCount);
    this.#stamps = new Uint32Array(symbolCount);
  }

  /** Bytes of all typed arrays. */
  get stateBytes(): number {
    const scratch = 18 * this.#candidates.length + 6 * this.symbolCount;
    return this.table.stateBytes + this.weights.byteLength + this.squares.byteLength + scratch;
  }

  /**
   * What is likely to come next. Probabilities are of the next symbol of this history and add to at most 1.
   * @param count at most so many, the likeliest first; `out.count` says how many there are. Some microsecond, no garbage.
   */
  predict(history: SequenceHistory, count: number, out: Predictions): void {
    this.#prepare(history);
    const { symbols, probabilities } = out;
    const wanted = Math.min(count, symbols.length, this.#candidateCount);
    let found = 0;
    for (let candidate = 0; candidate < this.#candidateCount; candidate++) {
      const probability = this.#scores[candidate]!;
      if (found === wanted && (wanted === 0 || probability <= probabilities[wanted - 1]!)) continue;
      let at = found < wanted ? found++ : wanted - 1;
      for (; at > 0 && probabilities[at - 1]! < probability; at--) {
        probabilities[at] = probabilities[at - 1]!;
        symbols[at] = symbols[at - 1]!;
      }
      probabilities[at] = probability;
      symbols[at] = this.#candidates[candidate]!;
    }
    out.count = found;
  }

  /** The probability that `symbol` is next; 0 for one that no context knows. */
  probabilityOf(history: SequenceHistory, symbol: number): number {
    this.#prepare(history);
    return this.#stamps[symbol] === this.#stamp ? this.#scores[this.#candidateOf[symbol]!]! : 0;
  }

  /** `symbol` came: learns from it and adds it to the history. About two microseconds, no garbage. */
  observe(history: SequenceHistory, symbol: number): void {
    assert(symbol >= 0 && symbol < this.symbolCount, "a symbol is below the symbol count");
    this.#prepare(history);
    if (this.#longest >= 0) this.#learn(history, symbol);
    this.tick = (this.tick + 1) >>> 0;
    const { table, tick } = this;
    const nodes = this.#nodes;
    const orderCount = Math.min(table.order, history.length) + 1;
    for (let order = 0; order < orderCount; order++) {
      if (nodes[order]! >= 0) table.count(nodes[order]!, symbol, tick);
    }
    // Only now: a new node may take the place of one of those above.
    for (let order = 0; order < orderCount; order++) {
      if (nodes[order]! >= 0) continue;
      table.count(table.insert(history.space, order, history.recent, tick), symbol, tick);
    }
    history.push(symbol);
    this.#preparedFor = undefined;
  }

  /** Forgets dead symbols and spaces everywhere but in histories; see SequenceTable.purge. The weights of dead spaces start anew. */
  purge(deadSymbols: Uint8Array, deadSpaces: Uint8Array): void {
    this.table.purge(deadSymbols, deadSpaces);
    for (let space = 0; space < this.spaceCount; space++) if (deadSpaces[space] === 1) this.#resetWeights(space);
    this.#preparedFor = undefined;
  }

  /** Forgets the last prediction: needed after the table, the weights or a history were changed from outside. */
  invalidate(): void {
    this.#preparedFor = undefined;
  }

  /** Throws AssertionError when something does not agree. Cold. */
  check(): void {
    this.table.check(this.spaceCount, this.symbolCount);
    for (const weight of this.weights) assert(Math.abs(weight) < 1e6, "weights stay finite");
    for (const square of this.squares) assert(square > 0 && square < Infinity, "squares stay positive and finite");
  }

  #resetWeights(space: number): void {
    const { order } = this.table;
    const first = space * this.weightsPerSpace;
    const others = first + (2 * order + 4) * BUCKET_COUNT;
    const chains = others + (order + 1) * BUCKET_COUNT;
    this.weights.fill(FIRST_COUNT_WEIGHT / (2 * order + 4), first, others);
    this.weights.fill(0, others, chains);
    this.weights.fill(FIRST_CHAIN_WEIGHT, chains, first + this.weightsPerSpace);
    this.squares.fill(FIRST_SQUARES, first, first + this.weightsPerSpace);
  }

  /** Index of the weight of an order's slow count; its fast count's is a column further. */
  #countWeight(space: number, order: number, node: number): number {
    return space * this.weightsPerSpace + 2 * order * BUCKET_COUNT + bucketOf(this.table.visits[node]!);
  }

  /** Index of the weight of how often the session used a symbol; that of how lately is a column further. */
  #usesWeight(history: SequenceHistory): number {
    const column = 2 * (this.table.order + 1);
    return history.space * this.weightsPerSpace + column * BUCKET_COUNT + bucketOf(history.usedCount | 1);
  }

  /** Index of the weight of "none of these"; that of the smoothed probability is order + 1 columns further. */
  #otherWeight(space: number): number {
    const column = 2 * (this.table.order + 1) + 2 + this.#longest;
    return (
      space * this.weightsPerSpace + column * BUCKET_COUNT + bucketOf(this.table.visits[this.#nodes[this.#longest]!]!)
    );
  }

  /** How many symbols are likelier than `symbol` to come next, or tie and stand before it in a prediction; −1: it is none of those that may. */
  rankOf(history: SequenceHistory, symbol: number): number {
    this.#prepare(history);
    if (this.#stamps[symbol] !== this.#stamp) return -1;
    const candidate = this.#candidateOf[symbol]!;
    const probability = this.#scores[candidate]!;
    let rank = 0;
    for (let i = 0; i < this.#candidateCount; i++) {
      if (this.#scores[i]! > probability || (this.#scores[i] === probability && i < candidate)) rank++;
    }
    return rank;
  }

  /** Finds nodes, candidates and their probabilities for a history. */
  #prepare(history: SequenceHistory): void {
    if (this.#preparedFor === history) return;
    this.#preparedFor = history;
    this.#candidateCount = 0;
    this.#longest = -1;
    this.#stamp = (this.#stamp + 1) >>> 0;
    if (this.#stamp === 0) {
      this.#stamps.fill(0);
      this.#stamp = 1;
    }
    const { table, weights } = this;
    const { successors, slow, fast, successorCount } = table;
    for (let order = table.order; order >= 0; order--) {
      const node = order <= history.length ? table.find(history.space, order, history.recent) : -1;
      this.#nodes[order] = node;
      if (node < 0) continue;
      if (this.#longest < 0) this.#longest = order;
      const weight = this.#countWeight(history.space, order, node);
      const slowWeight = weights[weight]!;
      const fastWeight = weights[weight + BUCKET_COUNT]!;
      const first = node * successorCount;
      const end = first + table.successorCounts[node]!;
      for (let i = first; i < end; i++) {
        const score = slowWeight * SLOW_LOGS[slow[i]! >> SLOW_STEP]! + fastWeight * FAST_LOGS[fast[i]! >> FAST_STEP]!;
        this.#addScore(successors[i]!, score);
      }
    }
    // Without order 0 nothing was ever observed in this space; what the history holds is then another's.
    if (this.#longest < 0) return;
    const { used, uses, usedCount } = history;
    const weight = this.#usesWeight(history);
    const usesWeight = weights[weight]!;
    const recencyWeight = weights[weight + BUCKET_COUNT]!;
    for (let rank = 0; rank < usedCount; rank++) {
      this.#addScore(used[rank]!, usesWeight * USES_LOGS[uses[rank]!]! + recencyWeight * RECENCY_LOGS[rank]!);
    }
    this.#smooth();
    this.#normalise(this.#otherWeight(history.space));
  }

  #addScore(symbol: number, score: number): void {
    if (this.#stamps[symbol] === this.#stamp) {
      const candidate = this.#candidateOf[symbol]!;
      this.#scores[candidate] = this.#scores[candidate]! + score;
      return;
    }
    const candidate = this.#candidateCount++;
    this.#stamps[symbol] = this.#stamp;
    this.#candidateOf[symbol] = candidate;
    this.#candidates[candidate] = symbol;
    this.#scores[candidate] = score;
  }

  /** P_o(s) = (count + d · P_{o−1}(s)) / (total + d), d = different successors seen, from a uniform P_{−1} upward. */
  #smooth(): void {
    const { successors, slow, successorCount, successorCounts } = this.table;
    const count = this.#candidateCount;
    const chain = this.#chainLogs;
    for (let i = 0; i < count; i++) chain[i] = 1 / (count + 1);
    for (let order = 0; order <= this.#longest; order++) {
      const node = this.#nodes[order]!;
      if (node < 0) continue;
      const first = node * successorCount;
      const different = successorCounts[node]! * SLOW_UNIT;
      const end = first + successorCounts[node]!;
      let total = different;
      for (let i = first; i < end; i++) total += slow[i]!;
      const kept = different / total;
      const each = 1 / total;
      for (let i = 0; i < count; i++) chain[i] = chain[i]! * kept;
      for (let i = first; i < end; i++) {
        const candidate = this.#candidateOf[successors[i]!]!;
        chain[candidate] = chain[candidate]! + slow[i]! * each;
      }
    }
    for (let i = 0; i < count; i++) chain[i] = quickLog(chain[i]! + LEAST_PROBABILITY);
  }

  /** Scores become probabilities. */
  #normalise(otherWeight: number): void {
    const scores = this.#scores;
    const chain = this.#chainLogs;
    const count = this.#candidateCount;
    const other = this.weights[otherWeight]!;
    const chainWeight = this.weights[otherWeight + (this.table.order + 1) * BUCKET_COUNT]!;
    let largest = other;
    for (let i = 0; i < count; i++) {
      const score = scores[i]! + chainWeight * chain[i]!;
      scores[i] = score;
      if (score > largest) largest = score;
    }
    const ofOther = quickExp(largest - other);
    let sum = ofOther;
    for (let i = 0; i < count; i++) {
      const share = quickExp(largest - scores[i]!);
      scores[i] = share;
      sum += share;
    }
    const scale = 1 / sum;
    for (let i = 0; i < count; i++) scores[i] = scores[i]! * scale;
    this.#otherProbability = ofOther * scale;
  }

  /** A step of the weights along the gradient of log P(symbol): for each feature, its value at the symbol less its mean under P. */
  #learn(history: SequenceHistory, symbol: number): void {
    const { table } = this;
    const { successors, slow, fast, successorCount } = table;
    const scores = this.#scores;
    const candidateOf = this.#candidateOf;
    const isCandidate = this.#stamps[symbol] === this.#stamp;
    for (let order = 0; order <= this.#longest; order++) {
      const node = this.#nodes[order]!;
      if (node < 0) continue;
      const first = node * successorCount;
      const end = first + table.successorCounts[node]!;
      let slowGradient = 0;
      let fastGradient = 0;
      for (let i = first; i < end; i++) {
        const successor = successors[i]!;
        const surprise = (successor === symbol ? 1 : 0) - scores[candidateOf[successor]!]!;
        slowGradient += surprise * SLOW_LOGS[slow[i]! >> SLOW_STEP]!;
        fastGradient += surprise * FAST_LOGS[fast[i]! >> FAST_STEP]!;
      }
      const weight = this.#countWeight(history.space, order, node);
      this.#step(weight, slowGradient);
      this.#step(weight + BUCKET_COUNT, fastGradient);
    }
    let usesGradient = 0;
    let recencyGradient = 0;
    for (let rank = 0; rank < history.usedCount; rank++) {
      const used = history.used[rank]!;
      const surprise = (used === symbol ? 1 : 0) - scores[candidateOf[used]!]!;
      usesGradient += surprise * USES_LOGS[history.uses[rank]!]!;
      recencyGradient += surprise * RECENCY_LOGS[rank]!;
    }
    const usesWeight = this.#usesWeight(history);
    this.#step(usesWeight, usesGradient);
    this.#step(usesWeight + BUCKET_COUNT, recencyGradient);
    const chain = this.#chainLogs;
    let chainGradient = isCandidate ? chain[candidateOf[symbol]!]! : 0;
    for (let i = 0; i < this.#candidateCount; i++) chainGradient -= scores[i]! * chain[i]!;
    const otherWeight = this.#otherWeight(history.space);
    this.#step(otherWeight, (isCandidate ? 0 : 1) - this.#otherProbability);
    this.#step(otherWeight + (table.order + 1) * BUCKET_COUNT, chainGradient);
  }

  #step(weight: number, gradient: number): void {
    const squares = this.squares[weight]! + gradient * gradient;
    this.squares[weight] = squares;
    this.weights[weight] = this.weights[weight]! + (LEARNING_RATE * gradient) / Math.sqrt(squares);
  }
}

function bucketOf(visits: number): number {
  return Math.min(BUCKET_COUNT - 1, 31 - Math.clz32(visits));
}

function logTable(length: number, countsAStep: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => logDeterministic(1 + 16 * i * countsAStep));
}
