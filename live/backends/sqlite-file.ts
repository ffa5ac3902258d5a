// The file of the SQLite backend: opened alone (FileLock), checked, and set aside when it is damaged. node-sqlite3-wasm gives
// its errors as texts only, so this is also where they become codes.
//
// `locking_mode=EXCLUSIVE` keeps the file open and locked between statements (a read costs microseconds in place of a hundred),
// and lets the write-ahead log do without shared memory, which this build has not. `synchronous=NORMAL`: a commit is handed to
// the operating system and so survives the process, not the machine; `FULL`: it is on the disk when it returns. The file stays
// whole either way. What is in it is said by a layout: the cache's is here, the service's store has one of its own.

import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Database as SqliteDatabase, Statement } from "node-sqlite3-wasm";
import { MempredError } from "../../core/errors.ts";

const PAGE_BYTES = 4096;
/** Files up to this size are checked whole when they are opened, larger ones as they are read. */
const CHECKED_BYTES = 16_777_216;

/** What is in a file, and whose it is. */
export interface FileLayout {
  /** Kept in the header of the file: another program's is left alone. */
  readonly applicationId: number;
  /** In messages: "cache", "store". */
  readonly what: string;
  /** From 1; a file of another version is migrated, or else is as good as damaged. */
  readonly version: number;
  /** Makes the tables of this version. */
  readonly schema: string;
  /** Statements that make version i + 2 of version i + 1, run in one transaction; undefined: files are never migrated. */
  readonly migrations?: readonly string[] | undefined;
  readonly synchronous: "NORMAL" | "FULL";
}

const CACHE_LAYOUT: FileLayout = {
  applicationId: 0x6d707265, // "mpre"
  what: "cache",
  version: 1,
  synchronous: "NORMAL",
  schema: `
  CREATE TABLE entries(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, keep_until REAL NOT NULL,
    value_bytes INTEGER NOT NULL, tag_count INTEGER NOT NULL, entry BLOB NOT NULL);
  CREATE INDEX entries_by_end ON entries(keep_until, value_bytes);
  CREATE TABLE tags(tag BLOB NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(tag, id)) WITHOUT ROWID;
  CREATE INDEX tags_by_entry ON tags(id);
  CREATE TRIGGER entry_left AFTER DELETE ON entries WHEN OLD.tag_count > 0
    BEGIN DELETE FROM tags WHERE id = OLD.id; END;
  CREATE TRIGGER entry_replaced AFTER UPDATE ON entries WHEN OLD.tag_count > 0
    BEGIN DELETE FROM tags WHERE id = OLD.id; END;
  `,
};

/** An open database and its prepared statements. */
export interface OpenFile {
  readonly database: SqliteDatabase;
  prepare(sql: string): Statement;
  /** Ends the prepared statements. Does not throw. */
  finalizeAll(): void;
  /** Does not throw. */
  close(): void;
}

/**
 * Opens or makes the database; the caller holds the lock on it. Throws BACKEND_DAMAGED, INVALID_INPUT (a database of another
 * program), NOT_WRITABLE and BACKEND_UNAVAILABLE.
 */
