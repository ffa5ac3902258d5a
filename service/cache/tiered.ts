// Two caches as one: this process in front, Redis behind. Each list is written to both; it is read here first, and from Redis what
// is not here. Measured against Redis first, with this process as a stand-in (scripts/bench/preload-cache.ts): a warm read costs
// no round trip, a killed server is not noticed by whoever asks for what is here, and this process, the only one that writes its
// store's lists, never holds an older one than the server. Redis is what keeps lists over a restart, and holds those for which
// there is no room here.
//
// Trouble with Redis never reaches the caller. A key whose write or drop failed is owed: it is not read from Redis until it was
// set there to what is held here, or dropped. A server that comes back empty is given again what is held here.

import { MempredError } from "../../core/errors.ts";
import type { PartHealth } from "../health.ts";
import type { EmbeddedPreloadCache } from "./embedded.ts";
import type { CacheWrite, PreloadCache } from "./preload-cache.ts";
import type { RedisPreloadCache } from "./redis.ts";

/** Beyond, the oldest is forgotten: the server may then give a list of an older revision, which whoever reads it will see. */
const MOST_OWED_KEYS = 100_000;
const OWED_A_STEP = 64;
const RETRY_MILLIS = 500;

export class TieredPreloadCache implements PreloadCache {
  readonly id = "tiered";
  readonly near: EmbeddedPreloadCache;
  readonly far: RedisPreloadCache;
  /** The oldest first. */
  readonly #owed = new Set<string>();
  /** Keys that are being read from Redis, to be held here: those that change meanwhile are taken out. */
  readonly #copies = new Set<Set<string>>();
  #forgottenCount = 0;
  #isSettling = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(near: EmbeddedPreloadCache, far: RedisPreloadCache) {
    this.near = near;
    this.far = far;
    far.onUsable = (isNewConnection) => {
      if (isNewConnection) this.#oweLost();
      void this.#settle();
    };
  }

  /** Keys whose change Redis has not been told of yet. */
  get owedCount(): number {
    return this.#owed.size;
  }

  /** How many of them were forgotten because there were too many. */
  get forgottenCount(): number {
    return this.#forgottenCount;
  }

  async read(keys: readonly string[]): Promise<(string | undefined)[]> {
    this.#checkOpen();
    const found = keys.map((key) => this.near.peek(key));
    const missing = keys.filter((key, index) => found[index] === undefined && !this.#owed.has(key));
    if (missing.length === 0 || !this.far.isReachable) return found;
    const copied = new Set(missing);
    this.#copies.add(copied);
    try {
      const living = await this.far.readLiving(missing);
      missing.forEach((key, index) => {
        const one = living[index];
        if (one === undefined || !copied.has(key)) return;
        if (one.ttlMillis > 0) this.near.put(key, one.value, one.ttlMillis);
        keys.forEach((wanted, at) => {
          if (wanted === key) found[at] = one.value;
        });
      });
    } catch (error) {
      passOver(error);
    } finally {
      this.#copies.delete(copied);
    }
    return found;
  }

  async write(entries: readonly CacheWrite[]): Promise<void> {
    this.#checkOpen();
    for (const { key, value, ttlSeconds } of entries) {
      this.near.put(key, value, ttlSeconds * 1000);
      this.#change(key);
    }
    await this.#tell(
      entries.map(({ key }) => key),
      () => this.far.write(entries),
    );
  }

  async drop(keys: readonly string[]): Promise<void> {
    this.#checkOpen();
    for (const key of keys) {
      this.near.forget(key);
      this.#change(key);
    }
    await this.#tell(keys, () => this.far.drop(keys));
  }

  async dropUser(userId: string): Promise<void> {
    this.#checkOpen();
    const prefix = `preload:${userId}:`;
    for (const copied of this.#copies) for (const key of copied) if (key.startsWith(prefix)) copied.delete(key);
    this.near.forgetUser(userId);
    await this.#tell(this.far.keysOf(userId), () => this.far.dropUser(userId));
  }

  /** Of Redis while it can be reached, else of this process. */
  usage(): { readonly keys: number; readonly bytes: number } {
    return this.far.isReachable ? this.far.usage() : this.near.usage();
  }

  /** Never "down": this process answers. */
  health(): PartHealth {
    const far = this.far.health();
    if (far.state === "up") return far;
    return { ...far, state: "degraded", reason: `${far.reason}; lists are kept in this process meanwhile` };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    await this.far.close();
    await this.near.close();
  }

  #change(key: string): void {
    for (const copied of this.#copies) copied.delete(key);
  }

  /** Makes the change in Redis too, or owes it. */
  async #tell(keys: readonly string[], send: () => Promise<void>): Promise<void> {
    try {
      await send();
      for (const key of keys) this.#owed.delete(key);
    } catch (error) {
      passOver(error);
      this.#owe(keys);
    }
  }

  #owe(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#owed.delete(key);
      this.#owed.add(key);
    }
    for (const oldest of this.#owed) {
      if (this.#owed.size <= MOST_OWED_KEYS) break;
      this.#owed.delete(oldest);
      this.#forgottenCount++;
    }
    this.#planSettling();
  }

  /** The server was reached anew, and does not have all that is held here. */
  #oweLost(): void {
    this.#owe(this.near.keys().filter((key) => !this.far.knows(key)));
  }

  #planSettling(): void {
    if (this.#isClosed || this.#retryTimer !== undefined || this.#owed.size === 0) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      void this.#settle().then(() => this.#planSettling());
    }, RETRY_MILLIS);
    this.#retryTimer.unref();
  }

  /** Tells Redis what is owed, as it stands here now. */
  async #settle(): Promise<void> {
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      while (this.#owed.size > 0 && this.far.isReachable && !this.#isClosed) {
        const keys = [...firstOf(this.#owed, OWED_A_STEP)];
        // What changes from here on is told after this, over the same connection.
        for (const key of keys) this.#owed.delete(key);
        try {
          await this.#sendAsHeld(keys);
        } catch (error) {
          passOver(error);
          this.#owe(keys);
          return;
        }
      }
    } finally {
      this.#isSettling = false;
    }
  }

  async #sendAsHeld(keys: readonly string[]): Promise<void> {
    const writes: CacheWrite[] = [];
    const drops: string[] = [];
    for (const key of keys) {
      const held = this.near.held(key);
      if (held === undefined) drops.push(key);
      else writes.push({ key, value: held.value, ttlSeconds: Math.ceil(held.ttlMillis / 1000) });
    }
    const outcomes = await Promise.allSettled([this.far.drop(drops), this.far.write(writes)]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new MempredError("BACKEND_UNAVAILABLE", "the preload cache is closed");
  }
}

function* firstOf<T>(items: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}

/** Trouble of Redis is its health's business; anything else is a mistake of the program. */
function passOver(error: unknown): void {
  if (!(error instanceof MempredError)) throw error;
}
