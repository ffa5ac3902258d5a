// Follows a run's forecasts tick by tick, from the lines of its journal, and scores them beside the simple baselines on the
// same pressures. The score in predictor/forecast-score.ts keeps sums; a Diebold-Mariano test needs the order in time.

import { HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import { BASELINE_IDS, createBaseline } from "../predictor/baselines/registry.ts";
import { COLD_START_PREDICTIONS, WORST_ERROR } from "../predictor/forecast-counts.ts";
import type { JournalSink } from "../sim/simulate-types.ts";
import { lossDifferential } from "../sim/suite/diebold-mariano.ts";
import { mean } from "../sim/suite/statistics.ts";
import type { TapedForecast } from "./evaluation-cell.ts";

/** Forecasts after this many count as those of a predictor that has learned. */
const LEARNED_PREDICTIONS = 1_000;
const FORECAST_MARK = '"e":"forecast"';

export class ForecastTape {
  readonly #pressures: number[] = [];
  readonly #forecasts: number[] = [];

  /** To be given to the run as its journal. */
  readonly sink: JournalSink = (line) => {
    if (!line.includes(FORECAST_MARK)) return;
    const { pressure, forecast } = JSON.parse(line) as { pressure: number; forecast: number | null };
    this.#pressures.push(pressure);
    this.#forecasts.push(forecast ?? Number.NaN);
  };

  /** Null when nothing was forecast, or nothing matured. Errors in percentage points. */
  report(): TapedForecast | null {
    const count = this.#forecasts.length - HORIZON_TICKS;
    if (count < 1) return null;
    const own = Float64Array.from({ length: count }, (_, i) => this.#error(this.#forecasts[i]!, i));
    const rivals = BASELINE_IDS.map((id) => this.#baselineErrors(id, count));
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

  #baselineErrors(id: (typeof BASELINE_IDS)[number], count: number): Float64Array {
    const baseline = createBaseline(id);
    const errors = new Float64Array(count);
    for (let tick = 0; tick < count; tick++) {
      baseline.tick(tick * TICK_MICROS, this.#pressures[tick]!, this.#pressures[tick]!, false);
      errors[tick] = this.#error(baseline.forecast(tick * TICK_MICROS), tick);
    }
    return errors;
  }

  /** Of a forecast made at `tick`, in percentage points. */
  #error(forecast: number, tick: number): number {
    const error = Math.abs(forecast - this.#pressures[tick + HORIZON_TICKS]!);
    return 100 * (error - error === 0 ? error : WORST_ERROR);
  }
}
