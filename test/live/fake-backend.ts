// A backend in a map whose answers can be delayed, made to fail and counted.

import { MempredError } from "../../core/errors.ts";
import type { CacheBackend, Lease, StoredEntry } from "../../live/backends/backend.ts";

export class FakeBackend implements CacheBackend {
  readonly id = "fake";
  readonly entries = new Map<string, StoredEntry>();
  readonly leases = new Map<string, number>();
  readonly calls: string[] = [];
  isBroken = false;
  /** Turns of the event loop before each answer. */
  delay = 0;
  isClosed = false;
  #lease = 0;
  now: () => number = () => 0;

  async get(key: string): Promise<StoredEntry | null> {
    await this.#answer(`get ${key}`);
    return this.#live(key);
  }

  async getMany(keys: readonly string[]): Promise<(StoredEntry | null)[]> {
    await this.#answer("getMany");
    return keys.map((key) => this.#live(key));
  }

  async set(key: string, entry: StoredEntry): Promise<void> {
    await this.#answer(`set ${key}`);
    this.entries.set(key, entry);
  }

  async setMany(entries: ReadonlyMap<string, StoredEntry>): Promise<void> {
    await this.#answer(`setMany ${[...entries.keys()].join(",")}`);
    for (const [key, entry] of entries) this.entries.set(key, entry);
  }

  async delete(key: string): Promise<boolean> {
    await this.#answer(`delete ${key}`);
    return this.entries.delete(key);
  }

  async deleteTag(tag: string): Promise<number> {
    await this.#answer(`deleteTag ${tag}`);
    const keys = [...this.entries].filter(([, entry]) => entry.tags.includes(tag)).map(([key]) => key);
    for (const key of keys) this.entries.delete(key);
    return keys.length;
  }

  async clear(): Promise<number> {
    await this.#answer("clear");
    const count = this.entries.size;
    this.entries.clear();
    return count;
  }

  async *keys(): AsyncIterable<string> {
    await this.#answer("keys");
    yield* [...this.entries.keys()];
  }

  async size(): Promise<{ entries: number; bytes: number }> {
    return { entries: this.entries.size, bytes: NaN };
  }

  async lease(key: string): Promise<Lease | null> {
    await this.#answer(`lease ${key}`);
    if (this.leases.has(key)) return null;
    const own = ++this.#lease;
    this.leases.set(key, own);
    return {
      release: async () => {
        this.calls.push(`release ${key}`);
        if (this.leases.get(key) === own) this.leases.delete(key);
      },
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #live(key: string): StoredEntry | null {
    const entry = this.entries.get(key);
    return entry === undefined || entry.keepUntilMillis <= this.now() ? null : entry;
  }

  async #answer(call: string): Promise<void> {
    this.calls.push(call);
    for (let i = 0; i < this.delay; i++) await new Promise((resolve) => setImmediate(resolve));
    if (this.isBroken || this.isClosed) throw new MempredError("BACKEND_UNAVAILABLE", "the fake backend is broken");
  }
}
