// What a store is told when it is made, and what it tells of its entries.

import type { CachePolicyDefinition } from "./policies/policy.ts";
import type { RemovalReason } from "./store-statistics.ts";

export interface StoreOptions<V> {
  readonly policy: CachePolicyDefinition;
  /** Most entries, a whole number ≥ 1, or Infinity where `maxSize` is finite. */
  readonly maxEntries: number;
  /** Most units of size in sum, a whole number ≥ 1; Infinity: not limited. The policy then weighs by size. */
  readonly maxSize?: number | undefined;
  /** Most units of one entry. Default: `maxSize`. */
  readonly maxEntrySize?: number | undefined;
  /** Sizes are kept although nothing limits them. Default false: without `maxSize` each entry counts 1. */
  readonly keepsSizes?: boolean | undefined;
  /** Milliseconds on any clock that does not run backwards. */
  readonly nowMillis: () => number;
  /** The time to live of entries is kept beside them, so that `renewAge` and `due` work. Default false. */
  readonly isAgeRenewed?: boolean | undefined;
  readonly seed?: number | undefined;
  /** Share of the capacity that unused speculations may take. Default 0.2. */
  readonly speculativeRatio?: number | undefined;
  /** Bytes of a value, for `countBytes` and `shed` where sizes are not kept. Default: 1 an entry. */
  readonly estimateBytes?: ((value: V, key: string) => number) | undefined;
  /** Told of each entry that left, after the call that removed it has done its work. It may call the store; it may not throw. */
  readonly onRemove?: ((key: string, value: V, reason: RemovalReason, context: string) => void) | undefined;
}

/** What `entries` tells of each. */
export interface StoredValue<V> {
  readonly context: string;
  readonly key: string;
  readonly value: V;
  readonly size: number;
  readonly expiresAt: number;
  readonly keepUntil: number;
  readonly loadMillis: number;
  readonly priority: number;
  readonly isPinned: boolean;
  readonly isSpeculative: boolean;
  readonly tags: readonly string[];
}
