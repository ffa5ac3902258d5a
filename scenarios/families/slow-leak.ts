// slow-leak: the sawtooth's slow sister. A few blocks in a hundred are never freed until the process that leaks them is
// restarted, a few times in a run, at times that nothing announces.

import { DEFAULT_MIX } from "../../core/demand.ts";
import type { ScenarioSpec } from "../spec.ts";
import { SERVICE_SIZES } from "./laws.ts";

export const slowLeak: ScenarioSpec = {
  id: "slow-leak",
  title: "slow leak with restarts",
  description:
    "A small share of the blocks leaks over minutes until a restart frees them all, at least three times a run and at " +
    "irregular intervals. The trend is foreseeable but slower than the noise over five seconds; the restart is not.",
  mix: DEFAULT_MIX,
  sizes: SERVICE_SIZES,
  lifetimes: { law: "two-speed", shortShare: 0.8, ratio: 6 },
  level: {
    shape: "sawtooth",
    periodSeconds: 150,
    jitter: 0.35,
    leastCycles: 4,
    swingRatio: 0.16,
    wanderRatio: 0.015,
    wanderSeconds: 8,
    leaks: true,
  },
  arrivals: { law: "poisson" },
};
