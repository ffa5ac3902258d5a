// The simple baselines by name: what the network is compared with.

import type { Forecaster } from "../../core/forecaster.ts";
import { Persistence } from "./persistence.ts";

/** In the order of reports. */
export const BASELINE_IDS = ["persistence"] as const;
export type BaselineId = (typeof BASELINE_IDS)[number];

const makers: Readonly<Record<BaselineId, () => Forecaster>> = {
  persistence: () => new Persistence(),
};

/** A fresh baseline. */
export function createBaseline(id: BaselineId): Forecaster {
  return makers[id]();
}
