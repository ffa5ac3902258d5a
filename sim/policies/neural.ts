// The 4→8→1 network, trained online, and the controller (forecast-controller.ts). The network is asked at every allocation that
// could need a hole, and every 500 ms. It takes 656 bytes of the arena.

import { controlled } from "./forecast-controller.ts";

export const neural = controlled({
  id: "neural",
  title: "neural",
  description: "the 4-8-1 network, trained online, and a controller that grows a hole ahead of need",
  signal: "network",
  isBound: false,
});
