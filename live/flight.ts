// One load that any number of callers wait for. Each may give up by its own signal; when the last one has, the load is aborted. A
// load that nobody waited for in the first place (a refresh, a prefetch) goes on by itself.

import { MempredError } from "../core/errors.ts";

/** Why there is a load: somebody asked; a value is to be renewed; a value is expected to be asked for. */
export type LoadKind = "demand" | "refresh" | "prefetch";

const LONGEST_TIMER_MILLIS = 2_147_483_647;

export class Flight<V> {
  readonly context: string;
  readonly key: string;
  /** The key as backends and the table of flights know it. */
  readonly id: string;
  readonly startedAt: number;
  kind: LoadKind;
  /** The key was set, deleted or cleared meanwhile: what is loaded is handed out and not kept. */
  isDetached = false;
  readonly #controller = new AbortController();
  readonly promise: Promise<V | undefined>;
  #resolve!: (value: V | undefined) => void;
  #reject!: (error: unknown) => void;
  /** It began without anybody waiting, and so does not end when nobody does. */
  readonly #isIndependent: boolean;
  #waiters = 0;
  hasFailed = false;

  constructor(kind: LoadKind, context: string, key: string, id: string, startedAt: number) {
    this.kind = kind;
    this.#isIndependent = kind !== "demand";
    this.context = context;
    this.key = key;
    this.id = id;
    this.startedAt = startedAt;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits gets the error; where nobody does it is none of the process's business.
    this.promise.catch(() => undefined);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  resolve(value: V | undefined): void {
    this.#resolve(value);
  }

  reject(error: unknown): void {
    this.hasFailed = true;
    this.#reject(error);
  }

  /** Tells the loader to stop. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Waits for the value, or until `signal` says no more; then rejects with the signal's reason. */
  wait(signal: AbortSignal | undefined): Promise<V | undefined> {
    this.kind = "demand";
    this.#waiters++;
    if (signal === undefined) return this.promise;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--this.#waiters === 0 && !this.#isIndependent) this.abort(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }

  /**
   * Runs the loader for at most so long. Its promise is not waited for any longer when the flight is aborted.
   * @throws what the loader throws, the reason of the abort, or LOAD_FAILED on timeout
   */
  run(load: () => V | undefined | Promise<V | undefined>, timeoutMillis: number): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const { signal } = this;
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      let timer: NodeJS.Timeout | undefined;
      const onAbort = () => end(() => reject(signal.reason));
      const end = (act: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        act();
      };
      if (timeoutMillis <= LONGEST_TIMER_MILLIS) {
        timer = setTimeout(() => this.abort(timeoutError(this.key, timeoutMillis)), timeoutMillis);
      }
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        Promise.resolve(load()).then(
          (value) => end(() => resolve(value)),
          (error) => end(() => reject(error)),
        );
      } catch (error) {
        end(() => reject(error));
      }
    });
  }
}

function timeoutError(key: string, timeoutMillis: number): MempredError {
  return new MempredError("LOAD_FAILED", `loading "${shortKey(key)}" took longer than ${timeoutMillis} ms`, {
    key: shortKey(key),
    reason: "timeout",
    timeoutMillis,
  });
}

/** A key for messages. */
export function shortKey(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}...` : key;
}
