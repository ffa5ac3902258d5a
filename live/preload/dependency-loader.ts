// Loads components with everything that they need: each as soon as its own dependencies are there, lower levels before higher ones
// where they compete for a place, so many at once. A component that several plans want at a time is loaded once (P27).
//
// A failure goes up and not sideways: whoever needs what failed is told DEPENDENCY_FAILED, with the cause and the way to it, and
// everything else is loaded. A plan that is given up stops only loads that no other plan waits for.

import { assert, MempredError } from "../../core/errors.ts";
import type { LoadPlan, PlannedLoad } from "../../preload/graph/plan-loads.ts";
import { Flight, shortKey } from "../flight.ts";
import { SlotQueue } from "./slot-queue.ts";

export interface ComponentContext<V> {
  /** Aborted when nobody waits for this component any longer, or when it takes too long. */
  readonly signal: AbortSignal;
  /** What it needs directly, loaded. */
  readonly dependencies: ReadonlyMap<string, V>;
}

export interface DependencyLoaderOptions<V> {
  readonly load: (component: string, context: ComponentContext<V>) => V | Promise<V>;
  /** What is there already: it is not loaded, whatever became of its dependencies. Default: nothing is. */
  readonly find?: ((component: string) => V | undefined) | undefined;
  /** Loads at once, over all plans. Default 3. */
  readonly concurrency?: number | undefined;
  /** Of one component; then LOAD_FAILED. Default: none. */
  readonly loadTimeoutMillis?: number | undefined;
}

/** What became of a component. `joined`: another plan was loading it already; `found`: it was there. */
export type LoadOutcome<V> =
  | { readonly status: "loaded" | "joined" | "found"; readonly value: V }
  | { readonly status: "failed" | "cancelled"; readonly error: MempredError };

/** Names in the path of an error, at most: the nearer and the farther half of a longer one. */
const LONGEST_PATH = 32;

export class DependencyLoader<V> {
  readonly #options: DependencyLoaderOptions<V>;
  readonly #slots: SlotQueue;
  readonly #flights = new Map<string, Flight<V>>();

  constructor(options: DependencyLoaderOptions<V>) {
    this.#options = options;
    this.#slots = new SlotQueue(options.concurrency ?? 3);
  }

  /** Components that are being loaded or wait for their turn. */
  get inFlightCount(): number {
    return this.#flights.size;
  }

  /** Loads that run now. */
  get runningCount(): number {
    return this.#slots.takenCount;
  }

  /**
   * Loads a plan. Never rejects: each component of the plan has its outcome, in the order of the plan.
   * Errors, as outcomes: what the loader threw if it is a MempredError, else LOAD_FAILED with it as the cause; DEPENDENCY_FAILED
   * for whoever needs it; CANCELLED for what was given up, with the signal's reason as the cause.
   */
  async loadPlan(plan: LoadPlan, signal?: AbortSignal): Promise<Map<string, LoadOutcome<V>>> {
    const ends = new Map<string, Promise<LoadOutcome<V>>>();
    for (const load of plan.levels.flat()) {
      assert(!ends.has(load.component), "dependency loader: a component is planned twice");
      const needed = load.dependencies.map((dependency) => {
        const end = ends.get(dependency);
        assert(end !== undefined, "dependency loader: a plan has each dependency in a level below");
        return end;
      });
      ends.set(load.component, this.#loadOne(load, needed, signal));
    }
    const outcomes = new Map<string, LoadOutcome<V>>();
    for (const [component, end] of ends) outcomes.set(component, await end);
    return outcomes;
  }

  /** Never rejects. */
  async #loadOne(
    load: PlannedLoad,
    needed: readonly Promise<LoadOutcome<V>>[],
    signal: AbortSignal | undefined,
  ): Promise<LoadOutcome<V>> {
    const { component } = load;
    const dependencies = new Map<string, V>();
    let found = this.#find(component);
    if (found !== undefined) return found;
    const outcomes = await Promise.all(needed);
    let failed: { dependency: string; error: MempredError } | undefined;
    outcomes.forEach((outcome, i) => {
      const dependency = load.dependencies[i] as string;
      if ("value" in outcome) dependencies.set(dependency, outcome.value);
      else if (outcome.status === "failed") failed ??= { dependency, error: outcome.error };
    });
    if (failed !== undefined) return { status: "failed", error: dependencyError(component, failed) };
    if (signal?.aborted) return { status: "cancelled", error: cancelledError(component, signal.reason) };
    found = this.#find(component);
    if (found !== undefined) return found;
    let flight = this.#flights.get(component);
    const isJoined = flight !== undefined;
    flight ??= this.#start(load, dependencies);
    if (load.isRequired) this.#slots.promote(flight.signal);
    try {
      // A loader may give undefined where V says so: the flight was resolved with a V.
      return { status: isJoined ? "joined" : "loaded", value: (await flight.wait(signal)) as V };
    } catch (error) {
      if (signal?.aborted && error === signal.reason)
        return { status: "cancelled", error: cancelledError(component, error) };
      return { status: "failed", error: loadError(component, error) };
    }
  }

