// The controller of `neural` on a forecast that is never wrong: the pressure of the passive arena in 5 s, read off a first
// pass of the same demand. A bound on what better forecasts can bring this controller, and no bound on what a better
// controller can: `clairvoyant` is that. It pays for no memory but the controller's, and has no margin.

import { controlled } from "./forecast-controller.ts";

export const perfectForecast = controlled({
  id: "perfect-forecast",
  title: "perfect forecast",
  description: "the controller of `neural`, told what the pressure will be in 5 s",
  signal: "perfect",
  isBound: true,
});
