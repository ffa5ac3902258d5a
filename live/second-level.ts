// A backend as the second level of a cache: bytes for values, writes in order behind the caller, and no failure that reaches whoever
// asks. What cannot be read is a miss, counted and told.

import { MempredError } from "../core/errors.ts";
import type { CacheBackend, Lease, StoredEntry } from "./backends/backend.ts";
import { encodeValue, type ValueCodec } from "./codec.ts";
import { WriteBehind } from "./write-behind.ts";

/** A value that the second level holds, with its times (ms since the epoch). */
export interface FoundValue<V> {
  readonly value: V;
  readonly storedAtMillis: number;
  readonly expiresAtMillis: number;
  readonly keepUntilMillis: number;
  readonly tags: readonly string[];
}

/** Another process is loading. */
export const BUSY = "busy";
/** There is no way to tell: go on without a lease. */
export const NO_LEASES = "no leases";

export interface SecondLevelOptions<V> {
  readonly backend: CacheBackend;
  readonly codec: ValueCodec<V>;
  readonly maxPendingWrites: number;
  readonly onTrouble: (what: string, error: unknown) => void;
}

export class SecondLevel<V> {
  readonly #options: SecondLevelOptions<V>;
  readonly writes: WriteBehind;
  hits = 0;
  misses = 0;
  errors = 0;
  /** Entries whose bytes could not be read as a value. */
  undecodable = 0;

  constructor(options: SecondLevelOptions<V>) {
    this.#options = options;
    const onError = (error: unknown) => this.#trouble("write", error);
    this.writes = new WriteBehind({ backend: options.backend, maxPending: options.maxPendingWrites, onError });
  }

  get backendId(): string {
    return this.#options.backend.id;
  }

  /** @throws MempredError INVALID_CACHE_ENTRY */
  encode(key: string, value: V): Uint8Array {
    return encodeValue(this.#options.codec, key, value);
  }

  /** What is stored under the encoded key, what waits to be written included. Never rejects: trouble is a miss. */
  async get(encodedKey: string): Promise<FoundValue<V> | undefined> {
    const expected = this.writes.expected(encodedKey);
    if (expected === null) return undefined;
    try {
      const entry = expected ?? (await this.#options.backend.get(encodedKey));
      // Deleted or replaced while the backend answered: what it said is old.
      if (entry !== null && expected === undefined && this.writes.expected(encodedKey) !== undefined) return undefined;
      if (entry === null) {
        this.misses++;
        return undefined;
      }
      return this.#decode(encodedKey, entry);
    } catch (error) {
      this.#trouble("read", error);
      return undefined;
    }
  }

  /** The right to load, BUSY, or NO_LEASES. Never rejects. */
  async lease(encodedKey: string, holdMillis: number): Promise<Lease | typeof BUSY | typeof NO_LEASES> {
    try {
      return (await this.#options.backend.lease(encodedKey, holdMillis)) ?? BUSY;
    } catch (error) {
      this.#trouble("lease", error);
      return NO_LEASES;
    }
  }

  async release(lease: Lease): Promise<void> {
    try {
      await lease.release();
    } catch (error) {
      this.#trouble("lease", error);
    }
  }

  async close(): Promise<void> {
    this.writes.close();
    try {
      await this.#options.backend.close();
    } catch (error) {
      this.#trouble("close", error);
    }
  }

  #decode(encodedKey: string, entry: StoredEntry): FoundValue<V> | undefined {
    let value: V;
    try {
      value = this.#options.codec.decode(entry.bytes);
    } catch (error) {
      this.undecodable++;
      this.misses++;
      this.writes.remove(encodedKey);
      const message = "an entry of the cache's backend cannot be read by its codec";
      this.#trouble("decode", new MempredError("BACKEND_DAMAGED", message, { codec: this.#options.codec.id }, error));
      return undefined;
    }
    this.hits++;
    const { storedAtMillis, expiresAtMillis, keepUntilMillis } = entry;
    // The tags within a context are made anew from the plain ones.
    const tags = entry.tags.filter((tag) => !tag.startsWith("\u0000"));
    return { value, storedAtMillis, expiresAtMillis, keepUntilMillis, tags };
  }

  #trouble(what: string, error: unknown): void {
    this.errors++;
    this.#options.onTrouble(what, error);
  }
}
