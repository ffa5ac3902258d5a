// What a program asks for next, learned from what it asked for: string keys in named contexts over the sequence model. A context
// (a workspace, a user, a page) has its own history, statistics and weights; no prediction names a key that its context has not
// seen. Memory is bounded everywhere: when numbers for keys or contexts run out, those not seen for longest are forgotten with
// all that was learned of them; rare transitions give way in cache/sequence-table.ts.

import { assert } from "../core/errors.ts";
import { HOT_COUNT, HotSymbols } from "./hot-symbols.ts";
import { SequenceHistory } from "./sequence-history.ts";
import { Predictions, SequenceModel } from "./sequence-model.ts";
import { SymbolTable } from "./symbol-table.ts";

/** Most keys that one prediction names. */
export const MOST_PREDICTIONS = 5;

export interface MarkovModelOptions {
  /** Longest context in accesses, 0 to 6. Default 2. */
  readonly order?: number | undefined;
  /** Contexts at a time, 1 to 65,535. Default 64. */
  readonly contextCount?: number | undefined;
  /** Keys at a time, 1 to 65,536. Default 4,096. */
  readonly keyCount?: number | undefined;
  /** Sequences of up to `order` keys at a time, a power of two, 8 to 2^22. Default 8,192. */
  readonly nodeCount?: number | undefined;
  /** Successors kept of each, 1 to 64. Default 12. */
  readonly successorCount?: number | undefined;
  /** Longer keys and contexts, in UTF-16 units, are not modelled. Default 1,024. */
  readonly mostKeyUnits?: number | undefined;
}

export type MarkovModelShape = { readonly [Name in keyof MarkovModelOptions]-?: number };

/** Where predicted keys are put: `count` of them, the likeliest first. Made once and used again. */
export class KeyPredictions {
  readonly keys: string[] = new Array<string>(MOST_PREDICTIONS).fill("");
  readonly probabilities = new Float64Array(MOST_PREDICTIONS);
  count = 0;
}

/** What an access was among what had been predicted: places, 0 for the likeliest, −1 for none. */
export interface AccessRank {
  /** Place among the model's predictions. */
  rank: number;
  /** Place among the context's most frequent keys. */
  frequencyRank: number;
  /** Probability that the model gave the key. */
  probability: number;
}

export class MarkovModel {
  readonly shape: MarkovModelShape;
  /** @internal The parts, for saving, loading and checks. */
  readonly model: SequenceModel;
  /** @internal */
  readonly keys: SymbolTable;
  /** @internal */
  readonly contexts: SymbolTable;
  /** @internal By context's number. */
  readonly histories: SequenceHistory[];
  /** @internal By context's number. */
  readonly hot: HotSymbols[];
  readonly #found = new Predictions(MOST_PREDICTIONS);
  readonly #noSymbols: Uint8Array;
  readonly #noSpaces: Uint8Array;

  constructor(options: MarkovModelOptions = {}) {
    const shape = markovShape(options);
    this.shape = shape;
    this.model = new SequenceModel({ ...shape, spaceCount: shape.contextCount, symbolCount: shape.keyCount });
    this.keys = new SymbolTable(shape.keyCount);
    this.contexts = new SymbolTable(shape.contextCount);
    this.histories = Array.from({ length: shape.contextCount }, (_, space) => new SequenceHistory(space));
    this.hot = Array.from({ length: shape.contextCount }, () => new HotSymbols());
    this.#noSymbols = new Uint8Array(shape.keyCount);
    this.#noSpaces = new Uint8Array(shape.contextCount);
  }

  /** Bytes of the typed arrays; the strings of keys and contexts come on top. */
  get stateBytes(): number {
    const eachContext = 2 * 6 + 3 * 16 + 4 * HOT_COUNT;
    const eachString = 9;
    const { contextCount, keyCount } = this.shape;
    return this.model.stateBytes + contextCount * eachContext + eachString * (keyCount + contextCount);
  }

  /** Accesses learned from, modulo 2^32. */
  get observations(): number {
    return this.model.tick;
  }

  /**
   * `key` was asked for in `context`: learns from it. Some microseconds.
   * @param ranked if given, is told first where the key had stood among the predictions
   */
  observe(context: string, key: string, ranked?: AccessRank): void {
    if (ranked !== undefined) [ranked.rank, ranked.frequencyRank, ranked.probability] = [-1, -1, 0];
    if (context.length > this.shape.mostKeyUnits) return;
    const space = this.#spaceOf(context);
    const history = this.histories[space]!;
    const hot = this.hot[space]!;
    if (key.length > this.shape.mostKeyUnits) {
      history.length = 0; // what comes next does not follow what came before
      this.model.invalidate();
      return;
    }
    const symbol = this.#symbolOf(key);
    if (ranked !== undefined) {
      ranked.rank = this.model.rankOf(history, symbol);
      ranked.frequencyRank = hot.rankOf(symbol);
      ranked.probability = this.model.probabilityOf(history, symbol);
    }
    this.model.observe(history, symbol);
    hot.observe(symbol);
  }

