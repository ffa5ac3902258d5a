// How a value is loaded: one flight a key in this process, and where there is a backend that gives leases, one load a key among all
// processes; the others poll for the value, a bounded time. Whatever goes wrong with the backend, the loader answers.

import { MempredError } from "../core/errors.ts";
import { RandomStream } from "../core/random.ts";
import type { Lease } from "./backends/backend.ts";
import { Flight, type LoadKind, shortKey } from "./flight.ts";
import { BUSY, type FoundValue, NO_LEASES, type SecondLevel } from "./second-level.ts";
import { sleep } from "./sleep.ts";
import type { GetOrSetOptions, Loader } from "./smart-cache-options.ts";

/** Errors about what the caller said, which are no failures of the loader. */
const PASSED_CODES: ReadonlySet<string> = new Set(["LOAD_FAILED", "INVALID_CACHE_ENTRY", "INVALID_INPUT"]);
const FIRST_POLL_MILLIS = 4;
const LONGEST_POLL_MILLIS = 100;

/** What a load needs of the cache. */
export interface LoadHost<V> {
  readonly nowMillis: () => number;
  readonly second: SecondLevel<V> | undefined;
  readonly leaseMillis: number;
  readonly loadTimeoutMillis: number;
  readonly seed: number;
  /** Keeps what was loaded, in memory and behind. Throws INVALID_CACHE_ENTRY where it cannot be written. */
  keep(flight: Flight<V>, value: V, options: GetOrSetOptions<V> | undefined): void;
  /** Keeps in memory what the second level had. */
  keepFound(flight: Flight<V>, found: FoundValue<V>): void;
  /** How long past its time a value may be served meanwhile. */
  staleMillis(options: GetOrSetOptions<V> | undefined): number;
  /** Of a value that may be served as loading failed. */
  fallback(flight: Flight<V>, options: GetOrSetOptions<V> | undefined): { readonly value: V } | undefined;
  /** What is there now, for the loader. */
  current(flight: Flight<V>): V | undefined;
  ended(flight: Flight<V>, millis: number, error: unknown): void;
}

export class Loading<V> {
  readonly #host: LoadHost<V>;
  readonly #flights = new Map<string, Flight<V>>();
  /** Those that nobody has an answer of yet, the detached ones included. */
  readonly #all = new Set<Flight<V>>();
  /** Their work, which ends a little later: leases are given back. */
  readonly #running = new Set<Promise<void>>();
  /** Deletions of tags while something is loaded: tag → number of the deletion. What began before is not kept. */
  readonly #tagDeletions = new Map<string, number>();
  #sequence = 0;
  readonly #startedBefore = new WeakMap<Flight<V>, number>();
  readonly #jitter: RandomStream;
  loads = 0;
  loadFailures = 0;
  loadTimeouts = 0;
  coalesced = 0;
  leaseWaits = 0;
  staleIfErrorHits = 0;

  constructor(host: LoadHost<V>) {
    this.#host = host;
    this.#jitter = new RandomStream(host.seed, "lease-poll");
  }

  get inFlight(): number {
    return this.#all.size;
  }

  /** The load of a key that may be joined. */
  find(id: string): Flight<V> | undefined {
    const flight = this.#flights.get(id);
    return flight?.signal.aborted ? undefined : flight;
  }

