// The numbers of the charts: rows of one time axis for both runs, the forecast at the moment that it was for.

import { HORIZON_MICROS, HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import { forecastErrors, movingMean } from "../sim/recording/forecast-errors.ts";
import type { Recording } from "../sim/recording/recording.ts";

/** Columns by row of 500 ms, percent; NaN where there is nothing. */
export interface Timeline {
  readonly seconds: Float64Array;
  readonly pressureA: Float64Array;
  readonly pressureB: Float64Array;
  readonly forecast: Float64Array;
  readonly upper: Float64Array;
}

type Pick = (ticks: Recording["ticks"], row: number) => number;

/** Whose forecast is drawn: B's where it has one, else A's. */
export function forecaster(a: Recording | null, b: Recording | null): Recording | null {
  return [b, a].find((one) => one !== null && hasForecast(one)) ?? null;
}

export function hasForecast({ ticks }: Recording): boolean {
  for (let row = 0; row < Math.min(ticks.count, 40); row++) if (!Number.isNaN(ticks.forecast[row]!)) return true;
  return false;
}

export function timelineOf(a: Recording | null, b: Recording | null): Timeline {
  const rows = Math.max(a?.ticks.count ?? 0, b?.ticks.count ?? 0) + HORIZON_TICKS;
  const column = (recording: Recording | null, pick: Pick, laterMicros: number) => {
    const out = new Float64Array(rows).fill(Number.NaN);
    if (recording === null) return out;
    const { ticks } = recording;
    for (let row = 0; row < ticks.count; row++) {
      const at = Math.round((ticks.micros[row]! + laterMicros) / TICK_MICROS);
      if (at < rows) out[at] = 100 * pick(ticks, row);
    }
    return out;
  };
  const from = forecaster(a, b);
  return {
    seconds: Float64Array.from({ length: rows }, (_, row) => (row * TICK_MICROS) / 1e6),
    pressureA: column(a, (ticks, row) => ticks.pressure[row]!, 0),
    pressureB: column(b, (ticks, row) => ticks.pressure[row]!, 0),
    forecast: column(from, (ticks, row) => ticks.forecast[row]!, HORIZON_MICROS),
    upper: column(from, (ticks, row) => Math.min(1, ticks.upper[row]!), HORIZON_MICROS),
  };
}

/** The least pressure once the heap has been filled, percent, in round tens. */
export function floorOf({ seconds, pressureA, pressureB }: Timeline): number {
  let least = 100;
  for (let row = 0; row < seconds.length; row++) {
    if (seconds[row]! < 5) continue;
    for (const value of [pressureA[row]!, pressureB[row]!]) if (value < least) least = value;
  }
  return Math.max(0, Math.min(90, 10 * Math.floor(least / 10) - 5));
}

/** Errors of the forecast and of "it stays as it is", percentage points, at the moment the forecast was for. */
export interface ErrorSeries {
  readonly seconds: Float64Array;
  readonly forecast: Float64Array;
  readonly persistence: Float64Array;
}

/** Means of the last 20 that came due. */
export function errorsOf(recording: Recording | null): ErrorSeries {
  if (recording === null) return { seconds: NOTHING, forecast: NOTHING, persistence: NOTHING };
  const { own, persistence } = forecastErrors(recording);
  return {
    seconds: recording.ticks.micros.slice(0, recording.ticks.count).map((micros) => micros / 1e6),
    forecast: movingMean(own),
    persistence: movingMean(persistence),
  };
}

const NOTHING = new Float64Array(0);
