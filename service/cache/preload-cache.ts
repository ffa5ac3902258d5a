// Where preloaded lists lie, warm: Redis, or this process. A cache may be gone, slow or empty at any time, and nothing in it is
// believed for being there: each list says which store and which revision of it it was made of.

import { assert } from "../../core/errors.ts";
import type { PartHealth } from "../health.ts";
import { CONTEXT_PATTERN } from "../item.ts";

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

const USER_ID_PATTERN = /^[a-z0-9-]{1,64}$/;

/** An id with a separator or a pattern in it would reach other users' lists: AssertionError. */
export function userKey(userId: string, list: UserList): string {
  return `${userPrefix(userId)}${list}`;
}

/** AssertionError unless the context is as CONTEXT_PATTERN. */
export function contextKey(userId: string, context: string): string {
  assert(CONTEXT_PATTERN.test(context), "preload cache: this is no context");
  return `${userPrefix(userId)}context:${context}`;
}

/** What every key of the user begins with, and no other key. */
export function userPrefix(userId: string): string {
  assert(USER_ID_PATTERN.test(userId), "preload cache: this is no id of a user");
  return `preload:${userId}:`;
}

/** Whose key it is: the part after "preload:"; "" for other keys. */
export function keyOwner(key: string): string {
  const from = "preload:".length;
  const to = key.indexOf(":", from);
  return to < 0 || !key.startsWith("preload:") ? "" : key.slice(from, to);
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
