// The controller of `neural` on a damped Holt forecast (predictor/baselines/damped-holt.ts): level and trend of the pressure,
// no learning. What is left between the two is what the network is worth. It pays for the bytes of its state, and the same
// watchdog stands over it.

import { ForecastController } from "./neural.ts";
import type { PolicyDefinition } from "./policy.ts";

export const holt: PolicyDefinition = {
  id: "holt",
  title: "damped Holt",
  description: "level and trend of the pressure (damped Holt), and the controller of `neural`",
  isProactive: true,
  compactsOnDemand: true,
  signal: "holt",
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "evacuate",
  create: (world) => new ForecastController(world),
};
