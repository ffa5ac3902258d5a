// The component preloader of a Node program: answers requests from memory, learns from them what is asked for next, and loads that with
// all it needs before it is needed, as far as it pays and memory allows.
//
//     get ──hit──▶ value            request log ──later──▶ model ──▶ router ──▶ queues ──▶ workers ──lease──▶ loader ──▶ cache
//      └──miss──▶ loader ──▶ cache       ▲                                        ▲
//      └─────────────────────────────────┘                          pressure ─────┘
//
// Whoever asks never waits for any of that: a hit is answered before it is learned from, a miss is loaded at once, beside the
// queues. Order of an answer: memory; a load that is under way, whoever began it; a load.

import { performance } from "node:perf_hooks";
import { FIRST_HIT, HIT } from "../../cache/store.ts";
import { MempredError } from "../../core/errors.ts";
import type { PressureLevel, PressureTenant } from "../../core/pressure.ts";
import { PreloadAccounting } from "../../preload/accounting.ts";
import { ComponentCosts } from "../../preload/component-costs.ts";
import type {
  ComponentRequest,
  ExpectedComponent,
  NextComponentModel,
  PreloadRouter,
  QueueName,
} from "../../preload/contract.ts";
import { NextComponentPredictor } from "../../preload/model/next-component-predictor.ts";
import { RequestGaps } from "../../preload/request-gaps.ts";
import { BenefitRouter } from "../../preload/routers/benefit.ts";
import { coarseClock } from "../coarse-clock.ts";
import { checkKey } from "../entry-rules.ts";
import { within } from "../sleep.ts";
import { checkNumber } from "../smart-cache-options.ts";
import { ComponentCache } from "./component-cache.ts";
import { ComponentLoads } from "./component-loads.ts";
import { type AheadHost, cancelled, LoadAhead } from "./load-ahead.ts";
import { PreloadEvents } from "./preload-events.ts";
import {
  type CloseReport,
  type ComponentGetOptions,
  type ComponentPreloaderOptions,
  checkPreloaderOptions,
  type OutcomeListener,
  type RequestListener,
  type RequestOutcome,
  type ScheduleAnswer,
  type ScheduleOptions,
} from "./preloader-options.ts";
import { type ComponentPreloaderStatistics, describePreloader } from "./preloader-statistics.ts";
import { RequestLog } from "./request-log.ts";
import { ResponseTimes } from "./response-times.ts";

const MOST_COMPARED = 4096;

export class ComponentPreloader<V = unknown> implements PressureTenant {
  /** Its name in events. */
  readonly id: string;
  /** Whether it loads ahead. Off, it learns and counts all the same, and what waits for its turn stays. */
  isPreloading: boolean;

  readonly #now: () => number;
  readonly #duration: () => number;
  readonly #cache: ComponentCache<V>;
  readonly #loads: ComponentLoads<V>;
  readonly #ahead: LoadAhead;
  readonly #model: NextComponentModel;
  readonly #router: PreloadRouter;
  readonly #costs = new ComponentCosts();
  readonly #gaps = new RequestGaps();
  readonly #log = new RequestLog((requests) => this.#learn(requests));
  /** The same requests on keys alone, without preloading. */
  readonly #compared: PreloadAccounting;
  readonly #times = new ResponseTimes();
  readonly #events = new PreloadEvents();
  readonly #requestChannel = this.#events.request; // looked at in each request
  readonly #requestListeners = new Set<RequestListener>();
  readonly #outcomeListeners = new Set<OutcomeListener>();
  readonly #stepCount: 1 | 2 | 3;
  readonly #expectedCount: number;
  readonly #isPatient: boolean;
  #learned = 0;
  #troubles = 0;
  #price = 0;
  #closing: Promise<CloseReport> | undefined;

