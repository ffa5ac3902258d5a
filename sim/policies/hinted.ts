// The controller on a forecast that is told (K75): tenants announce by how much what they hold will change
// (sim/tenant-hints.ts), and the forecast follows from the sum. Not a bound, as programs can announce, and not a fair rival of
// those that have to learn: it shows what being told is worth. Its bytes in the arena are those of `holt` and a little more.

import { controlled } from "./forecast-controller.ts";

export const hinted = controlled({
  id: "hinted",
  title: "hinted",
  description: "the same controller on a forecast from what tenants announce: told, not learned",
  signal: "told",
  isBound: false,
});
