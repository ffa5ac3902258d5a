// One scenario, two policies, five seeds. Each seed's demand is made once and both policies get it, so that differences are
// taken seed by seed; the interval says whether they could be chance.
//
// npx tsx examples/compare-policies.ts

import { DEFAULT_CAPACITY_BYTES, getScenario, intervalOf, MICROS_PER_SECOND, type RunResult, simulate } from "mempred";

const baseline: RunResult[] = [];
const policy: RunResult[] = [];
for (let seed = 1; seed <= 5; seed++) {
  const demand = getScenario("steady").generate({
    pressureRatio: 0.95,
    seed,
    durationMicros: 120 * MICROS_PER_SECOND,
    ratePerSecond: 100,
    capacityBytes: DEFAULT_CAPACITY_BYTES,
  });
  baseline.push(simulate({ demand, policy: "reactive", seed }).result);
  policy.push(simulate({ demand, policy: "predictive", seed }).result);
}

const figures: readonly (readonly [string, (run: RunResult) => number])[] = [
  ["avoidable OOM", (run) => run.ooms.avoidable],
  ["all OOM", (run) => run.ooms.total],
  ["KiB moved", (run) => run.compaction.movedBytes / 1024],
  ["p99 response, µs", (run) => run.responseMicros.p99],
];
console.log(`${"per run".padEnd(18)}${"reactive".padStart(10)}${"predictive".padStart(12)}  difference [95 % CI]`);
for (const [name, of] of figures) {
  const row = intervalOf(baseline.map(of), policy.map(of));
  const [low, high] = row.ci95 ?? [NaN, NaN];
  const numbers = `${row.baseline.toFixed(1).padStart(10)}${row.policy.toFixed(1).padStart(12)}`;
  const difference = (row.policy - row.baseline).toFixed(1);
  console.log(`${name.padEnd(18)}${numbers}  ${difference} [${low.toFixed(1)}, ${high.toFixed(1)}]`);
}
console.log(`digests of seed 1: ${baseline[0]?.hash} ${policy[0]?.hash}`);
