// An engine for tests of the HTTP part: it reads the store, and notes what it was told.

import type { PreloadEngine, PreloadRun, PreloadStatus, Retrieval } from "../../service/engine/preload-engine.ts";
import type { Identity } from "../../service/identity.ts";
import type { Item } from "../../service/item.ts";
import type { ItemStore } from "../../service/store/item-store.ts";

export class FakeEngine implements PreloadEngine {
  readonly #store: ItemStore;
  readonly triggered: (readonly string[] | "all")[] = [];
  readonly used: string[] = [];
  readonly changes: string[] = [];
  configChanges = 0;
  /** While it is not null, the lists of a user, from memory. */
  warm: Map<string, Retrieval> | null = null;
  isStopped = false;

  constructor(store: ItemStore) {
    this.#store = store;
  }

  start(): void {}
  trigger(userIds: readonly string[] | "all"): PreloadRun {
    this.triggered.push(userIds);
    return {
      id: "run-1",
      reason: "trigger",
      state: "running",
      startedMillis: 1,
      endedMillis: null,
      users: { planned: 1, done: 0, failed: 0, skipped: 0 },
      items: 0,
      bytes: 0,
      stoppedBy: null,
    };
  }
  status(): PreloadStatus {
    return {
      runs: [],
      retrievals: { preloaded: 1, store: 2, both: 3 },
      cache: { keys: 4, bytes: 5, limitBytes: 6 },
      pressure: { level: "LOW", ratio: 0.25 },
      health: [{ part: "redis", state: "down", reason: "redis.internal.example:6379 refuses", sinceMillis: 1 }],
    };
  }
  async memories(identity: Identity, limit: number): Promise<Retrieval> {
    const kept = this.warm?.get(identity.userId);
    if (kept !== undefined) return kept;
    return retrieval((await this.#store.list(identity.userId, limit)).items);
  }
  async relevant(identity: Identity, contexts: readonly string[], limit: number): Promise<Retrieval> {
    const found = await Promise.all(contexts.map((one) => this.#store.inContext(identity.userId, one, limit)));
    return retrieval(found.flat());
  }
  async trending(_identity: Identity, limit: number): Promise<Retrieval> {
    return retrieval(await this.#store.trending(0, limit));
  }
  noteUse(itemId: string, userId: string): void {
    this.used.push(`${userId} ${itemId}`);
  }
  async changed(userId: string): Promise<void> {
    this.changes.push(userId);
  }
  configChanged(): void {
    this.configChanges++;
  }
  async stop(): Promise<void> {
    this.isStopped = true;
  }
}

export function retrieval(items: readonly Item[]): Retrieval {
  return { servedFrom: "store", items: items.map((item) => ({ item, strategy: "recent", relevance: 1 })) };
}
