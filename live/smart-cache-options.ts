// What a SmartCache is told: when it is made, and with each call. Names that lru-cache has mean what they mean there; what is new and
// has a unit says it in its name. `ttl` is in milliseconds, as there.

import type { CachePolicyDefinition } from "../cache/policies/policy.ts";
import type { RemovalReason } from "../cache/store-statistics.ts";
import { MempredError } from "../core/errors.ts";
import type { CacheBackend } from "./backends/backend.ts";
import type { ValueCodec } from "./codec.ts";

/** Time to live by content type, ms. Other types, and none, live for the cache's `ttl`. */
export const DEFAULT_TTL_BY_TYPE: Readonly<Record<string, number>> = {
  file: 600_000,
  embedding: 3_600_000,
  search: 300_000,
};
export const DEFAULT_TTL = 300_000;
export const DEFAULT_MAX = 10_000;

/** lru-cache's reasons: evicted for room, deleted, replaced by another value, past its time. */
export type DisposeReason = "evict" | "delete" | "set" | "expire";

export interface SmartCacheOptions<V> {
  /** Most entries. Default 10,000; without limit where only `maxSize` is given. */
  readonly max?: number | undefined;
  /** Most size in sum. With it the policy weighs entries by size. */
  readonly maxSize?: number | undefined;
  /** Most size of one entry; default `maxSize`. Larger ones are refused and evict nothing. */
  readonly maxEntrySize?: number | undefined;
  /** Size of a value: a whole number ≥ 0 (0 counts as 1). Default, with `maxSize`: an estimate of its bytes. */
  readonly sizeCalculation?: ((value: V, key: string) => number) | undefined;
  /** Time to live, ms; 0 or Infinity: for ever. Default 300,000. */
  readonly ttl?: number | undefined;
  /** Time to live by content type, over the defaults: file 600 s, embedding 3,600 s, search 300 s. */
  readonly ttlByType?: Readonly<Record<string, number>> | undefined;
  /** `get` and `getOrSet` serve what is past its time, which is then kept until it is evicted. Default false. */
  readonly allowStale?: boolean | undefined;
  /** A hit starts the time to live anew. Default false. */
  readonly updateAgeOnGet?: boolean | undefined;
  /** How exact time is, ms; 0: exact, at the cost of a system call a request. Default 1. */
  readonly ttlResolution?: number | undefined;
  /** Told of each entry that left, after it has. `detail` says why more exactly, and in which context. */
  readonly dispose?:
    | ((value: V, key: string, reason: DisposeReason, detail: { reason: RemovalReason; context: string }) => void)
    | undefined;

  /** Policy by its id, or one of your own. */
  readonly policy?: string | CachePolicyDefinition | undefined;
  /** How long past its time a value is served while one load replaces it. Default 0. */
  readonly staleWhileRevalidateMillis?: number | undefined;
  /** How long past its time a value is served where loading fails. Default 0. */
  readonly staleIfErrorMillis?: number | undefined;
  /** Early refreshes: 1 is the optimum of the paper, more is earlier, 0 switches them off. Default 1. */
  readonly earlyRefreshBeta?: number | undefined;
  /** How long a loader may take. Default 30,000; Infinity: for ever. */
  readonly loadTimeoutMillis?: number | undefined;
  /** `set` throws INVALID_CACHE_ENTRY for what is refused instead of returning false. Default false. */
  readonly isStrict?: boolean | undefined;

  /** The second level, shared with other processes or kept over restarts. */
  readonly backend?: CacheBackend | undefined;
  /** How values become bytes. Default: the engine's structured clone. */
  readonly codec?: ValueCodec<V> | undefined;
  /** How long one process may hold the right to load a key, and how long others wait for its value. Default 10,000. */
  readonly leaseMillis?: number | undefined;
  /** Most keys that wait to be written to the backend. Default 10,000. */
  readonly maxPendingWrites?: number | undefined;

  /** A file that `initialize` restores from and `shutdown` saves to. */
  readonly snapshotFile?: string | undefined;
  /** In events and metrics. Default "default". */
  readonly name?: string | undefined;
  /** Of everything that is drawn at random. Default 1. */
  readonly seed?: number | undefined;
  /** Share of the capacity that prefetched and unused entries may take, 0..1. Default 0.2. */
  readonly speculativeRatio?: number | undefined;
  /** How long a prefetched entry is protected from eviction. Default 30,000. */
  readonly protectMillis?: number | undefined;
  /** ms since the epoch. Default: the system's clock, read at `ttlResolution`. */
  readonly nowMillis?: (() => number) | undefined;
}

