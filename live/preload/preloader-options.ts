// What a ComponentPreloader is told when it is made, and with each call.

import type { CachePolicyDefinition } from "../../cache/policies/policy.ts";
import type { NextComponentModel, PreloadOutcome, PreloadRouter, QueueName } from "../../preload/contract.ts";
import type { DependencyGraph } from "../../preload/graph/dependency-graph.ts";
import { checkNumber } from "../smart-cache-options.ts";

/** What a loader is told. */
export interface ComponentLoadRequest<V> {
  /** Aborted when nobody wants it any more, on timeout, under pressure where nobody has asked for it, and when the preloader closes. */
  readonly signal: AbortSignal;
  /** Nobody has asked for it yet. */
  readonly isSpeculative: boolean;
  /** What it needs, loaded. */
  readonly dependencies: ReadonlyMap<string, V>;
}

export interface ComponentPreloaderOptions<V> {
  /** Gives the value of a component. What it throws is the cause of LOAD_FAILED. */
  readonly load: (component: string, request: ComponentLoadRequest<V>) => V | Promise<V>;
  /** Which components need which. Default: none needs any. It may change at any time. */
  readonly dependencies?: DependencyGraph | undefined;
  /** Default: a NextComponentPredictor. */
  readonly model?: NextComponentModel | undefined;
  /** Default: a BenefitRouter to which a load for nothing costs as much as one that somebody waits for. */
  readonly router?: PreloadRouter | undefined;
  /** Whether it loads ahead. Without, it learns and counts all the same, so that both can be measured. Default true; may be changed. */
  readonly isPreloading?: boolean | undefined;

  /** Most components held. Default: as many as fit `maxSize`. */
  readonly max?: number | undefined;
  /** Most bytes held. Default 134,217,728. */
  readonly maxSize?: number | undefined;
  /** Policy of the cache by its id, or one of your own. Default "adaptive". */
  readonly policy?: string | CachePolicyDefinition | undefined;
  /** Time to live of a component, ms; 0: for ever. Default 0. */
  readonly ttl?: number | undefined;
  /** Share of the cache that what nobody has asked for yet may take, 0..1. Default 0.2. */
  readonly speculativeRatio?: number | undefined;
  /** How long it is protected from eviction, ms. Default 30,000. */
  readonly protectMillis?: number | undefined;
  /** Bytes of a value, a whole number ≥ 0. Default: an estimate. */
  readonly estimateBytes?: ((value: V, component: string) => number) | undefined;
  /** Most bytes of loads under way, as expected. Loads that somebody waits for may exceed it. Default 33,554,432. */
  readonly inFlightBytes?: number | undefined;

  /** Steps looked ahead, 1 to 3. Default 3. */
  readonly stepCount?: 1 | 2 | 3 | undefined;
  /** Components expected after a request at most. Default 8. */
  readonly expectedCount?: number | undefined;
  /** What is expected later waits for the next request where there is time: then more is known of it. Default true. */
  readonly isPatient?: boolean | undefined;
  /** Places of each queue. Default 10, 20, 50. */
  readonly places?: Partial<Readonly<Record<QueueName, number>>> | undefined;
  /** Workers of each queue. Default 3. */
  readonly workers?: Partial<Readonly<Record<QueueName, number>>> | undefined;
  /** How long the delayed queue waits while something immediate is loaded, ms. Default 20. */
  readonly delayMillis?: number | undefined;
  /** How long a load may take, ms, with what it needs; Infinity: for ever. Default 30,000. */
  readonly loadTimeoutMillis?: number | undefined;
  /** How fast queues come back after pressure, share of their size a second. Default 0.1. */
  readonly restorePerSecond?: number | undefined;
  /** Entries of the plain LRU cache that the hit ratio is compared with; 0: none. Default `max`, at most 4,096. */
  readonly comparedEntries?: number | undefined;

  /** In events. Default "default". */
  readonly name?: string | undefined;
  /** Of everything that is drawn at random. Default 1. */
  readonly seed?: number | undefined;
  /** ms since the epoch. Default: the system's clock. */
  readonly nowMillis?: (() => number) | undefined;
  /** Durations are measured by it, ms. Default: the process's monotonic clock. */
  readonly durationMillis?: (() => number) | undefined;
}

export interface ComponentGetOptions {
  /** Whose request it is: requests of one user follow each other. Default "". */
  readonly user?: string | undefined;
  /** It begins a session: it follows nothing. Default false. */
  readonly isFirst?: boolean | undefined;
  /** Gives up waiting; the load goes on while others wait for it. */
  readonly signal?: AbortSignal | undefined;
}

export interface ScheduleOptions {
  /** Higher goes first; what is expected by the model has 0. Default 0. */
  readonly priority?: number | undefined;
  /** Loaded at every pressure and never dropped but by `cancel` and `close`. Default false. */
  readonly isRequired?: boolean | undefined;
  /** Default: "immediate" for what is required, else "background". */
  readonly queue?: QueueName | undefined;
  /** That it is asked for, 0..1; orders what has the same priority. Default 1. */
  readonly confidence?: number | undefined;
}

/** Why a component was not given a place. */
export type ScheduleRefusal =
  | "full" // its queue is full, of what goes before it
  | "present" // it is there
  | "loading" // it is being loaded
  | "pressure"; // memory is short and it is not required

export type ScheduleAnswer =
  | { readonly accepted: true; readonly queue: QueueName; readonly how: "added" | "promoted" | "merged" }
  | { readonly accepted: false; readonly reason: ScheduleRefusal };

/** How a request was answered: from memory; from memory, its first use after it was loaded ahead; by a load ahead that was under way; by a load. */
export type RequestOutcome = "hit" | "preloaded" | "late" | "miss";

/** Told of each request. */
export type RequestListener = (component: string, user: string, outcome: RequestOutcome) => void;
/** Told what came of each preload. */
export type OutcomeListener = (component: string, source: string, outcome: PreloadOutcome, heldSeconds: number) => void;

export interface CloseReport {
  /** Loads that did not end within the grace and were aborted; required entries that had not begun. */
  readonly aborted: number;
  readonly dropped: number;
}

/** @throws MempredError INVALID_INPUT where a number is out of its range */
export function checkPreloaderOptions<V>(options: ComponentPreloaderOptions<V>): void {
  checkNumber("max", options.max, 1, { isWhole: true });
  checkNumber("maxSize", options.maxSize, 1, { isWhole: true });
  checkNumber("ttl", options.ttl, 0);
  checkNumber("speculativeRatio", options.speculativeRatio, 0, { isBounded: true });
  checkNumber("protectMillis", options.protectMillis, 0);
  checkNumber("inFlightBytes", options.inFlightBytes, 0);
  checkNumber("expectedCount", options.expectedCount, 0, { isWhole: true, isBounded: true });
  checkNumber("delayMillis", options.delayMillis, 0, { isBounded: true });
  checkNumber("loadTimeoutMillis", options.loadTimeoutMillis, 1);
  checkNumber("restorePerSecond", options.restorePerSecond, 1e-6, { isBounded: true });
  checkNumber("comparedEntries", options.comparedEntries, 0, { isWhole: true, isBounded: true });
  checkNumber("seed", options.seed, 0, { isWhole: true, isBounded: true });
  for (const name of ["places", "workers"] as const) {
    for (const [queue, count] of Object.entries(options[name] ?? {})) {
      checkNumber(`${name}.${queue}`, count, 0, { isWhole: true, isBounded: true });
    }
  }
}