  /** @throws MempredError INVALID_INPUT for an option out of its range, UNKNOWN_POLICY */
  constructor(options: ComponentPreloaderOptions<V>) {
    checkPreloaderOptions(options);
    this.id = options.name ?? "default";
    this.isPreloading = options.isPreloading ?? true;
    this.#now = options.nowMillis ?? coarseClock(1);
    this.#duration = options.durationMillis ?? (() => performance.now());
    this.#stepCount = options.stepCount ?? 3;
    this.#expectedCount = options.expectedCount ?? 8;
    this.#isPatient = options.isPatient ?? true;
    this.#model = options.model ?? new NextComponentPredictor();
    this.#router = options.router ?? new BenefitRouter({ wasteRatio: 1 });
    const comparedEntries = options.comparedEntries ?? Math.min(options.max ?? MOST_COMPARED, MOST_COMPARED);
    this.#compared = new PreloadAccounting({ entriesWithout: comparedEntries });
    this.#cache = new ComponentCache<V>(options, this.#now, (component) => this.#ahead.loads.left(component));
    this.#ahead = new LoadAhead(this.#aheadHost(), this.#router, this.#costs, options);
    this.#loads = new ComponentLoads<V>({
      load: options.load,
      graph: options.dependencies,
      loadTimeoutMillis: options.loadTimeoutMillis ?? 30_000,
      find: (component) => this.peek(component),
      keep: (component, value, isSpeculative, millis) => this.#keep(component, value, isSpeculative, millis),
      durationMillis: this.#duration,
    });
  }

  /** Components held. */
  get size(): number {
    return this.#cache.store.count;
  }

  /**
   * The value of a component: from memory, or of one load for all who ask meanwhile. A hit costs about a microsecond (docs/preload.md).
   * @returns rejects with LOAD_FAILED and what the loader threw as cause; DEPENDENCY_FAILED, DEPENDENCY_CYCLE; with the signal's
   *   reason where the caller gives up; CANCELLED where the preloader closes meanwhile; INVALID_INPUT after `close`;
   *   INVALID_CACHE_ENTRY for a name or a size that cannot be. Failures are not kept.
   */
  get(component: string, options?: ComponentGetOptions): Promise<V> {
    try {
      return this.#get(component, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The value if it is there. Counts as nothing. */
  peek(component: string): V | undefined {
    const slot = this.#cache.store.find(component, "");
    return slot < 0 ? undefined : this.#cache.store.valueAt(slot);
  }

  has(component: string): boolean {
    return this.#cache.has(component);
  }

  /** Forgets a value: it has changed. Loads under way are not stopped. @returns whether it was there */
  delete(component: string): boolean {
    return this.#cache.store.delete(component, "");
  }

  /** What `user` is expected to ask for, ordered by confidence, then step. */
  expect(user = "", count = this.#expectedCount): ExpectedComponent[] {
    this.#log.flush();
    return this.#model.expect(user, this.#now(), this.#stepCount, count);
  }

  /**
   * Asks for a component to be loaded ahead, by name (P06). One that waits already keeps the better of both ranks and moves up where
   * it can. Loading begins after what is being done now. Errors: INVALID_INPUT after `close` or for a number out of its range.
   */
  schedule(component: string, options: ScheduleOptions = {}): ScheduleAnswer {
    this.#assertOpen();
    checkKey(component);
    checkNumber("priority", options.priority, -Infinity);
    checkNumber("confidence", options.confidence, 0);
    if ((options.confidence ?? 1) > 1) throw invalid("confidence", "a number of 0 to 1");
    return this.#ahead.schedule(component, options);
  }

  /** A component that waits loses its place, required or not; a load ahead that nobody waits for ends. @returns whether there was any */
  cancel(component: string): boolean {
    return this.#ahead.cancel(component);
  }

  /** Another number of places, or of workers. What falls out is dropped, the last speculation first. */
  resize(queue: QueueName, { places, workers }: { readonly places?: number; readonly workers?: number }): void {
    checkNumber("places", places, 0, { isWhole: true, isBounded: true });
    checkNumber("workers", workers, 0, { isWhole: true, isBounded: true });
    if (places !== undefined) this.#ahead.resizeQueue(queue, places);
    if (workers !== undefined) this.#ahead.resizeWorkers(queue, workers);
  }

  /** Has `listener` called after each request, before it is answered. @returns takes it back */
  onRequest(listener: RequestListener): () => void {
    this.#requestListeners.add(listener);
    return () => this.#requestListeners.delete(listener);
  }

  /** Has `listener` called with what came of each load ahead. @returns takes it back */
  onOutcome(listener: OutcomeListener): () => void {
    this.#outcomeListeners.add(listener);
    return () => this.#outcomeListeners.delete(listener);
  }

  // As a tenant of memory. `attachPressure({ tenants: [preloader] })` drives all of it by the forecast.

  countBytes(): number {
    return this.#cache.store.countBytes();
  }

  shed(bytes: number): number {
    const freed = this.#cache.store.shed(bytes);
    this.#tellPressure({ shedBytes: freed });
    return freed;
  }

  setBudgetRatio(ratio: number): void {
    checkNumber("ratio", ratio, 0, { isBounded: true });
    const share = Math.min(1, ratio);
    this.#cache.store.setBudgetRatio(share);
    this.#ahead.loads.setBudgetRatio(share);
  }

  setPrefetchPrice(price: number): void {
    checkNumber("price", price, 0);
    this.#price = price;
    if (this.#ahead.setPrice(price)) this.#tellPressure(this.#levelFigures());
  }

  setLevel(level: PressureLevel): void {
    if (this.#ahead.setLevel(level)) this.#tellPressure(this.#levelFigures());
  }

  // Life.

  /** Resolves when every request so far was learned from, nothing that may begin waits, and nothing is loaded. */
  async idle(): Promise<void> {
    do {
      this.#log.flush();
      this.#ahead.pool.wake();
      await this.#ahead.pool.idle();
      await this.#loads.idle();
    } while (this.#log.length > 0 || this.#loads.inFlight > 0 || this.#ahead.pool.running > 0);
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Ends well: no new requests; speculation is given up; what is required, waiting or under way, may end within `graceMillis`, then is
   * aborted, and whoever waits for it gets CANCELLED. Again: the same promise. Does not reject.
   */
  close(options: { readonly graceMillis?: number | undefined } = {}): Promise<CloseReport> {
    this.#closing ??= this.#close(options.graceMillis ?? 5000);
    return this.#closing;
  }

  /** Counts since it was made. */
  statistics(): ComponentPreloaderStatistics {
    this.#log.flush();
    return describePreloader({
      cache: this.#cache.store,
      ahead: this.#ahead,
      loads: this.#loads,
      times: this.#times,
      comparedHits: this.#compared.hits,
      modelBytes: this.#model.stateBytes,
      costBytes: this.#costs.stateBytes + this.#gaps.stateBytes,
      prefetchPrice: this.#price,
      learned: this.#learned,
      unlearned: this.#log.leftOut,
      troubles: this.#troubles,
    });
  }

  /** Walks everything. Throws AssertionError. Cold. */
  check(): void {
    this.#cache.store.check();
    this.#ahead.check();
  }

  #get(component: string, options: ComponentGetOptions | undefined): Promise<V> {
    if (this.#closing !== undefined) this.#assertOpen();
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { store } = this.#cache;
    const isMeasured = this.#times.isHitMeasured;
    const from = isMeasured ? this.#duration() : 0;
    const outcome = store.demand(component, "", 0);
    if (outcome === HIT || outcome === FIRST_HIT) {
      const value = store.valueAt(store.slot); // before listeners, who may use the cache
      this.#count(component, options, true);
      this.#times.countHit(isMeasured ? this.#duration() - from : Number.NaN);
      return Promise.resolve(value);
    }
    checkKey(component);
    const isLate = this.#count(component, options, false) === "late";
    return this.#load(component, options, isLate);
  }

  async #load(component: string, options: ComponentGetOptions | undefined, isLate: boolean): Promise<V> {
    const from = this.#duration();
    const lease = this.#ahead.loads.leaseRequired(component);
    let isLoaded = false;
    try {
      const value = await this.#loads.load(component, true, options?.signal);
      isLoaded = true;
      this.#gaps.answered(options?.user ?? "", this.#now());
      this.#times.addWait(this.#duration() - from, isLate);
      return value;
    } finally {
      this.#ahead.loads.endLease(lease, isLoaded);
    }
  }

  /** Counts and tells a request, and has it learned from later. */
  #count(component: string, options: ComponentGetOptions | undefined, isHit: boolean): RequestOutcome {
    const user = options?.user ?? "";
    const outcome = this.#ahead.demanded(component, isHit);
    this.#log.add({ component, user, atMillis: this.#now(), isFirst: options?.isFirst === true });
    if (this.#requestListeners.size > 0) {
      for (const listener of this.#requestListeners) this.#try("listener", () => listener(component, user, outcome));
    }
    if (this.#requestChannel.hasSubscribers) {
      this.#requestChannel.publish({ preloader: this.id, component, user, outcome });
    }
    return outcome;
  }

  /** Learns from requests in order, then plans once for each user among them. */
  #learn(requests: readonly ComponentRequest[]): void {
    const users = new Map<string, number>();
    for (const request of requests) {
      this.#learned++;
      this.#gaps.observe(request.user ?? "", request.atMillis, request.isFirst === true);
      this.#compared.request(request.component, false, 0);
      this.#try("model", () => this.#model.observe(request));
      this.#try("router", () => this.#router.onRequest?.());
      if (this.isPreloading) users.set(request.user ?? "", request.atMillis);
    }
    if (this.#closing !== undefined) return;
    for (const [user, atMillis] of users) {
      this.#try("model", () => {
        this.#ahead.plan(user, this.#model.expect(user, atMillis, this.#stepCount, this.#expectedCount));
      });
    }
  }

  /** What was loaded goes into the cache. */
  #keep(component: string, value: V, isSpeculative: boolean, millis: number): void {
    const isHeld = this.#cache.put(component, value, isSpeculative, millis);
    const { bytes } = this.#cache;
    this.#costs.observe(component, bytes, millis);
    this.#ahead.loads.landed(component, bytes, isHeld);
    if (this.#events.load.hasSubscribers) {
      this.#events.load.publish({ preloader: this.id, component, isSpeculative, millis, bytes });
    }
  }

  #aheadHost(): AheadHost {
    return {
      nowMillis: this.#now,
      has: (component) => this.#cache.has(component),
      forget: (component) => void this.#cache.store.delete(component, ""),
      canWait: (step, loadMillis) => this.#isPatient && this.#gaps.canWait(step, loadMillis),
      isLoading: (component) => this.#loads.isLoading(component),
      load: (component, isRequired, signal) => this.#loads.load(component, isRequired, signal),
      unloadSpeculative: () => this.#tellPressure({ shedBytes: this.#cache.unloadSpeculative() }),
      settled: ({ expected, outcome, heldSeconds }) => {
        const { component, source, step } = expected;
        for (const listener of this.#outcomeListeners) {
          this.#try("listener", () => listener(component, source, outcome, heldSeconds));
        }
        const { outcome: channel } = this.#events;
        if (channel.hasSubscribers) {
          channel.publish({ preloader: this.id, component, source, step, outcome, heldSeconds });
        }
      },
      queued: ({ component }, queue, how, reason) => {
        const channel = this.#events.queue;
        if (channel.hasSubscribers) channel.publish({ preloader: this.id, component, queue, how, reason });
      },
      failed: (component, isRequired, error) => {
        const channel = this.#events.load;
        if (channel.hasSubscribers) {
          channel.publish({ preloader: this.id, component, isSpeculative: !isRequired, error });
        }
      },
      trouble: (what, error) => this.#trouble(what, error),
    };
  }

  async #close(graceMillis: number): Promise<CloseReport> {
    this.#ahead.giveUpSpeculation("closed", "the preloader closes");
    const isDone = await within(graceMillis, this.idle());
    const dropped = this.#ahead.stop("the preloader closes");
    const aborted = isDone ? 0 : this.#loads.abortAll(cancelled("a component", "the preloader closes"));
    await this.#ahead.pool.idle();
    await this.#loads.idle();
    this.#log.flush();
    return { aborted, dropped };
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new MempredError("INVALID_INPUT", `the preloader "${this.id}" is closed`, { expected: "one that is open" });
  }

  #levelFigures() {
    const { level, queueRatio } = this.#ahead.adaptation;
    return { level, queueRatio };
  }

  #tellPressure(message: object): void {
    if (this.#events.pressure.hasSubscribers) this.#events.pressure.publish({ preloader: this.id, ...message });
  }

  #try(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#trouble(what, error);
    }
  }

  #trouble(what: string, error: unknown): void {
    this.#troubles++;
    if (this.#events.trouble.hasSubscribers) this.#events.trouble.publish({ preloader: this.id, what, error });
  }
}

function invalid(option: string, expected: string): MempredError {
  return new MempredError("INVALID_INPUT", `${option} is out of its range, expected ${expected}`, { option, expected });
}
