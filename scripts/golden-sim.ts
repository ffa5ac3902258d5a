// Digests of short runs of every policy, kept in test/golden/simulation.json. `npx tsx scripts/golden-sim.ts` writes them
// anew: do that only when behaviour was meant to change, and say why in the commit.

import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { getScenario } from "../scenarios/registry.ts";
import { allPolicies } from "../sim/policies/registry.ts";
import { simulate } from "../sim/simulate.ts";

/** One line a run: "scenario level policy seed" → digest, avoidable and all OOMs, runs. */
export function goldenDigests(): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const scenario of ["steady", "stampede", "mixed-tenants"]) {
    for (const pressureRatio of [0.75, 0.95]) {
      const demand = getScenario(scenario).generate({
        pressureRatio,
        seed: 1,
        durationMicros: 30_000_000,
        ratePerSecond: 100,
        capacityBytes: 102_400,
      });
      for (const { id } of allPolicies()) {
        const { result } = simulate({ demand, policy: id, seed: 1, placeboRuns: 30 });
        const { ooms, compaction } = result;
        digests[`${scenario} ${pressureRatio} ${id}`] =
          `${result.hash} ooms ${ooms.avoidable}/${ooms.total} runs ${compaction.runs} moved ${compaction.movedBytes}`;
      }
    }
  }
  return digests;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const file = new URL("../test/golden/simulation.json", import.meta.url);
  writeFileSync(file, `${JSON.stringify(goldenDigests(), null, 2)}\n`);
}
