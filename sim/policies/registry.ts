// All policies by id. A further one is a file beside this and a line in the list; a user's own goes through
// `registerPolicy`. An id may name a compactor: "reactive:window".

import { COMPACTOR_KINDS, type CompactorKind } from "../../allocator/compactor.ts";
import { MempredError } from "../../core/errors.ts";
import type { Machinery } from "../arena.ts";
import { blind } from "./blind.ts";
import { cacheAhead, cachePredictive } from "./cache-ahead.ts";
import { clairvoyant } from "./clairvoyant.ts";
import { classAware } from "./class-aware.ts";
import { hinted } from "./hinted.ts";
import { holt } from "./holt.ts";
import { leastSquares } from "./least-squares.ts";
import { neural } from "./neural.ts";
import { none } from "./none.ts";
import { perfectForecast } from "./perfect-forecast.ts";
import { placebo } from "./placebo.ts";
import type { PolicyDefinition } from "./policy.ts";
import { predictive } from "./predictive.ts";
import { rateMargin } from "./rate-margin.ts";
import { reactive } from "./reactive.ts";
import { reserve } from "./reserve.ts";
import { watchEnsemble, watchGru, watchHints, watchTenants, watchWide } from "./watchers.ts";
import { watermark } from "./watermark.ts";
import { zeroCost } from "./zero-cost.ts";

const definitions: PolicyDefinition[] = [
  none,
  reactive,
  reserve,
  placebo,
  watermark,
  leastSquares,
  rateMargin,
  blind,
  holt,
  neural,
  predictive,
  cacheAhead,
  cachePredictive,
  classAware,
  hinted,
  perfectForecast,
  clairvoyant,
  zeroCost,
  watchWide,
  watchGru,
  watchEnsemble,
  watchTenants,
  watchHints,
];

const MACHINERIES: readonly Machinery[] = [...COMPACTOR_KINDS, "quick"];

/** All policies, in the order in which reports list them. */
export function allPolicies(): readonly PolicyDefinition[] {
  return definitions;
}

/** Adds a policy of the caller's. Throws INVALID_INPUT when the id is taken. */
export function registerPolicy(definition: PolicyDefinition): void {
  if (definitions.some((known) => known.id === definition.id)) {
    throw new MempredError("INVALID_INPUT", `there is a policy "${definition.id}" already`);
  }
  definitions.push(definition);
}

/** A policy as named on the command line: the definition, and the compactors it runs with. */
export interface ResolvedPolicy {
  readonly id: string;
  readonly definition: PolicyDefinition;
  readonly compactor: Machinery;
  readonly proactiveCompactor: CompactorKind;
  /** The policy whose number of proactive runs it copies, with its compactor where the id names one; else null. */
  readonly pairedWith: string | null;
}

/**
 * Looks up "id" or "id:compactor"; for a paired policy also "id@partner" and "id@partner:compactor", which has the partner's
 * compactors, so that both do the same work. Throws UNKNOWN_POLICY, which lists what there is.
 */
export function resolvePolicy(id: string): ResolvedPolicy {
  const [name, suffix, ...rest] = id.split(":");
  const [base, partner, ...others] = name!.split("@");
  const definition = definitions.find((known) => known.id === base);
  const isPaired = definition !== undefined && definition.pairedWith !== null;
  if (definition === undefined || rest.length > 0 || others.length > 0 || (partner !== undefined && !isPaired)) {
    const known = definitions.map((one) => one.id).join(", ");
    throw new MempredError("UNKNOWN_POLICY", `unknown policy "${id}"`, { expected: `one of ${known}` });
  }
  if (partner !== undefined) {
    const pairedWith = suffix === undefined ? partner : `${partner}:${suffix}`;
    const { compactor, proactiveCompactor } = resolvePolicy(pairedWith);
    return { id, definition, compactor, proactiveCompactor, pairedWith };
  }
  const { pairedWith } = definition;
  if (suffix === undefined) {
    const { compactor, proactiveCompactor } = definition;
    return { id, definition, compactor, proactiveCompactor, pairedWith };
  }
  const compactor = MACHINERIES.find((kind) => kind === suffix);
  if (compactor === undefined) {
    throw new MempredError("UNKNOWN_POLICY", `unknown compactor "${suffix}" in "${id}"`, {
      expected: MACHINERIES.join(", "),
    });
  }
  return { id, definition, compactor, proactiveCompactor: compactor === "quick" ? "gather" : compactor, pairedWith };
}
