// stampede: a herd of requests that may not wait arrives within a few milliseconds, as packets do when a queue is let go.
// Differs from burst in that it is sudden, atomic, roughly periodic, and announced.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const stampede: ScenarioSpec = {
  id: "stampede",
  title: "atomic stampede",
  description:
    "Every 20 s, give or take a fifth, 20 to 40 atomic requests arrive within 5 ms and live for about a second. In the five " +
    "seconds before, arrivals quicken up to twice their rate, as queues that fill up do: the warning is there for those " +
    "who look at the rate.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: { shape: "constant", swingRatio: 0, wanderRatio: 0.008, wanderSeconds: 6 },
  arrivals: { law: "poisson" },
  events: {
    gapSeconds: 18.5,
    schedule: "jittered",
    jitter: 0.2,
    lowSeconds: 1,
    highSeconds: 2,
    herd: { lowRequests: 20, highRequests: 40, withinMillis: 5 },
    isAtomic: true,
    sizes: {
      law: "blend",
      parts: [
        { share: 0.7, sizes: { law: "uniform", lowBytes: 64, highBytes: 512 } },
        { share: 0.3, sizes: { law: "pareto", lowBytes: 512, highBytes: 4096, alpha: 0.9 } },
      ],
    },
    lifeSeconds: 1,
    liftRatio: 0.15,
    warning: { seconds: 5, rateFactor: 2 },
  },
};