  /**
   * What `context` is likely to ask for next. About a microsecond, no garbage; an unknown context has no predictions.
   * @param count at most so many, up to 5
   */
  predict(context: string, count: number, out: KeyPredictions): void {
    out.count = 0;
    const space = this.contexts.find(context);
    if (space < 0) return;
    const found = this.#found;
    this.model.predict(this.histories[space]!, Math.min(count, MOST_PREDICTIONS), found);
    for (let i = 0; i < found.count; i++) {
      out.keys[i] = this.keys.text(found.symbols[i]!);
      out.probabilities[i] = found.probabilities[i]!;
    }
    out.count = found.count;
  }

  /** The keys that `context` asked for most, the commonest first, with their share of its accesses while they were counted. */
  hottest(context: string, count: number): { key: string; shareRatio: number }[] {
    const space = this.contexts.find(context);
    if (space < 0) return [];
    const { symbols, counts, length } = this.hot[space]!;
    const total = counts.subarray(0, length).reduce((sum, one) => sum + one, 0);
    return Array.from(symbols.subarray(0, Math.min(count, length)), (symbol, i) => ({
      key: this.keys.text(symbol),
      shareRatio: counts[i]! / total,
    }));
  }

  /** The names of the contexts that something is known of. */
  contextNames(): string[] {
    return this.contexts.entries().map(([, name]) => name);
  }

  /** A new session begins in `context`: the next access follows nothing. What was learned stays. */
  beginSession(context: string): void {
    const space = this.contexts.find(context);
    if (space < 0) return;
    this.histories[space]!.clear();
    this.model.invalidate();
  }

  /** Forgets everything about a context. */
  forget(context: string): void {
    const space = this.contexts.find(context);
    if (space < 0) return;
    this.contexts.release(space);
    this.#purgeContexts();
  }

  /** Throws AssertionError when the parts do not agree. Cold. */
  check(): void {
    this.keys.check();
    this.contexts.check();
    this.model.check();
    const isKey = (symbol: number) => this.keys.has(symbol);
    for (let space = 0; space < this.shape.contextCount; space++) {
      const { recent, length, used, usedCount } = this.histories[space]!;
      const { symbols, counts, length: hotLength } = this.hot[space]!;
      assert(recent.subarray(0, length).every(isKey), "a history's keys are known");
      assert(used.subarray(0, usedCount).every(isKey), "a recency list's keys are known");
      assert(new Set(used.subarray(0, usedCount)).size === usedCount, "a recency list has each key once");
      assert(symbols.subarray(0, hotLength).every(isKey), "hot keys are known");
      for (let i = 1; i < hotLength; i++) assert(counts[i]! <= counts[i - 1]!, "hot keys are in order");
      if (!this.contexts.has(space)) assert(length + usedCount + hotLength === 0, "a free context is empty");
    }
    const { table } = this.model;
    for (let node = 0; node < table.nodeCount; node++) {
      if (table.spaces[node] === 0) continue;
      assert(this.contexts.has(table.spaces[node]! - 1), "a node's context is known");
      const first = node * table.successorCount;
      const successors = table.successors.subarray(first, first + table.successorCounts[node]!);
      const context = table.contexts.subarray(node * table.order, node * table.order + table.orders[node]!);
      assert(successors.every(isKey) && context.every(isKey), "a node's keys are known");
    }
  }

  #spaceOf(context: string): number {
    const known = this.contexts.find(context);
    if (known < 0 && this.contexts.isFull) {
      this.contexts.retire();
      this.#purgeContexts();
    }
    return this.contexts.intern(context);
  }

  #symbolOf(key: string): number {
    if (this.keys.find(key) < 0 && this.keys.isFull) {
      this.keys.retire();
      const isAlive = (symbol: number) => this.keys.dead[symbol] === 0;
      for (const history of this.histories) history.retain(isAlive);
      for (const hot of this.hot) hot.retain(isAlive);
      this.model.purge(this.keys.dead, this.#noSpaces);
    }
    return this.keys.intern(key);
  }

  #purgeContexts(): void {
    const { dead } = this.contexts;
    for (let space = 0; space < dead.length; space++) {
      if (dead[space] === 0) continue;
      this.histories[space]!.clear();
      this.hot[space]!.clear();
    }
    this.model.purge(this.#noSymbols, dead);
  }
}

/** All of the options. Throws AssertionError for what no model can have. */
export function markovShape(options: MarkovModelOptions): MarkovModelShape {
  return {
    order: options.order ?? 2,
    contextCount: options.contextCount ?? 64,
    keyCount: options.keyCount ?? 4096,
    nodeCount: options.nodeCount ?? 8192,
    successorCount: options.successorCount ?? 12,
    mostKeyUnits: options.mostKeyUnits ?? 1024,
  };
}
