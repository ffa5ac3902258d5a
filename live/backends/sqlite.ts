// The backend in one file: SQLite, compiled to WebAssembly, nothing to install. One process has the file at a time. It promises
// that what was acknowledged survives the death of the process, at any moment. Reads and writes are synchronous and short; the
// promises are those of the interface.

import { resolve } from "node:path";
import type { Database, Statement } from "node-sqlite3-wasm";
import { MempredError } from "../../core/errors.ts";
import type { BackendOptions, CacheBackend, Lease, StoredEntry } from "./backend.ts";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";
import { FileLock } from "./file-lock.ts";
import { decodeKey, encodeKey } from "./key-bytes.ts";
import { LeaseTable } from "./lease-table.ts";
import { fileError, type OpenFile, openFile, setAside } from "./sqlite-file.ts";

export interface SqliteBackendOptions extends BackendOptions {
  /** Largest size of the file, at least 32,768; beyond, BACKEND_FULL. Its log, at most some 4 MB, comes on top. Default Infinity. */
  readonly maxBytes?: number | undefined;
  /** How long to wait while another process has the file. Default 0: fail at once. */
  readonly lockWaitMillis?: number | undefined;
}

const PAGE_OF_KEYS = 500;
/** After so many writes some entries whose time is over are removed, at most twice as many. */
const WRITES_PER_SWEEP = 256;

/** The statements that are used often. */
interface Statements {
  readonly get: Statement;
  readonly set: Statement;
  readonly setTag: Statement;
  readonly delete: Statement;
  readonly sweep: Statement;
  readonly page: Statement;
}

export class SqliteBackend implements CacheBackend {
  readonly id = "sqlite";
  readonly path: string;
  readonly #now: () => number;
  readonly #onProblem: ((problem: MempredError) => void) | undefined;
  readonly #maxBytes: number;
  readonly #lock: FileLock;
  readonly #leases: LeaseTable;
  /** Undefined while a damaged file is being replaced, and when that failed. */
  #file: OpenFile | undefined;
  #statements: Statements | undefined;
  #replacement: Promise<void> | undefined;
  #writesSinceSweep = 0;
  #isClosed = false;

  private constructor(path: string, lock: FileLock, options: SqliteBackendOptions) {
    this.path = path;
    this.#lock = lock;
    this.#now = options.now ?? Date.now;
    this.#onProblem = options.onProblem;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#leases = new LeaseTable(this.#now);
  }

