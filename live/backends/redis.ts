// The backend that several processes share: a Redis server, version 6 or later, standing alone or with replicas, no cluster.
// It promises what the server's own persistence promises, and that a server that is gone, stopped, slow or full costs the
// cache its entries and never its time: see redis-connection.ts.
//
// Keys of the server: mempred:1:NAMESPACE:e:KEY entries, t:TAG sorted sets of keys, l:KEY leases. 1 is the version of the
// layout, so that two versions of the product never read each other's entries.

import { randomUUID } from "node:crypto";
import { MempredError } from "../../core/errors.ts";
import type { BackendOptions, CacheBackend, Lease, StoredEntry } from "./backend.ts";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";
import { decodeKey, encodeKey } from "./key-bytes.ts";
import { checkHold } from "./lease-table.ts";
import { invalidAddress, parseRedisAddress } from "./redis-address.ts";
import { type RedisArgument, type RedisCommand, RedisConnection } from "./redis-connection.ts";
import { DELETE_ENTRY, DELETE_IF_EQUAL, DELETE_TAG, type RedisScript, TAG, UNTAG } from "./redis-scripts.ts";

export interface RedisBackendOptions extends BackendOptions {
  /** Caches of different namespaces do not see each other: 1 to 64 of A-Z a-z 0-9 . _ -. Default "default". */
  readonly namespace?: string | undefined;
  /** Time limit of every command. Default 250. */
  readonly commandTimeoutMillis?: number | undefined;
  /** Time limit for getting a connection. Default 1000. */
  readonly connectTimeoutMillis?: number | undefined;
}

const KEYS_A_STEP = 500;
/** Values asked for by one command: more, and large ones would not arrive in time. */
const VALUES_A_STEP = 32;
const TAGGED_A_STEP = 200;

export class RedisBackend implements CacheBackend {
  readonly id = "redis";
  readonly #connection: RedisConnection;
  readonly #now: () => number;
  readonly #onProblem: ((problem: MempredError) => void) | undefined;
  readonly #entryPrefix: Buffer;
  readonly #tagPrefix: Buffer;
  readonly #leasePrefix: Buffer;

  private constructor(connection: RedisConnection, namespace: string, options: RedisBackendOptions) {
    this.#connection = connection;
    this.#now = options.now ?? Date.now;
    this.#onProblem = options.onProblem;
    const prefix = `mempred:1:${namespace}`;
    this.#entryPrefix = Buffer.from(`${prefix}:e:`);
    this.#tagPrefix = Buffer.from(`${prefix}:t:`);
    this.#leasePrefix = Buffer.from(`${prefix}:l:`);
  }

