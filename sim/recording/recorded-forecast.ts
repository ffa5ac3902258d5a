// The forecasts of a recorded run, scored again: what a journal keeps of each tick is what the simulator scored them by, so that
// the figures are those of the run's result to the bit.

import type { ForecastReport } from "../../predictor/forecast-report.ts";
import { ForecastScore } from "../../predictor/forecast-score.ts";
import { criticalExit, criticalThreshold } from "../pressure-meter.ts";
import type { Recording } from "./recording.ts";

/** The report without what needs the occupancy of the shadow arena, which is not recorded. */
export type RecordedForecast = Omit<ForecastReport, "bands">;

/** Of a recording what the scores need. */
export type ForecastColumns = Pick<Recording, "header" | "ticks">;

/** Null where nothing was forecast, or nothing came due. Cost: linear in the ticks. */
export function recordedForecast({ ticks, header }: ForecastColumns): RecordedForecast | null {
  const score = new ForecastScore({
    criticalThreshold: criticalThreshold(header.pressureRatio),
    exitThreshold: criticalExit(header.pressureRatio),
  });
  for (let row = 0; row < ticks.count; row++) {
    const watched = ticks.watched[row]!;
    if (Number.isNaN(watched)) continue; // no forecast of this tick
    score.mature(row, ticks.occupancy[row]!, watched);
    score.issue(row, ticks.forecast[row]!, ticks.upper[row]!, ticks.occupancy[row]!);
  }
  const { bands: _, ...report } = score.report();
  return report.predictions === 0 ? null : report;
}
