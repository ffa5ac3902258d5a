// What is believed to lie on the server, by user, so that all of a user's lists can be named without searching the server for
// them, and its use of memory told. Belief only: the server may have evicted or lost any of it.

import { keyOwner } from "./preload-cache.ts";

/** Beyond so many keys further ones are not kept: dropping a user then misses them, and they end by their time to live. */
const MOST_KEYS = 200_000;

export interface Noted {
  readonly bytes: number;
  readonly endsAtMillis: number;
}

export class KeyLedger {
  readonly #users = new Map<string, Map<string, Noted>>();
  readonly #now: () => number;
  #keys = 0;
  #bytes = 0;

  /** @param now ms, any clock that does not run backwards */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(key: string, bytes: number, ttlMillis: number): void {
    this.forget(key);
    if (this.#keys >= MOST_KEYS) this.#sweep();
    if (this.#keys >= MOST_KEYS) return;
    const owner = keyOwner(key);
    let keys = this.#users.get(owner);
    if (keys === undefined) {
      keys = new Map();
      this.#users.set(owner, keys);
    }
    keys.set(key, { bytes, endsAtMillis: this.#now() + ttlMillis });
    this.#keys++;
    this.#bytes += bytes;
  }

  knows(key: string): boolean {
    return this.find(key) !== undefined;
  }

  /** What is noted of the key; tells it from what is noted later. */
  find(key: string): Noted | undefined {
    return this.#users.get(keyOwner(key))?.get(key);
  }

  keysOf(userId: string): string[] {
    return [...(this.#users.get(userId)?.keys() ?? [])];
  }

  /** @param only what was noted then: something noted since stays */
  forget(key: string, only = this.find(key)): void {
    const owner = keyOwner(key);
    const keys = this.#users.get(owner);
    const noted = keys?.get(key);
    if (keys === undefined || noted === undefined || noted !== only) return;
    keys.delete(key);
    if (keys.size === 0) this.#users.delete(owner);
    this.#keys--;
    this.#bytes -= noted.bytes;
  }

  clear(): void {
    this.#users.clear();
    this.#keys = 0;
    this.#bytes = 0;
  }

  /** O(keys). */
  usage(): { keys: number; bytes: number } {
    this.#sweep();
    return { keys: this.#keys, bytes: this.#bytes };
  }

  #sweep(): void {
    const now = this.#now();
    for (const keys of [...this.#users.values()])
      for (const [key, { endsAtMillis }] of [...keys]) if (endsAtMillis <= now) this.forget(key);
  }
}
