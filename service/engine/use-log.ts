// Uses and activity, counted here and written to the store in one transaction every two seconds: a read is not made to wait for a
// write. What could not be written is kept for the next time, up to a bound; a process that is killed loses the last two seconds.

import type { ItemStore, ItemUse, UserActivity } from "../store/item-store.ts";

/** Entries kept while the store takes none; beyond, the oldest are forgotten. */
const MOST_ENTRIES = 100_000;

export class UseLog {
  readonly #store: ItemStore;
  readonly #flushMillis: number;
  #uses = new Map<string, { count: number; lastUsedMillis: number }>();
  #activity = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(store: ItemStore, flushMillis = 2_000) {
    this.#store = store;
    this.#flushMillis = flushMillis;
  }

  noteUse(itemId: string, nowMillis: number, count = 1): void {
    const use = this.#uses.get(itemId);
    if (use === undefined) {
      this.#uses.set(itemId, { count, lastUsedMillis: nowMillis });
      this.#bound(this.#uses);
    } else {
      use.count += count;
      use.lastUsedMillis = Math.max(use.lastUsedMillis, nowMillis);
    }
    this.#plan();
  }

  noteActivity(userId: string, nowMillis: number): void {
    const last = this.#activity.get(userId);
    if (last !== undefined && last >= nowMillis) return;
    this.#activity.set(userId, nowMillis);
    if (last !== undefined) return;
    this.#bound(this.#activity);
    this.#plan();
  }

  /** What is waiting to be written. */
  get waitingCount(): number {
    return this.#uses.size + this.#activity.size;
  }

  /** Writes what was counted. Does not throw: what the store does not take waits. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.waitingCount === 0) return;
    const counted = this.#uses;
    const active = this.#activity;
    this.#uses = new Map();
    this.#activity = new Map();
    const uses: ItemUse[] = [...counted].map(([itemId, use]) => ({ itemId, ...use }));
    const activity: UserActivity[] = [...active].map(([userId, lastActiveMillis]) => ({ userId, lastActiveMillis }));
    try {
      await this.#store.noteUses(uses, activity);
    } catch {
      for (const { itemId, count, lastUsedMillis } of uses) this.noteUse(itemId, lastUsedMillis, count);
      for (const { userId, lastActiveMillis } of activity) this.noteActivity(userId, lastActiveMillis);
    }
  }

  /** Writes once more, and then no more by itself. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.flush();
    clearTimeout(this.#timer);
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => void this.flush(), this.#flushMillis);
    this.#timer.unref?.();
  }

  #bound(entries: Map<string, unknown>): void {
    if (entries.size > MOST_ENTRIES) entries.delete(entries.keys().next().value!);
  }
}
