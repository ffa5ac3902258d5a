// Proactive runs at random times, as many as the policy it is paired with made: what the runs alone are worth, without
// knowing when. A forecast must beat this, or it is the work that wins and not the foresight.

import type { PolicyDefinition } from "./policy.ts";

export const placebo: PolicyDefinition = {
  id: "placebo",
  title: "placebo",
  description: "as many proactive runs as `neural`, at random times",
  isProactive: true,
  compactsOnDemand: true,
  usesNetwork: false,
  pairedWith: "neural",
  compactor: "slide",
  proactiveCompactor: "evacuate",
  create(world) {
    const { arena, demand, random } = world;
    const times = new Float64Array(world.placeboRuns);
    for (let i = 0; i < times.length; i++) times[i] = random.integer(demand.durationMicros);
    times.sort();
    let next = 0;
    const act = (nowMicros: number): void => {
      while (next < times.length && times[next]! <= nowMicros) {
        const goal = Math.min(world.largestRecentBytes, arena.heap.freeBytes);
        const verdict = arena.startProactive("placebo", goal, Infinity, nowMicros, 0);
        // What stands in the way passes; a heap that needs nothing has used up this turn.
        if (verdict !== "started" && verdict !== "nothing to do") return;
        world.log.record(nowMicros, "none", verdict === "started" ? "compact" : "hold", `placebo: ${verdict}`, false);
        next++;
      }
    };
    return { onTick: act, onAllocation: act };
  },
};
