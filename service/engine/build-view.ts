// Makes a user's lists of what the store holds: each strategy brings its best, the quotas choose. Two rounds of reads, one more
// for each context that has places left.

import type { CacheWrite, UserList } from "../cache/preload-cache.ts";
import type { Item } from "../item.ts";
import type { PreloadConfig } from "../preload-config.ts";
import type { ItemStore } from "../store/item-store.ts";
import { choose, QUOTA_STRATEGIES, shareOut } from "./quotas.ts";
import { DAY_MILLIS } from "./relevance.ts";
import { type Origin, UserView, writesOf } from "./user-view.ts";

/** Most contexts of one user that have a list of their own. */
export const MOST_CONTEXTS = 4;

export interface BuiltView {
  readonly view: UserView;
  readonly writes: CacheWrite[];
  readonly itemCount: number;
  /** Of the items as JSON. */
  readonly bytes: number;
}

/** Throws what the store throws. */
export async function buildView(
  store: ItemStore,
  userId: string,
  config: PreloadConfig,
  origin: Origin,
  nowMillis: number,
): Promise<BuiltView> {
  const places = config.itemsPerUser;
  const [recent, frequent, important, names] = await Promise.all([
    store.recent(userId, nowMillis - config.recentDays * DAY_MILLIS, places),
    store.frequent(userId, config.frequentUses, places),
    store.important(userId, config.importantFrom, places),
    store.contextsOf(userId, MOST_CONTEXTS),
  ]);
  const texts = new Map<string, { readonly text: string; readonly bytes: number }>();
  const textOf = (item: Item) => {
    let one = texts.get(item.id);
    if (one === undefined) {
      const text = JSON.stringify(item);
      one = { text, bytes: Buffer.byteLength(text) };
      texts.set(item.id, one);
    }
    return one;
  };
  const inContext = new Map<string, readonly Item[]>();
  const chooseNow = () =>
    choose<Item>({
      places,
      quotas: config.quotas,
      candidates: { recent, frequent, important, context: [...inContext.values()].flat() },
      idOf: (item) => item.id,
      sizeOf: (item) => textOf(item).bytes,
      most: config.bytesPerUser,
    });
  let chosen = chooseNow();
  for (const name of names) {
    const count = QUOTA_STRATEGIES.reduce((sum, strategy) => sum + chosen[strategy].length, 0);
    if (count >= places && chosen.context.length >= contextPlaces(config)) break;
    inContext.set(name, await store.inContext(userId, name, places));
    chosen = chooseNow();
  }
  const lists = { recent: chosen.recent, frequent: chosen.frequent, important: chosen.important };
  const known = new Set(Object.values(chosen).flatMap((list) => list.map(({ id }) => id)));
  const contexts = new Map<string, { items: Item[]; isPartial: boolean }>();
  const left = new Set(chosen.context);
  for (const [name, items] of inContext) {
    const own = items.filter((item) => left.delete(item));
    const isWhole = items.length < places && items.every(({ id }) => known.has(id));
    const isPartial = !isWhole && own.length < contextPlaces(config);
    if (own.length > 0 || !isPartial) contexts.set(name, { items: own, isPartial });
  }
  let bytes = 0;
  let itemCount = 0;
  for (const strategy of QUOTA_STRATEGIES)
    for (const item of chosen[strategy]) {
      bytes += textOf(item).bytes;
      itemCount++;
    }
  const refreshMillis = config.refreshMinutes * 60_000;
  const built = { userId, origin, builtMillis: nowMillis, refreshMillis };
  const view = new UserView({ ...built, quotas: config.quotas, lists, contexts, bytes });
  const asTexts = (items: readonly Item[]) => items.map((item) => textOf(item).text);
  const listTexts = Object.fromEntries(Object.entries(lists).map(([list, items]) => [list, asTexts(items)]));
  const contextTexts = new Map(
    [...contexts].map(([name, { items, isPartial }]) => [name, { texts: asTexts(items), isPartial }]),
  );
  const writes = writesOf(userId, origin, nowMillis, listTexts as Record<UserList, string[]>, contextTexts);
  return { view, writes, itemCount, bytes };
}

/** Places of the context strategy: also how many items a list has that is made because a context was asked for. */
export function contextPlaces({ itemsPerUser, quotas }: PreloadConfig): number {
  return shareOut(
    itemsPerUser,
    QUOTA_STRATEGIES.map((strategy) => quotas[strategy]),
  )[3]!;
}
