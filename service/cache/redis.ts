// Preloaded lists in a Redis server, version 6 or later, under exactly the keys of preload-cache.ts. The connection keeps the time
// limit and knows when the server is gone (live/backends/redis-connection.ts); here is what else may be wrong with one that
// answers: it is full, a replica, loading, cannot save. Such a refusal is remembered with its time and probed until it is over.
//
// All values of a call are set in one transaction, each with its time to live: lists of one revision appear together. What lies
// on the server is kept in a ledger, taken by SCAN with each new connection, so that a user is dropped without a search.

import { assert, type MempredError } from "../../core/errors.ts";
import { invalidAddress, parseRedisAddress } from "../../live/backends/redis-address.ts";
import { isRefusal, type RedisCommand, RedisConnection } from "../../live/backends/redis-connection.ts";
import type { PartHealth } from "../health.ts";
import { KeyLedger } from "./key-ledger.ts";
import { type CacheWrite, keyOwner, type PreloadCache, userKey } from "./preload-cache.ts";

export interface RedisCacheOptions {
  /** Time limit of every call. Default 250. */
  readonly commandTimeoutMillis?: number | undefined;
  /** Time limit for getting a connection. Default 1000. */
  readonly connectTimeoutMillis?: number | undefined;
  /** Told when the server is not there at the start; it is waited for in the background. */
  readonly onProblem?: ((problem: MempredError) => void) | undefined;
}

/** A value and for how long it still lives; NaN: for ever, as another program set it. */
export interface LivingValue {
  readonly value: string;
  readonly ttlMillis: number;
}

const KEYS_A_STEP = 500;
const PROBE_MILLIS = 400;
/** Set to nothing, which is refused where a write is, and otherwise does not make it. */
const PROBE_KEY = "preload:probe";
/** The server's share for a key and a value with a time to live, as MEMORY USAGE of Redis 7 tells it. */
const KEY_OVERHEAD_BYTES = 72;

type Way = "reads" | "writes";