export async function openFile(path: string, maxBytes: number, layout = CACHE_LAYOUT): Promise<OpenFile> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  const isNew = checkHeader(path, layout);
  const statements: Statement[] = [];
  let database: SqliteDatabase | undefined;
  const finalizeAll = (): void => {
    for (const statement of statements.splice(0)) quietly(() => statement.finalize());
  };
  const close = (): void => {
    finalizeAll();
    if (database?.isOpen) quietly(() => database!.close());
  };
  try {
    database = new sqlite.Database(path);
    const pages = maxBytes === Infinity ? 4_294_967_294 : Math.max(8, Math.floor(maxBytes / PAGE_BYTES));
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    // First of all, and not in the log: whose file it is must be seen in its header from now on.
    if (isNew) database.exec(`PRAGMA application_id = ${layout.applicationId}`);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${layout.synchronous}; PRAGMA journal_size_limit = 4194304;
      PRAGMA max_page_count = ${pages}`);
    makeTables(database, path, layout);
    if (statSync(path).size <= CHECKED_BYTES) {
      const verdict = database.get("PRAGMA quick_check(1)")!["quick_check"];
      if (verdict !== "ok") throw damagedFile(path, String(verdict));
    }
    const opened = database;
    return {
      database,
      close,
      finalizeAll,
      prepare: (sql) => {
        const statement = opened.prepare(sql);
        statements.push(statement);
        return statement;
      },
    };
  } catch (error) {
    close();
    throw fileError(path, error, 0);
  }
}

function makeTables(database: SqliteDatabase, path: string, layout: FileLayout): void {
  const stamp = `PRAGMA user_version = ${layout.version}`;
  if (database.get("SELECT 1 FROM sqlite_schema LIMIT 1") === null) {
    database.exec(`BEGIN; ${layout.schema}; ${stamp}; COMMIT;`);
    return;
  }
  const version = Number(database.get("PRAGMA user_version")!["user_version"]);
  if (version === layout.version) return;
  const why = `its layout has version ${version}, not ${layout.version}`;
  if (layout.migrations === undefined || version < 1) throw damagedFile(path, why);
  if (version > layout.version) {
    const details = { file: path, expected: `a ${layout.what} of version ${layout.version} or older` };
    throw new MempredError("INVALID_INPUT", `${path}: is of a newer program: ${why}`, details);
  }
  database.exec(`BEGIN; ${layout.migrations.slice(version - 1).join(";\n")}; ${stamp}; COMMIT;`);
}

/** Moves a damaged database out of the way, with its log; returns where it is kept. The caller holds the lock. */
export function setAside(path: string, nowMillis: number): string {
  let kept = `${path}.damaged-${nowMillis}`;
  for (let count = 2; existsSync(kept); count++) kept = `${path}.damaged-${nowMillis}-${count}`;
  renameSync(path, kept);
  for (const end of ["-wal", "-journal"]) if (existsSync(path + end)) renameSync(path + end, kept + end);
  rmSync(`${path}.lock`, { recursive: true, force: true });
  return kept;
}

/**
 * What SQLite threw, as an error with a code; others are returned as they are.
 * @param bytes how much was to be written, 0 when nothing was
 */
export function fileError(path: string, error: unknown, bytes: number): unknown {
  if (error instanceof MempredError || !(error instanceof Error) || error.name !== "SQLite3Error") return error;
  const text = error.message;
  const details = { file: path };
  if (/malformed|not a database|corrupt/.test(text)) return damagedFile(path, text, error);
  if (/disk is full/.test(text) || (/disk I\/O error/.test(text) && bytes > 0 && isDiskFull(path, bytes)))
    return new MempredError("BACKEND_FULL", `${path}: no room for ${bytes} bytes: ${text}`, details, error);
  if (/readonly|unable to open/.test(text))
    return new MempredError("NOT_WRITABLE", `${path}: cannot be opened for writing: ${text}`, details, error);
  if (/too big/.test(text)) return new MempredError("INVALID_CACHE_ENTRY", `${path}: ${text}`, details, error);
  return new MempredError("BACKEND_UNAVAILABLE", `${path}: ${text}`, details, error);
}

/**
 * Looks at the first bytes before SQLite does: another program's database is left alone, a cut one is found out. Returns whether
 * there is nothing yet.
 */
function checkHeader(path: string, { applicationId: ours, what }: FileLayout): boolean {
  const header = Buffer.alloc(100);
  let sizeBytes: number;
  try {
    const handle = openSync(path, "r");
    try {
      if (readSync(handle, header, 0, 100, 0) === 0) return true;
      sizeBytes = statSync(path).size;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return true;
    throw new MempredError("NOT_WRITABLE", `${path}: cannot be opened: ${code}`, { file: path }, error);
  }
  if (header.toString("latin1", 0, 16) !== "SQLite format 3\0")
    throw damagedFile(path, "it does not begin as a database");
  const applicationId = header.readUInt32BE(68);
  const isUnfinished = existsSync(`${path}-wal`) || existsSync(`${path}-journal`); // its owner was killed
  if (applicationId !== ours && !(applicationId === 0 && isUnfinished)) {
    const details = { file: path, expected: `a file of this ${what}, or none` };
    throw new MempredError("INVALID_INPUT", `${path}: is a database of another program and is left alone`, details);
  }
  const stored = header.readUInt16BE(16);
  const pageBytes = stored === 1 ? 65_536 : stored;
  const needed = header.readUInt32BE(28) * pageBytes;
  if (sizeBytes < needed && !isUnfinished) throw damagedFile(path, `it has ${sizeBytes} of its ${needed} bytes`);
  return false;
}

/** An I/O error does not say why: whether that many bytes can be written beside the file does. */
function isDiskFull(path: string, bytes: number): boolean {
  const probe = `${path}.probe`;
  try {
    writeFileSync(probe, Buffer.alloc(Math.max(bytes, 65_536)));
    return false;
  } catch (error) {
    return ["ENOSPC", "EDQUOT", "EFBIG"].includes((error as NodeJS.ErrnoException).code ?? "");
  } finally {
    rmSync(probe, { force: true });
  }
}

function damagedFile(path: string, why: string, cause?: unknown): MempredError {
  const details = { file: path, expected: "an intact database of this program" };
  return new MempredError("BACKEND_DAMAGED", `${path}: is damaged: ${why}`, details, cause);
}

function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // a database that is being given up may fail to close
  }
}
