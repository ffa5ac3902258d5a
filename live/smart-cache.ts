// The cache of a Node program. The memory is `cache/store.ts`; this adds the clock, promises, one load for all who miss at once,
// values that renew themselves, a second level that other processes share, events and metrics, and memory pressure.
//
// Order of an answer: a fresh value from memory; a stale one while it is renewed; a load that is under way; the second level; the
// loader; a stale value where that failed.

import type { EntryAttributes } from "../cache/entry-table.ts";
import { cachePolicy, DEFAULT_POLICY_ID } from "../cache/policies/registry.ts";
import { CacheStore, FIRST_HIT, HIT, STALE } from "../cache/store.ts";
import type { RemovalReason } from "../cache/store-statistics.ts";
import { MempredError } from "../core/errors.ts";
import type { PressureTenant } from "../core/pressure.ts";
import { CacheEvents } from "./cache-events.ts";
import { encodeCacheKey, tagInContext } from "./cache-key.ts";
import { readSnapshot, type SnapshotReport, writeSnapshot } from "./cache-snapshot.ts";
import { describeCache, type SmartCacheStatistics } from "./cache-statistics.ts";
import { coarseClock } from "./coarse-clock.ts";
import { structuredCodec, type ValueCodec } from "./codec.ts";
import { checkKey, EntryRules } from "./entry-rules.ts";
import { estimateBytes } from "./estimate-bytes.ts";
import { type Flight, type LoadKind, shortKey } from "./flight.ts";
import { type LoaderMatch, LoaderTable } from "./loader-table.ts";
import { type LoadHost, Loading } from "./loading.ts";
import { Refresher, type RefreshHost, type RefreshReport } from "./refresher.ts";
import { type FoundValue, SecondLevel } from "./second-level.ts";
import { within } from "./sleep.ts";
import {
  checkNumber,
  checkOptions,
  DEFAULT_MAX,
  type DisposeReason,
  type GetOptions,
  type GetOrSetOptions,
  type Loader,
  type SetOptions,
  type SmartCacheOptions,
} from "./smart-cache-options.ts";
import {
  type PredictableCache,
  type PredictedKey,
  type PredictionOptions,
  type PrefetchReport,
  SmartPrediction,
  type WarmOptions,
  type WarmReport,
} from "./smart-prediction.ts";
import type { WarmUpOptions, WarmUpReport } from "./warm-up.ts";

const DISPOSE_REASONS: Readonly<Record<RemovalReason, DisposeReason>> = {
  policy: "evict",
  size: "evict",
  pressure: "evict",
  ttl: "expire",
  deleted: "delete",
  cleared: "delete",
  replaced: "set",
};

export type DemandOutcome = "hit" | "stale" | "miss";
/** Told of each request that counts as demand. `isFirstUse`: the value had been prefetched and this is its first request. */
export type DemandListener = (context: string, key: string, outcome: DemandOutcome, isFirstUse: boolean) => void;

export class SmartCache<V = unknown> implements PressureTenant {
  /** Its name in events and metrics. */
  readonly id: string;
  readonly #options: SmartCacheOptions<V>;
  readonly #now: () => number;
  readonly #store: CacheStore<V>;
  readonly #loading: Loading<V>;
  readonly #second: SecondLevel<V> | undefined;
  readonly #loaders = new LoaderTable<V>();
  readonly #codec: ValueCodec<V>;
  readonly #events = new CacheEvents();
  readonly #getChannel = this.#events.get; // looked at in each request
  readonly #rules: EntryRules<V>;
  readonly #beta: number;
  readonly #isSlidingAge: boolean;
  readonly #staleOnGet: number;
  readonly #listeners: DemandListener[] = [];
  #prediction: SmartPrediction | undefined;
  readonly #refresher: Refresher;
  #isInitialized = false;
  #closing: Promise<ShutdownReport> | undefined;
  #isClosed = false;
  #listenerErrors = 0;

