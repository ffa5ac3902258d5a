// The backend that needs nothing: entries in a Map of this process. It promises nothing beyond the process's life, and is what
// the other two are compared with.

import { MempredError } from "../../core/errors.ts";
import type { BackendOptions, CacheBackend, Lease, StoredEntry } from "./backend.ts";
import { checkEntry } from "./entry-codec.ts";
import { encodeKey } from "./key-bytes.ts";
import { LeaseTable } from "./lease-table.ts";

export interface MemoryBackendOptions extends BackendOptions {
  /** Most bytes of values; beyond, BACKEND_FULL. Default Infinity. */
  readonly maxBytes?: number | undefined;
}

export class MemoryBackend implements CacheBackend {
  readonly id = "memory";
  readonly #entries = new Map<string, StoredEntry>();
  readonly #keysByTag = new Map<string, Set<string>>();
  readonly #leases: LeaseTable;
  readonly #now: () => number;
  readonly #maxBytes: number;
  #bytes = 0;
  #writesSinceSweep = 0;
  #isClosed = false;

  constructor({ now = Date.now, maxBytes = Infinity }: MemoryBackendOptions = {}) {
    if (!(maxBytes > 0)) throw new MempredError("INVALID_INPUT", "maxBytes must be above 0", { maxBytes });
    this.#now = now;
    this.#maxBytes = maxBytes;
    this.#leases = new LeaseTable(now);
  }

  async get(key: string): Promise<StoredEntry | null> {
    this.#check(key);
    return this.#read(key);
  }

  async getMany(keys: readonly string[]): Promise<(StoredEntry | null)[]> {
    for (const key of keys) this.#check(key);
    this.#assertOpen();
    return keys.map((key) => this.#read(key));
  }

  async set(key: string, entry: StoredEntry): Promise<void> {
    this.#check(key);
    this.#write(key, checked(entry));
  }

  async setMany(entries: ReadonlyMap<string, StoredEntry>): Promise<void> {
    this.#assertOpen();
    for (const [key, entry] of entries) {
      this.#check(key);
      checked(entry);
    }
    for (const [key, entry] of entries) this.#write(key, entry);
  }

  async delete(key: string): Promise<boolean> {
    this.#check(key);
    const entry = this.#read(key);
    this.#drop(key);
    return entry !== null;
  }

  async deleteTag(tag: string): Promise<number> {
    this.#assertOpen();
    encodeKey(tag, "tag");
    const nowMillis = this.#now();
    let deleted = 0;
    for (const key of [...(this.#keysByTag.get(tag) ?? [])]) {
      if (this.#entries.get(key)!.keepUntilMillis > nowMillis) deleted++;
      this.#drop(key);
    }
    return deleted;
  }

  async clear(): Promise<number> {
    const { entries } = await this.size();
    this.#entries.clear();
    this.#keysByTag.clear();
    this.#bytes = 0;
    return entries;
  }

  async *keys(): AsyncIterable<string> {
    this.#assertOpen();
    for (const [key, entry] of this.#entries) {
      this.#assertOpen();
      if (entry.keepUntilMillis > this.#now()) yield key;
    }
  }

  async size(): Promise<{ entries: number; bytes: number }> {
    this.#assertOpen();
    this.#sweep();
    return { entries: this.#entries.size, bytes: this.#bytes };
  }

  async lease(key: string, holdMillis: number): Promise<Lease | null> {
    this.#check(key);
    return this.#leases.take(key, holdMillis);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#entries.clear();
    this.#keysByTag.clear();
    this.#leases.clear();
    this.#bytes = 0;
  }

  /** A copy, so that nobody's change of it reaches the next reader. */
  #read(key: string): StoredEntry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.keepUntilMillis <= this.#now()) {
      this.#drop(key);
      return null;
    }
    return copyOf(entry);
  }

  #write(key: string, entry: StoredEntry): void {
    const nowMillis = this.#now();
    const added = entry.bytes.length - (this.#entries.get(key)?.bytes.length ?? 0);
    if (this.#bytes + added > this.#maxBytes) this.#sweep();
    const before = this.#entries.get(key)?.bytes.length ?? 0; // the sweep may have taken it
    if (this.#bytes - before + entry.bytes.length > this.#maxBytes) throw full(this.#maxBytes);
    this.#drop(key);
    if (entry.keepUntilMillis <= nowMillis) return;
    this.#entries.set(key, copyOf(entry));
    this.#bytes += entry.bytes.length;
    for (const tag of entry.tags) {
      const keys = this.#keysByTag.get(tag);
      if (keys === undefined) this.#keysByTag.set(tag, new Set([key]));
      else keys.add(key);
    }
    if (++this.#writesSinceSweep > this.#entries.size + 64) this.#sweep(); // so that a write pays O(1) for it
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes.length;
    for (const tag of entry.tags) {
      const keys = this.#keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByTag.delete(tag);
    }
  }

  #sweep(): void {
    this.#writesSinceSweep = 0;
    const nowMillis = this.#now();
    for (const [key, entry] of this.#entries) if (entry.keepUntilMillis <= nowMillis) this.#drop(key);
  }

  #check(key: string): void {
    this.#assertOpen();
    // Only a long key needs its bytes counted: no UTF-16 unit takes more than three.
    if (typeof key !== "string" || key.length === 0 || key.length > 300_000) encodeKey(key);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new MempredError("BACKEND_UNAVAILABLE", "memory: the backend is closed");
  }
}

function checked(entry: StoredEntry): StoredEntry {
  checkEntry(entry);
  for (const tag of entry.tags) encodeKey(tag, "tag");
  return entry;
}

function copyOf(entry: StoredEntry): StoredEntry {
  const { storedAtMillis, expiresAtMillis, keepUntilMillis } = entry;
  return {
    bytes: new Uint8Array(entry.bytes),
    storedAtMillis,
    expiresAtMillis,
    keepUntilMillis,
    tags: [...entry.tags],
  };
}

function full(maxBytes: number): MempredError {
  return new MempredError("BACKEND_FULL", `memory: values would take more than ${maxBytes} bytes`, { maxBytes });
}
