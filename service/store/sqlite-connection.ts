// The store's file and who may touch it: opened alone, opened again when it can be, written in groups.
//
// Reads run at once. Writes wait for the end of the event loop's turn and then share one transaction, so that what arrived together
// pays for one fsync (some milliseconds in which the process does nothing else) and is acknowledged when that is on the disk. A
// read never sees a write that is not acknowledged yet: writes are run when they are committed, in one go. When the group fails,
// each of it is tried alone, so that none fails for another's sake.
//
// While another process has the file, calls fail at once and the file is tried for every 250 ms. A process that was stopped for so
// long that another took the file over leaves it alone: it is not even closed (closing writes), and is opened anew once it is free.

import { resolve } from "node:path";
import type { Statement } from "node-sqlite3-wasm";
import { MempredError } from "../../core/errors.ts";
import { FileLock } from "../../live/backends/file-lock.ts";
import { fileError, type OpenFile, openFile } from "../../live/backends/sqlite-file.ts";
import type { PartHealth } from "../health.ts";
import { STORE_LAYOUT } from "./sqlite-layout.ts";

const RETRY_MILLIS = 250;
/** Most writes of one transaction: bounds how long the event loop stands still. */
const GROUP_LIMIT = 256;

type Row = Record<string, unknown>;
type Value = string | number | Uint8Array | null;

interface Write {
  readonly bytes: number;
  readonly step: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface ConnectionOptions {
  readonly now: () => number;
  /** Largest size of the file; beyond, BACKEND_FULL. */
  readonly maxBytes: number;
  /** Called each time the file was opened, before any other use of it. */
  readonly onOpen: (connection: SqliteConnection) => void;
}

export class SqliteConnection {
  readonly path: string;
  /** How often the file was opened: from one to the next another process may have written to it. */
  openings = 0;
  /** Transactions that were committed. */
  commits = 0;
  readonly #options: ConnectionOptions;
  #lock: FileLock | undefined;
  #file: OpenFile | undefined;
  #statements = new Map<string, Statement>();
  #writes: Write[] = [];
  #retry: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;
  /** Why there is no file, why reading failed, why writing failed; "": not so. */
  #reasons = { file: "not open yet", read: "", write: "" };
  #health: PartHealth;

  private constructor(path: string, options: ConnectionOptions) {
    this.path = resolve(path);
    this.#options = options;
    this.#health = { part: "store", state: "down", reason: this.#reasons.file, sinceMillis: options.now() };
  }

  /** Throws INVALID_INPUT, NOT_WRITABLE and BACKEND_DAMAGED; not when another process has the file. */
  static async open(path: string, options: ConnectionOptions): Promise<SqliteConnection> {
    const connection = new SqliteConnection(path, options);
    try {
      await connection.#open();
    } catch (error) {
      if (!(error instanceof MempredError) || error.code !== "BACKEND_UNAVAILABLE") throw error;
      connection.#openLater();
    }
    return connection;
  }

