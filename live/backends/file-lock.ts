// One process at a time on a file, and no file locked for ever by a process that was killed. Node has no advisory locks; the
// SQLite build used here locks with a folder, which a killed process leaves behind. So the owner writes down who it is, beside
// the file, and touches that record now and then:
//
//   same machine, same process namespace   alive while the process exists (its start time guards against a reused id)
//   another container or machine           alive while its record was touched in the last 15 s
//
// Whoever finds a dead owner takes over under a folder made for that moment, so that two cannot. An owner that was stopped for
// long and taken over notices before it touches the file again (`verify`).

import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { MempredError } from "../../core/errors.ts";

const TOUCH_MILLIS = 2_000;
const SILENT_MILLIS = 15_000;
/** A record or a takeover that has not been finished after so long never will be: both are a few system calls. */
const UNFINISHED_MILLIS = 10_000;
const POLL_MILLIS = 20;

interface Owner {
  readonly token: string;
  readonly pid: number;
  /** When the process started, in the kernel's ticks; "" where that is not known. */
  readonly started: string;
  /** Which processes it can see, and be seen by. */
  readonly world: string;
}

export class FileLock {
  readonly #recordPath: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;
  #verifiedAt = performance.now();
  #isHeld = true;

  private constructor(recordPath: string, token: string) {
    this.#recordPath = recordPath;
    this.#token = token;
    this.#timer = setInterval(() => this.#touch(), TOUCH_MILLIS);
    this.#timer.unref();
  }

  /**
   * Takes the lock on `path`, waiting up to `waitMillis` (0: at once or not at all). Throws BACKEND_UNAVAILABLE: another process
   * has it; NOT_WRITABLE: the record cannot be written.
   */
  static async acquire(path: string, waitMillis: number): Promise<FileLock> {
    const endAt = performance.now() + waitMillis;
    const recordPath = `${path}.owner`;
    const self = describeSelf();
    for (;;) {
      if (writeRecord(recordPath, self)) return new FileLock(recordPath, self.token);
      const owner = readOwner(recordPath);
      if (owner === "gone") continue;
      if (!isAlive(owner, recordPath)) {
        if (takeOver(path, recordPath, owner)) continue;
      } else if (performance.now() >= endAt) throw inUse(path, owner, waitMillis);
      await sleep(POLL_MILLIS);
    }
  }

  /** Throws BACKEND_UNAVAILABLE when somebody took over. Looks at the file at most every two seconds. */
  verify(): void {
    const nowAt = performance.now();
    if (this.#isHeld && nowAt - this.#verifiedAt < TOUCH_MILLIS) return;
    const owner = this.#isHeld ? readOwner(this.#recordPath) : "gone";
    this.#isHeld = typeof owner === "object" && owner.token === this.#token;
    if (!this.#isHeld) {
      const message = "another process took over the file while this one stood still";
      throw new MempredError("BACKEND_UNAVAILABLE", message, { file: this.#recordPath });
    }
    this.#verifiedAt = nowAt;
  }

  /** Gives it back. Does not throw. */
  release(): void {
    clearInterval(this.#timer);
    const owner = readOwner(this.#recordPath);
    if (typeof owner === "object" && owner.token === this.#token) quietly(() => unlinkSync(this.#recordPath));
    this.#isHeld = false;
  }

  #touch(): void {
    const seconds = Date.now() / 1000;
    quietly(() => utimesSync(this.#recordPath, seconds, seconds));
  }
}

/** False when there is one already. */
function writeRecord(recordPath: string, owner: Owner): boolean {
  try {
    writeFileSync(recordPath, JSON.stringify(owner), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    const message = `${recordPath}: cannot be written: ${codeOf(error)}`;
    throw new MempredError(
      "NOT_WRITABLE",
      message,
      { file: recordPath, expected: "a folder that can be written" },
      error,
    );
  }
}

/** "unfinished": the record is there and is no record (yet). */
function readOwner(recordPath: string): Owner | "gone" | "unfinished" {
  try {
    const owner = JSON.parse(readFileSync(recordPath, "utf8")) as Owner;
    return typeof owner?.token === "string" && Number.isSafeInteger(owner.pid) ? owner : "unfinished";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "gone" : "unfinished";
  }
}

function isAlive(owner: Owner | "unfinished", recordPath: string): boolean {
  if (owner === "unfinished") return silentMillis(recordPath) < UNFINISHED_MILLIS;
  if (owner.world !== describeWorld()) return silentMillis(recordPath) < SILENT_MILLIS;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH"; // EPERM: it is there and another user's
  }
  const started = startOf(owner.pid);
  return started !== "dead" && (started === owner.started || started === "" || owner.started === "");
}

/** Clears away what a dead owner left. False while another process is at it. */
function takeOver(path: string, recordPath: string, dead: Owner | "unfinished"): boolean {
  const folder = `${path}.takeover`;
  try {
    mkdirSync(folder);
  } catch {
    if (silentMillis(folder) > UNFINISHED_MILLIS) quietly(() => rmdirSync(folder));
    return false;
  }
  try {
    const owner = readOwner(recordPath);
    const isStillThat =
      typeof owner === "object" && typeof dead === "object" ? owner.token === dead.token : owner === dead;
    if (!isStillThat) return true; // somebody was faster: look again
    quietly(() => rmdirSync(`${path}.lock`)); // SQLite's own; before the record, which says that it is to be removed
    quietly(() => unlinkSync(recordPath));
    return true;
  } finally {
    quietly(() => rmdirSync(folder));
  }
}

function describeSelf(): Owner {
  return { token: randomUUID(), pid: process.pid, started: startOf(process.pid), world: describeWorld() };
}

/** Equal for processes that can tell of each other whether they live. */
function describeWorld(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return `host ${hostname()}`;
  }
}

/** Start time of a process from /proc, "dead" for one that ended and was not waited for, "" where it cannot be known. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // the name may hold blanks and brackets
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : fields[19]!;
  } catch {
    return "";
  }
}

function silentMillis(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Infinity;
  }
}

function inUse(path: string, owner: Owner | "unfinished", waitMillis: number): MempredError {
  const who = owner === "unfinished" ? "another process" : `process ${owner.pid}`;
  const waited = waitMillis > 0 ? `, still after ${waitMillis} ms` : "";
  const details = { file: path, expected: "a file that no other process has open" };
  return new MempredError("BACKEND_UNAVAILABLE", `${path}: is in use by ${who}${waited}`, details);
}

function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // what is to be removed or touched may be gone by now
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? String(error);
}
