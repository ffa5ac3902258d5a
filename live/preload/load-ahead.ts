// From what is expected to what is loaded before it is asked for: which queue, in what order, when, and how much of it at which pressure.
// How a load ahead goes from its lease to its outcome is in ahead-loads.ts.

import { MempredError } from "../../core/errors.ts";
import type { PressureLevel } from "../../core/pressure.ts";
import type { SettledPreload } from "../../preload/accounting.ts";
import { PreloadAdaptation } from "../../preload/adaptation.ts";
import type { ComponentCosts } from "../../preload/component-costs.ts";
import { type ExpectedComponent, type PreloadRouter, QUEUE_NAMES, type QueueName } from "../../preload/contract.ts";
import { DEFAULT_PLACES, type PreloadEntry, PreloadQueues, type PreloadRequest } from "../../preload/queue.ts";
import { shortKey } from "../flight.ts";
import { AheadLoads, DEFAULT_IN_FLIGHT_BYTES, expectedOf } from "./ahead-loads.ts";
import { ExpectedCosts } from "./expected-costs.ts";
import type {
  ComponentPreloaderOptions,
  RequestOutcome,
  ScheduleAnswer,
  ScheduleOptions,
} from "./preloader-options.ts";
import { DEFAULT_WORKERS, WorkerPool } from "./worker-pool.ts";

/** The source of what was scheduled by name. */
export const SCHEDULED = "schedule";

/** Why an entry left its queue without being loaded. */
export type DropReason =
  | "asked" // it was asked for before its turn: whoever asked loads it
  | "present" // it was there when its turn came
  | "memory" // loads under way take all that they may
  | "obsolete" // it is not expected any more
  | "displaced" // something better needed its place
  | "pressure" // memory is short
  | "cancelled"
  | "closed";

/** What it needs of the preloader. */
export interface AheadHost {
  nowMillis(): number;
  has(component: string): boolean;
  /** Takes out what is past its time, and what is there. */
  forget(component: string): void;
  /** Whether it is early enough to begin with a load for that step after the next request. */
  canWait(step: number, loadMillis: number): boolean;
  /** Somebody loads it, whoever. */
  isLoading(component: string): boolean;
  /** Loads it and what it needs; what lands is told to `landed`. */
  load(component: string, isRequired: boolean, signal: AbortSignal): Promise<unknown>;
  /** Everything loaded ahead and not asked for leaves. */
  unloadSpeculative(): void;
  settled(preload: SettledPreload): void;
  queued(entry: PreloadRequest, queue: QueueName, how: string, reason?: string): void;
  failed(component: string, isRequired: boolean, error: unknown): void;
  trouble(what: string, error: unknown): void;
}

export class LoadAhead {
  readonly queues: PreloadQueues;
  readonly pool: WorkerPool;
  readonly loads: AheadLoads;
  readonly adaptation: PreloadAdaptation;
  readonly dropped: Record<DropReason, number> = {
    asked: 0,
    present: 0,
    memory: 0,
    obsolete: 0,
    displaced: 0,
    pressure: 0,
    cancelled: 0,
    closed: 0,
  };
  /** Offers that found no place. */
  refusedFull = 0;
  /** What was expected and found in memory or under way; what can wait until after the next request. */
  expectedPresent = 0;
  expectedLater = 0;

  readonly #host: AheadHost;
  readonly #router: PreloadRouter;
  readonly #costs: ExpectedCosts;
  readonly #places: Record<QueueName, number>;
  #isWaking = false;
  #isClosed = false;