  /**
   * @param url redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?namespace=NAME]; rediss:// for an encrypted connection
   * Throws INVALID_INPUT. A server that is not there is told to `onProblem` and is waited for in the background.
   */
  static async open(url: string, options: RedisBackendOptions = {}): Promise<RedisBackend> {
    const { commandTimeoutMillis = 250, connectTimeoutMillis = 1_000 } = options;
    for (const limit of [commandTimeoutMillis, connectTimeoutMillis])
      if (!(Number.isFinite(limit) && limit >= 1)) throw invalidAddress("time limits must be at least 1 ms");
    const address = parseRedisAddress(url);
    const namespace = options.namespace ?? address.namespace ?? "default";
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(namespace)) throw invalidAddress("a namespace is 1 to 64 of A-Z a-z 0-9 . _ -");
    const { connection, problem } = await RedisConnection.open({
      ...address,
      commandTimeoutMillis,
      connectTimeoutMillis,
    });
    if (problem !== undefined) options.onProblem?.(problem);
    return new RedisBackend(connection, namespace, options);
  }

  async get(key: string): Promise<StoredEntry | null> {
    const keyBytes = encodeKey(key);
    try {
      const bytes = await this.#connection.call("GET", [this.#entryKey(keyBytes)]);
      return await this.#decode(keyBytes, bytes as Buffer | null);
    } catch (error) {
      if (!(error instanceof MempredError) || error.code !== "BACKEND_DAMAGED") throw error;
      await this.#drop(keyBytes, error); // what lies under this key is no string at all
      return null;
    }
  }

  async getMany(keys: readonly string[]): Promise<(StoredEntry | null)[]> {
    const keyBytes = keys.map((key) => encodeKey(key));
    const steps: Promise<unknown>[] = [];
    for (let from = 0; from < keys.length; from += VALUES_A_STEP) {
      const step = keyBytes.slice(from, from + VALUES_A_STEP).map((bytes) => this.#entryKey(bytes));
      steps.push(this.#connection.call("MGET", step));
    }
    const found = ((await Promise.all(steps)) as (Buffer | null)[][]).flat();
    return Promise.all(found.map((bytes, index) => this.#decode(keyBytes[index]!, bytes)));
  }

  async set(key: string, entry: StoredEntry): Promise<void> {
    const keyBytes = encodeKey(key);
    const bytes = encodeEntry(keyBytes, entry);
    const nowMillis = this.#now();
    const { keepUntilMillis } = entry;
    if (keepUntilMillis <= nowMillis) {
      await this.#delete(keyBytes);
      return;
    }
    const isEndless = keepUntilMillis === Infinity;
    const entryKey = this.#entryKey(keyBytes);
    const end = isEndless ? "+inf" : keepUntilMillis;
    await this.#connection.transact([
      evaluate(UNTAG, [entryKey, this.#tagPrefix, keyBytes]),
      ["SET", entryKey, bytes, ...(isEndless ? [] : ["PX", Math.ceil(keepUntilMillis - nowMillis)])],
      ...(entry.tags.length === 0 ? [] : [evaluate(TAG, [entryKey, this.#tagPrefix, keyBytes, nowMillis, end])]),
    ]);
  }

  /** Each by itself: when it fails some may have been stored. */
  async setMany(entries: ReadonlyMap<string, StoredEntry>): Promise<void> {
    for (const [key, entry] of entries) encodeEntry(encodeKey(key), entry); // refuses all before any is sent
    const outcomes = await Promise.allSettled([...entries].map(([key, entry]) => this.set(key, entry)));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async delete(key: string): Promise<boolean> {
    return this.#delete(encodeKey(key));
  }

  async deleteTag(tag: string): Promise<number> {
    const tagBytes = encodeKey(tag, "tag");
    const setKey = Buffer.concat([this.#tagPrefix, tagBytes]);
    let deleted = 0;
    for (;;) {
      const reply = await this.#connection.run(DELETE_TAG, [setKey, this.#entryPrefix, tagBytes, TAGGED_A_STEP]);
      const [seen, dropped] = reply as [number, number];
      deleted += dropped;
      if (seen < TAGGED_A_STEP) return deleted;
    }
  }

  /** What others store meanwhile may stay. Leases stay: loads are under way. */
  async clear(): Promise<number> {
    let deleted = 0;
    for await (const keys of this.#scan(this.#entryPrefix))
      deleted += (await this.#connection.call("UNLINK", keys)) as number;
    for await (const sets of this.#scan(this.#tagPrefix)) await this.#connection.call("UNLINK", sets);
    return deleted;
  }

  /** By the server's clock: what `now` alone deems over is listed still. */
  async *keys(): AsyncIterable<string> {
    for await (const keys of this.#scan(this.#entryPrefix))
      for (const key of keys) yield decodeKey(key.subarray(this.#entryPrefix.length));
  }

  /** NaN: the server counts a database, not a namespace. */
  async size(): Promise<{ entries: number; bytes: number }> {
    await this.#connection.call("PING", []);
    return { entries: Number.NaN, bytes: Number.NaN };
  }

  async lease(key: string, holdMillis: number): Promise<Lease | null> {
    checkHold(holdMillis);
    const leaseKey = Buffer.concat([this.#leasePrefix, encodeKey(key)]);
    const token = randomUUID();
    const reply = await this.#connection.call("SET", [leaseKey, token, "PX", holdMillis, "NX"]);
    if (reply === null) return null;
    return {
      release: async () => {
        // A lease that cannot be given back runs out by itself.
        await this.#connection.run(DELETE_IF_EQUAL, [leaseKey, token]).catch(() => undefined);
      },
    };
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #delete(keyBytes: Buffer): Promise<boolean> {
    return (await this.#connection.run(DELETE_ENTRY, [this.#entryKey(keyBytes), this.#tagPrefix, keyBytes])) === 1;
  }

  async #decode(keyBytes: Buffer, bytes: Buffer | null): Promise<StoredEntry | null> {
    if (bytes === null) return null;
    try {
      const entry = decodeEntry(keyBytes, bytes);
      return entry.keepUntilMillis > this.#now() ? entry : null;
    } catch (error) {
      await this.#drop(keyBytes, error as MempredError, bytes);
      return null;
    }
  }

  /** Removes a damaged entry, unless it was replaced since. */
  async #drop(keyBytes: Buffer, problem: MempredError, bytes?: Buffer): Promise<void> {
    const key = this.#entryKey(keyBytes);
    const drop =
      bytes === undefined
        ? this.#connection.call("UNLINK", [key])
        : this.#connection.run(DELETE_IF_EQUAL, [key, bytes]);
    await drop.catch(() => undefined); // then the next reader will
    this.#onProblem?.(problem);
  }

  /** Pages of keys that begin with the prefix, which has no character that a pattern gives a meaning. */
  async *#scan(prefix: Buffer): AsyncIterable<Buffer[]> {
    let cursor: Buffer | string = "0";
    do {
      const args = [cursor, "MATCH", `${prefix.toString("latin1")}*`, "COUNT", KEYS_A_STEP];
      const [next, keys] = (await this.#connection.call("SCAN", args)) as [Buffer, Buffer[]];
      cursor = next;
      if (keys.length > 0) yield keys;
    } while (cursor.toString("latin1") !== "0");
  }

  #entryKey(keyBytes: Buffer): Buffer {
    return Buffer.concat([this.#entryPrefix, keyBytes]);
  }
}

/** In a transaction a script that the server does not know would go unnoticed until too late: its text goes along. */
function evaluate(script: RedisScript, args: readonly RedisArgument[]): RedisCommand {
  return ["EVAL", script.lua, script.keyCount, ...args];
}
