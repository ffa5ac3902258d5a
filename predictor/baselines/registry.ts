// The simple baselines by name: what the network is compared with, and what it falls back to.

import type { Forecaster } from "../../core/forecaster.ts";
import { DampedHolt } from "./damped-holt.ts";
import { Ewma } from "./ewma.ts";
import { LeastSquares } from "./least-squares.ts";
import { Persistence } from "./persistence.ts";
import { SeasonalNaive } from "./seasonal-naive.ts";
import { TheilSen } from "./theil-sen.ts";

/** In the order of reports. */
export const BASELINE_IDS = [
  "persistence",
  "ewma",
  "damped-holt",
  "theil-sen",
  "least-squares",
  "seasonal-naive",
] as const;
export type BaselineId = (typeof BASELINE_IDS)[number];

const makers: Readonly<Record<BaselineId, () => Forecaster>> = {
  persistence: () => new Persistence(),
  ewma: () => new Ewma(),
  "damped-holt": () => new DampedHolt(),
  "theil-sen": () => new TheilSen(),
  "least-squares": () => new LeastSquares(),
  "seasonal-naive": () => new SeasonalNaive(),
};

/** A fresh baseline. */
export function createBaseline(id: BaselineId): Forecaster {
  return makers[id]();
}
