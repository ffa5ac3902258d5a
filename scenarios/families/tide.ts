// tide: demand rises and falls with a period of a minute, and its rate runs a little ahead of it, as load does before the
// memory that it takes.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const tide: ScenarioSpec = {
  id: "tide",
  title: "periodic tide",
  description:
    "The level follows a smooth wave of 60 s; the rate of arrivals leads it by an eighth of a period. The most foreseeable " +
    "of all: by slope, by rate, and by what happened a minute ago.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: { shape: "wave", periodSeconds: 60, swingRatio: 0.2, wanderRatio: 0.01, wanderSeconds: 5 },
  arrivals: { law: "poisson", rate: { shape: "wave", periodSeconds: 60, lead: 0.125, swing: 0.5 } },
};