  #find(component: string): LoadOutcome<V> | undefined {
    try {
      const value = this.#options.find?.(component);
      return value === undefined ? undefined : { status: "found", value };
    } catch (error) {
      return { status: "failed", error: loadError(component, error) };
    }
  }

  #start(load: PlannedLoad, dependencies: ReadonlyMap<string, V>): Flight<V> {
    const { component } = load;
    const flight = new Flight<V>("demand", "", component, component, 0);
    this.#flights.set(component, flight);
    // Given up by all: whoever wants it now begins anew, and does not join what is being stopped.
    flight.signal.addEventListener("abort", () => this.#forget(flight), { once: true });
    void this.#run(flight, load.isRequired, dependencies).then(
      (value) => flight.resolve(value),
      (error) => flight.reject(error),
    );
    return flight;
  }

  async #run(flight: Flight<V>, isRequired: boolean, dependencies: ReadonlyMap<string, V>): Promise<V> {
    const { key, signal } = flight;
    try {
      await this.#slots.enter(isRequired, signal);
      try {
        const work = () => this.#options.load(key, { signal, dependencies });
        return (await flight.run(work, this.#options.loadTimeoutMillis ?? Infinity)) as V;
      } finally {
        this.#slots.leave();
      }
    } finally {
      this.#forget(flight);
    }
  }

  #forget(flight: Flight<V>): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  }
}

/** What errors made here say, since a loader may throw errors of the same code that say something else. */
const passedOn = new WeakMap<MempredError, { readonly path: readonly string[]; readonly cause: MempredError }>();

/** `details.path` leads from the dependant to what failed, `cause` is why that did. */
function dependencyError(component: string, failed: { dependency: string; error: MempredError }): MempredError {
  const { error, dependency } = failed;
  const { path: way, cause: first } = passedOn.get(error) ?? { path: [dependency], cause: error };
  const path = shorten([component, ...way], LONGEST_PATH);
  const shown = shorten(path, 8).map(shortKey).join(" → ");
  const made = new MempredError(
    "DEPENDENCY_FAILED",
    `"${shortKey(component)}" needs what could not be loaded (${shown}): ${first.message}`,
    { component, path },
    first,
  );
  passedOn.set(made, { path, cause: first });
  return made;
}

function shorten(path: readonly string[], most: number): readonly string[] {
  return path.length <= most ? path : [...path.slice(0, most / 2 - 1), "…", ...path.slice(-most / 2)];
}

function loadError(component: string, error: unknown): MempredError {
  if (error instanceof MempredError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new MempredError(
    "LOAD_FAILED",
    `"${shortKey(component)}" could not be loaded: ${reason}`,
    { component },
    error,
  );
}

function cancelledError(component: string, reason: unknown): MempredError {
  return new MempredError("CANCELLED", `loading "${shortKey(component)}" was given up`, { component }, reason);
}
