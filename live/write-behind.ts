// Writes to a backend, behind the caller's back but in order. Of several writes to one key only the last is made; a write that
// failed is not lost from sight: what the backend holds under that key is known to be untrue, so it is not read until a deletion
// got through, which is tried again. Where too many keys are in that state, nothing of the backend is read until it is emptied.

import type { CacheBackend, StoredEntry } from "./backends/backend.ts";
import { contextOfCacheKey } from "./cache-key.ts";

const BATCH = 64;
const MOST_UNTRUE_KEYS = 10_000;
const FIRST_RETRY_MILLIS = 250;
const LONGEST_RETRY_MILLIS = 30_000;

/** `null`: deletion. */
type Write = StoredEntry | null;
/** Something that concerns many keys, with what was written before it. */
interface Sweep {
  readonly writes: Map<string, Write>;
  readonly run: () => Promise<unknown>;
}

export interface WriteBehindOptions {
  readonly backend: CacheBackend;
  /** Most keys that wait; beyond, further values are not written and their keys deleted instead. */
  readonly maxPending: number;
  /** Told of each failure. */
  readonly onError: (error: unknown) => void;
}

export class WriteBehind {
  readonly #options: WriteBehindOptions;
  /** Sweeps that wait, each after its writes. */
  readonly #sweeps: Sweep[] = [];
  /** Writes after the last sweep, and the ones under way. */
  #writes = new Map<string, Write>();
  #running: ReadonlyMap<string, Write> = new Map();
  /** Keys whose stored value is not true any more, deletion having failed. */
  readonly #untrue = new Set<string>();
  /** Sweeps that failed: nothing stored is trusted until they got through. */
  readonly #failedSweeps: (() => Promise<unknown>)[] = [];
  #worker: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMillis = FIRST_RETRY_MILLIS;
  #error: unknown;
  #isClosed = false;
  written = 0;
  failed = 0;
  dropped = 0;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** What a read of the backend would have to give if all were written: an entry, null for nothing, undefined: ask the backend. */
  expected(key: string): StoredEntry | null | undefined {
    const pending = this.#writes.get(key);
    if (pending !== undefined) return pending;
    // A sweep may or may not concern this key: nothing is the safe answer.
    if (this.#sweeps.length > 0) return null;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    return this.isDistrusted || this.#untrue.has(key) ? null : undefined;
  }

  /** Nothing that the backend holds is read: it may hold what was deleted. */
  get isDistrusted(): boolean {
    return this.#failedSweeps.length > 0;
  }

  /** Keys that wait or are being written. */
  get pending(): number {
    let count = this.#writes.size + this.#running.size;
    for (const sweep of this.#sweeps) count += sweep.writes.size + 1;
    return count;
  }

  put(key: string, entry: StoredEntry): void {
    if (this.#writes.size >= this.#options.maxPending && !this.#writes.has(key)) {
      this.dropped++;
      this.#distrust(key);
      this.#start();
      return;
    }
    this.#writes.set(key, entry);
    this.#start();
  }

  remove(key: string): void {
    this.#writes.set(key, null);
    this.#start();
  }

  removeTag(tag: string): void {
    // Values that wait may carry it: the sweep comes after them.
    this.#sweep(() => this.#options.backend.deleteTag(tag));
  }

  clear(): void {
    for (const sweep of this.#sweeps) sweep.writes.clear();
    this.#writes.clear();
    this.#sweep(async () => {
      await this.#options.backend.clear();
      this.#untrue.clear();
      this.#failedSweeps.length = 0;
    });
  }

  clearContext(context: string): void {
    this.#sweep(async () => {
      const { backend } = this.#options;
      const keys: string[] = [];
      for await (const key of backend.keys()) if (contextOfCacheKey(key) === context) keys.push(key);
      for (const key of keys) await backend.delete(key);
    });
  }

  /** Resolves when the write of this key that waits now, if one does, was made or has failed. Never rejects. */
  async settled(key: string): Promise<void> {
    while (this.#worker !== undefined && (this.#writes.has(key) || this.#running.has(key) || this.#sweeps.length > 0)) {
      await this.#worker;
    }
  }

  /** Resolves when all that was written so far is acknowledged by the backend. @throws the first failure since the last flush */
  async flush(): Promise<void> {
    while (this.#worker !== undefined) await this.#worker;
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
  }

  /** No more retries. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  #sweep(run: () => Promise<unknown>): void {
    this.#sweeps.push({ writes: this.#writes, run });
    this.#writes = new Map();
    this.#start();
  }

  #start(): void {
    this.#worker ??= this.#work().finally(() => {
      this.#worker = undefined;
      if (this.#sweeps.length > 0 || this.#writes.size > 0) this.#start();
    });
  }

  async #work(): Promise<void> {
    // One turn later, so that what one caller writes in a row goes in one batch.
    await Promise.resolve();
    for (;;) {
      const sweep = this.#sweeps[0];
      const writes = sweep === undefined ? this.#writes : sweep.writes;
      if (writes.size > 0) await this.#writeBatch(writes);
      else if (sweep !== undefined) {
        if (!(await this.#attempt(sweep.run))) this.#failedSweeps.push(sweep.run);
        this.#sweeps.shift();
      } else break;
    }
    if (this.#untrue.size > 0 || this.isDistrusted) this.#retryLater();
    else this.#retryMillis = FIRST_RETRY_MILLIS;
  }

  async #writeBatch(writes: Map<string, Write>): Promise<void> {
    const puts = new Map<string, StoredEntry>();
    const batch = new Map<string, Write>();
    for (const [key, write] of writes) {
      if (batch.size === BATCH) break;
      batch.set(key, write);
      writes.delete(key);
      if (write !== null) puts.set(key, write);
    }
    this.#running = batch;
    const { backend } = this.#options;
    if (puts.size > 0) {
      const isWritten = await this.#attempt(() => backend.setMany(puts));
      for (const key of puts.keys()) {
        if (isWritten) this.#untrue.delete(key);
        else this.#distrust(key);
      }
      if (isWritten) this.written += puts.size;
    }
    const deleted = [...batch.keys()].filter((key) => batch.get(key) === null);
    await Promise.all(
      deleted.map(async (key) => {
        if (await this.#attempt(() => backend.delete(key))) this.#untrue.delete(key);
        else this.#distrust(key);
      }),
    );
    this.#running = new Map();
  }

  async #attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.failed++;
      this.#error ??= error;
      this.#options.onError(error);
      return false;
    }
  }

  #distrust(key: string): void {
    this.#untrue.add(key);
    if (this.#untrue.size <= MOST_UNTRUE_KEYS) return;
    this.#untrue.clear();
    this.#failedSweeps.length = 0;
    this.#failedSweeps.push(() => this.#options.backend.clear());
  }

  /** Tries to delete what is untrue, later and later. */
  #retryLater(): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      for (const run of this.#failedSweeps.splice(0)) this.#sweep(run);
      for (const key of this.#untrue) if (!this.#writes.has(key)) this.remove(key);
    }, this.#retryMillis);
    this.#retry.unref();
    this.#retryMillis = Math.min(this.#retryMillis * 2, LONGEST_RETRY_MILLIS);
  }
}
