// The built-in families by id, in the order in which they are reported.

import { MempredError } from "../core/errors.ts";
import { burst } from "./families/burst.ts";
import { mixedTenants } from "./families/mixed-tenants.ts";
import { phaseShift } from "./families/phase-shift.ts";
import { ramp } from "./families/ramp.ts";
import { sawtooth } from "./families/sawtooth.ts";
import { slowLeak } from "./families/slow-leak.ts";
import { stampede } from "./families/stampede.ts";
import { steady } from "./families/steady.ts";
import { swissCheese } from "./families/swiss-cheese.ts";
import { tide } from "./families/tide.ts";
import { scenarioFromSpec } from "./from-spec.ts";
import type { Scenario } from "./scenario.ts";
import type { ScenarioSpec } from "./spec.ts";
import { didYouMean } from "./suggest.ts";

/** The declarations of the built-in families. */
export const FAMILY_SPECS: readonly ScenarioSpec[] = [
  steady,
  ramp,
  burst,
  tide,
  sawtooth,
  phaseShift,
  stampede,
  swissCheese,
  mixedTenants,
  slowLeak,
];

/** Ids of the built-in families. */
export const SCENARIO_IDS: readonly string[] = FAMILY_SPECS.map((spec) => spec.id);

/** The built-in scenario of that id. Throws UNKNOWN_SCENARIO, with the closest id where there is one. */
export function getScenario(id: string): Scenario {
  const spec = FAMILY_SPECS.find((each) => each.id === id);
  if (spec === undefined)
    throw new MempredError("UNKNOWN_SCENARIO", `unknown scenario "${id}"${didYouMean(id, SCENARIO_IDS)}`, {
      expected: `one of ${SCENARIO_IDS.join(", ")}`,
    });
  return scenarioFromSpec(spec);
}
