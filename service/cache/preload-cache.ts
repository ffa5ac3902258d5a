// Where preloaded lists lie, warm: Redis, or this process. A cache may be gone, slow or empty at any time, and nothing in it is
// believed for being there: each list says which store and which revision of it it was made of.

import type { PartHealth } from "../health.ts";

const HOUR_SECONDS = 3600;

/** How long each kind of list lives. */
export const TTL_SECONDS = {
  recent: 2 * HOUR_SECONDS,
  frequent: 4 * HOUR_SECONDS,
  important: 6 * HOUR_SECONDS,
  trending: HOUR_SECONDS,
  context: 2 * HOUR_SECONDS,
} as const;

export type UserList = "recent" | "frequent" | "important";

export const TRENDING_KEY = "preload:global:trending";

/** Ids have no separators and no patterns in them. */
export function userKey(userId: string, list: UserList): string {
  return `preload:${userId}:${list}`;
}

export function contextKey(userId: string, context: string): string {
  return `preload:${userId}:context:${context}`;
}

export interface CacheWrite {
  readonly key: string;
  readonly value: string;
  readonly ttlSeconds: number;
}

/** Operating errors are BACKEND_UNAVAILABLE, BACKEND_FULL and BACKEND_DAMAGED, within the time limit of the cache. */
export interface PreloadCache {
  readonly id: string;
  /** In the order of `keys`; undefined: not there. One round trip. */
  read(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** Each value with its time to live in one step, all in one round trip. */
  write(entries: readonly CacheWrite[]): Promise<void>;
  drop(keys: readonly string[]): Promise<void>;
  /** Everything of one user, contexts too. */
  dropUser(userId: string): Promise<void>;
  /** Keys and bytes held, as far as this cache knows. */
  usage(): { readonly keys: number; readonly bytes: number };
  health(): PartHealth;
  close(): Promise<void>;
}
