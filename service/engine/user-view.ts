// One user's lists as they are kept warm: as items in this process, as texts in a cache. All of a view were made at one moment, of
// one revision of the user's items, under one setting. A text that says otherwise, or is none, counts as not there.

import { type CacheWrite, contextKey, TTL_SECONDS, type UserList, userKey } from "../cache/preload-cache.ts";
import { CONTEXT_PATTERN, type Item } from "../item.ts";
import type { RankedItem, Strategy } from "./preload-engine.ts";
import { choose, type Quotas } from "./quotas.ts";
import { relevance } from "./relevance.ts";

export const USER_LISTS: readonly UserList[] = ["recent", "frequent", "important"];

/** What a list was made of. */
export interface Origin {
  readonly storeId: string;
  readonly revision: number;
  readonly fingerprint: string;
}

/** The form of every list in a cache, as JSON. */
export interface Envelope {
  readonly store: string;
  readonly revision: number;
  readonly config: string;
  readonly builtMillis: number;
  /** With "recent": the contexts of which there are lists. */
  readonly contexts?: readonly string[] | undefined;
  /** Of a context list: there are more items of that context, and fewer here than its strategy has places. */
  readonly isPartial?: boolean | undefined;
  readonly items: readonly Item[];
}

export interface ContextList {
  readonly items: readonly RankedItem[];
  readonly isPartial: boolean;
}

export interface ViewParts {
  readonly userId: string;
  readonly origin: Origin;
  readonly builtMillis: number;
  /** Older ones are made anew when they are read. */
  readonly refreshMillis: number;
  readonly quotas: Quotas;
  readonly lists: Readonly<Record<UserList, readonly Item[]>>;
  readonly contexts: ReadonlyMap<string, { readonly items: readonly Item[]; readonly isPartial: boolean }>;
  /** Of the texts: what the view costs in this process is taken to be half as much again. */
  readonly bytes: number;
}

export class UserView {
  readonly userId: string;
  readonly origin: Origin;
  readonly builtMillis: number;
  readonly refreshMillis: number;
  /** When its first list ends. */
  readonly expiresMillis: number;
  readonly bytes: number;
  readonly contexts = new Map<string, ContextList>();
  /** All items, each once, the most relevant first. */
  readonly all: readonly RankedItem[];
  /** Lists of contexts that were asked for and are not among the preloaded ones. */
  readonly extra = new Map<string, readonly RankedItem[]>();
  readonly #quotas: Quotas;
  readonly #lists: Record<UserList | "context", readonly RankedItem[]>;
  readonly #byLimit = new Map<number, readonly RankedItem[]>();

  constructor({ userId, origin, builtMillis, refreshMillis, quotas, lists, contexts, bytes }: ViewParts) {
    this.userId = userId;
    this.origin = origin;
    this.builtMillis = builtMillis;
    this.refreshMillis = refreshMillis;
    this.expiresMillis = builtMillis + 1000 * Math.min(TTL_SECONDS.recent, TTL_SECONDS.context);
    this.bytes = 1.5 * bytes + 1_000;
    this.#quotas = quotas;
    const seen = new Set<string>();
    const ranked = (items: readonly Item[], strategy: Strategy) => {
      const fresh = items.filter((item) => !seen.has(item.id));
      for (const item of fresh) seen.add(item.id);
      return rank(fresh, strategy, builtMillis);
    };
    const [recent, frequent, important] = USER_LISTS.map((list) => ranked(lists[list], list));
    const inContext: RankedItem[] = [];
    for (const [context, { items, isPartial }] of contexts) {
      const list = ranked(items, "context");
      this.contexts.set(context, { items: list, isPartial });
      inContext.push(...list);
    }
    inContext.sort(byRelevance);
    this.#lists = { recent: recent!, frequent: frequent!, important: important!, context: inContext };
    this.all = [...recent!, ...frequent!, ...important!, ...inContext].sort(byRelevance);
  }

