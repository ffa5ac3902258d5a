// Every user's lists: from this process, from the cache within a time limit, from the store; made anew soon after a change and when
// they have grown old while they were read.
//
// A list is believed only when it says that it was made of this store, at the revision of its user's items that is the present one,
// under the present settings. The revision is read before the items: so a list is never older than what it says, and what changes
// while it is made gives the user's items another revision.

import { MempredError } from "../../core/errors.ts";
import { contextKey, TTL_SECONDS } from "../cache/preload-cache.ts";
import type { Item } from "../item.ts";
import type { ItemStore } from "../store/item-store.ts";
import { type BuiltView, buildView, contextPlaces } from "./build-view.ts";
import type { CacheReader } from "./cache-reader.ts";
import { ConfigCache, type EffectiveConfig } from "./config-cache.ts";
import type { PreloadRun, RankedItem } from "./preload-engine.ts";
import type { UserOutcome } from "./preload-runs.ts";
import { DAY_MILLIS } from "./relevance.ts";
import { RevisionBook } from "./revision-book.ts";
import { Turns } from "./turns.ts";
import { decodeList, encodeList, keysOf, type Origin, rank, UserView } from "./user-view.ts";
import { ViewMemo } from "./view-memo.ts";

export interface UserListsOptions {
  readonly store: ItemStore;
  readonly reader: CacheReader;
  readonly now: () => number;
  readonly memoBytes: number;
  /** How long after a change the lists are made anew. */
  readonly rebuildMillis: number;
  /** False: nothing may be loaded ahead at present. */
  readonly mayLoad: () => boolean;
  /** True: the cache takes no more. */
  readonly isFull: () => boolean;
}

export type Found = { readonly view: UserView; readonly from: "preloaded" | "store" };

/** Requests for contexts that have no list of their own: so many of them are remembered with a view. */
const MOST_EXTRA_LISTS = 64;
/** Users whose lists are waiting to be made anew; beyond, the next reader makes them. */
const MOST_REBUILDS = 10_000;

export class UserLists {
  readonly memo: ViewMemo;
  readonly configs: ConfigCache;
  readonly #options: UserListsOptions;
  readonly #store: ItemStore;
  readonly #reader: CacheReader;
  readonly #now: () => number;
  readonly #revisions: RevisionBook;
  readonly #turns = new Turns();
  readonly #flights = new Map<string, Promise<Found>>();
  readonly #rebuilds = new Map<string, NodeJS.Timeout>();
  /** One more with each change of settings: what was begun before is not kept. */
  #settings = 0;
  #isStopped = false;

  constructor(options: UserListsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#reader = options.reader;
    this.#now = options.now;
    this.memo = new ViewMemo(options.memoBytes);
    this.#revisions = new RevisionBook(options.store);
    this.configs = new ConfigCache(options.store);
  }

  /** After it returned nobody gets what was before. */
  async changed(userId: string): Promise<void> {
    const view = this.memo.peek(userId);
    this.#revisions.forget(userId);
    this.memo.delete(userId);
    this.#flights.delete(userId);
    const contexts = view === undefined ? [] : [...view.contexts.keys(), ...view.extra.keys()];
    await this.#reader.drop([...keysOf(userId), ...new Set(contexts.map((context) => contextKey(userId, context)))]);
    this.#rebuildSoon(userId);
  }

  settingsChanged(): void {
    this.#settings++;
    this.configs.clear();
    this.memo.clear();
    this.#flights.clear();
  }

