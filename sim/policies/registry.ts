// All policies by id. A further one is a file beside this and a line in the list; a user's own goes through
// `registerPolicy`. An id may name a compactor: "reactive:window".

import type { CompactorKind } from "../../allocator/compactor.ts";
import { MempredError } from "../../core/errors.ts";
import { holt } from "./holt.ts";
import { neural } from "./neural.ts";
import { none } from "./none.ts";
import { perfectForecast } from "./perfect-forecast.ts";
import { placebo } from "./placebo.ts";
import type { PolicyDefinition } from "./policy.ts";
import { reactive } from "./reactive.ts";
import { reserve } from "./reserve.ts";
import { watermark } from "./watermark.ts";

const definitions: PolicyDefinition[] = [none, reactive, reserve, placebo, watermark, holt, neural, perfectForecast];

/** What ships as the default policy goes by this name. */
const ALIASES: Readonly<Record<string, string>> = { predictive: "neural" };
const COMPACTORS: readonly CompactorKind[] = ["slide", "window", "evacuate"];

/** All policies, in the order in which reports list them. */
export function allPolicies(): readonly PolicyDefinition[] {
  return definitions;
}

/** Adds a policy of the caller's. Throws INVALID_INPUT when the id is taken. */
export function registerPolicy(definition: PolicyDefinition): void {
  if (definitions.some((known) => known.id === definition.id) || definition.id in ALIASES) {
    throw new MempredError("INVALID_INPUT", `there is a policy "${definition.id}" already`);
  }
  definitions.push(definition);
}

/** A policy as named on the command line: the definition, and the compactors it runs with. */
export interface ResolvedPolicy {
  readonly id: string;
  readonly definition: PolicyDefinition;
  readonly compactor: CompactorKind;
  readonly proactiveCompactor: CompactorKind;
}

/** Looks up "id" or "id:compactor". Throws UNKNOWN_POLICY, which lists what there is. */
export function resolvePolicy(id: string): ResolvedPolicy {
  const [name, suffix, ...rest] = id.split(":");
  const definition = definitions.find((known) => known.id === (ALIASES[name!] ?? name));
  if (definition === undefined || rest.length > 0) {
    const known = [...definitions.map((one) => one.id), ...Object.keys(ALIASES)].join(", ");
    throw new MempredError("UNKNOWN_POLICY", `unknown policy "${id}"`, { expected: `one of ${known}` });
  }
  if (suffix === undefined) {
    return { id, definition, compactor: definition.compactor, proactiveCompactor: definition.proactiveCompactor };
  }
  const compactor = COMPACTORS.find((kind) => kind === suffix);
  if (compactor === undefined) {
    throw new MempredError("UNKNOWN_POLICY", `unknown compactor "${suffix}" in "${id}"`, {
      expected: COMPACTORS.join(", "),
    });
  }
  return { id, definition, compactor, proactiveCompactor: compactor };
}
