// How far off the forecasts of a recorded run were, tick by tick, beside saying that nothing changes.

import { HORIZON_TICKS } from "../../core/units.ts";
import type { Recording } from "./recording.ts";

/** Pictures show means of so many errors. */
export const ERROR_WINDOW = 20;

/** Absolute errors of the forecasts that have come due, in percentage points, by the tick that they were for; NaN where none was. */
export interface ForecastErrors {
  readonly own: Float64Array;
  /** Of the forecast that nothing changes. */
  readonly persistence: Float64Array;
  /** Forecasts that came due. */
  readonly count: number;
  /** NaN without one. */
  readonly meanOwn: number;
  readonly meanPersistence: number;
}

/** Cost: linear in the ticks. */
export function forecastErrors({ ticks }: Recording): ForecastErrors {
  const own = new Float64Array(ticks.count).fill(Number.NaN);
  const persistence = new Float64Array(ticks.count).fill(Number.NaN);
  let [count, sumOwn, sumPersistence] = [0, 0, 0];
  for (let row = HORIZON_TICKS; row < ticks.count; row++) {
    const made = row - HORIZON_TICKS;
    const [forecast, came] = [ticks.forecast[made]!, ticks.watched[row]!];
    if (Number.isNaN(forecast) || Number.isNaN(came)) continue;
    own[row] = 100 * Math.abs(forecast - came);
    persistence[row] = 100 * Math.abs(ticks.watched[made]! - came);
    count++;
    sumOwn += own[row]!;
    sumPersistence += persistence[row]!;
  }
  return { own, persistence, count, meanOwn: sumOwn / count, meanPersistence: sumPersistence / count };
}

/** Means of the last `length` values that are there, or of as many as there are; NaN before the first and where none is. */
export function movingMean(values: Float64Array, length = ERROR_WINDOW): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN);
  const recent: number[] = [];
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row]!)) continue;
    recent.push(values[row]!);
    if (recent.length > length) recent.shift();
    out[row] = recent.reduce((sum, value) => sum + value, 0) / recent.length;
  }
  return out;
}
