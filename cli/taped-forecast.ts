// A run's forecasts tick by tick, scored beside the simple baselines on the same pressures. The score in
// predictor/forecast-score.ts keeps sums; a Diebold-Mariano test needs the order in time.

import { HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import { BASELINE_IDS, createBaseline } from "../predictor/baselines/registry.ts";
import { COLD_START_PREDICTIONS, WORST_ERROR } from "../predictor/forecast-counts.ts";
import type { Recording } from "../sim/recording/recording.ts";
import { lossDifferential } from "../sim/suite/diebold-mariano.ts";
import { mean } from "../sim/suite/statistics.ts";
import type { TapedForecast } from "./evaluation-cell.ts";

/** Forecasts after this many count as those of a predictor that has learned. */
const LEARNED_PREDICTIONS = 1_000;

/** Null when nothing was forecast, or nothing matured. Errors in percentage points. Cost: linear in the ticks. */
export function tapedForecast({ ticks }: Recording): TapedForecast | null {
  const forecastRows = Array.from({ length: ticks.count }, (_, row) => row).filter(
    (row) => !Number.isNaN(ticks.watched[row]!),
  );
  const pressures = forecastRows.map((row) => ticks.watched[row]!);
  const count = pressures.length - HORIZON_TICKS;
  if (count < 1) return null;
  const own = Float64Array.from({ length: count }, (_, i) =>
    errorPercentPoints(ticks.forecast[forecastRows[i]!]!, pressures[i + HORIZON_TICKS]!),
  );
  const rivals = BASELINE_IDS.map((id) => baselineErrors(id, pressures));
  const persistence = rivals[BASELINE_IDS.indexOf("persistence")]!;
  const scaled = (from: number, to: number): number | null => {
    if (to - from < 1) return null;
    const reference = mean(persistence.subarray(from, to));
    return reference > 0 ? mean(own.subarray(from, to)) / reference : null;
  };
  return {
    maePercentPoints: mean(own),
    losses: Object.fromEntries(
      BASELINE_IDS.map((id, k) => [
        id,
        lossDifferential(
          own.map((error, i) => error - rivals[k]![i]!),
          HORIZON_TICKS,
        ),
      ]),
    ),
    firstScaledError: scaled(0, Math.min(COLD_START_PREDICTIONS, count)),
    lateScaledError: scaled(LEARNED_PREDICTIONS, count),
  };
}

/** Of the forecasts that came due, one a tick. */
function baselineErrors(id: (typeof BASELINE_IDS)[number], pressures: readonly number[]): Float64Array {
  const baseline = createBaseline(id);
  const errors = new Float64Array(pressures.length - HORIZON_TICKS);
  for (let tick = 0; tick < errors.length; tick++) {
    const pressure = pressures[tick]!;
    baseline.tick(tick * TICK_MICROS, pressure, pressure, false);
    errors[tick] = errorPercentPoints(baseline.forecast(tick * TICK_MICROS), pressures[tick + HORIZON_TICKS]!);
  }
  return errors;
}

function errorPercentPoints(forecast: number, pressure: number): number {
  const error = Math.abs(forecast - pressure);
  return 100 * (error - error === 0 ? error : WORST_ERROR);
}
