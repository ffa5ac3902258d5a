// The preload engine over a store and a cache. A list is believed only when it says that it was made of this store, at the revision
// of its user's items that is the present one, under the present settings; whatever the cache does, nothing stale is served. What
// cannot be had warm is made of the store, once for all who ask at the same time, and is warm afterwards.
//
// Where an answer comes from, in this order: the view in this process (view-memo.ts), the cache, within a time limit, the store.

import type { PressureGovernor } from "../../cache/pressure-governor.ts";
import type { PressureTenant } from "../../core/pressure.ts";
import { RandomStream } from "../../core/random.ts";
import type { PreloadCache } from "../cache/preload-cache.ts";
import type { Identity } from "../identity.ts";
import type { ItemStore } from "../store/item-store.ts";
import { CacheReader } from "./cache-reader.ts";
import type { PreloadEngine, PreloadRun, PreloadStatus, RankedItem, Retrieval } from "./preload-engine.ts";
import { PreloadRuns } from "./preload-runs.ts";
import { contextOverlap, DAY_MILLIS, WEIGHTS } from "./relevance.ts";
import { TrendingList } from "./trending-list.ts";
import { UseLog } from "./use-log.ts";
import { UserLists } from "./user-lists.ts";
import { byRelevance } from "./user-view.ts";

export interface EngineOptions {
  readonly store: ItemStore;
  readonly cache: PreloadCache;
  /** From HIGH up nothing is preloaded. Default: memory is never short. Attach `tenant` to what governs it. */
  readonly governor?: PressureGovernor | undefined;
  /** Milliseconds since the epoch. Default Date.now. */
  readonly now?: (() => number) | undefined;
  /** Of the jitter of refreshes. Default 0. */
  readonly seed?: number | undefined;
  /** Most bytes in the cache that runs preload up to. Default 256 MiB. */
  readonly limitBytes?: number | undefined;
  /** Most bytes of views in this process, as estimated. Default 64 MiB. */
  readonly memoBytes?: number | undefined;
  /** How long a request waits for the cache before it asks the store. Default 25. */
  readonly cacheWaitMillis?: number | undefined;
  /** How long after a change the user's lists are made anew. Default 200. */
  readonly rebuildMillis?: number | undefined;
  /** Users that runs of "all" preload: so many, active within so many days. Defaults 10,000 and 30. */
  readonly users?: number | undefined;
  readonly activeDays?: number | undefined;
  /** Users preloaded at a time. Default 8. */
  readonly concurrency?: number | undefined;
  /** Longest run, ms. Default 30,000. */
  readonly deadlineMillis?: number | undefined;
}

const USAGE_MILLIS = 1_000;
/** Of the usage that the status tells: it is asked for once a figure by whoever collects them. */
const STATUS_MILLIS = 100;
/** Runs end at so much of the limit: a cache that has the same limit would let the most active go for the less active. */
const FULL_RATIO = 0.95;
/** How long after a change of settings everything is made anew. */
const RENEW_MILLIS = 1_000;

export class Engine implements PreloadEngine {
  readonly #store: ItemStore;
  readonly #cache: PreloadCache;
  readonly #governor: PressureGovernor | undefined;
  readonly #now: () => number;
  readonly #limitBytes: number;
  readonly #lists: UserLists;
  readonly #trending: TrendingList;
  readonly #uses: UseLog;
  readonly #runs: PreloadRuns;
  readonly #jitter: RandomStream;
  readonly #retrievals = { preloaded: 0, store: 0, both: 0 };
  #soonTimer: NodeJS.Timeout | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  #usage = { keys: 0, bytes: 0, atMillis: -Infinity };
  #unwatch: (() => void) | undefined;
  #isStarted = false;
  #isStopped = false;

