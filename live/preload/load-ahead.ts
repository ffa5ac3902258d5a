// From what is expected to what is there before it is asked for: which queue, when, with a lease on memory, and what came of it. It
// knows nothing of how a component is loaded; it is told when one lands, leaves or is asked for.

import { MempredError } from "../../core/errors.ts";
import type { PressureLevel } from "../../core/pressure.ts";
import { PreloadAccounting, type SettledPreload } from "../../preload/accounting.ts";
import { PreloadAdaptation } from "../../preload/adaptation.ts";
import type { ComponentCosts } from "../../preload/component-costs.ts";
import {
  type ComponentCost,
  type ExpectedComponent,
  type PreloadRouter,
  QUEUE_NAMES,
  type QueueName,
} from "../../preload/contract.ts";
import type { DependencyGraph } from "../../preload/graph/dependency-graph.ts";
import { type Lease, LeaseBook } from "../../preload/lease-book.ts";
import { DEFAULT_PLACES, type PreloadEntry, PreloadQueues, type PreloadRequest } from "../../preload/queue.ts";
import { shortKey } from "../flight.ts";
import type {
  ComponentPreloaderOptions,
  RequestOutcome,
  ScheduleAnswer,
  ScheduleOptions,
} from "./preloader-options.ts";
import { DEFAULT_WORKERS, WorkerPool } from "./worker-pool.ts";

/** The source of what was scheduled by name. */
export const SCHEDULED = "schedule";
const DEFAULT_IN_FLIGHT_BYTES = 33_554_432;
/** A lease outlives the time limit of its load by this. */
const LEASE_SLACK_MILLIS = 1000;

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

interface Ahead {
  readonly entry: PreloadEntry;
  readonly lease: Lease;
  /** It is in the cache, or has been. */
  hasLanded: boolean;
  isLate: boolean;
}