  /** Whether another process may have written to the store since the last time: nothing that was known is certain then. */
  noticeReopening(): boolean {
    if (!this.#revisions.forgetIfReopened()) return false;
    this.settingsChanged();
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#rebuilds.values()) clearTimeout(timer);
  }

  /** The view in this process, if it is of the present revision, setting and time. Cost: three look-ups. */
  warm(userId: string): UserView | undefined {
    const view = this.memo.get(userId);
    if (view === undefined || view.origin.revision !== this.#revisions.peek(userId)) return undefined;
    const now = this.#now();
    if (now >= view.expiresMillis || now < view.builtMillis - DAY_MILLIS) return undefined;
    if (now - view.builtMillis > view.refreshMillis) this.#rebuildSoon(userId);
    return view;
  }

  /** Waits for the cache or the store; all who ask at the same time wait for the same. */
  view(userId: string, organisationId: string | null): Promise<Found> {
    let flight = this.#flights.get(userId);
    if (flight === undefined) {
      flight = this.#load(userId, organisationId).finally(() => {
        if (this.#flights.get(userId) === flight) this.#flights.delete(userId);
      });
      this.#flights.set(userId, flight);
    }
    return flight;
  }

  async #load(userId: string, organisationId: string | null): Promise<Found> {
    const settings = this.#settings;
    const [effective, revision] = await Promise.all([
      this.configs.of(userId, organisationId),
      this.#revisions.of(userId),
    ]);
    const origin = { storeId: this.#store.id, revision, fingerprint: effective.fingerprint };
    if (effective.config.isEnabled) {
      const cached = await this.#fromCache(userId, origin, effective);
      if (cached !== undefined) {
        if (settings === this.#settings) this.memo.set(cached);
        return { view: cached, from: "preloaded" };
      }
    }
    const built = await buildView(this.#store, userId, effective.config, origin, this.#now());
    if (effective.config.isEnabled) void this.#keep(built, settings).catch(passOver); // the answer does not wait for it
    return { view: built.view, from: "store" };
  }

  async #fromCache(userId: string, origin: Origin, { config }: EffectiveConfig): Promise<UserView | undefined> {
    const texts = await this.#reader.read(keysOf(userId));
    const lists = texts.map((text) => decodeList(text, origin, userId));
    const [recent, frequent, important] = lists;
    if (recent === undefined || frequent === undefined || important === undefined) return undefined;
    const { builtMillis } = recent;
    const age = this.#now() - builtMillis;
    if (lists.some((list) => list!.builtMillis !== builtMillis) || age >= TTL_SECONDS.recent * 1000) return undefined;
    const names = recent.contexts ?? [];
    const keys = names.map((name) => contextKey(userId, name));
    const inContext = names.length === 0 ? [] : await this.#reader.read(keys);
    const contexts = new Map<string, { items: readonly Item[]; isPartial: boolean }>();
    let bytes = 0;
    for (const text of [...texts, ...inContext]) bytes += text?.length ?? 0;
    for (let i = 0; i < names.length; i++) {
      const list = decodeList(inContext[i], origin, userId);
      if (list === undefined) return undefined;
      contexts.set(names[i]!, { items: list.items, isPartial: list.isPartial === true });
    }
    return new UserView({
      userId,
      origin,
      builtMillis,
      refreshMillis: config.refreshMinutes * 60_000,
      quotas: config.quotas,
      lists: { recent: recent.items, frequent: frequent.items, important: important.items },
      contexts,
      bytes,
    });
  }

  /** Keeps what was built, unless something changed since it was begun. False: the cache did not take it. */
  async #keep({ view, writes }: BuiltView, settings: number): Promise<boolean> {
    const { userId, origin } = view;
    if (this.#revisions.peek(userId) !== origin.revision || settings !== this.#settings) return true;
    this.memo.set(view);
    if (this.#options.isFull()) return true;
    return this.#reader.write(writes);
  }

  /** What the user has in a context beside what is in the view. */
  async inContext(
    view: UserView,
    organisationId: string | null,
    context: string,
  ): Promise<{ readonly items: readonly RankedItem[]; readonly from: "preloaded" | "store" }> {
    const known = view.contexts.get(context);
    if (known !== undefined && !known.isPartial) return { items: [], from: "preloaded" };
    const extra = view.extra.get(context);
    if (extra !== undefined) return { items: extra, from: "preloaded" };
    const { userId, origin } = view;
    const { config } = await this.configs.of(userId, organisationId);
    const key = contextKey(userId, context);
    let items: readonly Item[] | undefined;
    if (known === undefined && config.isEnabled)
      items = decodeList((await this.#reader.read([key]))[0], origin, userId)?.items;
    const from = items === undefined ? "store" : "preloaded";
    if (items === undefined) {
      const places = Math.max(1, contextPlaces(config));
      const inView = new Set(view.all.map(({ item }) => item.id));
      const newest = await this.#store.inContext(userId, context, config.itemsPerUser);
      items = newest.filter(({ id }) => !inView.has(id)).slice(0, places);
      const texts = items.map((item) => JSON.stringify(item));
      const value = encodeList(origin, view.builtMillis, texts);
      if (config.isEnabled && items.length > 0 && known === undefined)
        void this.#reader.write([{ key, value, ttlSeconds: TTL_SECONDS.context }]);
    }
    const ranked = rank(items, "context", view.builtMillis);
    if (view.extra.size >= MOST_EXTRA_LISTS) view.extra.clear();
    view.extra.set(context, ranked);
    return { items: ranked, from };
  }

  /** One user of a run. */
  async preload(userId: string, reason: PreloadRun["reason"]): Promise<UserOutcome> {
    const settings = this.#settings;
    const [effective, revision] = await Promise.all([this.configs.of(userId), this.#revisions.of(userId)]);
    const { config } = effective;
    if (!config.isEnabled) return "skipped";
    const view = this.memo.peek(userId);
    const isPresent = view !== undefined && view.origin.revision === revision;
    // A refresh that is early by its jitter still counts as the one that is due.
    if (reason === "refresh" && isPresent && this.#now() - view.builtMillis < 0.8 * view.refreshMillis)
      return "skipped";
    const origin = { storeId: this.#store.id, revision, fingerprint: effective.fingerprint };
    const built = await buildView(this.#store, userId, config, origin, this.#now());
    const isWritten = await this.#keep(built, settings);
    return { items: built.itemCount, bytes: built.bytes, isWritten };
  }

  /** After a change, and when lists have grown old while they were read. */
  #rebuildSoon(userId: string): void {
    if (this.#isStopped || this.#rebuilds.has(userId) || this.#rebuilds.size >= MOST_REBUILDS) return;
    const timer = setTimeout(() => {
      this.#rebuilds.delete(userId);
      void this.#rebuild(userId).catch(passOver); // the next reader makes them, or hears of it
    }, this.#options.rebuildMillis);
    timer.unref?.();
    this.#rebuilds.set(userId, timer);
  }

  async #rebuild(userId: string): Promise<void> {
    await this.#turns.next();
    if (!this.#isStopped && this.#options.mayLoad()) await this.preload(userId, "trigger");
  }
}

function passOver(error: unknown): void {
  if (!(error instanceof MempredError)) throw error;
}
