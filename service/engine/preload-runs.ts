// Preloading in runs, one at a time: when the service starts, every so often, and when it is told to. Some users at a time, the most
// recently active first, each in a turn of the event loop of its own, so that requests go first. A run ends early at its deadline,
// when memory is short, when the cache or the store keep failing, or when the service stops. What it did not get to is taken up
// again as soon as memory allows, or after a while.

import { MempredError } from "../../core/errors.ts";
import type { PreloadRun } from "./preload-engine.ts";
import { Turns } from "./turns.ts";

export type UserOutcome = { readonly items: number; readonly bytes: number; readonly isWritten: boolean } | "skipped";

export interface RunOptions {
  readonly now: () => number;
  readonly concurrency: number;
  readonly deadlineMillis: number;
  /** Whom "all" means, the most recently active first. */
  readonly activeUsers: () => Promise<readonly string[]>;
  readonly preload: (userId: string, reason: PreloadRun["reason"]) => Promise<UserOutcome>;
  /** Once a run, before the users. */
  readonly begin: () => Promise<void>;
  /** False: nothing may be loaded ahead at present. */
  readonly mayLoad: () => boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type RunRecord = Mutable<Omit<PreloadRun, "users">> & { readonly users: Mutable<PreloadRun["users"]> };
type Stop = "deadline" | "memory" | "cache" | "store" | "shutdown";

const KEPT_RUNS = 20;
/** So many failures without a success in between end a run. */
const FAILURES_IN_A_ROW = 16;
const RESUME_MILLIS = 2_000;

export class PreloadRuns {
  readonly #options: RunOptions;
  readonly #turns = new Turns();
  readonly #runs: RunRecord[] = [];
  #running: { readonly record: RunRecord; readonly ended: Promise<void>; stop(why: Stop): void } | undefined;
  #made = 0;
  /** Users that the last run did not get to, if it is to be taken up again. */
  #leftover: readonly string[] | "all" | undefined;
  #resumeTimer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The latest first. */
  list(): PreloadRun[] {
    return this.#runs.map(snapshot);
  }

  /** Begins a run; the one that is under way is returned instead of a second. */
  start(reason: PreloadRun["reason"], users: readonly string[] | "all"): PreloadRun {
    if (this.#running !== undefined) return snapshot(this.#running.record);
    const record: RunRecord = {
      id: `run-${++this.#made}`,
      reason,
      state: "running",
      startedMillis: this.#options.now(),
      endedMillis: null,
      users: { planned: users === "all" ? 0 : users.length, done: 0, failed: 0, skipped: 0 },
      items: 0,
      bytes: 0,
      stoppedBy: null,
    };
    this.#runs.unshift(record);
    this.#runs.length = Math.min(this.#runs.length, KEPT_RUNS);
    if (this.#isStopped) {
      end(record, "shutdown", this.#options.now());
      return snapshot(record);
    }
    clearTimeout(this.#resumeTimer);
    this.#leftover = undefined;
    let stop: (why: Stop) => void = () => undefined;
    const stopped = new Promise<Stop>((resolve) => {
      stop = resolve;
    });
    const deadline = setTimeout(() => stop("deadline"), this.#options.deadlineMillis);
    const ended = this.#run(record, users, stop, stopped).finally(() => {
      clearTimeout(deadline);
      this.#running = undefined;
      if (this.#leftover !== undefined) this.#resumeLater();
    });
    this.#running = { record, ended, stop };
    return snapshot(record);
  }

  /** Memory allows again: goes on with what was left. */
  resume(): void {
    const users = this.#leftover;
    if (users === undefined || this.#running !== undefined || this.#isStopped || !this.#options.mayLoad()) return;
    this.start("refresh", users);
  }

  /** Memory does not allow any more. */
  pause(): void {
    this.#running?.stop("memory");
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#resumeTimer);
    this.#running?.stop("shutdown");
    await this.#running?.ended;
  }

  async #run(
    record: RunRecord,
    users: readonly string[] | "all",
    stop: (why: Stop) => void,
    stopped: Promise<Stop>,
  ): Promise<void> {
    let why: Stop | undefined;
    void stopped.then((reason) => {
      why ??= reason;
    });
    const options = this.#options;
    let left: string[] = [];
    let isKnown = users !== "all";
    const inHand = new Set<string>();
    let failures = 0;
    const failed = (part: Stop) => {
      if (++failures >= FAILURES_IN_A_ROW) stop(part);
    };
    const worker = async () => {
      while (why === undefined) {
        await this.#turns.next();
        if (why !== undefined) return;
        if (!options.mayLoad()) {
          stop("memory");
          return;
        }
        const userId = left.pop();
        if (userId === undefined) return;
        inHand.add(userId);
        try {
          const outcome = await options.preload(userId, record.reason);
          if (record.state !== "running") return; // it ended without this one
          if (outcome === "skipped") record.users.skipped++;
          else {
            record.users.done++;
            record.items += outcome.items;
            record.bytes += outcome.bytes;
            if (outcome.isWritten) failures = 0;
            else failed("cache");
          }
        } catch (error) {
          if (!(error instanceof MempredError)) throw error;
          if (record.state !== "running") return;
          record.users.failed++;
          failed("store");
        } finally {
          inHand.delete(userId);
        }
      }
    };
    const work = async () => {
      await options.begin();
      const planned = users === "all" ? await options.activeUsers() : users;
      isKnown = true;
      left = [...planned].reverse();
      record.users.planned = planned.length;
      await Promise.all(Array.from({ length: Math.min(options.concurrency, planned.length) }, worker));
    };
    const finished = work().catch((error: unknown) => {
      if (!(error instanceof MempredError)) throw error;
      stop("store");
    });
    await Promise.race([finished, stopped]);
    await Promise.resolve(); // so that a reason given at the very end is known
    end(record, why ?? null, options.now());
    if (why === "memory" || why === "store" || why === "cache")
      this.#leftover = isKnown ? [...inHand, ...left.reverse()] : "all";
  }

  #resumeLater(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#resumeTimer);
    this.#resumeTimer = setTimeout(() => {
      this.resume();
      if (this.#leftover !== undefined) this.#resumeLater();
    }, RESUME_MILLIS);
    this.#resumeTimer.unref?.();
  }
}

function end(record: RunRecord, why: Stop | null, nowMillis: number): void {
  record.state = why === null ? "done" : "stopped";
  record.stoppedBy = why;
  record.endedMillis = nowMillis;
}

function snapshot(record: PreloadRun): PreloadRun {
  return { ...record, users: { ...record.users } };
}