  /** The best `limit`: chosen by quotas, the most relevant first. The same array each time. */
  best(limit: number): readonly RankedItem[] {
    if (limit >= this.all.length) return this.all;
    let items = this.#byLimit.get(limit);
    if (items === undefined) {
      const chosen = choose({
        places: limit,
        quotas: this.#quotas,
        candidates: this.#lists,
        idOf: ({ item }) => item.id,
      });
      items = Object.values(chosen).flat().sort(byRelevance);
      if (this.#byLimit.size >= 16) this.#byLimit.clear();
      this.#byLimit.set(limit, items);
    }
    return items;
  }
}

/** Ranked, the most relevant first. */
export function rank(items: readonly Item[], strategy: Strategy, nowMillis: number): RankedItem[] {
  return items.map((item) => ({ item, strategy, relevance: relevance(item, nowMillis) })).sort(byRelevance);
}

export function byRelevance(a: RankedItem, b: RankedItem): number {
  return b.relevance - a.relevance || (a.item.id < b.item.id ? 1 : -1);
}

/** A list as it lies in a cache; `texts` are its items as JSON. */
export function encodeList(
  origin: Origin,
  builtMillis: number,
  texts: readonly string[],
  more: Pick<Envelope, "contexts" | "isPartial"> = {},
): string {
  const { storeId, revision, fingerprint } = origin;
  const head = JSON.stringify({ store: storeId, revision, config: fingerprint, builtMillis, ...more });
  return `${head.slice(0, -1)},"items":[${texts.join(",")}]}`;
}

/**
 * undefined: no list of that origin. Another user's item makes it none: whoever may write to the cache shall not move items.
 * @param ownerId undefined: of any owner
 */
export function decodeList(
  text: string | undefined,
  origin: Origin,
  ownerId: string | undefined,
): Envelope | undefined {
  const envelope = parseEnvelope(text);
  if (envelope === undefined || envelope.store !== origin.storeId || origin.storeId === "") return undefined;
  if (envelope.revision !== origin.revision || envelope.config !== origin.fingerprint) return undefined;
  if (ownerId !== undefined && envelope.items.some((item) => item.ownerId !== ownerId)) return undefined;
  return envelope;
}

/** undefined: no envelope. What is in it is not believed yet. */
export function parseEnvelope(text: string | undefined): Envelope | undefined {
  if (text === undefined) return undefined;
  try {
    const envelope = JSON.parse(text) as Envelope;
    const isOne =
      typeof envelope?.store === "string" &&
      Number.isFinite(envelope.builtMillis) &&
      Array.isArray(envelope.items) &&
      envelope.items.every(isItem) &&
      (envelope.contexts === undefined ||
        envelope.contexts.every((one) => typeof one === "string" && CONTEXT_PATTERN.test(one)));
    return isOne ? envelope : undefined;
  } catch {
    return undefined;
  }
}

export function keysOf(userId: string): string[] {
  return USER_LISTS.map((list) => userKey(userId, list));
}

/** What to write for the user's own lists. */
export function writesOf(
  userId: string,
  origin: Origin,
  builtMillis: number,
  texts: Readonly<Record<UserList, readonly string[]>>,
  contexts: ReadonlyMap<string, { readonly texts: readonly string[]; readonly isPartial: boolean }>,
): CacheWrite[] {
  const writes: CacheWrite[] = USER_LISTS.map((list) => ({
    key: userKey(userId, list),
    value: encodeList(origin, builtMillis, texts[list], list === "recent" ? { contexts: [...contexts.keys()] } : {}),
    ttlSeconds: TTL_SECONDS[list],
  }));
  for (const [context, { texts: own, isPartial }] of contexts)
    writes.push({
      key: contextKey(userId, context),
      value: encodeList(origin, builtMillis, own, isPartial ? { isPartial } : {}),
      ttlSeconds: TTL_SECONDS.context,
    });
  return writes;
}

function isItem(item: Item): boolean {
  return (
    typeof item?.id === "string" &&
    typeof item.ownerId === "string" &&
    typeof item.content === "string" &&
    Array.isArray(item.contexts) &&
    typeof item.importance === "number" &&
    typeof item.useCount === "number" &&
    typeof item.updatedMillis === "number" &&
    typeof item.lastUsedMillis === "number" &&
    (item.visibility === "private" || item.visibility === "organisation" || item.visibility === "public")
  );
}
