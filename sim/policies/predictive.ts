// What ships as the default: the controller (forecast-controller.ts) on the forecast of the compact network, the same 4→8→1
// with its weights in the program and a few bytes of state in the arena (predictor/compact-predictor.ts). At 98 % of 100 KiB
// the 656 bytes of the network that learns online would be a third of what is free.

import { controlled } from "./forecast-controller.ts";

export const predictive = controlled({
  id: "predictive",
  title: "predictive",
  description: "what ships: the compact 4-8-1 network, its interval, and a controller that grows a hole ahead of need",
  signal: "compact",
  isBound: false,
});
