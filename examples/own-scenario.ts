// A scenario of your own: YAML or JSON laid over a built-in family. What is wrong in a file is told with line and
// expectation. The entry "mempred/scenario-file" stands apart, as it is what needs a YAML reader and a schema library.
//
// npx tsx examples/own-scenario.ts [file.yaml]

import { readFileSync } from "node:fs";
import { DEFAULT_CAPACITY_BYTES, MempredError, MICROS_PER_SECOND, simulate } from "mempred";
import { parseScenario } from "mempred/scenario-file";

const CHECKOUT = `
name: checkout
title: a shop's checkout on a busy day
base: tide
pressure: 95%
mix: { atomic: 0.1, deadline: 0.3, wait: 0.6, pinned: 0.02 }
sizes: { law: lognormal, medianBytes: 200, spread: 0.9, lowBytes: 32, highBytes: 2048 }
level: { periodSeconds: 30, swingRatio: 0.1 }
`;

const path = process.argv[2];
const scenario = parseScenario(path === undefined ? CHECKOUT : readFileSync(path, "utf8"), path ?? "checkout.yaml");
const demand = scenario.generate({
  pressureRatio: scenario.pressureRatio ?? 0.95,
  seed: 1,
  durationMicros: 60 * MICROS_PER_SECOND,
  ratePerSecond: scenario.ratePerSecond ?? 100,
  capacityBytes: DEFAULT_CAPACITY_BYTES,
});
const { demandLevel, ooms, requests } = simulate({ demand, policy: "predictive", seed: 1 }).result;
const percent = (ratio: number) => `${(100 * ratio).toFixed(1)} %`;
console.log(`${scenario.id}: ${scenario.title}`);
console.log(`asked for: mean ${percent(demandLevel.mean)}, peak ${percent(demandLevel.peak)} of the arena`);
console.log(`deadline requests: ${percent(requests.deadline / requests.total)} of ${requests.total}`);
console.log(`predictive: ${ooms.total} OOM, ${ooms.avoidable} of them avoidable`);

try {
  parseScenario("name: typo\nbase: tide\nlevel: { perodSeconds: 30 }\n", "typo.yaml");
} catch (error) {
  if (!(error instanceof MempredError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
