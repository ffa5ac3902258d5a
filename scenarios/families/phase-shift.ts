// phase-shift: the program changes its ways abruptly every half minute or so. Four regimes with sizes and lives of their
// own follow one another at random; the level stays. What was learned in one is wrong in the next.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const phaseShift: ScenarioSpec = {
  id: "phase-shift",
  title: "abrupt change of regime",
  description:
    "Four regimes (a service's mix, many tiny short-lived blocks, page-like buffers, long-lived records of middling size) " +
    "follow one another at random, each for 20 to 45 s. A shift cannot be foreseen; its effect on fragmentation takes " +
    "seconds to build up and can.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "exponential" },
  level: { shape: "constant", swingRatio: 0, wanderRatio: 0.012, wanderSeconds: 6 },
  arrivals: { law: "poisson" },
  regimeOrder: "random",
  regimes: [
    { seconds: 35, jitter: 0.25 },
    {
      seconds: 30,
      jitter: 0.35,
      sizes: { law: "lognormal", medianBytes: 36, spread: 0.6, lowBytes: 16, highBytes: 256 },
      lifetimes: { law: "two-speed", shortShare: 0.85, ratio: 12 },
      rateFactor: 2,
    },
    {
      seconds: 26,
      jitter: 0.25,
      sizes: {
        law: "choice",
        choices: [
          { bytes: 256, share: 0.4 },
          { bytes: 512, share: 0.3 },
          { bytes: 1024, share: 0.2 },
          { bytes: 2048, share: 0.08 },
          { bytes: 4096, share: 0.02 },
        ],
      },
      lifetimes: { law: "fixed", jitter: 0.5 },
      rateFactor: 0.5,
    },
    {
      seconds: 35,
      jitter: 0.3,
      sizes: { law: "uniform", lowBytes: 96, highBytes: 400 },
      lifetimes: { law: "pareto", alpha: 1.3 },
      rateFactor: 0.8,
    },
  ],
};
