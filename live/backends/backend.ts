// Where cached values live outside the process's own objects: one interface, three implementations (memory, SQLite, Redis), one
// conformance suite. A backend stores bytes: what a value means is its caller's business. All calls may fail with a
// MempredError of code BACKEND_UNAVAILABLE (it did not answer within its time limit, or is known to be gone), BACKEND_FULL (no
// room) or BACKEND_DAMAGED (what it holds cannot be read); none hangs. A key or an entry that no backend can hold is
// INVALID_CACHE_ENTRY. docs/backends.md says what each of the three promises.

import type { MempredError } from "../../core/errors.ts";

/** What every backend takes. */
export interface BackendOptions {
  /** The clock: ms since the epoch, an integer. Default Date.now. */
  readonly now?: (() => number) | undefined;
  /**
   * Told of trouble that the backend got over by itself: a damaged entry that was dropped, a damaged file that was set aside, a
   * server that was not there at the start. Must not throw.
   */
  readonly onProblem?: ((problem: MempredError) => void) | undefined;
}

/** A value as stored. Times are ms since the epoch, integers. */
export interface StoredEntry {
  readonly bytes: Uint8Array;
  readonly storedAtMillis: number;
  /** When it is stale; Infinity: never. */
  readonly expiresAtMillis: number;
  /** Until when it may still be handed out as stale; ≥ expiresAtMillis. */
  readonly keepUntilMillis: number;
  readonly tags: readonly string[];
}

/** The right to load one key, held by one process for a time. */
export interface Lease {
  /** Gives it back; harmless when it has run out or is another's by now. */
  release(): Promise<void>;
}

export interface CacheBackend {
  readonly id: string;
  /** Keys are any strings of 1 to MAX_KEY_BYTES bytes in UTF-8. Entries past keepUntilMillis are never returned. */
  get(key: string): Promise<StoredEntry | null>;
  getMany(keys: readonly string[]): Promise<(StoredEntry | null)[]>;
  /** When it resolves the entry is acknowledged: it survives what this backend promises to survive. */
  set(key: string, entry: StoredEntry): Promise<void>;
  setMany(entries: ReadonlyMap<string, StoredEntry>): Promise<void>;
  /** Returns whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Deletes all entries that carry the tag; returns how many. */
  deleteTag(tag: string): Promise<number>;
  /** Deletes all entries of this backend's namespace and nothing else; returns how many. */
  clear(): Promise<number>;
  /** All live keys, in no order, one page at a time. A key that is written meanwhile may be missed, or come twice. */
  keys(): AsyncIterable<string>;
  /** Live entries and bytes of values, as far as it is known cheaply; NaN where it is not. */
  size(): Promise<{ entries: number; bytes: number }>;
  /** The right to load `key` for at most `holdMillis`; null while another has it. */
  lease(key: string, holdMillis: number): Promise<Lease | null>;
  /** Ends what is under way and lets go of files and sockets. Calls afterwards fail with BACKEND_UNAVAILABLE. */
  close(): Promise<void>;
}

/** Longest key, and longest tag, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1_048_576;
/** Longest value. */
export const MAX_VALUE_BYTES = 67_108_864;