  health(): PartHealth {
    const { file, read, write } = this.#reasons;
    const reason = file || read || write;
    const state = file !== "" ? "down" : reason !== "" ? "degraded" : "up";
    if (this.#health.state !== state || this.#health.reason !== reason)
      this.#health = { part: "store", state, reason, sinceMillis: this.#options.now() };
    return this.#health;
  }

  /** Runs a step that writes nothing, now. */
  async read<Result>(step: () => Result): Promise<Result> {
    this.#check();
    try {
      const result = step();
      this.#reasons.read = "";
      return result;
    } catch (thrown) {
      throw this.#failed("read", thrown, 0);
    }
  }

  /**
   * Runs a step in the next transaction. Its result comes when that is on the disk. A step that throws a MempredError must not
   * have written before.
   * @param bytes how much it writes, roughly
   */
  write<Result>(bytes: number, step: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      try {
        this.#check();
      } catch (error) {
        reject(error);
        return;
      }
      if (this.#writes.length === 0) setImmediate(() => this.#flush());
      this.#writes.push({ bytes, step, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** All rows of a statement. Only within steps. */
  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepared(sql).all(values) as Row[];
  }

  /** The first row of a statement that has at most a few: it is run to its end, lest it keeps the log from being emptied. */
  one(sql: string, ...values: Value[]): Row | undefined {
    return this.all(sql, ...values)[0];
  }

  /** Runs a statement; returns how many rows it changed. Only within steps of `write`. */
  run(sql: string, ...values: Value[]): number {
    return this.#prepared(sql).run(values).changes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    while (this.#writes.length > 0) this.#flush();
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#opening?.catch(() => undefined);
    this.#letGo("closed");
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#file!.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #check(): void {
    if (this.#isClosed || this.#file === undefined) throw this.#unavailable();
    try {
      this.#lock!.verify();
    } catch (error) {
      this.#file = undefined; // and stays open: what belongs to another process is not written to
      this.#statements.clear();
      this.#lock!.release();
      this.#lock = undefined;
      this.#reasons.file = "another process took over the file while this one stood still";
      this.#openLater();
      throw error;
    }
  }

  #unavailable(): MempredError {
    return new MempredError("BACKEND_UNAVAILABLE", `${this.path}: ${this.#reasons.file}`, { file: this.path });
  }

  #flush(): void {
    const group = this.#writes.splice(0, GROUP_LIMIT);
    if (this.#writes.length > 0) setImmediate(() => this.#flush());
    if (group.length === 0) return;
    try {
      this.#check();
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    try {
      this.#commit(group);
    } catch (thrown) {
      const error = this.#failed("write", thrown, sumOfBytes(group));
      if (group.length === 1) {
        group[0]!.reject(error);
        return;
      }
      for (const write of group) {
        try {
          this.#commit([write]);
        } catch (alone) {
          write.reject(this.#failed("write", alone, write.bytes));
        }
      }
    }
  }

  /** Commits all of them and settles their promises, or throws and has changed nothing. */
  #commit(group: readonly Write[]): void {
    const { database } = this.#file!;
    const settled: (() => void)[] = [];
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const { step, resolve, reject } of group) {
        try {
          const result = step();
          settled.push(() => resolve(result));
        } catch (error) {
          if (!(error instanceof MempredError)) throw error;
          settled.push(() => reject(error));
        }
      }
      database.exec("COMMIT");
    } catch (error) {
      this.#prepareAgain();
      if (database.inTransaction) database.exec("ROLLBACK");
      throw error;
    }
    this.commits++;
    this.#reasons.write = "";
    for (const settle of settled) settle();
  }

  /** The error with its code, and noted. */
  #failed(kind: "read" | "write", thrown: unknown, bytes: number): unknown {
    let error = fileError(this.path, thrown, bytes);
    if (!(error instanceof MempredError)) return error;
    if (error.code === "NOT_WRITABLE" || error.code === "INVALID_CACHE_ENTRY")
      error = new MempredError("BACKEND_UNAVAILABLE", error.message, error.details, thrown);
    this.#reasons[kind] = (error as MempredError).message;
    this.#prepareAgain();
    return error;
  }

  /** After an error: a statement that failed once fails again at its next use, whatever that is. */
  #prepareAgain(): void {
    this.#file?.finalizeAll();
    this.#statements.clear();
  }

  async #open(): Promise<void> {
    let lock: FileLock | undefined;
    try {
      lock = await FileLock.acquire(this.path, 0);
      this.#file = await openFile(this.path, this.#options.maxBytes, STORE_LAYOUT);
      this.#lock = lock;
      this.#options.onOpen(this);
      this.openings++;
      this.#reasons = { file: "", read: "", write: "" };
    } catch (thrown) {
      const error = fileError(this.path, thrown, 0);
      this.#lock = lock;
      this.#letGo(isLocked(error) ? `locked: ${(error as Error).message}` : String((error as Error).message));
      throw error;
    }
  }

  #openLater(): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#opening = this.#open().catch(() => this.#openLater());
    }, RETRY_MILLIS);
    this.#retry.unref();
  }

  #letGo(reason: string): void {
    this.#prepareAgain();
    this.#file?.close();
    this.#file = undefined;
    this.#lock?.release();
    this.#lock = undefined;
    this.#reasons.file = reason;
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof MempredError && error.code === "BACKEND_UNAVAILABLE" && /in use|locked/.test(error.message);
}

function sumOfBytes(group: readonly Write[]): number {
  let bytes = 0;
  for (const write of group) bytes += write.bytes;
  return bytes;
}
