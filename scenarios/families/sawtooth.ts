// sawtooth: something holds on to a part of what it allocates and lets go of all of it at once every quarter of a minute,
// as a region, a generation or a request's arena does.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const sawtooth: ScenarioSpec = {
  id: "sawtooth",
  title: "hoard and release",
  description:
    "A share of the blocks is kept and released together every 15 s, give or take a tenth, so the level climbs in a straight " +
    "line and drops at once. Climb and drop are both foreseeable, the drop by its period only.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: {
    shape: "sawtooth",
    periodSeconds: 15,
    jitter: 0.1,
    leastCycles: 3,
    swingRatio: 0.12,
    wanderRatio: 0.006,
    wanderSeconds: 4,
    leaks: true,
  },
  arrivals: { law: "poisson" },
};