export class RedisPreloadCache implements PreloadCache {
  readonly id = "redis";
  /** Told when the server can be used again; `isNewConnection`: it may have lost what it held, and `knows` says what is left. */
  onUsable: ((isNewConnection: boolean) => void) | undefined;
  readonly #connection: RedisConnection;
  readonly #ledger = new KeyLedger(() => performance.now());
  readonly #refusals = new Map<Way, { reason: string; sinceMillis: number }>();
  /** Users dropped while the ledger is being taken: what is found of them is dropped. */
  readonly #droppedUsers = new Set<string>();
  #stocktaking: Promise<void> | undefined;
  #stockNumber = 0;
  #isStockKnown = false;
  #grantedMillis = Date.now();
  #probeTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /**
   * @param url redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]; rediss:// for an encrypted connection
   * Throws INVALID_INPUT. A server that is not there is waited for in the background.
   */
  static async open(url: string, options: RedisCacheOptions = {}): Promise<RedisPreloadCache> {
    const { commandTimeoutMillis = 250, connectTimeoutMillis = 1_000 } = options;
    for (const limit of [commandTimeoutMillis, connectTimeoutMillis])
      if (!(Number.isFinite(limit) && limit >= 1)) throw invalidAddress("time limits must be at least 1 ms");
    const { namespace, ...address } = parseRedisAddress(url);
    if (namespace !== undefined) throw invalidAddress("keys of preloaded lists have no namespace");
    let tell: (isNewConnection: boolean) => void = () => undefined;
    const { connection, problem } = await RedisConnection.open({
      ...address,
      commandTimeoutMillis,
      connectTimeoutMillis,
      onReachable: (event) => tell(event === "connected"),
    });
    if (problem !== undefined) options.onProblem?.(problem);
    const cache = new RedisPreloadCache(connection);
    tell = (isNewConnection) => cache.#becomeReachable(isNewConnection);
    if (problem === undefined) void cache.#takeStock();
    return cache;
  }

  /** Whether it is worth asking at all. */
  get isReachable(): boolean {
    return this.#connection.isReachable;
  }

  async read(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    const replies = await this.#ask("reads", () => this.#connection.call("MGET", keys));
    return (replies as (Buffer | null)[]).map((bytes) => bytes?.toString("utf8"));
  }

  /** As `read`, with the time that is left to each. */
  async readLiving(keys: readonly string[]): Promise<(LivingValue | undefined)[]> {
    if (keys.length === 0) return [];
    const commands: RedisCommand[] = [["MGET", ...keys], ...keys.map((key): RedisCommand => ["PTTL", key])];
    const [values, ...ttls] = await this.#ask("reads", () => this.#connection.pipeline(commands));
    return (values as (string | null)[]).map((value, index) => {
      const ttlMillis = ttls[index] as number;
      return value === null ? undefined : { value, ttlMillis: ttlMillis > 0 ? ttlMillis : Number.NaN };
    });
  }

  async write(entries: readonly CacheWrite[]): Promise<void> {
    if (entries.length === 0) return;
    const commands = entries.map(({ key, value, ttlSeconds }): RedisCommand => {
      assert(Number.isInteger(ttlSeconds) && ttlSeconds > 0, "redis cache: a time to live is whole seconds above 0");
      return ["SET", key, value, "EX", ttlSeconds];
    });
    // Noted before it is there, so that a drop of the user that is sent after it names it. Without an answer it may be there.
    const isNew = entries.map(({ key }) => !this.#ledger.knows(key));
    const noted = entries.map(({ key, value, ttlSeconds }) => {
      this.#ledger.note(key, keyBytes(key, Buffer.byteLength(value)), ttlSeconds * 1000);
      return this.#ledger.find(key);
    });
    try {
      await this.#ask("writes", () => this.#connection.transact(commands));
    } catch (error) {
      if (isRefusal(error))
        entries.forEach(({ key }, index) => {
          if (isNew[index]) this.#ledger.forget(key, noted[index]);
        });
      throw error;
    }
  }

  async drop(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const noted = keys.map((key) => this.#ledger.find(key));
    await this.#ask("writes", () => this.#connection.call("UNLINK", keys));
    keys.forEach((key, index) => {
      if (noted[index] !== undefined) this.#ledger.forget(key, noted[index]);
    });
  }

  /** What the ledger knows of the user; what is found later, while it is being taken, then. */
  async dropUser(userId: string): Promise<void> {
    const keys = this.keysOf(userId);
    if (!this.#isStockKnown) this.#droppedUsers.add(userId);
    await this.drop(keys);
  }

  /** All keys that this user may have on the server, as far as is known. */
  keysOf(userId: string): string[] {
    const lists = (["recent", "frequent", "important"] as const).map((list) => userKey(userId, list));
    return [...new Set([...lists, ...this.#ledger.keysOf(userId)])];
  }

  /** Whether the server is believed to hold the key. */
  knows(key: string): boolean {
    return this.#ledger.knows(key);
  }

  /** Of the keys that this program set, or found when it connected. */
  usage(): { keys: number; bytes: number } {
    return this.#ledger.usage();
  }

  health(): PartHealth {
    const connection = this.#connection;
    const { sinceMillis } = connection;
    if (!connection.isReachable) return { part: "redis", state: "down", reason: connection.problem, sinceMillis };
    const refusal = this.#refusals.get("reads") ?? this.#refusals.get("writes");
    if (refusal !== undefined)
      return { part: "redis", state: this.#refusals.has("reads") ? "down" : "degraded", ...refusal };
    return { part: "redis", state: "up", reason: "", sinceMillis: Math.max(sinceMillis, this.#grantedMillis) };
  }

  /** Resolves when the ledger is complete, or cannot be completed now. */
  async settled(): Promise<void> {
    await this.#stocktaking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#probeTimer);
    await this.#connection.close();
  }

  /** Calls, and remembers what is refused by a server that answers, and what is granted again. */
  async #ask<Reply>(way: Way, send: () => Promise<Reply>): Promise<Reply> {
    try {
      const reply = await send();
      if (this.#refusals.size > 0) this.#grant(way);
      return reply;
    } catch (error) {
      if (isRefusal(error)) this.#refuse(way, error as MempredError);
      throw error;
    }
  }

  #refuse(way: Way, error: MempredError): void {
    const { sinceMillis } = this.#refusals.get(way) ?? { sinceMillis: Date.now() };
    this.#refusals.set(way, { reason: `${way} are refused: ${error.message}`, sinceMillis });
    this.#planProbe();
  }

  #grant(way: Way): void {
    if (!this.#refusals.delete(way) || this.#refusals.size > 0) return;
    this.#grantedMillis = Date.now();
    this.#becomeReachable(false);
  }

  #planProbe(): void {
    if (this.#isClosed || this.#probeTimer !== undefined) return;
    this.#probeTimer = setTimeout(() => void this.#probe(), PROBE_MILLIS);
    this.#probeTimer.unref();
  }

  async #probe(): Promise<void> {
    try {
      if (this.#refusals.has("reads")) await this.#ask("reads", () => this.#connection.call("EXISTS", [PROBE_KEY]));
      if (this.#refusals.has("writes"))
        await this.#ask("writes", () => this.#connection.call("SETRANGE", [PROBE_KEY, 0, ""]));
    } catch {
      // It stays refused, or the server is gone meanwhile.
    }
    this.#probeTimer = undefined;
    if (this.#refusals.size > 0) this.#planProbe();
  }

  #becomeReachable(isNewConnection: boolean): void {
    if (isNewConnection) this.#isStockKnown = false;
    if (this.#isStockKnown) this.#tellUsable(false);
    else void this.#takeStock().then(() => this.#tellUsable(this.#isStockKnown));
  }

  #tellUsable(isNewConnection: boolean): void {
    if (!this.#isClosed) this.onUsable?.(isNewConnection);
  }

  /** A later one makes an earlier one end. */
  #takeStock(): Promise<void> {
    // When it fails the server is gone, or refuses: with the next sign of it.
    this.#stocktaking = this.#readStock(++this.#stockNumber).catch(() => undefined);
    return this.#stocktaking;
  }

  async #readStock(number: number): Promise<void> {
    this.#ledger.clear();
    let cursor = "0";
    do {
      const reply = await this.#connection.call("SCAN", [cursor, "MATCH", "preload:*", "COUNT", KEYS_A_STEP]);
      const [next, found] = reply as [Buffer, Buffer[]];
      cursor = next.toString("latin1");
      const keys = found.map((key) => key.toString("utf8"));
      if (keys.length > 0) await this.#noteFound(keys);
      if (number !== this.#stockNumber || this.#isClosed) return;
    } while (cursor !== "0");
    this.#isStockKnown = true;
    this.#droppedUsers.clear();
  }

  async #noteFound(keys: readonly string[]): Promise<void> {
    const unknown = keys.filter((key) => !this.#ledger.knows(key));
    const ofDropped = unknown.filter((key) => this.#droppedUsers.has(keyOwner(key)));
    const others = unknown.filter((key) => !this.#droppedUsers.has(keyOwner(key)));
    if (ofDropped.length > 0) await this.#connection.call("UNLINK", ofDropped);
    if (others.length === 0) return;
    const questions = others.flatMap((key): RedisCommand[] => [
      ["MEMORY", "USAGE", key],
      ["PTTL", key],
    ]);
    const replies = await this.#connection.pipeline(questions);
    others.forEach((key, index) => {
      const [bytes, ttlMillis] = replies.slice(2 * index) as [number | null, number];
      if (bytes === null || this.#ledger.knows(key) || this.#droppedUsers.has(keyOwner(key))) return;
      this.#ledger.note(key, bytes, ttlMillis < 0 ? Infinity : ttlMillis);
    });
  }
}

function keyBytes(key: string, valueBytes: number): number {
  return KEY_OVERHEAD_BYTES + Buffer.byteLength(key) + valueBytes;
}