  /** @throws MempredError INVALID_INPUT for an option out of its range, UNKNOWN_POLICY */
  constructor(options: SmartCacheOptions<V> = {}) {
    checkOptions(options);
    this.id = options.name ?? "default";
    this.#options = options;
    this.#now = options.nowMillis ?? coarseClock(options.ttlResolution ?? 1);
    this.#rules = new EntryRules(options, this.#now);
    this.#codec = options.codec ?? (structuredCodec as ValueCodec<V>);
    this.#staleOnGet = options.allowStale === true ? Infinity : 0;
    this.#beta = options.earlyRefreshBeta ?? 1;
    this.#isSlidingAge = options.updateAgeOnGet === true;
    this.#store = new CacheStore<V>({
      policy: typeof options.policy === "object" ? options.policy : cachePolicy(options.policy ?? DEFAULT_POLICY_ID),
      maxEntries: options.max ?? (options.maxSize === undefined ? DEFAULT_MAX : Infinity),
      maxSize: options.maxSize,
      maxEntrySize: options.maxEntrySize,
      keepsSizes: this.#rules.isMeasured,
      isAgeRenewed: this.#isSlidingAge || (options.refresh !== undefined && options.refresh !== false),
      nowMillis: this.#now,
      seed: options.seed ?? 1,
      speculativeRatio: options.speculativeRatio,
      estimateBytes,
      onRemove: (key, value, reason, context) => this.#removed(key, value, reason, context),
    });
    this.#second =
      options.backend === undefined
        ? undefined
        : new SecondLevel<V>({
            backend: options.backend,
            codec: this.#codec,
            maxPendingWrites: options.maxPendingWrites ?? 10_000,
            onTrouble: (what, error) => this.#trouble(`backend ${what}`, error),
          });
    this.#loading = new Loading<V>(this.#loadHost());
    const { prediction, refresh } = options;
    if (prediction !== undefined && prediction !== false) this.#predict(prediction === true ? {} : prediction, true);
    this.#refresher = new Refresher(this.#refreshHost(), typeof refresh === "object" ? refresh : {});
  }

  /** Entries held, those past their time and not met yet included. */
  get size(): number {
    return this.#store.count;
  }

  /** Sum of sizes; the number of entries where sizes are not kept. */
  get calculatedSize(): number {
    return this.#store.size;
  }

  /** The value, undefined without one that is fresh. Memory only, synchronous: `getOrSet` and `getAsync` look further. */
  get(key: string, options?: GetOptions): V | undefined {
    const store = this.#store;
    const context = options?.context ?? "";
    const staleMillis = options?.allowStale === undefined ? this.#staleOnGet : options.allowStale ? Infinity : 0;
    const outcome = store.demand(key, context, staleMillis);
    if (this.#listeners.length > 0 || this.#getChannel.hasSubscribers) this.#tellDemand(context, key, outcome);
    if (outcome < STALE) return undefined;
    if (this.#isSlidingAge && outcome >= HIT) store.renewAge(store.slot);
    return store.valueAt(store.slot);
  }

  /** The value without counting as a request: nothing moves. */
  peek(key: string, options?: GetOptions): V | undefined {
    const slot = this.#store.find(key, options?.context ?? "");
    if (slot < 0) return undefined;
    const isAllowed = options?.allowStale ?? this.#options.allowStale === true;
    return isAllowed || this.#store.isFresh(slot) ? this.#store.valueAt(slot) : undefined;
  }

  /** Whether there is a fresh value. Counts as nothing. */
  has(key: string, options?: GetOptions): boolean {
    const slot = this.#store.find(key, options?.context ?? "");
    return slot >= 0 && this.#store.isFresh(slot);
  }

  /**
   * Puts a value in; `undefined` deletes, as in lru-cache. With a backend it is written there behind the call: `flush` tells when.
   * @returns whether it is held: false where it was refused as too large or by the policy
   * @throws MempredError INVALID_INPUT for an option out of its range; INVALID_CACHE_ENTRY for a key or size that cannot be, a value
   *   that a backend cannot store, and with `isStrict` for what is refused
   */
  set(key: string, value: V | undefined, options?: SetOptions): boolean {
    this.#assertOpen();
    if (value === undefined) {
      this.delete(key, options);
      return false;
    }
    checkKey(key);
    const context = options?.context ?? "";
    const attributes = this.#rules.fill(key, value, options);
    if (this.#loading.inFlight > 0) this.#loading.detach(encodeCacheKey(context, key));
    if (this.#second !== undefined) this.#writeBehind(this.#second, context, key, value, attributes);
    const isHeld = this.#store.put(key, value, context, attributes);
    if (this.#events.set.hasSubscribers) this.#events.set.publish({ cache: this.id, context, key, isHeld });
    if (!isHeld && this.#options.isStrict === true) throw refusal(key, attributes.size);
    return isHeld;
  }

  /** @returns whether there was a value in memory. With a backend it is deleted there too, behind the call. */
  delete(key: string, options?: { readonly context?: string | undefined }): boolean {
    const context = options?.context ?? "";
    if (this.#loading.inFlight > 0) this.#loading.detach(encodeCacheKey(context, key));
    this.#second?.writes.remove(encodeCacheKey(context, key));
    return this.#store.delete(key, context);
  }

  /** Deletes what carries the tag: in one context or, without, in all. @returns how many left the memory */
  deleteTag(tag: string, options?: { readonly context?: string | undefined }): number {
    const context = options?.context;
    this.#loading.deletedTag(tag, context);
    this.#second?.writes.removeTag(context === undefined ? tag : tagInContext(context, tag));
    return this.#store.deleteTag(tag, context);
  }

  /** Empties one context or, without, all. @returns how many left the memory */
  clear(options?: { readonly context?: string | undefined }): number {
    const context = options?.context;
    this.#loading.detachAll(context);
    if (context === undefined) this.#second?.writes.clear();
    else this.#second?.writes.clearContext(context);
    return this.#store.clear(context);
  }

  /**
   * The value; where there is none, that of one load for all who ask meanwhile. Rows C17, C32.
   * @param loader default: the registered one that matches
   * @returns rejects with LOAD_FAILED and what the loader threw as cause; with the signal's reason where the caller gives up;
   *   INVALID_CACHE_ENTRY; INVALID_INPUT without a loader or after `shutdown`. Failures are not kept.
   */
  getOrSet(key: string, loader?: Loader<V>, options?: GetOrSetOptions<V>): Promise<V> {
    try {
      return this.#getOrSet(key, loader, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The value from memory or from the second level, without loading. */
  async getAsync(key: string, options?: GetOptions): Promise<V | undefined> {
    const value = this.get(key, options);
    if (value !== undefined || this.#second === undefined) return value;
    const context = options?.context ?? "";
    const id = encodeCacheKey(context, key);
    const flight = this.#loading.find(id);
    if (flight !== undefined) return flight.wait(undefined);
    const found = await this.#second.get(id);
    if (found === undefined || this.#now() >= found.expiresAtMillis) return undefined;
    if (this.#store.find(key, context) < 0 && this.#second.writes.expected(id) === undefined) {
      this.#putFound(context, key, found, false);
    }
    return found.value;
  }

  // Contexts, iteration, times.

  /** Live entries, coldest first. A copy. */
  entries(options?: { readonly context?: string | undefined }): [key: string, value: V][] {
    const entries = this.#store.entries().filter((one) => one.context === (options?.context ?? ""));
    return entries.map((one) => [one.key, one.value]);
  }

  keys(options?: { readonly context?: string | undefined }): string[] {
    return this.entries(options).map(([key]) => key);
  }

  values(options?: { readonly context?: string | undefined }): V[] {
    return this.entries(options).map(([, value]) => value);
  }

  /** ms until it is stale, negative where it is; Infinity: never; 0 without an entry, as in lru-cache. */
  getRemainingTTL(key: string, options?: { readonly context?: string | undefined }): number {
    const slot = this.#store.find(key, options?.context ?? "");
    return slot < 0 ? 0 : this.#store.expiresAt(slot) - this.#now();
  }

  /** Removes what is past its time and its stale windows. @returns whether anything was */
  purgeStale(): boolean {
    return this.#store.purge() > 0;
  }

  // Loaders, prefetching, refreshing: what learned models build on.

  /** A loader for keys: by prefix, pattern or predicate; the latest that matches is taken. @returns takes it back */
  registerLoader(match: LoaderMatch, loader: Loader<V>, options?: GetOrSetOptions<V>): () => void {
    return this.#loaders.add(match, loader, options);
  }

  /** Whether a registered loader would load the key. */
  canLoad(key: string, context = ""): boolean {
    return this.#loaders.find(key, context) !== undefined;
  }

  /** Calls `listener` after each request that counts as demand: `get` and `getOrSet`. @returns takes it back */
  onDemand(listener: DemandListener): () => void {
    this.#listeners.push(listener);
    return () => {
      const index = this.#listeners.indexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
  }

  /**
   * Puts in what nobody has asked for yet: it takes a bounded share of the room, is protected for a while, counts as no demand, and
   * goes first under pressure. A value that is there and fresh stays. @returns whether it was put in
   */
  insertSpeculative(key: string, value: V, options?: SetOptions): boolean {
    this.#assertOpen();
    checkKey(key);
    const context = options?.context ?? "";
    const slot = this.#store.find(key, context);
    if (slot >= 0 && this.#store.isFresh(slot)) return false;
    const attributes = this.#rules.fill(key, value, options);
    this.#rules.speculate(attributes);
    return this.#store.put(key, value, context, attributes);
  }

  /**
   * Loads a key by its registered loader on speculation. Never rejects.
   * @returns whether it is held now and was not before; false without a loader, and where anybody else loads it
   */
  async loadSpeculative(key: string, context = ""): Promise<boolean> {
    const slot = this.#store.find(key, context);
    if (slot >= 0 && this.#store.isFresh(slot)) return false;
    return this.#loadInBackground("prefetch", key, context);
  }

  /** Loads a key anew by its registered loader; the old value stays until then, and where that fails. Never rejects. */
  refreshKey(key: string, context = ""): Promise<boolean> {
    return this.#loadInBackground("refresh", key, context);
  }

  /** What the context is likely to ask for next, the likeliest first, up to 5; nothing without the option `prediction`. Rows C06 to C08. */
  predictNext(context = "", count = 5): PredictedKey[] {
    return this.#prediction?.predictNext(context, count) ?? [];
  }

  /** Loads these keys by their registered loaders, a few at a time, unless memory is too dear. Counts as no demand. Rows C09, C10. */
  prefetch(keys: readonly string[], options?: WarmUpOptions & { readonly context?: string }): Promise<WarmUpReport> {
    return this.#predictor().prefetch(keys, options?.context ?? "", options);
  }

  /** Loads what the context is likely to ask for next, as far as it is expected to pay. */
  prefetchNext(context = "", count = 5): Promise<PrefetchReport> {
    return this.#predictor().prefetchNext(context, count);
  }

  /**
   * Loads keys, files that fit patterns and what was learned, in the background. Rows C01 to C05.
   * Rejects with OUTSIDE_ROOT for a pattern that leaves its folder, NOT_FOUND without the folder, INVALID_INPUT.
   */
  warm(options: WarmOptions): Promise<WarmReport> {
    return this.#predictor().warm(options);
  }

  /** Loads keys anew or, without, what is due (with the option `refresh`); old values stay until then, and where it fails. Does not reject. Row C17. */
  async refresh(keys?: readonly string[], context = ""): Promise<RefreshReport> {
    if (keys === undefined) return this.#refresher.run();
    const results = await Promise.all(keys.map((key) => this.refreshKey(key, context)));
    const refreshed = results.filter((isDone) => isDone).length;
    return { refreshed, failed: keys.length - refreshed, postponed: 0 };
  }

  /** Writes the model, whole or not at all. Rejects with NOT_WRITABLE, INVALID_INPUT without a file's name. */
  async saveModel(path = this.#modelFile): Promise<void> {
    const { saveModelFile } = await import("./model-file.ts");
    await saveModelFile(givenFile(path), this.#predictor().model);
  }

  /** Goes on with a saved model. Rejects with NOT_FOUND, INVALID_MODEL; the model that is there then stays. */
  async loadModel(path = this.#modelFile): Promise<void> {
    const { loadModelFile } = await import("./model-file.ts");
    const model = await loadModelFile(givenFile(path));
    this.#predictor().model = model;
  }

  /** What a byte held for a second costs, as pressure last told; prefetching pays only above it. */
  get prefetchPrice(): number {
    return this.#store.prefetchPrice;
  }

  // As a tenant of memory.

  countBytes(): number {
    return this.#store.countBytes();
  }

  shed(bytes: number): number {
    const freed = this.#store.shed(bytes);
    if (this.#events.pressure.hasSubscribers)
      this.#events.pressure.publish({ cache: this.id, what: "shed", bytes: freed });
    return freed;
  }

  setBudgetRatio(ratio: number): void {
    checkNumber("ratio", ratio, 0, { isBounded: true });
    this.#store.setBudgetRatio(Math.min(1, ratio));
    if (this.#events.pressure.hasSubscribers) this.#events.pressure.publish({ cache: this.id, what: "budget", ratio });
  }

  setPrefetchPrice(price: number): void {
    this.#store.setPrefetchPrice(price);
    if (this.#events.pressure.hasSubscribers) this.#events.pressure.publish({ cache: this.id, what: "price", price });
  }

  // Life, statistics, snapshots.

  /** Restores the snapshot file, if there is one. A damaged one is told of and ignored. The cache may be used before. */
  async initialize(): Promise<void> {
    if (this.#isInitialized) return;
    this.#isInitialized = true;
    const { snapshotFile, refresh } = this.#options;
    if (refresh !== undefined && refresh !== false) this.#refresher.start();
    if (snapshotFile !== undefined) await this.#orTell("snapshot", this.restoreFrom(snapshotFile));
    if (this.#modelFile !== undefined) await this.#orTell("model", this.loadModel());
  }

  /** What fails is told as trouble; that there is no file yet is none. */
  async #orTell(what: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof MempredError && error.code === "NOT_FOUND")) this.#trouble(what, error);
    }
  }

  /**
   * Ends well: no new loads or values; loads under way may end within `graceMillis`, then are aborted; what was set is written to the
   * backend; the snapshot is saved; the backend is closed. Again: the same promise.
   */
  shutdown(options: { readonly graceMillis?: number | undefined } = {}): Promise<ShutdownReport> {
    this.#closing ??= this.#shutdown(options.graceMillis ?? 5_000);
    return this.#closing;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when all that was set is acknowledged by the backend. @throws what the backend says where it is not */
  flush(): Promise<void> {
    return this.#second === undefined ? Promise.resolve() : this.#second.writes.flush();
  }

  /** Counts since the cache was made. */
  stats(): SmartCacheStatistics {
    return describeCache({
      store: this.#store,
      loading: this.#loading,
      second: this.#second,
      prediction: this.#prediction,
      refresher: this.#refresher,
      listenerErrors: this.#listenerErrors,
    });
  }

  /** All live entries as bytes, with a check value. What the codec cannot write is left out and counted. */
  snapshot(): Uint8Array {
    return writeSnapshot(this.#store.entries(), this.#codec, this.#now()).bytes;
  }

  /**
   * Puts in what a snapshot holds and is still good, beside what is there.
   * @throws MempredError INVALID_MODEL for bytes that are no snapshot or are damaged; nothing is changed then
   */
  restore(bytes: Uint8Array): SnapshotReport {
    const { entries, skipped } = readSnapshot(bytes, this.#codec);
    let restored = 0;
    for (const entry of entries) {
      if (entry.keepUntil <= this.#now()) continue;
      if (this.#store.find(entry.key, entry.context) >= 0) continue;
      const attributes = this.#rules.fill(entry.key, entry.value, {
        priority: entry.priority,
        isPinned: entry.isPinned,
      });
      attributes.expiresAt = entry.expiresAt;
      attributes.keepUntil = entry.keepUntil;
      attributes.loadMillis = entry.loadMillis;
      attributes.tags = entry.tags;
      if (this.#store.put(entry.key, entry.value, entry.context, attributes)) restored++;
    }
    return { entries: restored, skipped };
  }

  /** Writes a snapshot, whole or not at all. @throws MempredError NOT_WRITABLE */
  async saveTo(path: string): Promise<SnapshotReport> {
    const { writeFileAtomic } = await import("../io/write-file.ts");
    const { bytes, report } = writeSnapshot(this.#store.entries(), this.#codec, this.#now());
    await writeFileAtomic(path, bytes);
    return report;
  }

  /** Reads a snapshot. @throws MempredError NOT_FOUND, INVALID_MODEL */
  async restoreFrom(path: string): Promise<SnapshotReport> {
    const { readFile } = await import("node:fs/promises");
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      throw new MempredError("NOT_FOUND", `${path}: cannot be read`, { file: path, expected: "a snapshot" }, error);
    }
    return this.restore(bytes);
  }

  /** Walks everything. Throws AssertionError. Cold. */
  check(): void {
    this.#store.check();
  }

  get #modelFile(): string | undefined {
    const { prediction } = this.#options;
    return typeof prediction === "object" ? prediction.modelFile : undefined;
  }

  /** Without the option `prediction` it loads ahead what it is told to, and learns nothing. */
  #predictor(): SmartPrediction {
    return this.#prediction ?? this.#predict({}, false);
  }

  #predict(options: PredictionOptions, isLearning: boolean): SmartPrediction {
    const prediction = new SmartPrediction(this.#predictable(), options, isLearning);
    this.onDemand((context, key, _outcome, isFirstUse) => prediction.demanded(context, key, isFirstUse));
    this.#prediction = prediction;
    return prediction;
  }

  #predictable(): PredictableCache {
    const cache = this;
    return {
      has: (key, options) => this.has(key, options),
      canLoad: (key, context) => this.canLoad(key, context),
      loadSpeculative: (key, context) => this.loadSpeculative(key, context),
      get prefetchPrice() {
        return cache.prefetchPrice;
      },
      nowMillis: this.#now,
    };
  }

  #refreshHost(): RefreshHost {
    return {
      nowMillis: this.#now,
      due: (ratio) => this.#store.due(ratio),
      refresh: (key, context) => this.refreshKey(key, context),
      canLoad: (key, context) => this.canLoad(key, context),
    };
  }

  #getOrSet(key: string, loader: Loader<V> | undefined, options: GetOrSetOptions<V> | undefined): Promise<V> {
    this.#assertOpen();
    const context = options?.context ?? "";
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (options?.forceRefresh !== true) {
      const store = this.#store;
      const outcome = store.demand(key, context, this.#rules.staleMillis(options));
      const { slot } = store;
      if (this.#listeners.length > 0 || this.#getChannel.hasSubscribers) this.#tellDemand(context, key, outcome);
      if (outcome >= STALE) {
        const value = store.valueAt(slot);
        if (outcome === STALE) this.#renew(context, key, loader, options);
        else if (this.#isSlidingAge) store.renewAge(slot);
        else if (this.#beta > 0 && store.isDueEarly(slot, this.#beta)) this.#renew(context, key, loader, options);
        return Promise.resolve(value);
      }
    }
    checkKey(key);
    const id = encodeCacheKey(context, key);
    const flight = this.#loading.find(id);
    if (flight !== undefined) {
      this.#loading.coalesced++;
      return flight.wait(signal) as Promise<V>;
    }
    return this.#load("demand", context, key, id, loader, options).wait(signal) as Promise<V>;
  }

  /** Begins a load by the caller's loader or by the registered one. @throws MempredError INVALID_INPUT without any */
  #load(
    kind: LoadKind,
    context: string,
    key: string,
    id: string,
    loader: Loader<V> | undefined,
    options: GetOrSetOptions<V> | undefined,
  ): Flight<V> {
    if (loader !== undefined) {
      this.#rules.check(options);
      return this.#loading.start(kind, context, key, id, loader, options);
    }
    const registered = this.#loaders.find(key, context);
    if (registered === undefined) {
      const expected = "a loader, given or registered";
      throw new MempredError("INVALID_INPUT", `nothing loads "${shortKey(key)}"`, { key: shortKey(key), expected });
    }
    const both = { ...registered.options, ...options };
    this.#rules.check(both);
    return this.#loading.start(kind, context, key, id, registered.load, both);
  }

  /** Loads a value anew behind the back of whoever asked. */
  #renew(context: string, key: string, loader: Loader<V> | undefined, options: GetOrSetOptions<V> | undefined): void {
    const id = encodeCacheKey(context, key);
    if (this.#loading.find(id) !== undefined) return;
    if (loader === undefined && !this.canLoad(key, context)) return;
    this.#load("refresh", context, key, id, loader, options);
  }

  async #loadInBackground(kind: LoadKind, key: string, context: string): Promise<boolean> {
    if (this.#isClosed || !this.canLoad(key, context)) return false;
    const id = encodeCacheKey(context, key);
    if (this.#loading.find(id) !== undefined) return false;
    try {
      const flight = this.#load(kind, context, key, id, undefined, undefined);
      await flight.promise;
      return !flight.hasFailed && !flight.isDetached && this.#store.find(key, context) >= 0;
    } catch {
      return false;
    }
  }

  #loadHost(): LoadHost<V> {
    return {
      nowMillis: this.#now,
      second: this.#second,
      leaseMillis: this.#options.leaseMillis ?? 10_000,
      loadTimeoutMillis: this.#options.loadTimeoutMillis ?? 30_000,
      seed: this.#options.seed ?? 1,
      keep: (flight, value, options) => this.#keep(flight, value, options),
      keepFound: (flight, found) => this.#putFound(flight.context, flight.key, found, flight.kind === "prefetch"),
      staleMillis: (options) => this.#rules.staleMillis(options),
      fallback: (flight, options) => this.#fallback(flight, options),
      current: ({ key, context }) => {
        const slot = this.#store.find(key, context);
        return slot < 0 ? undefined : this.#store.valueAt(slot);
      },
      ended: (flight, millis, error) => {
        const { context, key, kind } = flight;
        if (this.#events.load.hasSubscribers) {
          this.#events.load.publish({ cache: this.id, context, key, kind, millis, error });
        }
      },
    };
  }

  #keep(flight: Flight<V>, value: V, options: GetOrSetOptions<V> | undefined): void {
    const { key, context } = flight;
    const { ttl, tags, size } = options ?? {};
    const attributes = this.#rules.fill(key, value, {
      ...options,
      ttl: typeof ttl === "function" ? ttl(value, key) : ttl,
      tags: typeof tags === "function" ? tags(value, key) : tags,
      size: typeof size === "function" ? size(value, key) : size,
    });
    if (this.#loading.isOutdated(flight, attributes.tags)) return;
    attributes.loadMillis = this.#now() - flight.startedAt;
    attributes.isQuiet = flight.kind === "refresh";
    if (flight.kind === "prefetch") this.#rules.speculate(attributes);
    if (this.#second !== undefined) this.#writeBehind(this.#second, context, key, value, attributes);
    this.#store.put(key, value, context, attributes);
  }

  /** Takes into memory what the second level had. */
  #putFound(context: string, key: string, found: FoundValue<V>, isSpeculative: boolean): void {
    const attributes = this.#rules.fill(key, found.value, undefined);
    attributes.expiresAt = found.expiresAtMillis;
    attributes.keepUntil = found.keepUntilMillis;
    attributes.tags = found.tags;
    if (isSpeculative) this.#rules.speculate(attributes);
    this.#store.put(key, found.value, context, attributes);
  }

  #fallback(flight: Flight<V>, options: GetOrSetOptions<V> | undefined): { readonly value: V } | undefined {
    const slot = this.#store.find(flight.key, flight.context);
    const staleMillis = this.#rules.staleIfErrorMillis(options);
    if (slot < 0 || staleMillis === 0) return undefined;
    if (this.#now() >= this.#store.expiresAt(slot) + staleMillis) return undefined;
    return { value: this.#store.valueAt(slot) };
  }

  #writeBehind(second: SecondLevel<V>, context: string, key: string, value: V, attributes: EntryAttributes): void {
    const bytes = second.encode(key, value);
    const tags = (attributes.tags ?? []).flatMap((tag) => [tag, tagInContext(context, tag)]);
    second.writes.put(encodeCacheKey(context, key), {
      bytes,
      storedAtMillis: Math.floor(this.#now()),
      expiresAtMillis: Math.floor(attributes.expiresAt),
      keepUntilMillis: Math.floor(attributes.keepUntil),
      tags,
    });
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new MempredError("INVALID_INPUT", `the cache "${this.id}" is shut down`, { cache: this.id });
  }

  #tellDemand(context: string, key: string, outcome: number): void {
    const told: DemandOutcome = outcome >= HIT ? "hit" : outcome === STALE ? "stale" : "miss";
    if (this.#getChannel.hasSubscribers) this.#getChannel.publish({ cache: this.id, context, key, outcome: told });
    for (const listener of this.#listeners) {
      try {
        listener(context, key, told, outcome === FIRST_HIT);
      } catch (error) {
        this.#listenerFailed(error);
      }
    }
  }

  #removed(key: string, value: V, reason: RemovalReason, context: string): void {
    if (this.#events.remove.hasSubscribers) this.#events.remove.publish({ cache: this.id, context, key, reason });
    if (reason !== "replaced") this.#prediction?.removed(context, key);
    try {
      this.#options.dispose?.(value, key, DISPOSE_REASONS[reason], { reason, context });
    } catch (error) {
      this.#listenerFailed(error);
    }
  }

  #listenerFailed(error: unknown): void {
    this.#listenerErrors++;
    this.#trouble("listener", error);
  }

  #trouble(what: string, error: unknown): void {
    if (this.#events.trouble.hasSubscribers) this.#events.trouble.publish({ cache: this.id, what, error });
  }

  async #shutdown(graceMillis: number): Promise<ShutdownReport> {
    this.#isClosed = true;
    await within(graceMillis, this.#refresher.stop());
    await within(graceMillis, this.#loading.idle());
    const reason = new MempredError("LOAD_FAILED", `the cache "${this.id}" was shut down`, { reason: "shutdown" });
    const abortedLoads = this.#loading.abortAll(reason);
    await within(graceMillis, this.#loading.idle());
    let isFlushed = true;
    try {
      isFlushed = await within(graceMillis, this.flush());
    } catch {
      isFlushed = false; // told when it happened
    }
    if (this.#modelFile !== undefined) await this.#orTell("model", this.saveModel());
    try {
      if (this.#options.snapshotFile !== undefined) await this.saveTo(this.#options.snapshotFile);
    } catch (error) {
      this.#trouble("snapshot", error);
    }
    await this.#second?.close();
    return { abortedLoads, isFlushed };
  }
}

function givenFile(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new MempredError("INVALID_INPUT", "no file for the model was named", {
    expected: "a path, or the option prediction.modelFile",
  });
}

function refusal(key: string, size: number): MempredError {
  const message = `the value of "${shortKey(key)}" is not held: it is too large or the policy refused it`;
  return new MempredError("INVALID_CACHE_ENTRY", message, { key: shortKey(key), size });
}

export interface ShutdownReport {
  /** Loads that did not end in time. */
  readonly abortedLoads: number;
  /** Whether all that was set reached the backend; true without one. */
  readonly isFlushed: boolean;
}
