// burst: calm, then for a second or so five times the arrivals, short-lived, then calm again. Differs from stampede in that
// bursts come at random without a warning, last longer, and are of any class.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const burst: ScenarioSpec = {
  id: "burst",
  title: "on/off bursts",
  description:
    "Every ten seconds or so, at random moments, arrivals come five times as fast for 0.6 to 2 s; the surplus lives for a " +
    "fraction of a second. The beginning of a burst cannot be foreseen, only its end and what it leaves behind.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "two-speed", shortShare: 0.7, ratio: 8 },
  level: { shape: "constant", swingRatio: 0, wanderRatio: 0.008, wanderSeconds: 6 },
  arrivals: { law: "poisson" },
  events: {
    gapSeconds: 9,
    schedule: "poisson",
    leastGapSeconds: 2,
    lowSeconds: 0.6,
    highSeconds: 2,
    rateFactor: 5,
    sizes: {
      law: "blend",
      parts: [
        { share: 0.9, sizes: { law: "uniform", lowBytes: 24, highBytes: 256 } },
        { share: 0.1, sizes: { law: "pareto", lowBytes: 512, highBytes: 4096, alpha: 1.1 } },
      ],
    },
    lifeSeconds: 0.6,
    liftRatio: 0.12,
  },
};
