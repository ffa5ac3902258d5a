// One connection to a Redis server that never makes anybody wait for longer than its time limit, and makes at most one limit's
// worth of callers wait: the first failure opens a breaker, and from then on calls fail at once until a PING of the
// connection's own is answered. ioredis reconnects by itself.
//
// What ioredis does by default and is not wanted here: queue commands while there is no server, and send those that were not
// answered once more after a reconnect. The caller was told that they failed; carried out later, an old value would replace a
// newer one. A command that timed out may have been carried out all the same.

import { createHash } from "node:crypto";
import type { ChainableCommander, Redis } from "ioredis";
import { MempredError } from "../../core/errors.ts";
import { CircuitBreaker, NO_ENTRY } from "./breaker.ts";
import type { RedisScript } from "./redis-scripts.ts";

export interface RedisConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database: number;
  readonly isEncrypted: boolean;
  readonly commandTimeoutMillis: number;
  readonly connectTimeoutMillis: number;
  /** Told each time that calls are made again after they were not, and when a connection was made anew. It may not throw. */
  readonly onReachable?: ((event: "reachable" | "connected") => void) | undefined;
}

/** An argument of a command. */
export type RedisArgument = string | number | Buffer;
export type RedisCommand = readonly [name: string, ...args: RedisArgument[]];

const RETRY_MILLIS = 250;

export class RedisConnection {
  /** For messages: no name, no password. */
  readonly address: string;
  readonly #client: Redis;
  readonly #commandTimeoutMillis: number;
  readonly #breaker = new CircuitBreaker({ now: () => performance.now(), longestPauseMillis: 500 });
  readonly #sha1 = new Map<RedisScript, string>();
  readonly #pending = new Set<Promise<unknown>>();
  #trialTimer: NodeJS.Timeout | undefined;
  readonly #onReachable: ((event: "reachable" | "connected") => void) | undefined;
  #lastError: unknown;
  #sinceMillis = Date.now();
  #isClosed = false;