  /** Begins to load a key that nobody is loading. */
  start(
    kind: LoadKind,
    context: string,
    key: string,
    id: string,
    loader: Loader<V>,
    options: GetOrSetOptions<V> | undefined,
  ): Flight<V> {
    const flight = new Flight<V>(kind, context, key, id, this.#host.nowMillis());
    this.#flights.set(id, flight);
    this.#all.add(flight);
    this.#startedBefore.set(flight, this.#sequence);
    const running = this.#run(flight, loader, options).finally(() => {
      this.#running.delete(running);
    });
    this.#running.add(running);
    return flight;
  }

  /** The key was set or deleted: what is being loaded for it is old. */
  detach(id: string): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    flight.isDetached = true;
    this.#flights.delete(id);
  }

  detachAll(context?: string): void {
    for (const flight of [...this.#flights.values()]) {
      if (context === undefined || flight.context === context) this.detach(flight.id);
    }
  }

  /** A tag was deleted, in one context or in all. */
  deletedTag(tag: string, context: string | undefined): void {
    if (this.#all.size === 0) return;
    this.#tagDeletions.set(JSON.stringify([context ?? null, tag]), ++this.#sequence);
  }

  /** Whether one of these tags was deleted since the load began. */
  isOutdated(flight: Flight<V>, tags: readonly string[] | undefined): boolean {
    if (flight.isDetached) return true;
    if (tags === undefined || this.#tagDeletions.size === 0) return false;
    const since = this.#startedBefore.get(flight) ?? 0;
    return tags.some(
      (tag) =>
        (this.#tagDeletions.get(JSON.stringify([null, tag])) ?? 0) > since ||
        (this.#tagDeletions.get(JSON.stringify([flight.context, tag])) ?? 0) > since,
    );
  }

  /** Resolves when nothing is loaded any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Ends all loads. @returns how many */
  abortAll(reason: unknown): number {
    const count = this.#all.size;
    for (const flight of this.#all) flight.abort(reason);
    return count;
  }

  async #run(flight: Flight<V>, loader: Loader<V>, options: GetOrSetOptions<V> | undefined): Promise<void> {
    let error: unknown;
    try {
      if (this.#host.second === undefined) await this.#load(flight, loader, options);
      else await this.#loadThroughSecond(flight, loader, options, this.#host.second);
    } catch (thrown) {
      error = thrown;
      this.#fail(flight, thrown, options);
    }
    this.#host.ended(flight, this.#host.nowMillis() - flight.startedAt, error);
  }

  /** Calls the loader, keeps what it gives and hands it out. */
  async #load(flight: Flight<V>, loader: Loader<V>, options: GetOrSetOptions<V> | undefined): Promise<void> {
    const { context, key, signal } = flight;
    const timeout = options?.loadTimeoutMillis ?? this.#host.loadTimeoutMillis;
    const staleValue = this.#host.current(flight);
    this.loads++;
    const value = await flight.run(() => loader(key, { context, signal, staleValue }), timeout);
    if (value !== undefined && !flight.isDetached) this.#host.keep(flight, value, options);
    this.#land(flight);
    flight.resolve(value);
  }

  async #loadThroughSecond(
    flight: Flight<V>,
    loader: Loader<V>,
    options: GetOrSetOptions<V> | undefined,
    second: SecondLevel<V>,
  ): Promise<void> {
    if (flight.kind !== "refresh" && options?.forceRefresh !== true) {
      const found = await second.get(flight.id);
      if (found !== undefined && this.#serve(flight, found, options)) {
        if (this.#host.nowMillis() < found.expiresAtMillis || flight.isDetached) return;
        // It was stale and has been handed out: the load that replaces it is another one.
        if (this.#flights.has(flight.id)) return;
        this.start("refresh", flight.context, flight.key, flight.id, loader, options);
        return;
      }
    }
    const lease = await this.#leaseOrValue(flight, options, second);
    if (lease === "served") return;
    try {
      await this.#load(flight, loader, options);
      // Others look for the value when the lease is free: it must be there by then.
      if (lease !== undefined) await second.writes.settled(flight.id);
    } finally {
      if (lease !== undefined) await second.release(lease);
    }
  }

  /** Waits for the right to load or for the value of whoever has it. Undefined: load without. */
  async #leaseOrValue(
    flight: Flight<V>,
    options: GetOrSetOptions<V> | undefined,
    second: SecondLevel<V>,
  ): Promise<Lease | "served" | undefined> {
    const { leaseMillis } = this.#host;
    const since = flight.startedAt;
    let waited = 0;
    let poll = FIRST_POLL_MILLIS;
    for (;;) {
      const lease = await second.lease(flight.id, leaseMillis);
      if (lease === NO_LEASES) return undefined;
      const found = await second.get(flight.id);
      const isNews = found !== undefined && (flight.kind !== "refresh" || found.storedAtMillis > since);
      const isWanted = isNews && options?.forceRefresh !== true && this.#host.nowMillis() < found.expiresAtMillis;
      if (isWanted && this.#serve(flight, found, options)) {
        if (lease !== BUSY) await second.release(lease);
        return "served";
      }
      if (lease !== BUSY) return lease;
      if (waited >= leaseMillis) return undefined;
      if (waited === 0) this.leaseWaits++;
      const delay = poll * (0.5 + this.#jitter.next());
      await sleep(delay, flight.signal);
      waited += delay;
      poll = Math.min(poll * 1.6, LONGEST_POLL_MILLIS);
    }
  }

  /** Hands out what the second level had, if it may be. */
  #serve(flight: Flight<V>, found: FoundValue<V>, options: GetOrSetOptions<V> | undefined): boolean {
    const now = this.#host.nowMillis();
    if (now >= found.keepUntilMillis) return false;
    if (now >= found.expiresAtMillis + this.#host.staleMillis(options)) return false;
    if (!flight.isDetached && this.isOutdated(flight, found.tags)) return false;
    if (!flight.isDetached) this.#host.keepFound(flight, found);
    this.#land(flight);
    flight.resolve(found.value);
    return true;
  }

  #fail(flight: Flight<V>, error: unknown, options: GetOrSetOptions<V> | undefined): void {
    const fallback = flight.isDetached ? undefined : this.#host.fallback(flight, options);
    this.#land(flight);
    this.loadFailures++;
    flight.hasFailed = true;
    if (error instanceof MempredError && error.details["reason"] === "timeout") this.loadTimeouts++;
    if (fallback !== undefined) {
      if (flight.kind === "demand") this.staleIfErrorHits++;
      flight.resolve(fallback.value);
    } else flight.reject(wrapped(flight.key, error));
  }

  /** Others who ask from now on find the value, or load anew. */
  #land(flight: Flight<V>): void {
    if (this.#flights.get(flight.id) === flight) this.#flights.delete(flight.id);
    this.#all.delete(flight);
    if (this.#all.size === 0) this.#tagDeletions.clear();
  }
}

/** Errors of the product's own stay; what a loader throws is the cause of LOAD_FAILED. */
function wrapped(key: string, error: unknown): unknown {
  if (error instanceof MempredError && PASSED_CODES.has(error.code)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new MempredError("LOAD_FAILED", `loading "${shortKey(key)}" failed: ${reason}`, { key: shortKey(key) }, error);
}
