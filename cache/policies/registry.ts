// Every policy by its id, and what can run it. Ids are the command line's and those of result files; an alias is another name
// that people use.

import { MempredError } from "../../core/errors.ts";
import { FIFO } from "./fifo.ts";
import { LRU } from "./lru.ts";
import type { CacheBoundDefinition, CachePolicyDefinition } from "./policy.ts";

/** What a cache runs when nothing is said. */
export const DEFAULT_POLICY_ID = "lru";

/** Policies that a cache can run, the plainest first. */
export const CACHE_POLICIES: readonly CachePolicyDefinition[] = [FIFO, LRU];

/** Bounds that only a replay can run: they know the trace. */
export const CACHE_BOUNDS: readonly CacheBoundDefinition[] = [];

/** Every id: policies, then bounds. */
export function cachePolicyIds(): string[] {
  return [...CACHE_POLICIES.map((policy) => policy.id), ...CACHE_BOUNDS.map((bound) => bound.id)];
}

/** @throws MempredError UNKNOWN_POLICY; `details.known` lists the ids that there are */
export function cachePolicy(id: string): CachePolicyDefinition {
  const found = CACHE_POLICIES.find((policy) => policy.id === id);
  if (found !== undefined) return found;
  const isBound = CACHE_BOUNDS.some((bound) => bound.id === id);
  throw new MempredError(
    "UNKNOWN_POLICY",
    isBound ? `a cache cannot run ${id}: it knows the future` : `no cache policy ${id}`,
    {
      policy: id,
      known: CACHE_POLICIES.map((policy) => policy.id),
    },
  );
}

/** A policy or a bound. @throws MempredError UNKNOWN_POLICY; `details.known` lists the ids that there are */
export function cachePolicyOrBound(id: string): CachePolicyDefinition | CacheBoundDefinition {
  const found = [...CACHE_POLICIES, ...CACHE_BOUNDS].find((policy) => policy.id === id);
  if (found !== undefined) return found;
  throw new MempredError("UNKNOWN_POLICY", `no cache policy ${id}`, { policy: id, known: cachePolicyIds() });
}

/** True where the definition needs the trace. */
export function isBound(definition: CachePolicyDefinition | CacheBoundDefinition): definition is CacheBoundDefinition {
  return "createBound" in definition;
}
