// The components that are there: a store with the attributes that components have. Sizes are always kept, since what is loaded ahead is
// weighed by its bytes.

import { type EntryAttributes, plainAttributes } from "../../cache/entry-table.ts";
import { cachePolicy, DEFAULT_POLICY_ID } from "../../cache/policies/registry.ts";
import { CacheStore } from "../../cache/store.ts";
import type { RemovalReason } from "../../cache/store-statistics.ts";
import { MempredError } from "../../core/errors.ts";
import { estimateBytes } from "../estimate-bytes.ts";
import { shortKey } from "../flight.ts";
import type { ComponentPreloaderOptions } from "./preloader-options.ts";

/** 128 MiB: with loads under way and what is learned, within 200 MB (P48). */
export const DEFAULT_MAX_SIZE = 134_217_728;

export class ComponentCache<V> {
  readonly store: CacheStore<V>;
  readonly #now: () => number;
  readonly #ttl: number;
  readonly #protectMillis: number;
  readonly #estimate: (value: V, component: string) => number;
  readonly #attributes: EntryAttributes = plainAttributes();
  /** Of the last `put`. */
  bytes = 0;

  constructor(
    options: ComponentPreloaderOptions<V>,
    nowMillis: () => number,
    onRemove: (component: string, reason: RemovalReason) => void,
  ) {
    this.#now = nowMillis;
    this.#ttl = options.ttl === undefined || options.ttl === 0 ? Infinity : options.ttl;
    this.#protectMillis = options.protectMillis ?? 30_000;
    this.#estimate = options.estimateBytes ?? estimateBytes;
    this.store = new CacheStore<V>({
      policy: typeof options.policy === "object" ? options.policy : cachePolicy(options.policy ?? DEFAULT_POLICY_ID),
      maxEntries: options.max ?? Infinity,
      maxSize: options.maxSize ?? DEFAULT_MAX_SIZE,
      keepsSizes: true,
      nowMillis,
      seed: options.seed ?? 1,
      speculativeRatio: options.speculativeRatio,
      onRemove: (component, _value, reason) => onRemove(component, reason),
    });
  }

  /** Whether it is there; counts as nothing. */
  has(component: string): boolean {
    return this.store.find(component, "") >= 0;
  }

  /**
   * Puts a component in. Errors: INVALID_CACHE_ENTRY where its size is none.
   * @returns whether it is held now: false where it is too large, or where others are worth more
   */
  put(component: string, value: V, isSpeculative: boolean, loadMillis: number): boolean {
    const bytes = this.#estimate(value, component);
    if (!Number.isInteger(bytes) || bytes < 0) {
      const expected = "a whole number of bytes, 0 or more";
      const name = shortKey(component);
      throw new MempredError("INVALID_CACHE_ENTRY", `the size of "${name}" is ${String(bytes)}, expected ${expected}`, {
        component: name,
        expected,
      });
    }
    this.bytes = bytes;
    const now = this.#now();
    const attributes = this.#attributes;
    attributes.size = Math.max(1, bytes);
    attributes.expiresAt = now + this.#ttl;
    attributes.keepUntil = attributes.expiresAt;
    attributes.loadMillis = loadMillis;
    attributes.isSpeculative = isSpeculative;
    attributes.protectUntil = isSpeculative ? now + this.#protectMillis : 0;
    return this.store.put(component, value, "", attributes);
  }

  /** Takes out everything that was loaded ahead and not asked for yet. @returns bytes given back */
  unloadSpeculative(): number {
    let bytes = 0;
    while (this.store.speculativeCount > 0) {
      const freed = this.store.shed(1); // speculation goes before all
      if (freed === 0) break;
      bytes += freed;
    }
    return bytes;
  }
}
