// Proactive runs at random times, as many as the policy it is paired with made, gatherings and packs alike: what the runs alone
// are worth, without knowing when. A forecast must beat this, or it is the work that wins and not the foresight. A turn that
// finds nothing to do, or the limiter in its way, is drawn again; still it may end with fewer runs than its partner, and
// reports say how many.

import { GRANULE_BYTES } from "../../core/units.ts";
import type { PolicyDefinition } from "./policy.ts";

/** As the controller's, in the middle of what it spends. */
const WORTH_RATIO = 16;

export const placebo: PolicyDefinition = {
  id: "placebo",
  title: "placebo",
  description: "as many proactive runs as `predictive` (or, placebo@ID, as ID), at random times",
  isProactive: true,
  compactsOnDemand: true,
  signal: null,
  isBound: false,
  pairedWith: "predictive",
  compactor: "quick",
  proactiveCompactor: "gather",
  create(world) {
    const { arena, demand, random } = world;
    const times = new Float64Array(world.placeboRuns);
    for (let i = 0; i < times.length; i++) times[i] = random.integer(demand.durationMicros);
    times.sort();
    let next = 0;
    let packsLeft = Math.min(world.placeboPacks, times.length);
    /** The turn at `next` could not be used: it comes again at a random moment of the time left, in its place by time. */
    const redraw = (nowMicros: number): void => {
      const again = nowMicros + 1 + random.integer(Math.max(1, demand.durationMicros - nowMicros));
      let at = next;
      while (at + 1 < times.length && times[at + 1]! < again) times[at] = times[++at]!;
      times[at] = again;
    };
    const act = (nowMicros: number): void => {
      while (next < times.length && times[next]! <= nowMicros) {
        // Whether a hole is needed is not asked: where the wanted one is there, a larger one is made.
        const hole = arena.heap.largestHole();
        const goal = Math.min(hole + GRANULE_BYTES, arena.heap.freeBytes);
        const isPack = random.integer(times.length - next) < packsLeft;
        const plan = {
          compactor: isPack ? ("pack" as const) : arena.proactiveKind,
          wishBytes: Math.min(Math.max(world.largestRecentBytes, goal), arena.heap.freeBytes),
          worthRatio: WORTH_RATIO,
        };
        const wanted = plan.compactor === "gather" ? goal : Math.max(goal, plan.wishBytes);
        if (arena.startProactive("placebo", wanted, Infinity, nowMicros, 0, plan) === "started") {
          world.log.record(nowMicros, "none", "compact", "placebo: a random moment", false);
          if (isPack) packsLeft--;
          next++;
        } else redraw(nowMicros);
      }
    };
    return { onTick: act, onAllocation: act };
  },
};
