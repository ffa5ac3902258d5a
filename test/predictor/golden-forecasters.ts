// What the golden file pins of the other models: what each says over the golden run, to the last bit. Shipped parameters,
// features, season, cell, head and mixture all go in.

import { createForecaster } from "../../predictor/forecasters.ts";
import { goldenRun } from "./golden-predictor.ts";

const EACH = 50;

/** Every fiftieth forecast, the margin and the confidence at the end, by id. */
export function goldenForecasters(): Record<string, number[]> {
  const golden: Record<string, number[]> = {};
  for (const id of ["compact", "wide", "gru", "ensemble"]) {
    const forecaster = createForecaster(id, { seed: 42 });
    const said: number[] = [];
    let tick = 0;
    goldenRun(forecaster, (now) => {
      forecaster.sampleHeap?.(400 + (tick % 7) * 100, 60 + (tick % 11), 448);
      forecaster.observeRequest?.(now, 64 + 16 * (tick % 9), 2, 0);
      if (tick++ % EACH === 0) said.push(forecaster.forecast(now));
    });
    golden[id] = [...said, forecaster.upperMargin(), forecaster.confidence()];
  }
  return golden;
}
