// The demands that the golden file pins: each family at each level, and the example files.

import { readFileSync } from "node:fs";
import type { Demand } from "../../core/demand.ts";
import { digestDemand } from "../../scenarios/digest-demand.ts";
import { getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { PRESSURE_LEVELS, type Scenario } from "../../scenarios/scenario.ts";
import { parseScenario } from "../../scenarios/scenario-file.ts";

const EXAMPLES = ["evening-peak.yaml", "nightly-batch.json"] as const;

/** The text of an example file. */
export function exampleText(file: string): string {
  return readFileSync(new URL(`../../examples/scenarios/${file}`, import.meta.url), "utf8");
}

/** Digest by "id level" of one minute with seed 1, and by file for the examples. */
export function goldenScenarios(): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const id of SCENARIO_IDS)
    for (const pressureRatio of PRESSURE_LEVELS)
      digests[`${id} ${pressureRatio}`] = digestDemand(oneMinute(getScenario(id), pressureRatio));
  for (const file of EXAMPLES) digests[file] = digestDemand(oneMinute(parseScenario(exampleText(file), file), 0.95));
  return digests;
}

function oneMinute(scenario: Scenario, pressureRatio: number): Demand {
  return scenario.generate({
    pressureRatio,
    seed: 1,
    durationMicros: 60_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });
}
