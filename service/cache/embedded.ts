// Preloaded lists in this process, within so many bytes: where there is no Redis, and in front of it (tiered.ts). The store, its
// policies and its time are those of the cache (cache/store.ts); each user is a context of it, so one user's lists leave together
// without looking at anybody else's. As a tenant of memory it gives back what is coldest.

import { type EntryAttributes, plainAttributes } from "../../cache/entry-table.ts";
import { cachePolicy, DEFAULT_POLICY_ID } from "../../cache/policies/registry.ts";
import { CacheStore, HIT } from "../../cache/store.ts";
import { assert, MempredError } from "../../core/errors.ts";
import type { PressureTenant } from "../../core/pressure.ts";
import { coarseClock } from "../../live/coarse-clock.ts";
import type { PartHealth } from "../health.ts";
import { entryBytes } from "./entry-bytes.ts";
import { type CacheWrite, keyOwner, type PreloadCache, userPrefix } from "./preload-cache.ts";

export const DEFAULT_LIMIT_BYTES = 67_108_864;

export interface EmbeddedCacheOptions {
  /** Most bytes of keys and values, as entry-bytes.ts counts them. Default 64 MiB. */
  readonly limitBytes?: number | undefined;
  /** Id of the policy that says who leaves. Default "adaptive". */
  readonly policy?: string | undefined;
  /** A clock that does not run backwards, ms. Default: the process's monotonic one. */
  readonly nowMillis?: (() => number) | undefined;
}

export class EmbeddedPreloadCache implements PreloadCache, PressureTenant {
  readonly id = "embedded";
  readonly limitBytes: number;
  readonly #store: CacheStore<string>;
  readonly #now: () => number;
  readonly #attributes: EntryAttributes = { ...plainAttributes(), isQuiet: true };
  readonly #startedMillis = Date.now();
  #isClosed = false;

  /** Throws INVALID_INPUT for a limit that is no whole number ≥ 1, UNKNOWN_POLICY. */
  constructor(options: EmbeddedCacheOptions = {}) {
    const { limitBytes = DEFAULT_LIMIT_BYTES, policy = DEFAULT_POLICY_ID, nowMillis } = options;
    if (!Number.isSafeInteger(limitBytes) || limitBytes < 1)
      throw new MempredError("INVALID_INPUT", "the limit of the embedded cache is a whole number of bytes, 1 or more", {
        limitBytes,
      });
    this.limitBytes = limitBytes;
    this.#now = nowMillis ?? coarseClock(1, () => performance.now());
    this.#store = new CacheStore<string>({
      policy: cachePolicy(policy),
      maxEntries: Infinity,
      maxSize: limitBytes,
      nowMillis: this.#now,
    });
  }

  async read(keys: readonly string[]): Promise<(string | undefined)[]> {
    this.#checkOpen();
    return keys.map((key) => this.peek(key));
  }

  async write(entries: readonly CacheWrite[]): Promise<void> {
    this.#checkOpen();
    for (const { key, value, ttlSeconds } of entries) this.put(key, value, ttlSeconds * 1000);
  }

  async drop(keys: readonly string[]): Promise<void> {
    this.#checkOpen();
    for (const key of keys) this.forget(key);
  }

  async dropUser(userId: string): Promise<void> {
    this.#checkOpen();
    this.forgetUser(userId);
  }

  /** The value, without a promise; counts as a use of it. */
  peek(key: string): string | undefined {
    return this.#store.demand(key, keyOwner(key), 0) >= HIT ? this.#store.valueAt(this.#store.slot) : undefined;
  }

  /** What is larger than the whole, or that the policy refuses, is not held; an older value of that key goes all the same. */
  put(key: string, value: string, ttlMillis: number): void {
    assert(ttlMillis > 0, "embedded cache: a time to live is above 0");
    const attributes = this.#attributes;
    attributes.size = entryBytes(key, value);
    attributes.expiresAt = this.#now() + ttlMillis;
    attributes.keepUntil = attributes.expiresAt;
    this.#store.put(key, value, keyOwner(key), attributes);
  }

  forget(key: string): void {
    this.#store.delete(key, keyOwner(key));
  }

  forgetUser(userId: string): void {
    userPrefix(userId); // refuses what is no id
    this.#store.clear(userId);
  }

  /** What is held under the key and for how long still; no use of it. */
  held(key: string): { readonly value: string; readonly ttlMillis: number } | undefined {
    const slot = this.#store.find(key, keyOwner(key));
    if (slot < 0) return undefined;
    return { value: this.#store.valueAt(slot), ttlMillis: this.#store.expiresAt(slot) - this.#now() };
  }

  /** Of all that is held, the coldest first. O(keys). */
  keys(): string[] {
    return this.#store.entries().map(({ key }) => key);
  }

  /** Cost: O(keys), since it drops what is past its time. */
  usage(): { keys: number; bytes: number } {
    this.#store.purge();
    return { keys: this.#store.count, bytes: this.#store.size };
  }

  health(): PartHealth {
    return { part: "embedded", state: "up", reason: "", sinceMillis: this.#startedMillis };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#store.clear();
  }

  // As a tenant of memory.

  countBytes(): number {
    return this.#store.countBytes();
  }

  shed(bytes: number): number {
    return this.#store.shed(bytes);
  }

  setBudgetRatio(ratio: number): void {
    this.#store.setBudgetRatio(ratio);
  }

  setPrefetchPrice(price: number): void {
    this.#store.setPrefetchPrice(price);
  }

  /** Throws AssertionError. Cost: O(keys). */
  check(): void {
    this.#store.check();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new MempredError("BACKEND_UNAVAILABLE", "the embedded cache is closed");
  }
}
