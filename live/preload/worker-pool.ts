// Who takes entries out of the queues and loads them: a number of workers a queue (P04, P05), each a place for one load that is under
// way. Before each load it asks whether that is wanted at the present pressure (P13).
//
// When a worker begins: immediate at once; delayed after a short delay, or as soon as nothing immediate waits or runs; background
// only while nothing of the other two waits or runs. What is required waits for none of that. The delay gives the
// demand that follows a request, and what is expected of it, the loader first.
//
// A load that is aborted or takes too long gives its place back at once, whether its loader listens or not.

import { assert, MempredError } from "../../core/errors.ts";
import { QUEUE_NAMES, type QueueName } from "../../preload/contract.ts";
import type { PreloadEntry, PreloadQueues } from "../../preload/queue.ts";
import { shortKey } from "../flight.ts";

/** Workers of each queue. */
export const DEFAULT_WORKERS = 3;
export const DEFAULT_DELAY_MILLIS = 20;
const LONGEST_TIMER_MILLIS = 2_147_483_647;

export interface WorkerHost {
  readonly queues: PreloadQueues;
  nowMillis(): number;
  /** Looked at before each load. */
  mayLoad(queue: QueueName, isRequired: boolean): boolean;
  /** Loads, or stops when the signal says so. What it throws is told to `failed`. */
  load(entry: PreloadEntry, signal: AbortSignal): Promise<void>;
  /** The load of this entry ended with an error, was aborted or took too long. */
  failed(entry: PreloadEntry, error: unknown): void;
}

export interface WorkerPoolOptions {
  /** Workers of each queue, whole numbers ≥ 0. */
  readonly workers?: Readonly<Record<QueueName, number>> | undefined;
  readonly delayMillis?: number | undefined;
  /** How long one load may take. Infinity: for ever. */
  readonly loadTimeoutMillis?: number | undefined;
}

interface Running {
  readonly entry: PreloadEntry;
  readonly controller: AbortController;
  isRequired: boolean;
}

export class WorkerPool {
  readonly #host: WorkerHost;
  readonly #workers: Record<QueueName, number>;
  readonly #delayMillis: number;
  readonly #loadTimeoutMillis: number;
  readonly #runningOf: Record<QueueName, number> = { immediate: 0, delayed: 0, background: 0 };
  readonly #running = new Map<string, Running>();
  readonly #ends = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isTaking = false;
  #isStopped = false;
  /** Loads begun; of them those that took too long; and those that were aborted for another reason. */
  started = 0;
  timedOut = 0;
  aborted = 0;

  constructor(host: WorkerHost, options: WorkerPoolOptions = {}) {
    this.#host = host;
    const all = DEFAULT_WORKERS;
    this.#workers = { ...(options.workers ?? { immediate: all, delayed: all, background: all }) };
    for (const name of QUEUE_NAMES) assert(isCount(this.#workers[name]), "workers: a whole number, 0 or more");
    this.#delayMillis = options.delayMillis ?? DEFAULT_DELAY_MILLIS;
    this.#loadTimeoutMillis = options.loadTimeoutMillis ?? 30_000;
    assert(this.#delayMillis >= 0 && this.#loadTimeoutMillis > 0, "workers: times are not negative");
  }

  /** Loads under way. */
  get running(): number {
    return this.#running.size;
  }

  runningOf(queue: QueueName): number {
    return this.#runningOf[queue];
  }

  workersOf(queue: QueueName): number {
    return this.#workers[queue];
  }

  isLoading(component: string): boolean {
    return this.#running.has(component);
  }

  /** Has workers begin whatever may begin. Call it after anything that may let them. */
  wake(): void {
    if (this.#isStopped || this.#isTaking) return;
    this.#isTaking = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const name of QUEUE_NAMES) {
      while (this.#mayTake(name)) this.#run(this.#host.queues.take(name) as PreloadEntry);
    }
    this.#isTaking = false;
  }

  /** Another number of workers; those over it end with the load that they are at. */
  resize(queue: QueueName, workers: number): void {
    assert(isCount(workers), "workers: a whole number, 0 or more");
    this.#workers[queue] = workers;
    this.wake();
  }

  /** A load under way has become required: it is not aborted with the speculative ones. */
  require(component: string): void {
    const running = this.#running.get(component);
    if (running !== undefined) running.isRequired = true;
  }

  /** Ends the load of a component. @returns whether there was one */
  abort(component: string, reason: unknown): boolean {
    const running = this.#running.get(component);
    if (running === undefined || running.controller.signal.aborted) return false;
    running.controller.abort(reason);
    return true;
  }

  /** Ends all loads that nobody needs. @returns how many */
  abortSpeculative(reason: unknown): number {
    const meant = [...this.#running.values()].filter((one) => !one.isRequired);
    return meant.filter((one) => this.abort(one.entry.component, reason)).length;
  }

  abortAll(reason: unknown): void {
    for (const component of [...this.#running.keys()]) this.abort(component, reason);
  }

  /** Resolves when no load is under way. */
  async idle(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends);
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #mayTake(name: QueueName): boolean {
    const entry = this.#host.queues.first(name);
    if (entry === undefined || this.#runningOf[name] >= this.#workers[name]) return false;
    if (!this.#host.mayLoad(name, entry.isRequired)) return false;
    if (entry.isRequired || name === "immediate") return true;
    if (name === "background") return this.#isIdle("immediate") && this.#isIdle("delayed");
    const left = entry.atMillis + this.#delayMillis - this.#host.nowMillis();
    if (left <= 0 || this.#isIdle("immediate")) return true;
    this.#timer ??= setTimeout(() => this.wake(), Math.min(left, LONGEST_TIMER_MILLIS)).unref();
    return false;
  }

  #isIdle(name: QueueName): boolean {
    return this.#runningOf[name] === 0 && this.#host.queues.countOf(name) === 0;
  }

  #run(entry: PreloadEntry): void {
    const running: Running = { entry, controller: new AbortController(), isRequired: entry.isRequired };
    this.started++;
    this.#runningOf[entry.queue]++;
    this.#running.set(entry.component, running);
    const end = this.#load(running).then(() => {
      this.#ends.delete(end);
      this.wake();
    });
    this.#ends.add(end);
  }

  /** Does not reject. */
  async #load({ entry, controller }: Running): Promise<void> {
    const { signal } = controller;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        if (this.#loadTimeoutMillis <= LONGEST_TIMER_MILLIS) {
          timer = setTimeout(() => {
            this.timedOut++;
            controller.abort(timeoutError(entry.component, this.#loadTimeoutMillis));
          }, this.#loadTimeoutMillis);
        }
        this.#host.load(entry, signal).then(resolve, reject);
      });
    } catch (error) {
      if (signal.aborted) this.aborted++;
      this.#host.failed(entry, error);
    } finally {
      clearTimeout(timer);
      this.#runningOf[entry.queue]--;
      this.#running.delete(entry.component);
    }
  }
}

function timeoutError(component: string, timeoutMillis: number): MempredError {
  const name = shortKey(component);
  return new MempredError("LOAD_FAILED", `loading "${name}" took longer than ${timeoutMillis} ms`, {
    component: name,
    reason: "timeout",
    timeoutMillis,
  });
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
