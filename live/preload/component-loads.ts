// Loads that the preloader has under way: each request and each worker wants one component with all it needs, and the dependency
// loader sees to it that each is loaded once. Kept here is who wants what: a component that somebody waits for is no speculation any
// more, whoever began it, and what is needed only by what is there already is not loaded.

import { MempredError } from "../../core/errors.ts";
import { DependencyGraph } from "../../preload/graph/dependency-graph.ts";
import { type LoadPlan, planLoads } from "../../preload/graph/plan-loads.ts";
import { DependencyLoader, type LoadOutcome } from "./dependency-loader.ts";
import type { ComponentLoadRequest } from "./preloader-options.ts";

export interface LoadsHost<V> {
  readonly load: (component: string, request: ComponentLoadRequest<V>) => V | Promise<V>;
  readonly graph: DependencyGraph | undefined;
  readonly loadTimeoutMillis: number;
  /** What is there. */
  readonly find: (component: string) => V | undefined;
  /** Puts what was loaded into the cache. @param millis of its own load, without what it needs */
  readonly keep: (component: string, value: V, isSpeculative: boolean, millis: number) => void;
  readonly durationMillis: () => number;
}

/** How many want a component, and how many of them wait for it. */
interface Wanted {
  all: number;
  required: number;
}

export class ComponentLoads<V> {
  readonly #host: LoadsHost<V>;
  readonly #graph: DependencyGraph;
  readonly #loader: DependencyLoader<V>;
  readonly #wanted = new Map<string, Wanted>();
  readonly #running = new Map<AbortController, Promise<unknown>>();
  /** Calls of the loader, and those that failed or came too late. */
  started = 0;
  failed = 0;

  constructor(host: LoadsHost<V>) {
    this.#host = host;
    this.#graph = host.graph ?? new DependencyGraph();
    this.#loader = new DependencyLoader<V>({
      load: (component, { signal, dependencies }) => this.#load(component, signal, dependencies),
      find: host.find,
      // Speculation is limited by its workers, and whoever asks is not to wait for a place.
      concurrency: Number.MAX_SAFE_INTEGER,
      loadTimeoutMillis: host.loadTimeoutMillis,
    });
  }

  /** Requests and workers that wait for a component. */
  get inFlight(): number {
    return this.#running.size;
  }

  isLoading(component: string): boolean {
    return this.#wanted.has(component);
  }

  /**
   * Loads a component that is not there, and what it needs and is not there.
   * @returns rejects with LOAD_FAILED, DEPENDENCY_FAILED, DEPENDENCY_CYCLE, INVALID_INPUT; with the signal's reason where that ends it
   */
  async load(component: string, isRequired: boolean, signal: AbortSignal | undefined): Promise<V> {
    const plan = this.#prune(component, planLoads(this.#graph, [{ component, isRequired }]));
    const controller = new AbortController();
    const leave = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted) leave();
    this.#want(plan, isRequired, 1);
    const end = this.#loader.loadPlan(plan, controller.signal);
    this.#running.set(controller, end);
    let outcome: LoadOutcome<V> | undefined;
    try {
      outcome = (await end).get(component);
    } finally {
      this.#running.delete(controller);
      this.#want(plan, isRequired, -1);
      signal?.removeEventListener("abort", leave);
    }
    if (outcome === undefined) throw new MempredError("INTERNAL", "a plan without what it is for", { component });
    if ("value" in outcome) return outcome.value;
    throw outcome.status === "cancelled" ? controller.signal.reason : outcome.error;
  }

  /** Ends everything. @returns how many requests and workers that concerns */
  abortAll(reason: unknown): number {
    for (const controller of [...this.#running.keys()]) controller.abort(reason);
    return this.#running.size;
  }

  /** Resolves when nothing is loaded. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #load(component: string, signal: AbortSignal, dependencies: ReadonlyMap<string, V>): Promise<V> {
    this.started++;
    const from = this.#host.durationMillis();
    const isSpeculative = !this.#isRequired(component);
    try {
      const value = await this.#host.load(component, { signal, isSpeculative, dependencies });
      // Given up meanwhile: whoever wants it now loads it anew.
      if (!signal.aborted && value !== undefined) {
        this.#host.keep(component, value, !this.#isRequired(component), this.#host.durationMillis() - from);
      }
      return value;
    } catch (error) {
      this.failed++;
      throw error;
    }
  }

  #isRequired(component: string): boolean {
    const wanted = this.#wanted.get(component);
    return wanted !== undefined && wanted.required > 0;
  }

  #want(plan: LoadPlan, isRequired: boolean, by: 1 | -1): void {
    for (const level of plan.levels) {
      for (const { component } of level) {
        const wanted = this.#wanted.get(component) ?? { all: 0, required: 0 };
        wanted.all += by;
        if (isRequired) wanted.required += by;
        if (wanted.all === 0) this.#wanted.delete(component);
        else this.#wanted.set(component, wanted);
      }
    }
  }

  /** Without what only components need that are there. */
  #prune(component: string, plan: LoadPlan): LoadPlan {
    if (plan.levels.length <= 1) return plan;
    const isThere = (one: string) => this.#host.find(one) !== undefined;
    const needed = new Set([component]);
    for (const level of [...plan.levels].reverse()) {
      for (const load of level) {
        if (!needed.has(load.component) || isThere(load.component)) continue;
        for (const dependency of load.dependencies) needed.add(dependency);
      }
    }
    const levels = plan.levels
      .map((level) =>
        level
          .filter((load) => needed.has(load.component))
          .map((load) => (isThere(load.component) ? { ...load, dependencies: [] } : load)),
      )
      .filter((level) => level.length > 0);
    return { ...plan, levels };
  }
}