export class LoadAhead {
  readonly queues: PreloadQueues;
  readonly pool: WorkerPool;
  readonly leases: LeaseBook;
  readonly accounting = new PreloadAccounting();
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
  readonly #costs: ComponentCosts;
  readonly #graph: DependencyGraph | undefined;
  readonly #places: Record<QueueName, number>;
  readonly #timeoutMillis: number;
  readonly #inFlightBytes: number;
  readonly #ahead = new Map<string, Ahead>();
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
    this.#costs = costs;
    this.#graph = options.dependencies;
    this.#places = { ...DEFAULT_PLACES, ...options.places };
    this.#timeoutMillis = options.loadTimeoutMillis ?? 30_000;
    this.#inFlightBytes = options.inFlightBytes ?? DEFAULT_IN_FLIGHT_BYTES;
    this.queues = new PreloadQueues(this.#places);
    this.leases = new LeaseBook({ budgetBytes: this.#inFlightBytes });
    this.adaptation = new PreloadAdaptation({ restorePerSecond: options.restorePerSecond });
    const workers = DEFAULT_WORKERS;
    this.pool = new WorkerPool(
      {
        queues: this.queues,
        nowMillis: () => host.nowMillis(),
        mayLoad: (queue, isRequired) => this.adaptation.mayLoad(queue, isRequired),
        load: (entry, signal) => this.#load(entry, signal),
        failed: (entry, error) => this.#failed(entry, error),
      },
      {
        workers: { immediate: workers, delayed: workers, background: workers, ...options.workers },
        delayMillis: options.delayMillis,
        loadTimeoutMillis: this.#timeoutMillis,
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
    if (this.#ahead.has(component) || (!isRequired && this.#host.isLoading(component))) {
      if (isRequired) this.pool.require(component);
      return { accepted: false, reason: "loading" };
    }
    this.#advance();
    if (!isRequired && this.adaptation.plan.isClearing) return { accepted: false, reason: "pressure" };
    const request = { component, isRequired, priority, confidence, step: 1, source: SCHEDULED, user: "" };
    return this.#offer({ ...request, ...this.costOf(component) }, queue);
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
    const { accounting } = this;
    const settled = accounting.request(component, isHit, accounting.isOpen(component) ? this.#host.nowMillis() : 0);
    if (settled !== undefined) this.#settle(settled);
    if (isHit) return settled === undefined ? "hit" : "preloaded";
    if (settled !== undefined) {
      const ahead = this.#ahead.get(component);
      if (ahead !== undefined) ahead.isLate = true;
      this.pool.require(component);
      return "late";
    }
    if (this.queues.count > 0) this.#overtake(component);
    return "miss";
  }

  /** A component was loaded, by whomever. @param isHeld whether it is in the cache now */
  landed(component: string, bytes: number, isHeld: boolean): void {
    const now = this.#host.nowMillis();
    const ahead = this.#ahead.get(component);
    if (ahead !== undefined) ahead.hasLanded = true;
    if (this.accounting.isOpen(component)) {
      this.accounting.arrive(component, bytes, now);
      if (!isHeld) this.#settle(this.accounting.leave(component, now));
    } else if (ahead?.isLate) this.accounting.arrive(component, bytes, now, ahead.entry.source);
  }

  /** A component left the cache. */
  removed(component: string): void {
    if (this.accounting.isOpen(component)) this.#settle(this.accounting.leave(component, this.#host.nowMillis()));
  }

  /** What it is expected to cost, with what it needs and is not there: bytes and loads of all of them. */
  costOf(component: string): ComponentCost {
    const graph = this.#graph;
    if (graph === undefined || graph.dependenciesOf(component).length === 0) return this.#costs.of(component);
    let [bytes, loadRatio] = [0, 0];
    for (const one of this.#needed(graph, component)) {
      const cost = this.#costs.of(one);
      bytes += cost.bytes;
      loadRatio += cost.loadRatio;
    }
    return { bytes, loadRatio };
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

  /** Loads under way may take this share of their limit; those over it are given up, the youngest first. */
  setBudgetRatio(ratio: number): void {
    this.leases.setBudget(Math.floor(this.#inFlightBytes * ratio));
    this.#giveUp(this.leases.excess(), "memory is short");
  }

  /** Room for a load that somebody waits for, whatever the budget says. */
  leaseRequired(component: string): Lease {
    const lease = this.#lease(component, true) as Lease;
    this.leases.begin(lease);
    return lease;
  }

  endLease(lease: Lease, isLoaded: boolean): void {
    if (isLoaded) this.leases.release(lease);
    else this.leases.rollBack(lease);
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
    this.leases.check();
    this.accounting.check();
  }

  /** About how long loading it takes, with what it needs, one after the other. */
  #millisOf(component: string): number {
    const graph = this.#graph;
    if (graph === undefined) return this.#costs.millisOf(component);
    return this.#needed(graph, component).reduce((sum, one) => sum + this.#costs.millisOf(one), 0);
  }

  /** It, and what it needs and is not there. */
  #needed(graph: DependencyGraph, component: string): readonly string[] {
    try {
      return graph.closure([component]).filter((one) => one === component || !this.#host.has(one));
    } catch {
      return [component]; // something unknown: loading it will say so
    }
  }

  #expect(user: string, expected: ExpectedComponent): void {
    const { component, step, confidence } = expected;
    if (this.#host.has(component) || this.#host.isLoading(component)) {
      this.expectedPresent++;
      return;
    }
    const queued = this.queues.find(component);
    if (queued !== undefined && queued.step <= step && queued.confidence >= confidence) return;
    if (step > 1 && queued === undefined && this.#host.canWait(step, this.#millisOf(component))) {
      this.expectedLater++;
      return;
    }
    const cost = this.costOf(component);
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
    const { component, isRequired } = entry;
    if (this.#host.has(component)) {
      this.#drop(entry, "present");
      return;
    }
    const lease = this.#lease(component, isRequired);
    if (lease === undefined) {
      this.#drop(entry, "memory");
      return;
    }
    this.leases.begin(lease);
    this.#host.forget(component); // what is past its time and open
    const ahead: Ahead = { entry, lease, hasLanded: false, isLate: false };
    this.#ahead.set(component, ahead);
    if (!isRequired) this.accounting.begin(expectedOf(entry));
    await this.#host.load(component, isRequired, signal);
    this.#end(ahead, true);
    // Loaded, and not kept: nothing is there for whoever asks.
    if (!ahead.hasLanded) this.removed(component);
  }

  #failed(entry: PreloadEntry, error: unknown): void {
    const { component } = entry;
    const ahead = this.#ahead.get(component);
    if (ahead === undefined || ahead.entry !== entry) return;
    this.#end(ahead, ahead.hasLanded);
    if (ahead.hasLanded) return;
    const now = this.#host.nowMillis();
    const isGivenUp = error instanceof MempredError && error.code === "CANCELLED";
    if (this.accounting.isOpen(component)) {
      this.#settle(isGivenUp ? this.accounting.leave(component, now) : this.accounting.fail(component, now));
    }
    this.#host.failed(component, entry.isRequired, error);
  }

  #end(ahead: Ahead, isLoaded: boolean): void {
    const { component } = ahead.entry;
    if (this.#ahead.get(component) !== ahead) return;
    this.#ahead.delete(component);
    this.endLease(ahead.lease, isLoaded);
  }

  #lease(component: string, isRequired: boolean): Lease | undefined {
    const now = this.#host.nowMillis();
    this.#giveUp(this.leases.advance(now), "its lease on memory ran out");
    const deadlineMillis = now + this.#timeoutMillis + LEASE_SLACK_MILLIS;
    return this.leases.grant({ bytes: this.costOf(component).bytes, deadlineMillis, mayExceed: isRequired });
  }

  #giveUp(leases: readonly Lease[], why: string): void {
    if (leases.length === 0) return;
    const given = new Set(leases);
    for (const { entry, lease } of [...this.#ahead.values()]) {
      if (given.has(lease)) this.pool.abort(entry.component, cancelled(entry.component, why));
    }
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

  #settle(settled: SettledPreload | undefined): void {
    if (settled === undefined) return;
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

function expectedOf(entry: PreloadEntry): ExpectedComponent {
  const { component, confidence, source } = entry;
  return { component, step: entry.step as 1 | 2 | 3, confidence, source };
}

/** CANCELLED */
export function cancelled(component: string, why: string): MempredError {
  const name = shortKey(component);
  return new MempredError("CANCELLED", `loading ${name} was given up: ${why}`, { component: name });
}
