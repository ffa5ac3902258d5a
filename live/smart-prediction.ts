// What a SmartCache knows of the future: it watches the demand, predicts what each context asks for next, and loads that ahead of time
// where it is expected to pay. Prefetching goes through the cache's speculative loads: it trains nothing and counts as no demand.
// Every prediction is scored on the next demand in its context (C20), every prefetch by whether it was asked for in time, while it
// was still loading, or never.

import { type AccessRank, KeyPredictions, MarkovModel, type MarkovModelOptions } from "../cache/markov-model.ts";
import { type PredictionFigures, PredictionScore } from "../cache/prediction-score.ts";
import { type PrefetchFigures, PrefetchGate, type PrefetchGateOptions } from "../cache/prefetch-gate.ts";
import type { MempredError } from "../core/errors.ts";
import { type WarmUpOptions, type WarmUpReport, warmUp } from "./warm-up.ts";

/** Prefetches whose outcome is awaited; beyond them the oldest counts as wasted. */
const MOST_AWAITED = 10_000;
/** Accesses ahead for which a hot key is asked for when it is warmed. */
const WARM_ACCESSES = 100;
/** What an explicit request is worth: it is done unless memory is too dear. */
const REQUESTED = "requested";

export interface PredictionOptions extends MarkovModelOptions, PrefetchGateOptions {
  /** After each access, loads what the model expects next and the gate allows. Default false: `prefetchNext` does it when called. */
  readonly isAutomatic?: boolean | undefined;
  /** Prefetches under way at a time; what is predicted meanwhile is left out. Default 4. */
  readonly mostPrefetches?: number | undefined;
  /** A file that `initialize` reads the model from and `shutdown` writes it to. */
  readonly modelFile?: string | undefined;
}

export interface PredictedKey {
  readonly key: string;
  readonly probability: number;
}

export interface PrefetchReport {
  readonly loaded: number;
  readonly present: number;
  readonly failed: number;
  /** Not worth it at this price, or memory was short. */
  readonly skipped: number;
}

export interface WarmOptions extends WarmUpOptions {
  readonly context?: string | undefined;
  /** Keys to load. */
  readonly keys?: readonly string[] | undefined;
  /** A folder and patterns of files in it: each path that fits is a key. */
  readonly root?: string | undefined;
  readonly patterns?: readonly string[] | undefined;
  readonly ignored?: readonly string[] | undefined;
  /** The key of a path that fits (with slashes, relative to the folder). Default: the path. */
  readonly toKey?: ((path: string) => string) | undefined;
  /** So many of the keys that the model has seen most in this context. */
  readonly learned?: number | undefined;
}

export interface WarmReport extends WarmUpReport {
  /** One OUTSIDE_ROOT for each link that led out of the folder. */
  readonly refused: readonly MempredError[];
}

export interface PredictionStatistics {
  readonly contexts: number;
  readonly keys: number;
  readonly observations: number;
  readonly stateBytes: number;
  /** Top 1, 3 and 5 on the next demand access in its context, the most frequent keys beside it. */
  readonly accuracy: PredictionFigures;
  readonly prefetches: PrefetchFigures;
  readonly bySource: Readonly<Record<string, PrefetchFigures>>;
}

/** What it needs of the cache. */
export interface PredictableCache {
  has(key: string, options: { readonly context: string }): boolean;
  canLoad(key: string, context: string): boolean;
  loadSpeculative(key: string, context: string): Promise<boolean>;
  readonly prefetchPrice: number;
  nowMillis(): number;
}

interface Awaited {
  readonly source: string;
  readonly probability: number;
  /** NaN while it is loading. */
  heldSince: number;
}

export class SmartPrediction {
  /** Made when it is first needed. */
  #model: MarkovModel | undefined;
  readonly #options: PredictionOptions;
  readonly #isLearning: boolean;
  readonly gate: PrefetchGate;
  readonly #score = new PredictionScore();
  readonly #cache: PredictableCache;
  readonly #isAutomatic: boolean;
  readonly #mostPrefetches: number;
  readonly #ranked: AccessRank = { rank: -1, frequencyRank: -1, probability: 0 };
  readonly #found = new KeyPredictions();
  readonly #awaited = new Map<string, Awaited>();
  readonly #running = new Set<Promise<void>>();

