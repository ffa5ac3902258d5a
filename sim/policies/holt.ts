// The controller of `neural` on a damped Holt forecast (predictor/baselines/damped-holt.ts): level and trend of the pressure,
// no learning. What is left between the two is what the network is worth. It pays for the bytes of its state, and the same
// watchdog stands over it.

import { controlled } from "./forecast-controller.ts";

export const holt = controlled({
  id: "holt",
  title: "damped Holt",
  description: "level and trend of the pressure (damped Holt), and the controller of `neural`",
  signal: "holt",
  isBound: false,
});
