// The controller of `neural` without a forecast: it always expects critical pressure. What it wins is the controller's and the
// compactors'; what `neural` and `predictive` win beside it is the forecast's, less the memory that the forecast takes.

import { controlled } from "./forecast-controller.ts";

export const blind = controlled({
  id: "blind",
  title: "no forecast",
  description: "the controller of `neural`, which without a forecast always expects the worst",
  signal: null,
  isBound: false,
});
