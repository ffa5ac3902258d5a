// swiss-cheese: an adversary for allocators. Many small blocks, every second one freed, then requests that no hole left
// between the survivors can hold. The pattern behind the lower bounds of Robson (Bounds for some functions concerning
// dynamic storage allocation, JACM 21(3), 1974).

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const swissCheese: ScenarioSpec = {
  id: "swiss-cheese",
  title: "fragmentation adversary",
  description:
    "In a cycle of about 14 s: four seconds of small blocks in rapid succession, every second one freed at the end of them, " +
    "then two seconds of large requests, then ordinary service. Occupancy hardly tells anything; fragmentation follows " +
    "the cycle and is foreseeable from it.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: { shape: "constant", swingRatio: 0, wanderRatio: 0.006, wanderSeconds: 6 },
  arrivals: { law: "poisson" },
  regimes: [
    {
      seconds: 4,
      jitter: 0.1,
      sizes: { law: "uniform", lowBytes: 24, highBytes: 72 },
      lifetimes: { law: "fixed", jitter: 0.3 },
      rateFactor: 1.5,
      freesEverySecond: true,
    },
    {
      seconds: 2,
      jitter: 0.1,
      sizes: { law: "pareto", lowBytes: 400, highBytes: 4096, alpha: 1.2 },
      lifetimes: { law: "exponential" },
      rateFactor: 0.6,
    },
    { seconds: 8, jitter: 0.2 },
  ],
};
