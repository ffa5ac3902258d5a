// A cache in a map that fails as it is told to, a store that counts and delays, and users with items.

import { setTimeout as sleep } from "node:timers/promises";
import { MempredError } from "../../../core/errors.ts";
import type { CacheWrite, PreloadCache } from "../../../service/cache/preload-cache.ts";
import type { Engine } from "../../../service/engine/engine.ts";
import type { PreloadRun } from "../../../service/engine/preload-engine.ts";
import type { PartHealth } from "../../../service/health.ts";
import type { Identity, User } from "../../../service/identity.ts";
import type { ItemStore } from "../../../service/store/item-store.ts";

export type CacheMode = "up" | "down" | "hanging" | "throwing" | "deaf";

export class FakeCache implements PreloadCache {
  readonly id = "fake";
  readonly entries = new Map<string, { value: string; ttlSeconds: number }>();
  /** down: rejects; throwing: before there is a promise; hanging: never answers; deaf: answers, keeps and drops nothing. */
  mode: CacheMode = "up";
  reads = 0;

  read(keys: readonly string[]): Promise<(string | undefined)[]> {
    this.reads++;
    return this.#step(() => keys.map((key) => this.entries.get(key)?.value));
  }

  write(entries: readonly CacheWrite[]): Promise<void> {
    return this.#step(() => {
      if (this.mode !== "deaf")
        for (const { key, value, ttlSeconds } of entries) this.entries.set(key, { value, ttlSeconds });
    });
  }

  drop(keys: readonly string[]): Promise<void> {
    return this.#step(() => {
      if (this.mode !== "deaf") for (const key of keys) this.entries.delete(key);
    });
  }

  async dropUser(userId: string): Promise<void> {
    await this.drop([...this.entries.keys()].filter((key) => key.startsWith(`preload:${userId}:`)));
  }

  usage() {
    let bytes = 0;
    for (const [key, { value }] of this.entries) bytes += key.length + value.length;
    return { keys: this.entries.size, bytes };
  }

  health(): PartHealth {
    return { part: "fake", state: this.mode === "up" ? "up" : "down", reason: this.mode, sinceMillis: 0 };
  }

  async close(): Promise<void> {}

  #step<T>(step: () => T): Promise<T> {
    if (this.mode === "throwing") throw new Error("the cache threw");
    if (this.mode === "hanging") return new Promise(() => undefined);
    if (this.mode === "down") return Promise.reject(new MempredError("BACKEND_UNAVAILABLE", "the cache is gone"));
    return Promise.resolve().then(step);
  }
}

export interface WatchedStore {
  readonly store: ItemStore;
  /** Calls by method. */
  readonly calls: Map<string, number>;
  /** Before each call; throws what the call is to throw. */
  before: (method: string) => Promise<void> | void;
  /** After each call, before its answer comes: what it says is of some time ago then. */
  after: () => Promise<void> | void;
}

/** The store behind something that sees, delays and fails its calls. */
export function watch(inner: ItemStore): WatchedStore {
  const calls = new Map<string, number>();
  const watched: WatchedStore = { store: inner, calls, before: () => undefined, after: () => undefined };
  const proxy = new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      if (name === "health" || name === "close") return value.bind(target);
      return async (...words: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        await watched.before(String(name));
        const answer = await (value as (...words: unknown[]) => unknown).apply(target, words);
        await watched.after();
        return answer;
      };
    },
  });
  return Object.assign(watched, { store: proxy });
}

export function identityOf({ id, organisationId, role }: User): Identity {
  return { tokenId: "token", userId: id, organisationId, role };
}

/** When the latest run has ended. */
export async function runEnds(engine: Engine): Promise<PreloadRun> {
  for (;;) {
    const [run] = engine.status().runs;
    if (run !== undefined && run.state !== "running") return run;
    await sleep(2);
  }
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(2);
}