  constructor(options: EngineOptions) {
    const { store, cache, now = Date.now, users = 10_000, activeDays = 30 } = options;
    this.#store = store;
    this.#cache = cache;
    this.#governor = options.governor;
    this.#now = now;
    this.#limitBytes = options.limitBytes ?? 268_435_456;
    const reader = new CacheReader(cache, options.cacheWaitMillis ?? 25);
    this.#lists = new UserLists({
      store,
      reader,
      now,
      memoBytes: options.memoBytes ?? 67_108_864,
      rebuildMillis: options.rebuildMillis ?? 200,
      mayLoad: () => this.#governor?.mayLoadAhead ?? true,
      isFull: () => this.#isFull(),
    });
    this.#trending = new TrendingList(store, reader, now);
    this.#uses = new UseLog(store);
    this.#jitter = new RandomStream(options.seed ?? 0, "preload-refresh");
    this.#runs = new PreloadRuns({
      now,
      concurrency: options.concurrency ?? 8,
      deadlineMillis: options.deadlineMillis ?? 30_000,
      activeUsers: async () => {
        const since = now() - activeDays * DAY_MILLIS;
        const active = await store.activeUsers(users);
        return active.filter(({ lastActiveMillis }) => lastActiveMillis >= since).map(({ userId }) => userId);
      },
      begin: () => this.#trending.renew(),
      mayLoad: () => this.#mayLoad(),
      preload: async (userId, reason) => {
        this.#noticeReopening();
        const outcome = await this.#lists.preload(userId, reason);
        if (outcome !== "skipped") this.#usage.bytes += outcome.bytes; // until it is counted the next time
        return outcome;
      },
    });
  }

  /** The views in this process, for attachPressure. */
  get tenant(): PressureTenant {
    return this.#lists.memo;
  }

  start(): void {
    if (this.#isStarted || this.#isStopped) return;
    this.#isStarted = true;
    this.#unwatch = this.#governor?.onChange(() => {
      if (this.#governor!.mayLoadAhead) this.#runs.resume();
      else this.#runs.pause();
    });
    this.#runs.start("startup", "all");
    void this.#planRefresh();
  }

  trigger(userIds: readonly string[] | "all"): PreloadRun {
    return this.#runs.start("trigger", userIds === "all" ? "all" : [...new Set(userIds)]);
  }

  status(): PreloadStatus {
    const { keys, bytes } = this.#cacheUsage(STATUS_MILLIS);
    const { level, driveRatio } = this.#governor ?? { level: "LOW", driveRatio: 0 };
    return {
      runs: this.#runs.list(),
      retrievals: { ...this.#retrievals },
      cache: { keys, bytes, limitBytes: this.#limitBytes },
      pressure: { level, ratio: Number.isNaN(driveRatio) ? 0 : driveRatio },
      health: [this.#store.health(), this.#cache.health()],
    };
  }

  async memories(identity: Identity, limit: number): Promise<Retrieval> {
    const { userId } = identity;
    this.#uses.noteActivity(userId, this.#now());
    this.#noticeReopening();
    const warm = this.#lists.warm(userId);
    if (warm !== undefined) {
      this.#retrievals.preloaded++;
      return { items: warm.best(limit), servedFrom: "preloaded" };
    }
    const { view, from } = await this.#lists.view(userId, identity.organisationId);
    this.#retrievals[from]++;
    return { items: view.best(limit), servedFrom: from };
  }

  async relevant(identity: Identity, contexts: readonly string[], limit: number): Promise<Retrieval> {
    const { userId, organisationId } = identity;
    this.#uses.noteActivity(userId, this.#now());
    this.#noticeReopening();
    const warm = this.#lists.warm(userId);
    const own =
      warm === undefined ? this.#lists.view(userId, organisationId) : { view: warm, from: "preloaded" as const };
    const [{ view, from }, trending] = await Promise.all([own, this.#trending.read()]);
    const extra = await Promise.all(contexts.map((context) => this.#lists.inContext(view, organisationId, context)));
    const found = new Map<string, RankedItem>();
    const consider = (ranked: readonly RankedItem[]) => {
      for (const one of ranked) {
        const overlap = contextOverlap(one.item, contexts);
        if (overlap === 0 || found.has(one.item.id)) continue;
        found.set(one.item.id, { ...one, relevance: one.relevance + WEIGHTS.context * overlap });
      }
    };
    consider(view.all);
    for (const { items } of extra) consider(items);
    // Own items are those of the own lists: another revision of them may be trending.
    consider(trending.items.filter(({ item }) => item.ownerId !== userId));
    const sources = [from, trending.from, ...extra.map((one) => one.from)];
    const servedFrom = sources.every((one) => one === sources[0]) ? sources[0]! : "both";
    this.#retrievals[servedFrom]++;
    return { items: [...found.values()].sort(byRelevance).slice(0, limit), servedFrom };
  }

  async trending(identity: Identity, limit: number): Promise<Retrieval> {
    this.#uses.noteActivity(identity.userId, this.#now());
    this.#noticeReopening();
    const { items, from } = await this.#trending.read();
    this.#retrievals[from]++;
    return { items: items.slice(0, limit), servedFrom: from };
  }

  noteUse(itemId: string, userId: string): void {
    const now = this.#now();
    this.#uses.noteUse(itemId, now);
    this.#uses.noteActivity(userId, now);
  }

  async changed(userId: string): Promise<void> {
    this.#trending.changed();
    await this.#lists.changed(userId);
  }

  configChanged(): void {
    this.#lists.settingsChanged();
    if (!this.#isStarted || this.#isStopped) return;
    void this.#planRefresh();
    clearTimeout(this.#soonTimer);
    this.#soonTimer = setTimeout(() => this.#runs.start("refresh", "all"), RENEW_MILLIS);
    this.#soonTimer.unref?.();
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#unwatch?.();
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#soonTimer);
    this.#lists.stop();
    await this.#runs.stop();
    await this.#uses.stop();
  }

  #mayLoad(): boolean {
    return (this.#governor?.mayLoadAhead ?? true) && !this.#isFull();
  }

  #isFull(): boolean {
    return this.#cacheUsage(USAGE_MILLIS).bytes >= FULL_RATIO * this.#limitBytes;
  }

  /** Counting may walk the cache: not more often than every so many ms. */
  #cacheUsage(maxAgeMillis: number): { readonly keys: number; readonly bytes: number } {
    const now = this.#now();
    if (now - this.#usage.atMillis >= maxAgeMillis || now < this.#usage.atMillis)
      this.#usage = { ...this.#cache.usage(), atMillis: now };
    return this.#usage;
  }

  /** Another process may have written to the store: nothing that was known is certain. */
  #noticeReopening(): void {
    if (this.#lists.noticeReopening()) this.#trending.forget();
  }

  async #planRefresh(): Promise<void> {
    const { refreshMinutes } = await this.#lists.configs.global().catch(() => ({ refreshMinutes: 1 }));
    clearTimeout(this.#refreshTimer);
    if (this.#isStopped) return;
    const millis = Math.min(2_147_483_647, refreshMinutes * 60_000 * (0.9 + 0.2 * this.#jitter.next()));
    this.#refreshTimer = setTimeout(() => {
      this.#runs.start("refresh", "all");
      void this.#planRefresh();
    }, millis);
    this.#refreshTimer.unref?.();
  }
}