  /** @param isLearning whether demand trains the model */
  constructor(cache: PredictableCache, options: PredictionOptions = {}, isLearning = true) {
    this.#cache = cache;
    this.#options = options;
    this.#isLearning = isLearning;
    this.gate = new PrefetchGate(options);
    this.#isAutomatic = isLearning && options.isAutomatic === true;
    this.#mostPrefetches = options.mostPrefetches ?? 4;
  }

  get model(): MarkovModel {
    this.#model ??= new MarkovModel(this.#options);
    return this.#model;
  }

  /** Goes on with another model: one that was loaded. */
  set model(model: MarkovModel) {
    this.#model = model;
  }

  /** A request that counts as demand. Told before whoever asked has an answer. */
  demanded(context: string, key: string, isFirstUse: boolean): void {
    if (this.#awaited.size > 0) this.#settleDemand(idOf(context, key), isFirstUse);
    if (!this.#isLearning) return;
    this.model.observe(context, key, this.#ranked);
    this.#score.add(this.#ranked);
    if (this.#isAutomatic && this.#running.size < this.#mostPrefetches) this.#startPrefetches(context);
  }

  /** An entry left the memory. */
  removed(context: string, key: string): void {
    if (this.#awaited.size > 0) this.#settle(idOf(context, key), "wasted");
  }

  /** What the context is likely to ask for next, the likeliest first. */
  predictNext(context: string, count: number): PredictedKey[] {
    const found = this.#found;
    this.model.predict(context, count, found);
    return Array.from({ length: found.count }, (_, i) => ({
      key: found.keys[i]!,
      probability: found.probabilities[i]!,
    }));
  }

  /** Loads what the context is likely to ask for next, as far as it pays. */
  async prefetchNext(context: string, count: number): Promise<PrefetchReport> {
    const report = { loaded: 0, present: 0, failed: 0, skipped: 0 };
    const loads: Promise<void>[] = [];
    for (const { key, probability } of this.predictNext(context, count)) {
      if (this.#cache.has(key, { context })) report.present++;
      else if (!this.#cache.canLoad(key, context) || !this.#allows("model", probability)) report.skipped++;
      else {
        const load = this.#load("model", probability, context, key);
        loads.push(load.then((isHeld) => void (isHeld ? report.loaded++ : report.failed++)));
      }
    }
    await Promise.all(loads);
    return report;
  }

  /** Loads these keys in the background, a few at a time, unless memory is too dear. Does not reject. */
  prefetch(keys: readonly string[], context: string, options?: WarmUpOptions): Promise<WarmUpReport> {
    return this.#loadAll(REQUESTED, [...new Set(keys)], context, options);
  }

  /**
   * Loads keys, files that fit patterns, and what the model has seen most, in this order, in the background.
   * Rejects with OUTSIDE_ROOT for a pattern that leaves the folder, NOT_FOUND without the folder, INVALID_INPUT.
   */
  async warm(options: WarmOptions): Promise<WarmReport> {
    const context = options.context ?? "";
    const keys = new Set(options.keys ?? []);
    let refused: readonly MempredError[] = [];
    if (options.patterns !== undefined) {
      const { findFiles } = await import("./find-files.ts");
      const { root = ".", patterns, ignored } = options;
      const found = await findFiles({ root, patterns, ignored });
      for (const path of found.paths) keys.add(options.toKey?.(path) ?? path);
      refused = found.refused;
    }
    const requested = await this.#loadAll(REQUESTED, [...keys], context, options);
    const hot = this.#hotKeys(context, options.learned ?? 0, keys);
    const learned = await this.#loadAll("hot", [...hot.keys()], context, options, hot);
    return {
      loaded: requested.loaded + learned.loaded,
      present: requested.present + learned.present,
      failed: requested.failed + learned.failed,
      skipped: requested.skipped + learned.skipped,
      refused,
    };
  }

  /** Resolves when no automatic prefetch is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  statistics(): PredictionStatistics {
    return {
      contexts: this.model.contexts.count,
      keys: this.model.keys.count,
      observations: this.model.observations,
      stateBytes: this.model.stateBytes,
      accuracy: this.#score.figures(),
      prefetches: this.gate.figures(),
      bySource: Object.fromEntries(this.gate.sources().map((source) => [source, this.gate.figures(source)])),
    };
  }

  #allows(source: string, probability: number): boolean {
    this.gate.price = this.#cache.prefetchPrice;
    return this.gate.allow({ source, probability });
  }

  #startPrefetches(context: string): void {
    const found = this.#found;
    this.model.predict(context, this.#mostPrefetches, found);
    for (let i = 0; i < found.count && this.#running.size < this.#mostPrefetches; i++) {
      const key = found.keys[i]!;
      const probability = found.probabilities[i]!;
      if (this.#awaited.has(idOf(context, key)) || this.#cache.has(key, { context })) continue;
      if (!this.#cache.canLoad(key, context) || !this.#allows("model", probability)) continue;
      const load = this.#load("model", probability, context, key).then(() => void this.#running.delete(load));
      this.#running.add(load);
    }
  }

  /** Loads one key on speculation and awaits its outcome. Does not reject. */
  async #load(source: string, probability: number, context: string, key: string): Promise<boolean> {
    const id = idOf(context, key);
    const one: Awaited = { source, probability, heldSince: NaN };
    if (this.#awaited.size >= MOST_AWAITED) {
      const oldest = this.#awaited.keys().next().value!;
      this.#settle(oldest, "wasted");
      this.#awaited.delete(oldest);
    }
    this.#awaited.set(id, one);
    const isHeld = await this.#cache.loadSpeculative(key, context).catch(() => false);
    if (this.#awaited.get(id) !== one) return isHeld; // asked for meanwhile
    if (isHeld) one.heldSince = this.#cache.nowMillis();
    else this.#settle(id, "failed");
    return isHeld;
  }

  #loadAll(
    source: string,
    keys: readonly string[],
    context: string,
    options?: WarmUpOptions,
    probabilities?: ReadonlyMap<string, number>,
  ): Promise<WarmUpReport> {
    const host = {
      has: (key: string) => this.#cache.has(key, { context }),
      load: async (key: string) =>
        this.#cache.canLoad(key, context) && this.#load(source, probabilities?.get(key) ?? 1, context, key),
      isPressed: () => {
        this.gate.price = this.#cache.prefetchPrice;
        // Asked for by name: weighed against the price of memory alone, not against what came of others.
        return this.gate.price === Infinity || this.gate.benefit({ source: "", probability: 1 }) <= 0;
      },
    };
    return warmUp(host, keys, options);
  }

  /** The hottest keys of a context that it is likely enough to ask for within the next accesses, and how likely. */
  #hotKeys(context: string, count: number, known: ReadonlySet<string>): Map<string, number> {
    const hot = new Map<string, number>();
    for (const { key, shareRatio } of this.model.hottest(context, count)) {
      if (known.has(key) || this.#cache.has(key, { context })) continue;
      let missed = 1;
      for (let i = 0; i < WARM_ACCESSES; i++) missed *= 1 - shareRatio;
      if (this.#allows("hot", 1 - missed)) hot.set(key, 1 - missed);
    }
    return hot;
  }

  #settleDemand(id: string, isFirstUse: boolean): void {
    const one = this.#awaited.get(id);
    if (one === undefined) return;
    if (isFirstUse) this.#settle(id, "in-time");
    else this.#settle(id, Number.isNaN(one.heldSince) ? "late" : "wasted");
  }

  #settle(id: string, outcome: "in-time" | "late" | "wasted" | "failed"): void {
    const one = this.#awaited.get(id);
    if (one === undefined) return;
    // It leaves before it was ever there when a `set` or `delete` overtakes the load: the load itself will say.
    if (outcome === "wasted" && Number.isNaN(one.heldSince)) return;
    this.#awaited.delete(id);
    const seconds = Number.isNaN(one.heldSince) ? 0 : (this.#cache.nowMillis() - one.heldSince) / 1000;
    this.gate.settle(one.source, outcome, one.probability, Math.max(0, seconds));
  }
}

function idOf(context: string, key: string): string {
  return context === "" ? `k${key}` : `c${context.length}:${context}${key}`;
}
