// What is public and much used, for everybody: one list in the cache, and looked at again as it is read. The store counts how often
// something was taken away from what is public (changed, hidden, removed): while that number is the list's own, nothing in it is
// stale; when it is not, each item is read anew, and what is not public any more is left out.

import { TRENDING_KEY, TTL_SECONDS } from "../cache/preload-cache.ts";
import type { Item } from "../item.ts";
import type { ItemStore } from "../store/item-store.ts";
import type { CacheReader } from "./cache-reader.ts";
import type { RankedItem } from "./preload-engine.ts";
import { DAY_MILLIS } from "./relevance.ts";
import { type Envelope, encodeList, parseEnvelope, rank } from "./user-view.ts";

/** Public items used within so many days, so many of them. */
export const TRENDING_DAYS = 7;
export const TRENDING_ITEMS = 100;
/** Stands where users' lists have the fingerprint of their settings. */
const TRENDING_CONFIG = "trending";
/** Older lists are made anew in the background. */
const YOUNG_MILLIS = 300_000;

export interface TrendingAnswer {
  readonly items: readonly RankedItem[];
  /** "both": the list was there, its items were read again. */
  readonly from: "preloaded" | "store" | "both";
}

interface List {
  readonly revision: number;
  readonly builtMillis: number;
  readonly items: readonly RankedItem[];
}

export class TrendingList {
  readonly #store: ItemStore;
  readonly #cache: CacheReader;
  readonly #now: () => number;
  #list: List | undefined;
  /** undefined: something changed, the store is to be asked. */
  #revision: number | undefined;
  #revisionFlight: Promise<number> | undefined;
  #flight: Promise<TrendingAnswer> | undefined;
  #isRenewing = false;

  constructor(store: ItemStore, cache: CacheReader, now: () => number) {
    this.#store = store;
    this.#cache = cache;
    this.#now = now;
  }

  /** Somebody's items changed: the number is to be looked at again. Reads from now on do not join those before. */
  changed(): void {
    this.#revision = undefined;
    this.#revisionFlight = undefined;
    this.#flight = undefined;
  }

  /** The store may have been changed by others. */
  forget(): void {
    this.changed();
    this.#list = undefined;
  }

  /** Throws what the store throws. */
  async read(): Promise<TrendingAnswer> {
    const list = this.#list;
    if (list !== undefined && list.revision === this.#revision && this.#isLiving(list)) {
      if (this.#now() - list.builtMillis > YOUNG_MILLIS) void this.renew();
      return { items: list.items, from: "preloaded" };
    }
    if (this.#flight === undefined) {
      const flight: Promise<TrendingAnswer> = this.#load().finally(() => {
        if (this.#flight === flight) this.#flight = undefined;
      });
      this.#flight = flight;
    }
    return this.#flight;
  }

  /** Makes the list anew. Never throws: without a store the old one stays. */
  async renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      await this.#build(await this.#present());
    } catch {
      // the next one tries again
    } finally {
      this.#isRenewing = false;
    }
  }

  async #load(): Promise<TrendingAnswer> {
    const revision = await this.#present();
    let list = this.#list;
    if (list === undefined || !this.#isLiving(list)) {
      const [text] = await this.#cache.read([TRENDING_KEY]);
      const envelope = parseEnvelope(text);
      list = undefined;
      if (envelope !== undefined && this.#isOurs(envelope)) {
        const { builtMillis } = envelope;
        list = { revision: envelope.revision, builtMillis, items: rank(envelope.items, "trending", builtMillis) };
      }
    }
    if (list === undefined || !this.#isLiving(list)) return { items: await this.#build(revision), from: "store" };
    if (list.revision === revision) {
      this.#list = list;
      return { items: list.items, from: "preloaded" };
    }
    const present = await this.#store.getMany(list.items.map(({ item }) => item.id));
    const items = present.filter((item) => item.visibility === "public");
    return { items: this.#keep(revision, list.builtMillis, items), from: "both" };
  }

  async #build(revision: number): Promise<readonly RankedItem[]> {
    const now = this.#now();
    const items = await this.#store.trending(now - TRENDING_DAYS * DAY_MILLIS, TRENDING_ITEMS);
    return this.#keep(revision, now, items);
  }

  /** Read at or after that revision: if it is older than the items, they are looked at once more than needed. */
  #keep(revision: number, builtMillis: number, items: readonly Item[]): readonly RankedItem[] {
    const ranked = rank(items, "trending", builtMillis);
    this.#list = { revision, builtMillis, items: ranked };
    const texts = items.map((item) => JSON.stringify(item));
    const origin = { storeId: this.#store.id, revision, fingerprint: TRENDING_CONFIG };
    const value = encodeList(origin, builtMillis, texts);
    void this.#cache.write([{ key: TRENDING_KEY, value, ttlSeconds: TTL_SECONDS.trending }]);
    return ranked;
  }

  async #present(): Promise<number> {
    if (this.#revision !== undefined) return this.#revision;
    const flight = (this.#revisionFlight ??= this.#store.publicRevision());
    try {
      const revision = await flight;
      if (this.#revisionFlight === flight) this.#revision = revision; // nothing changed meanwhile
      return revision;
    } finally {
      if (this.#revisionFlight === flight) this.#revisionFlight = undefined;
    }
  }

  /** A user's list under this key is none of ours, though made of this store at a revision of the same number. */
  #isOurs({ store, config, items }: Envelope): boolean {
    const isOfStore = store === this.#store.id && store !== "";
    return isOfStore && config === TRENDING_CONFIG && items.every(({ visibility }) => visibility === "public");
  }

  #isLiving(list: List): boolean {
    return this.#now() - list.builtMillis < TTL_SECONDS.trending * 1000;
  }
}
