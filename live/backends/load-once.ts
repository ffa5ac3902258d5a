// One load for any number of askers, in this process and in others: whoever gets the lease loads, the rest wait for the entry.
// A backend that fails is no reason to fail: then everybody loads alone, once per process.

import { setTimeout as sleep } from "node:timers/promises";
import { MempredError } from "../../core/errors.ts";
import type { CacheBackend, Lease, StoredEntry } from "./backend.ts";

export interface LoadOnceOptions {
  /** How long the right to load is held; a loader that takes longer may be overtaken by a second one. Default 10,000. */
  readonly holdMillis?: number;
  /** How long to wait for another's load before loading oneself. Default holdMillis + 1,000: then its lease has run out. */
  readonly waitMillis?: number;
  /** First and longest pause between two looks while another loads. Default 5 and 50. */
  readonly pollMillis?: number;
  readonly longestPollMillis?: number;
  /** Whether a stored entry will do. Default: it has not expired by `now`. */
  readonly isFresh?: (entry: StoredEntry) => boolean;
  /** The clock for `isFresh`'s default, ms since the epoch. Default Date.now. */
  readonly now?: () => number;
  /** Told when the backend failed and the load went on without it. */
  readonly onProblem?: (problem: MempredError) => void;
}

export interface LoadedEntry {
  readonly entry: StoredEntry;
  /** True: this call's loader made it. False: it was in the backend, or another asker of this process loaded it. */
  readonly isLoaded: boolean;
}

/** Loads under way in this process. */
const loadsOf = new WeakMap<CacheBackend, Map<string, Promise<LoadedEntry>>>();

/**
 * The entry of `key`: from the backend while it is fresh, else from `load`, which is called by one asker at a time, over all
 * processes that share the backend. What was loaded is stored before the others get it. Throws what `load` throws, to every
 * asker of this process; those of others try in their turn. No error of the backend gets through but INVALID_CACHE_ENTRY.
 */
export function loadOnce(
  backend: CacheBackend,
  key: string,
  load: () => Promise<StoredEntry>,
  options: LoadOnceOptions = {},
): Promise<LoadedEntry> {
  let loads = loadsOf.get(backend);
  if (loads === undefined) loadsOf.set(backend, (loads = new Map()));
  const running = loads.get(key);
  if (running !== undefined) return running.then(({ entry }) => ({ entry, isLoaded: false }));
  const started = loadAcrossProcesses(backend, key, load, options).finally(() => loads.delete(key));
  loads.set(key, started);
  return started;
}

async function loadAcrossProcesses(
  backend: CacheBackend,
  key: string,
  load: () => Promise<StoredEntry>,
  options: LoadOnceOptions,
): Promise<LoadedEntry> {
  const { holdMillis = 10_000, pollMillis = 5, longestPollMillis = 50, now = Date.now } = options;
  const { waitMillis = holdMillis + 1_000, isFresh = (entry) => entry.expiresAtMillis > now() } = options;
  const giveUpAt = performance.now() + waitMillis;
  let lease: Lease | null = null;
  try {
    try {
      for (let pause = pollMillis; ; pause = Math.min(pause * 1.5, longestPollMillis)) {
        const stored = await backend.get(key);
        if (stored !== null && isFresh(stored)) return { entry: stored, isLoaded: false };
        // Whoever has the lease looks again: the one before may have stored between the look and the lease.
        if (lease !== null || performance.now() >= giveUpAt) break;
        lease = await backend.lease(key, holdMillis);
        if (lease === null) await sleep(pause);
      }
    } catch (error) {
      tellOrThrow(error, options); // and load without the backend's help
    }
    const entry = await load();
    await backend.set(key, entry).catch((error: unknown) => tellOrThrow(error, options));
    return { entry, isLoaded: true };
  } finally {
    await lease?.release();
  }
}

function tellOrThrow(error: unknown, { onProblem }: LoadOnceOptions): void {
  if (!(error instanceof MempredError) || !error.code.startsWith("BACKEND_")) throw error;
  onProblem?.(error);
}