  /**
   * Opens the file, or makes it; its folder must exist. A damaged file is set aside, never overwritten: with `onProblem` that is
   * told and the cache begins anew, without it BACKEND_DAMAGED is thrown once and the next attempt begins anew. Throws
   * BACKEND_UNAVAILABLE (another process has it), INVALID_INPUT (another program's database), NOT_WRITABLE.
   */
  static async open(path: string, options: SqliteBackendOptions = {}): Promise<SqliteBackend> {
    const { maxBytes = Infinity, lockWaitMillis = 0 } = options;
    if (!(maxBytes >= 32_768)) throw new MempredError("INVALID_INPUT", "maxBytes must be at least 32768", { maxBytes });
    if (!(lockWaitMillis >= 0)) throw new MempredError("INVALID_INPUT", "lockWaitMillis must be at least 0");
    const full = resolve(path);
    const lock = await FileLock.acquire(full, lockWaitMillis);
    const backend = new SqliteBackend(full, lock, options);
    try {
      try {
        await backend.#openFile();
      } catch (error) {
        const problem = backend.#setAsideIfDamaged(error);
        if (backend.#onProblem === undefined) throw problem;
        await backend.#openFile();
        backend.#onProblem(problem);
      }
    } catch (error) {
      lock.release();
      throw error;
    }
    return backend;
  }

  async get(key: string): Promise<StoredEntry | null> {
    const keyBytes = encodeKey(key);
    return this.#attempt(0, () => this.#read(keyBytes));
  }

  async getMany(keys: readonly string[]): Promise<(StoredEntry | null)[]> {
    const keyBytes = keys.map((key) => encodeKey(key));
    return this.#attempt(0, () => keyBytes.map((bytes) => this.#read(bytes)));
  }

  async set(key: string, entry: StoredEntry): Promise<void> {
    await this.setMany(new Map([[key, entry]]));
  }

  /** All of them or none. */
  async setMany(entries: ReadonlyMap<string, StoredEntry>): Promise<void> {
    let bytes = 0;
    const rows = [...entries].map(([key, entry]) => {
      const keyBytes = encodeKey(key);
      const entryBytes = encodeEntry(keyBytes, entry);
      bytes += keyBytes.length + entryBytes.length;
      return { keyBytes, entryBytes, entry };
    });
    const write = (): void => {
      const isAlone = rows.length === 1 && rows[0]!.entry.tags.length === 0; // one statement is a transaction by itself
      this.#transact(isAlone, () => {
        for (const { keyBytes, entryBytes, entry } of rows) this.#write(keyBytes, entryBytes, entry);
      });
    };
    await this.#attempt(bytes, () => {
      this.#writesSinceSweep += rows.length;
      if (this.#writesSinceSweep >= WRITES_PER_SWEEP) this.#sweep(2 * this.#writesSinceSweep);
      try {
        write();
      } catch (error) {
        const problem = fileError(this.path, error, bytes);
        this.#prepareAgain();
        if (!(problem instanceof MempredError) || problem.code !== "BACKEND_FULL" || this.#sweep(-1) === 0)
          throw problem;
        write();
      }
    });
  }

  async delete(key: string): Promise<boolean> {
    const keyBytes = encodeKey(key);
    return this.#attempt(keyBytes.length, () => {
      const row = this.#statements!.delete.all([keyBytes])[0];
      return row !== undefined && Number(row["keep_until"]) > this.#now();
    });
  }

  async deleteTag(tag: string): Promise<number> {
    const tagBytes = encodeKey(tag, "tag");
    return this.#deleteWhere("id IN (SELECT id FROM tags WHERE tag = ?)", [tagBytes]);
  }

  async clear(): Promise<number> {
    return this.#deleteWhere("1", []);
  }

  async *keys(): AsyncIterable<string> {
    let lastId = -1;
    for (;;) {
      const rows = await this.#attempt(0, () => this.#statements!.page.all([lastId, this.#now()]));
      for (const row of rows) yield decodeKey(row["key"] as Uint8Array);
      if (rows.length < PAGE_OF_KEYS) return;
      lastId = Number(rows.at(-1)!["id"]);
    }
  }

  /** Walks an index: some 10 ms for 100,000 entries. */
  async size(): Promise<{ entries: number; bytes: number }> {
    const sql = "SELECT COUNT(*) AS entries, TOTAL(value_bytes) AS bytes FROM entries WHERE keep_until > ?";
    const row = await this.#attempt(0, () => this.#file!.database.get(sql, [this.#now()]));
    return { entries: Number(row!["entries"]), bytes: Number(row!["bytes"]) };
  }

  /** In memory: no other process can have the file open, and a lease should not outlive its holder. */
  async lease(key: string, holdMillis: number): Promise<Lease | null> {
    encodeKey(key);
    return this.#attempt(0, () => this.#leases.take(key, holdMillis));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#replacement?.catch(() => undefined);
    this.#leases.clear();
    this.#file?.close();
    this.#file = undefined;
    this.#lock.release();
  }

  /** @internal For tests, which damage what is stored: nobody else can have the file open. */
  withDatabase(step: (database: Database) => void): void {
    step(this.#file!.database);
  }

  #read(keyBytes: Buffer): StoredEntry | null {
    // `all`, not `get`: a statement that is not run to its end keeps the log from being emptied.
    const row = this.#statements!.get.all([keyBytes])[0];
    if (row === undefined) return null;
    try {
      const entry = decodeEntry(keyBytes, row["entry"] as Uint8Array);
      return entry.keepUntilMillis > this.#now() ? entry : null;
    } catch (error) {
      this.#statements!.delete.all([keyBytes]);
      this.#onProblem?.(error as MempredError);
      return null;
    }
  }

  #write(keyBytes: Buffer, entryBytes: Buffer, { bytes, keepUntilMillis, tags }: StoredEntry): void {
    const { set, setTag } = this.#statements!;
    const row = set.all([keyBytes, keepUntilMillis, bytes.length, tags.length, entryBytes])[0]!;
    for (const tag of tags) setTag.run([encodeKey(tag, "tag"), row["id"] as number]);
  }

  /** Removes up to `most` entries whose time is over, −1: all; returns how many. */
  #sweep(most: number): number {
    this.#writesSinceSweep = 0;
    return this.#statements!.sweep.run([this.#now(), most]).changes;
  }

  async #deleteWhere(condition: string, values: Uint8Array[]): Promise<number> {
    return this.#attempt(1, () => {
      const { database } = this.#file!;
      return this.#transact(false, () => {
        const sql = `SELECT COUNT(*) AS count FROM entries WHERE ${condition} AND keep_until > ?`;
        const live = Number(database.get(sql, [...values, this.#now()])!["count"]);
        database.run(`DELETE FROM entries WHERE ${condition}`, values);
        return live;
      });
    });
  }

  #transact<Result>(isAlone: boolean, step: () => Result): Result {
    if (isAlone) return step();
    const { database } = this.#file!;
    database.exec("BEGIN");
    try {
      const result = step();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Runs a step on the open file and gives its errors their codes; a file that proves damaged is replaced. */
  async #attempt<Result>(bytes: number, step: () => Result): Promise<Result> {
    if (this.#replacement !== undefined) await this.#replacement.catch(() => undefined);
    if (this.#isClosed) throw new MempredError("BACKEND_UNAVAILABLE", `${this.path}: the backend is closed`);
    if (this.#file === undefined) throw new MempredError("BACKEND_UNAVAILABLE", `${this.path}: cannot be opened again`);
    this.#lock.verify();
    try {
      return step();
    } catch (thrown) {
      const error = fileError(this.path, thrown, bytes);
      if (!(error instanceof MempredError) || error.code !== "BACKEND_DAMAGED") {
        this.#prepareAgain();
        throw error;
      }
      await this.#replace(error);
      if (this.#onProblem === undefined) throw error;
      return this.#attempt(bytes, step);
    }
  }

  /** Sets the damaged file aside and begins anew. Throws what keeps it from doing so. */
  async #replace(error: MempredError): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
    this.#replacement = (async () => {
      const problem = this.#setAsideIfDamaged(error);
      await this.#openFile();
      this.#onProblem?.(problem);
    })();
    try {
      await this.#replacement;
    } finally {
      this.#replacement = undefined;
    }
  }

  /** The error with the place where the file is kept. Throws what is no damage. */
  #setAsideIfDamaged(error: unknown): MempredError {
    if (!(error instanceof MempredError) || error.code !== "BACKEND_DAMAGED") throw error;
    const keptAt = setAside(this.path, this.#now());
    const message = `${error.message}; kept as ${keptAt}`;
    return new MempredError("BACKEND_DAMAGED", message, { ...error.details, keptAt }, error.cause);
  }

  async #openFile(): Promise<void> {
    this.#file = await openFile(this.path, this.#maxBytes);
    this.#prepare();
  }

  /** After an error: a statement that failed once fails again at its next use, whatever that is. */
  #prepareAgain(): void {
    this.#file?.finalizeAll();
    try {
      this.#prepare();
    } catch {
      // the next call fails, and tries again
    }
  }

  #prepare(): void {
    const file = this.#file!;
    this.#statements = {
      get: file.prepare("SELECT entry FROM entries WHERE key = ?"),
      set: file.prepare(`INSERT INTO entries(key, keep_until, value_bytes, tag_count, entry) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT(key) DO UPDATE SET keep_until = excluded.keep_until, value_bytes = excluded.value_bytes,
          tag_count = excluded.tag_count, entry = excluded.entry RETURNING id`),
      setTag: file.prepare("INSERT OR IGNORE INTO tags(tag, id) VALUES (?, ?)"),
      delete: file.prepare("DELETE FROM entries WHERE key = ? RETURNING keep_until"),
      sweep: file.prepare("DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE keep_until <= ? LIMIT ?)"),
      page: file.prepare(
        `SELECT id, key FROM entries WHERE id > ? AND keep_until > ? ORDER BY id LIMIT ${PAGE_OF_KEYS}`,
      ),
    };
  }
}
