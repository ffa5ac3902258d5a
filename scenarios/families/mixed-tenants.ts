// mixed-tenants: three programs on one heap. A web service, a batch job that comes and goes, and a cache whose blocks can
// be had back, at the speed at which it sheds. The only family in which demand may be over capacity.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const mixedTenants: ScenarioSpec = {
  id: "mixed-tenants",
  title: "web, batch and cache",
  description:
    "Three tenants: web (half of the requests), batch (works for 8 s of every 30) and a cache that holds 15 to 25 % of " +
    "capacity in reclaimable blocks. Demand in all may exceed capacity, what cannot be reclaimed stays under 99 %: whoever " +
    "sheds in time needs to deny nothing. Sheds at 8 KiB/s. Batch comes by the clock, the tide of the web by its slope.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: { shape: "wave", periodSeconds: 40, jitter: 0.2, swingRatio: 0.1, wanderRatio: 0.01, wanderSeconds: 5 },
  arrivals: { law: "poisson" },
  peakRatio: 1.1,
  shedBytesPerSecond: 8192,
  tenants: [
    { name: "web", share: 0.5, lifetimes: { law: "two-speed", shortShare: 0.8, ratio: 8 } },
    {
      name: "batch",
      share: 0.35,
      sizes: {
        law: "blend",
        parts: [
          { share: 0.8, sizes: { law: "uniform", lowBytes: 64, highBytes: 320 } },
          { share: 0.2, sizes: { law: "pareto", lowBytes: 512, highBytes: 4096, alpha: 1.2 } },
        ],
      },
      active: { everySeconds: 30, forSeconds: 8 },
    },
    {
      name: "cache",
      share: 0.15,
      sizes: { law: "lognormal", medianBytes: 200, spread: 0.7, lowBytes: 48, highBytes: 1024 },
      lifetimes: { law: "pareto", alpha: 1.2 },
      isReclaimable: true,
      occupies: { lowRatio: 0.15, highRatio: 0.25 },
      lookups: { perInsertion: 7, keysPerBlock: 2, skew: 0.9, driftSeconds: 1 },
    },
  ],
};
