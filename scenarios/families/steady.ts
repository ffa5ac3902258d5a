// steady: the plain case. Poisson arrivals, exponential lives, a level that only wanders a little.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const steady: ScenarioSpec = {
  id: "steady",
  title: "steady service",
  description:
    "Poisson arrivals and exponential lives at a level that only wanders a little. Occupancy is foreseeable as no change; " +
    "what moves is fragmentation.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: { shape: "constant", swingRatio: 0, wanderRatio: 0.01, wanderSeconds: 6 },
  arrivals: { law: "poisson" },
};
