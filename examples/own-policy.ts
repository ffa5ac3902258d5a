// A policy of your own: a proactive run as soon as free memory lies in so many holes that the largest of them would not take
// the largest recent request. It competes under the same limits and costs as the built-in ones.
//
// npx tsx examples/own-policy.ts

import { DEFAULT_CAPACITY_BYTES, getScenario, MICROS_PER_SECOND, registerPolicy, simulate } from "mempred";

registerPolicy({
  id: "keep-a-hole",
  title: "keep a hole",
  description: "a hole for the largest recent request, at every moment",
  isProactive: true, // a shadow arena is kept to tell which runs were of use
  compactsOnDemand: true,
  signal: null, // forecasts nothing
  isBound: false,
  pairedWith: null,
  compactor: "slide", // for a request that waits
  proactiveCompactor: "evacuate", // for runs of its own
  create(world) {
    const { arena, log } = world;
    return {
      onTick() {},
      onAllocation(nowMicros) {
        const goalBytes = Math.min(world.largestRecentBytes, arena.heap.freeBytes);
        if (arena.heap.largestHole() >= goalBytes) return;
        const verdict = arena.startProactive("keep-a-hole", goalBytes, Infinity, nowMicros, 2);
        if (verdict === "started") log.record(nowMicros, "autonomy", "compact", `a hole of ${goalBytes} B`, false);
      },
    };
  },
});

const seed = 1;
const demand = getScenario("swiss-cheese").generate({
  pressureRatio: 0.95,
  seed,
  durationMicros: 120 * MICROS_PER_SECOND,
  ratePerSecond: 100,
  capacityBytes: DEFAULT_CAPACITY_BYTES,
});
for (const policy of ["none", "reactive", "watermark", "keep-a-hole"]) {
  const { ooms, compaction } = simulate({ demand, policy, seed }).result;
  const denied = `${String(ooms.avoidable).padStart(4)} avoidable of ${String(ooms.total).padStart(4)} OOM`;
  const runs = `${compaction.proactive} proactive runs (${compaction.useful ?? 0} useful), ${compaction.reactive} reactive`;
  console.log(`${policy.padEnd(12)} ${denied}; ${runs}, ${compaction.movedBytes} B moved`);
}
