// ramp: the level climbs for most of a minute, from well below to well above, and comes down again. Differs from sawtooth
// in that no block is special: what dies on the way down is what was due.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const ramp: ScenarioSpec = {
  id: "ramp",
  title: "repeated ramps",
  description:
    "The level climbs steadily for some 70 s, passes the mean half-way and falls within 20 s, over and over. The climb is " +
    "foreseeable from its slope; when it ends is not, as the length of each ramp varies by a quarter.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: {
    shape: "ramp",
    periodSeconds: 90,
    jitter: 0.25,
    leastCycles: 2,
    highShare: 0.78,
    swingRatio: 0.2,
    wanderRatio: 0.015,
    wanderSeconds: 5,
  },
  arrivals: { law: "poisson" },
};