export interface GetOptions {
  /** Whose entries. Default "": the context without a name. */
  readonly context?: string | undefined;
  readonly allowStale?: boolean | undefined;
}

export interface SetOptions {
  readonly context?: string | undefined;
  readonly ttl?: number | undefined;
  /** Content type: its time to live is taken where `ttl` is absent. */
  readonly type?: string | undefined;
  /** Size, instead of `sizeCalculation`. */
  readonly size?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  /** −100..100, default 0: higher stays longer. */
  readonly priority?: number | undefined;
  /** Never evicted: leaves by name, tag, time and `clear` only. */
  readonly isPinned?: boolean | undefined;
  readonly staleWhileRevalidateMillis?: number | undefined;
  readonly staleIfErrorMillis?: number | undefined;
}

/** What a loader is told. */
export interface LoadRequest<V> {
  readonly context: string;
  /** Aborted when nobody waits any more, on timeout and on shutdown. */
  readonly signal: AbortSignal;
  /** What it replaces, fresh or stale. */
  readonly staleValue: V | undefined;
}

/** Gives the value of a key. Undefined is handed out and not kept. */
export type Loader<V> = (key: string, request: LoadRequest<V>) => V | Promise<V>;

export interface GetOrSetOptions<V> extends Omit<SetOptions, "ttl" | "tags" | "size"> {
  /** May depend on what was loaded. */
  readonly ttl?: number | ((value: V, key: string) => number) | undefined;
  readonly tags?: readonly string[] | ((value: V, key: string) => readonly string[]) | undefined;
  readonly size?: number | ((value: V, key: string) => number) | undefined;
  /** Gives up waiting; the load goes on while others wait for it. */
  readonly signal?: AbortSignal | undefined;
  readonly loadTimeoutMillis?: number | undefined;
  /** Loads although there is a fresh value. */
  readonly forceRefresh?: boolean | undefined;
  readonly allowStale?: boolean | undefined;
}

/** @throws MempredError INVALID_INPUT where a number is out of its range */
export function checkOptions<V>(options: SmartCacheOptions<V>): void {
  checkNumber("max", options.max, 1, { isWhole: true });
  checkNumber("maxSize", options.maxSize, 1, { isWhole: true });
  checkNumber("maxEntrySize", options.maxEntrySize, 1, { isWhole: true });
  checkNumber("ttl", options.ttl, 0);
  for (const [type, ttl] of Object.entries(options.ttlByType ?? {})) checkNumber(`ttlByType.${type}`, ttl, 0);
  checkNumber("ttlResolution", options.ttlResolution, 0, { isBounded: true });
  checkNumber("staleWhileRevalidateMillis", options.staleWhileRevalidateMillis, 0);
  checkNumber("staleIfErrorMillis", options.staleIfErrorMillis, 0);
  checkNumber("earlyRefreshBeta", options.earlyRefreshBeta, 0, { isBounded: true });
  checkNumber("loadTimeoutMillis", options.loadTimeoutMillis, 1);
  checkNumber("leaseMillis", options.leaseMillis, 1, { isBounded: true });
  checkNumber("maxPendingWrites", options.maxPendingWrites, 1);
  checkNumber("seed", options.seed, 0, { isWhole: true, isBounded: true });
  checkNumber("speculativeRatio", options.speculativeRatio, 0, { isBounded: true });
  checkNumber("protectMillis", options.protectMillis, 0);
}

/** @throws MempredError INVALID_INPUT */
export function checkNumber(
  name: string,
  value: number | undefined,
  low: number,
  { isWhole = false, isBounded = false }: { isWhole?: boolean; isBounded?: boolean } = {},
): void {
  if (value === undefined) return;
  const isIn = typeof value === "number" && value >= low && (!isBounded || value < Infinity);
  if (isIn && (!isWhole || Number.isInteger(value) || value === Infinity)) return;
  const expected = `a ${isWhole ? "whole " : ""}number of ${low} or more${isBounded ? ", not infinite" : ""}`;
  throw new MempredError("INVALID_INPUT", `${name} is ${String(value)}, expected ${expected}`, {
    option: name,
    expected,
  });
}