  private constructor(client: Redis, options: RedisConnectionOptions) {
    const { host, port, database, commandTimeoutMillis } = options;
    this.#onReachable = options.onReachable;
    this.#client = client;
    this.#commandTimeoutMillis = commandTimeoutMillis;
    this.address = `redis://${host}:${port}/${database}`;
    // Without a listener an error of the socket would end the process.
    client.on("error", (error: unknown) => {
      this.#lastError = error;
    });
    client.on("close", () => this.#openBreaker());
    client.on("ready", () => {
      if (!this.isReachable) this.#sinceMillis = Date.now();
      this.#breaker.close();
      if (!this.#isClosed) this.#onReachable?.("connected");
    });
  }

  /** Whether calls are made; otherwise they fail at once. */
  get isReachable(): boolean {
    return this.#breaker.state === "closed";
  }

  /** Since when it has been reachable or not, ms since the epoch. */
  get sinceMillis(): number {
    return this.#sinceMillis;
  }

  /** Why it is not reachable, as far as is known. */
  get problem(): string {
    return this.#unavailable("does not answer", this.#lastError).message;
  }

  /**
   * Connects, or gives up after the time limit and keeps trying in the background; `problem` says which. Does not throw for want
   * of a server: a cache starts without it.
   */
  static async open(options: RedisConnectionOptions): Promise<{ connection: RedisConnection; problem?: MempredError }> {
    const { Redis } = await import("ioredis");
    const client = new Redis({
      host: options.host,
      port: options.port,
      db: options.database,
      ...(options.username ? { username: options.username } : {}),
      ...(options.password ? { password: options.password } : {}),
      ...(options.isEncrypted ? { tls: { servername: options.host } } : {}),
      lazyConnect: true,
      connectTimeout: options.connectTimeoutMillis,
      // The limit proper is kept by `#limit`, which sees replies that came while the program was busy. This one is behind it, for
      // the commands with which ioredis greets the server.
      commandTimeout: options.commandTimeoutMillis * 2,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 1,
      disconnectTimeout: 100,
      disableClientInfo: true,
      retryStrategy: (attempts) => Math.min(50 * attempts, RETRY_MILLIS),
    });
    const connection = new RedisConnection(client, options);
    try {
      await connection.#limit(client.connect(), options.connectTimeoutMillis + options.commandTimeoutMillis);
      return { connection };
    } catch (error) {
      connection.#openBreaker();
      return { connection, problem: connection.#unavailable("does not answer", connection.#lastError ?? error) };
    }
  }

  /** Sends one command; replies are Buffers. Throws BACKEND_UNAVAILABLE, BACKEND_FULL, BACKEND_DAMAGED. */
  async call(command: string, args: readonly RedisArgument[]): Promise<unknown> {
    return this.#guard(() => this.#client.callBuffer(command, ...args));
  }

  /** Runs a script, sending its text only if the server does not know it yet. */
  async run(script: RedisScript, args: readonly RedisArgument[]): Promise<unknown> {
    let sha1 = this.#sha1.get(script);
    if (sha1 === undefined) {
      sha1 = createHash("sha1").update(script.lua).digest("hex");
      this.#sha1.set(script, sha1);
    }
    return this.#guard(async () => {
      try {
        return await this.#client.callBuffer("EVALSHA", sha1, script.keyCount, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return this.#client.callBuffer("EVAL", script.lua, script.keyCount, ...args);
      }
    });
  }

  /** All of the commands or none, in one round trip. Replies are numbers, strings and null. */
  async transact(commands: readonly RedisCommand[]): Promise<unknown[]> {
    return this.#guard(() => send(this.#client.multi(), commands));
  }

  /** In one round trip, each by itself: what a full server refuses within transactions, such as reads, it does here. */
  async pipeline(commands: readonly RedisCommand[]): Promise<unknown[]> {
    return this.#guard(() => send(this.#client.pipeline(), commands));
  }

  /** Waits for what is under way, within its limit, then lets go of the socket. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#trialTimer);
    await Promise.allSettled(this.#pending);
    this.#client.disconnect();
  }

  async #guard<Reply>(send: () => Promise<Reply>): Promise<Reply> {
    if (this.#isClosed) throw this.#unavailable("the backend is closed");
    const ticket = this.#breaker.enter();
    if (ticket === NO_ENTRY) throw this.#unavailable("is known to be gone", this.#lastError);
    const reply = this.#limit(send(), this.#commandTimeoutMillis);
    this.#pending.add(reply);
    try {
      return await reply;
    } catch (error) {
      if (isReply(error)) throw this.#refused(error);
      this.#lastError = error;
      this.#fail(ticket);
      throw this.#unavailable("does not answer", error);
    } finally {
      this.#pending.delete(reply);
    }
  }

  /** Rejects after the time limit, but not before the sockets were read once more: the program itself may have stood still. */
  #limit<Reply>(reply: Promise<Reply>, millis: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error(`no reply within ${millis} ms`));
      const timer = setTimeout(() => setImmediate(giveUp), millis);
      const settle = () => clearTimeout(timer);
      reply.then(resolve, reject).finally(settle);
    });
  }

  #openBreaker(): void {
    if (!this.#isClosed) this.#fail(this.#breaker.enter());
  }

  #fail(ticket: number): void {
    if (!this.#breaker.fail(ticket)) return;
    this.#sinceMillis = Date.now();
    this.#planTrial();
  }

  #planTrial(): void {
    clearTimeout(this.#trialTimer);
    if (this.#isClosed || this.#breaker.state === "closed") return;
    this.#trialTimer = setTimeout(() => void this.#makeTrial(), Math.ceil(this.#breaker.millisToTrial()));
    this.#trialTimer.unref();
  }

  async #makeTrial(): Promise<void> {
    if (this.#breaker.beginTrial()) {
      try {
        await this.#limit(this.#client.ping(), this.#commandTimeoutMillis);
        this.#endTrial(true);
      } catch (error) {
        // A server that is loading its data, say, has answered: it refuses calls by itself.
        this.#endTrial(isReply(error));
      }
    }
    this.#planTrial();
  }

  #endTrial(isSuccess: boolean): void {
    const wasReachable = this.isReachable;
    this.#breaker.endTrial(isSuccess);
    if (wasReachable || !this.isReachable || this.#isClosed) return;
    this.#sinceMillis = Date.now();
    this.#onReachable?.("reachable");
  }

  /** An error that the server gave as its answer. */
  #refused(error: Error): MempredError {
    const details = { address: this.address };
    const message = `${this.address}: ${error.message}`;
    if (/\bOOM\b/.test(error.message)) return new MempredError("BACKEND_FULL", message, details, error);
    if (error.message.startsWith("WRONGTYPE")) return new MempredError("BACKEND_DAMAGED", message, details, error);
    return new MempredError("BACKEND_UNAVAILABLE", message, details, error);
  }

  #unavailable(what: string, cause?: unknown): MempredError {
    const why = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
    const details = { address: this.address };
    return new MempredError("BACKEND_UNAVAILABLE", `${this.address}: ${what}${why}`, details, cause);
  }
}

/** Throws the first refusal; of a transaction that was refused, that of the command to blame, which says more. */
async function send(chain: ChainableCommander, commands: readonly RedisCommand[]): Promise<unknown[]> {
  for (const [name, ...args] of commands) chain.call(name, ...args);
  const outcomes = await chain.exec().catch((error: unknown) => {
    const refusals = (error as { previousErrors?: unknown[] }).previousErrors;
    throw refusals?.[0] ?? error;
  });
  return (outcomes ?? []).map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

/** Whether the server itself refused, of an error that a call threw: it is there, and other calls may be granted. */
export function isRefusal(error: unknown): boolean {
  return error instanceof MempredError && isReply(error.cause);
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}
