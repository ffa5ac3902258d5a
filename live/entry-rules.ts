// What a SmartCache makes of the options of an entry: its size, until when it is good, until when it may be served all the same. The
// options of a call go before those of the cache.

import { type EntryAttributes, plainAttributes } from "../cache/entry-table.ts";
import { MempredError } from "../core/errors.ts";
import { estimateBytes } from "./estimate-bytes.ts";
import { shortKey } from "./flight.ts";
import {
  checkNumber,
  DEFAULT_TTL,
  DEFAULT_TTL_BY_TYPE,
  type GetOrSetOptions,
  type SetOptions,
  type SmartCacheOptions,
} from "./smart-cache-options.ts";

const MOST_KEY_UNITS = 1_048_576;

export class EntryRules<V> {
  readonly #now: () => number;
  readonly #ttl: number;
  readonly #ttlByType: ReadonlyMap<string, number>;
  readonly #staleWhileRevalidate: number;
  readonly #staleIfError: number;
  readonly #protectMillis: number;
  readonly #sizeOf: ((value: V, key: string) => number) | undefined;
  readonly #attributes: EntryAttributes = plainAttributes();

  /** @param options checked */
  constructor(options: SmartCacheOptions<V>, nowMillis: () => number) {
    this.#now = nowMillis;
    this.#ttl = options.ttl ?? DEFAULT_TTL;
    this.#ttlByType = new Map(Object.entries({ ...DEFAULT_TTL_BY_TYPE, ...options.ttlByType }));
    this.#staleWhileRevalidate = options.allowStale === true ? Infinity : (options.staleWhileRevalidateMillis ?? 0);
    this.#staleIfError = options.staleIfErrorMillis ?? 0;
    this.#protectMillis = options.protectMillis ?? 30_000;
    const isMeasured = options.maxSize !== undefined || options.sizeCalculation !== undefined;
    this.#sizeOf = isMeasured ? (options.sizeCalculation ?? estimateBytes) : undefined;
  }

  /** Whether sizes are of any matter. */
  get isMeasured(): boolean {
    return this.#sizeOf !== undefined;
  }

  /** Attributes of a value, in the one object that is used for all. */
  fill(key: string, value: V, options: SetOptions | undefined): EntryAttributes {
    this.check(options);
    // Before anything is filled in: what measures may use the cache.
    const size = this.#sizeOf === undefined ? 1 : this.#measure(key, value, options?.size);
    const attributes = this.#attributes;
    attributes.size = size;
    const now = this.#now();
    const ttl =
      options?.ttl ?? (options?.type === undefined ? this.#ttl : (this.#ttlByType.get(options.type) ?? this.#ttl));
    const renewed = options?.staleWhileRevalidateMillis ?? this.#staleWhileRevalidate;
    const failed = options?.staleIfErrorMillis ?? this.#staleIfError;
    attributes.expiresAt = ttl === 0 ? Infinity : now + ttl;
    attributes.keepUntil = attributes.expiresAt + (renewed > failed ? renewed : failed);
    attributes.loadMillis = 0;
    attributes.priority = options?.priority ?? 0;
    attributes.isPinned = options?.isPinned === true;
    attributes.isSpeculative = false;
    attributes.protectUntil = 0;
    attributes.isQuiet = false;
    attributes.tags = options?.tags;
    return attributes;
  }

  #measure(key: string, value: V, given: number | undefined): number {
    const size = given ?? (this.#sizeOf as (value: V, key: string) => number)(value, key);
    if (Number.isInteger(size) && size >= 0) return size === 0 ? 1 : size;
    const expected = "a whole number of 0 or more";
    const message = `the size of the value of "${shortKey(key)}" is ${String(size)}, expected ${expected}`;
    throw new MempredError("INVALID_CACHE_ENTRY", message, { key: shortKey(key), expected });
  }

  /** Nobody has asked for it: it is protected for a while. */
  speculate(attributes: EntryAttributes): void {
    attributes.isSpeculative = true;
    attributes.protectUntil = this.#now() + this.#protectMillis;
  }

  /** How long past its time a value may be served while it is renewed. */
  staleMillis(options: GetOrSetOptions<V> | undefined): number {
    if (options?.allowStale === true) return Infinity;
    if (options?.allowStale === false) return 0;
    return options?.staleWhileRevalidateMillis ?? this.#staleWhileRevalidate;
  }

  /** How long past its time a value may be served where loading failed. */
  staleIfErrorMillis(options: GetOrSetOptions<V> | undefined): number {
    return options?.staleIfErrorMillis ?? this.#staleIfError;
  }

  /** @throws MempredError INVALID_INPUT for an option out of its range */
  check(options: SetOptions | GetOrSetOptions<V> | undefined): void {
    if (options === undefined) return;
    if (typeof options.ttl !== "function") checkNumber("ttl", options.ttl, 0);
    checkNumber("staleWhileRevalidateMillis", options.staleWhileRevalidateMillis, 0);
    checkNumber("staleIfErrorMillis", options.staleIfErrorMillis, 0);
    const { priority } = options;
    if (priority === undefined || (Number.isInteger(priority) && priority >= -100 && priority <= 100)) return;
    const expected = "a whole number from -100 to 100";
    throw new MempredError("INVALID_INPUT", `priority is ${priority}, expected ${expected}`, { expected });
  }
}

/** @throws MempredError INVALID_CACHE_ENTRY for what can be no key */
export function checkKey(key: string): void {
  if (typeof key === "string" && key.length <= MOST_KEY_UNITS) return;
  const expected = `a text of at most ${MOST_KEY_UNITS} UTF-16 units`;
  const found = typeof key === "string" ? `${key.length} units long` : `a ${typeof key}`;
  throw new MempredError("INVALID_CACHE_ENTRY", `a key of the cache is ${found}, expected ${expected}`, { expected });
}