  constructor(
    host: AheadHost,
    router: PreloadRouter,
    costs: ComponentCosts,
    options: Omit<ComponentPreloaderOptions<never>, "load">,
  ) {
    this.#host = host;
    this.#router = router;
    this.#costs = new ExpectedCosts(costs, options.dependencies, (component) => host.has(component));
    this.#places = { ...DEFAULT_PLACES, ...options.places };
    const loadTimeoutMillis = options.loadTimeoutMillis ?? 30_000;
    this.queues = new PreloadQueues(this.#places);
    this.loads = new AheadLoads(
      {
        nowMillis: () => host.nowMillis(),
        has: (component) => host.has(component),
        forget: (component) => host.forget(component),
        load: (component, isRequired, signal) => host.load(component, isRequired, signal),
        bytesOf: (component) => this.#costs.of(component).bytes,
        giveUp: ({ component }, why) => this.pool.abort(component, cancelled(component, why)),
        settled: (settled) => this.#settled(settled),
        failed: (component, isRequired, error) => host.failed(component, isRequired, error),
      },
      options.inFlightBytes ?? DEFAULT_IN_FLIGHT_BYTES,
      loadTimeoutMillis,
    );
    this.adaptation = new PreloadAdaptation({ restorePerSecond: options.restorePerSecond });
    const workers = DEFAULT_WORKERS;
    this.pool = new WorkerPool(
      {
        queues: this.queues,
        nowMillis: () => host.nowMillis(),
        mayLoad: (queue, isRequired) => this.adaptation.mayLoad(queue, isRequired),
        load: (entry, signal) => this.#load(entry, signal),
        failed: (entry, error) => this.loads.failed(entry, error),
      },
      {
        workers: { immediate: workers, delayed: workers, background: workers, ...options.workers },
        delayMillis: options.delayMillis,
        loadTimeoutMillis,
      },
    );
  }

  /** What `user` is expected to ask for; what was expected of that user before and is not now gives up its place. */
  plan(user: string, expected: readonly ExpectedComponent[]): void {
    this.#advance();
    if (this.queues.count > 0) {
      const names = new Set(expected.map((one) => one.component));
      const isObsolete = (one: PreloadEntry) =>
        one.user === user && one.source !== SCHEDULED && !names.has(one.component);
      for (const entry of this.queues.clearSpeculative(isObsolete)) this.#drop(entry, "obsolete");
    }
    if (!this.adaptation.plan.maySpeculate) return;
    for (const one of expected) this.#expect(user, one);
    this.pool.wake();
  }

  schedule(component: string, options: ScheduleOptions): ScheduleAnswer {
    const { isRequired = false, priority = 0, confidence = 1 } = options;
    const queue = options.queue ?? (isRequired ? "immediate" : "background");
    if (this.#host.has(component)) return { accepted: false, reason: "present" };
    if (this.loads.isUnderWay(component) || (!isRequired && this.#host.isLoading(component))) {
      if (isRequired) this.pool.require(component);
      return { accepted: false, reason: "loading" };
    }
    this.#advance();
    if (!isRequired && this.adaptation.plan.isClearing) return { accepted: false, reason: "pressure" };
    const request = { component, isRequired, priority, confidence, step: 1, source: SCHEDULED, user: "" };
    return this.#offer({ ...request, ...this.#costs.of(component) }, queue);
  }

  /** Takes a component out of its queue, or ends its load where only a worker waits for it. @returns whether there was anything */
  cancel(component: string): boolean {
    const entry = this.queues.cancel(component);
    if (entry !== undefined) this.#drop(entry, "cancelled");
    const isAborted = this.pool.abort(component, cancelled(component, "it was cancelled"));
    return entry !== undefined || isAborted;
  }

  /** Somebody asks for a component. Hot where it is there. @returns how it is answered */
  demanded(component: string, isHit: boolean): RequestOutcome {
    const isPreload = this.loads.demanded(component, isHit);
    if (isHit) return isPreload ? "preloaded" : "hit";
    if (isPreload) {
      this.pool.require(component);
      return "late";
    }
    if (this.queues.count > 0) this.#overtake(component);
    return "miss";
  }

  resizeQueue(queue: QueueName, places: number): void {
    this.#places[queue] = places;
    this.#resize();
    this.wakeSoon();
  }

  resizeWorkers(queue: QueueName, workers: number): void {
    this.pool.resize(queue, workers);
  }

  setLevel(level: PressureLevel): boolean {
    const isChanged = this.adaptation.setLevel(level, this.#host.nowMillis());
    this.#apply();
    return isChanged;
  }

  setPrice(price: number): boolean {
    this.#try("router", () => this.#router.setPrice(price));
    const isChanged = this.adaptation.setPrice(price, this.#host.nowMillis());
    this.#apply();
    return isChanged;
  }

  /** Has workers begin after what is being done now. */
  wakeSoon(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      if (!this.#isClosed) this.pool.wake();
    });
  }

  /** Speculative work is given up; what is required goes on. */
  giveUpSpeculation(reason: DropReason, why: string): void {
    for (const entry of this.queues.clearSpeculative()) this.#drop(entry, reason);
    this.pool.abortSpeculative(cancelled("a preload", why));
  }

  /** Nothing begins any more, and what is under way is aborted. @returns how many that were required had not begun */
  stop(why: string): number {
    this.#isClosed = true;
    this.pool.stop();
    let left = 0;
    for (const name of QUEUE_NAMES) {
      for (const entry of this.queues.entriesOf(name)) {
        this.queues.cancel(entry.component);
        this.#drop(entry, "closed");
        left++;
      }
    }
    this.pool.abortAll(cancelled("a load", why));
    return left;
  }

  /** Walks everything. Throws AssertionError. */
  check(): void {
    this.queues.check();
    this.loads.check();
  }

  #expect(user: string, expected: ExpectedComponent): void {
    const { component, step, confidence } = expected;
    if (this.#host.has(component) || this.#host.isLoading(component)) {
      this.expectedPresent++;
      return;
    }
    const queued = this.queues.find(component);
    if (queued !== undefined && queued.step <= step && queued.confidence >= confidence) return;
    if (step > 1 && queued === undefined && this.#host.canWait(step, this.#costs.millisOf(component))) {
      this.expectedLater++;
      return;
    }
    const cost = this.#costs.of(component);
    let queue: QueueName | undefined;
    this.#try("router", () => (queue = this.#router.route(expected, cost)));
    if (queue === undefined) return;
    const { bytes, loadRatio } = cost;
    const { source } = expected;
    this.#offer({ component, isRequired: false, priority: 0, confidence, step, source, user, bytes, loadRatio }, queue);
  }

  #offer(request: PreloadRequest, queue: QueueName): ScheduleAnswer {
    const answer = this.queues.offer(request, queue, this.#host.nowMillis());
    if (!answer.accepted) {
      this.refusedFull++;
      this.#host.queued(request, queue, "full");
      return answer;
    }
    if (answer.displaced !== undefined) this.#drop(answer.displaced, "displaced");
    this.#host.queued(request, answer.entry.queue, answer.how);
    this.wakeSoon();
    return { accepted: true, queue: answer.entry.queue, how: answer.how };
  }

  #overtake(component: string): void {
    const entry = this.queues.find(component);
    if (entry === undefined || entry.isRequired) return; // what is required keeps its place: whoever asks may give up
    this.queues.cancel(component);
    this.#drop(entry, "asked");
    // The expectation was right; only time was short.
    if (entry.source !== SCHEDULED) this.#try("router", () => this.#router.settle(expectedOf(entry), "late", 0, 0));
  }

  async #load(entry: PreloadEntry, signal: AbortSignal): Promise<void> {
    const reason = await this.loads.load(entry, signal);
    if (reason !== undefined) this.#drop(entry, reason);
  }

  #advance(): void {
    if (this.adaptation.advance(this.#host.nowMillis())) this.#resize();
  }

  #apply(): void {
    const { plan } = this.adaptation;
    this.queues.setOrder(plan.order);
    this.#resize();
    if (plan.isClearing) this.giveUpSpeculation("pressure", "memory is short");
    if (plan.isUnloading) this.#host.unloadSpeculative();
    this.wakeSoon();
  }

  #resize(): void {
    for (const name of QUEUE_NAMES) {
      const places = this.adaptation.placesOf(this.#places[name]);
      if (places === this.queues.placesOf(name)) continue;
      for (const entry of this.queues.resize(name, places)) this.#drop(entry, "pressure");
    }
  }

  #drop(entry: PreloadEntry, reason: DropReason): void {
    this.dropped[reason]++;
    this.#host.queued(entry, entry.queue, "dropped", reason);
  }

  #settled(settled: SettledPreload): void {
    const { expected, outcome, heldSeconds, bytes } = settled;
    if (expected.source !== SCHEDULED) {
      this.#try("router", () => this.#router.settle(expected, outcome, heldSeconds, bytes));
    }
    this.#host.settled(settled);
  }

  /** A router of the caller's own may throw; nobody who waits is to notice. */
  #try(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#host.trouble(what, error);
    }
  }
}

/** CANCELLED */
export function cancelled(component: string, why: string): MempredError {
  const name = shortKey(component);
  return new MempredError("CANCELLED", `loading ${name} was given up: ${why}`, { component: name });
}
