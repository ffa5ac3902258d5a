// Keeps each user's most valuable items warm, and answers from what is warm; what is cold is read from the store and is slower, not
// different.

import type { PartHealth } from "../health.ts";
import type { Identity } from "../identity.ts";
import type { Item } from "../item.ts";

/** Why an item is there. */
export type Strategy = "recent" | "frequent" | "important" | "context" | "trending";

export interface RankedItem {
  readonly item: Item;
  /** The first strategy that brought it. */
  readonly strategy: Strategy;
  /** Documented with relevance.ts; ≥ 0, larger first. */
  readonly relevance: number;
}

export interface Retrieval {
  readonly items: readonly RankedItem[];
  /** "preloaded": nothing was read from the store. */
  readonly servedFrom: "preloaded" | "store" | "both";
}

export interface PreloadRun {
  readonly id: string;
  readonly reason: "startup" | "refresh" | "trigger";
  readonly state: "running" | "done" | "stopped";
  readonly startedMillis: number;
  /** null while it runs. */
  readonly endedMillis: number | null;
  readonly users: {
    readonly planned: number;
    readonly done: number;
    readonly failed: number;
    readonly skipped: number;
  };
  readonly items: number;
  readonly bytes: number;
  /** Why it ended early, if it did: "deadline", "memory", "cache", "shutdown". */
  readonly stoppedBy: string | null;
}

export interface PreloadStatus {
  /** The latest first. */
  readonly runs: readonly PreloadRun[];
  readonly retrievals: { readonly preloaded: number; readonly store: number; readonly both: number };
  readonly cache: { readonly keys: number; readonly bytes: number; readonly limitBytes: number };
  readonly pressure: { readonly level: string; readonly ratio: number };
  readonly health: readonly PartHealth[];
}

export interface PreloadEngine {
  /** Begins the startup preload and the refreshes, and returns at once. */
  start(): void;
  /** Preloads these users again, or all active ones. Returns at once; a run that is under way is returned instead of a second. */
  trigger(userIds: readonly string[] | "all"): PreloadRun;
  status(): PreloadStatus;
  /** The bearer's own items, the most relevant first. */
  memories(identity: Identity, limit: number): Promise<Retrieval>;
  /** What suits these contexts: own items and trending ones that the bearer may see. */
  relevant(identity: Identity, contexts: readonly string[], limit: number): Promise<Retrieval>;
  /** Trending items that the bearer may see, looked at again as they are read. */
  trending(identity: Identity, limit: number): Promise<Retrieval>;
  /** An item was read by itself: counts for what is recent, frequent and trending. */
  noteUse(itemId: string, userId: string): void;
  /** Tells that items of this user changed: after it returned nobody reads what was before. Does not fail for want of a cache. */
  changed(userId: string): Promise<void>;
  /** The setting of some scope changed. */
  configChanged(): void;
  /** Ends runs, writes what was counted. */
  stop(): Promise<void>;
}
