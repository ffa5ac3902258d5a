// The controller on a forecast that is told (K75): tenants announce by how much what they hold will change
// (sim/tenant-hints.ts), and the compact network's forecast moves by a share of the sum (predictor/told-forecaster.ts). Not a
// bound, as programs can announce, and not a fair rival of those that have to learn: it shows what being told is worth. It
// takes 24 bytes more of the arena than `predictive`.

import { controlled } from "./forecast-controller.ts";

export const hinted = controlled({
  id: "hinted",
  title: "hinted",
  description: "predictive, and its forecast is told what tenants announce for the next 5 s",
  signal: "told",
  isBound: false,
});
