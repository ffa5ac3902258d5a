// Every policy by its id, and what can run it. Ids are the command line's and those of result files; an alias is another name
// that people use.

import { MempredError } from "../../core/errors.ts";
import { ADAPTIVE } from "./adaptive.ts";
import { ARC } from "./arc.ts";
import { CLOCK } from "./clock.ts";
import { FIFO } from "./fifo.ts";
import { HYBRID } from "./hybrid.ts";
import { LFU } from "./lfu.ts";
import { LIRS } from "./lirs.ts";
import { LRU } from "./lru.ts";
import { OPT, OPT_BYPASS } from "./opt.ts";
import type { CacheBoundDefinition, CachePolicyDefinition } from "./policy.ts";
import { S3_FIFO } from "./s3-fifo.ts";
import { SIEVE } from "./sieve.ts";
import { TWO_Q } from "./two-q.ts";
import { W_TINY_LFU, W_TINY_LFU_20 } from "./window-tiny-lfu.ts";

/** What a cache runs when nothing is said. */
export const DEFAULT_POLICY_ID = "adaptive";

/** Policies that a cache can run, the plainest first. */
export const CACHE_POLICIES: readonly CachePolicyDefinition[] = [
  FIFO,
  LRU,
  CLOCK,
  LFU,
  SIEVE,
  TWO_Q,
  ARC,
  LIRS,
  S3_FIFO,
  W_TINY_LFU,
  W_TINY_LFU_20,
  HYBRID,
  ADAPTIVE,
];

/** Bounds that only a replay can run: they know the trace. */
export const CACHE_BOUNDS: readonly CacheBoundDefinition[] = [OPT, OPT_BYPASS];

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
