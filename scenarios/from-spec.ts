// Makes a scenario out of its declaration.

import { MICROS_PER_SECOND } from "../core/units.ts";
import { Generator } from "./generator.ts";
import { drawLookups } from "./lookups.ts";
import { checkOptions } from "./options.ts";
import { planScenario } from "./plan.ts";
import { fillEndMicros, type Scenario } from "./scenario.ts";
import type { ScenarioSpec } from "./spec.ts";

/** The scenario that `spec` declares. `spec` must be valid: families are, files are checked by `parseScenario`. */
export function scenarioFromSpec(spec: ScenarioSpec): Scenario {
  return {
    id: spec.id,
    title: spec.title,
    description: spec.description,
    mix: spec.mix,
    ...(spec.durationSeconds === undefined
      ? {}
      : { durationMicros: Math.round(spec.durationSeconds * MICROS_PER_SECOND) }),
    ...(spec.ratePerSecond === undefined ? {} : { ratePerSecond: spec.ratePerSecond }),
    ...(spec.pressureRatio === undefined ? {} : { pressureRatio: spec.pressureRatio }),
    generate(options) {
      checkOptions(options);
      const demand = new Generator(planScenario(spec, options)).run();
      const cache = spec.tenants?.findIndex((tenant) => tenant.lookups !== undefined) ?? -1;
      if (cache < 0) return demand;
      const { lookups } = spec.tenants![cache]!;
      const from = fillEndMicros(options.durationMicros);
      return { ...demand, lookups: drawLookups(lookups!, demand, cache, from, options.seed) };
    },
  };
}
