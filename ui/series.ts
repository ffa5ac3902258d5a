// The numbers of the timeline: rows of one time axis for both runs, the forecast at the moment that it was for.

import { HORIZON_MICROS, HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import type { Recording } from "../sim/recording/recording.ts";

/** Columns by row of 500 ms; NaN of a recording is null here, which is a gap in a line. */
export interface Timeline {
  readonly seconds: number[];
  readonly pressureA: (number | null)[];
  readonly pressureB: (number | null)[];
  readonly forecast: (number | null)[];
  readonly upper: (number | null)[];
}

/** Whose forecast is drawn: B's where it has one, else A's. */
export function forecaster(a: Recording | null, b: Recording | null): Recording | null {
  return [b, a].find((one) => one != null && hasForecast(one)) ?? null;
}

export function hasForecast({ ticks }: Recording): boolean {
  for (let row = 0; row < Math.min(ticks.count, 40); row++) if (!Number.isNaN(ticks.forecast[row]!)) return true;
  return false;
}

export function timelineOf(a: Recording | null, b: Recording | null): Timeline {
  const rows = Math.max(a?.ticks.count ?? 0, b?.ticks.count ?? 0) + HORIZON_TICKS;
  const column = () => new Array<number | null>(rows).fill(null);
  const lines = { pressureA: column(), pressureB: column(), forecast: column(), upper: column() };
  const seconds = Array.from({ length: rows }, (_, row) => (row * TICK_MICROS) / 1e6);
  copy(a, (ticks, row) => ticks.pressure[row]!, 0, lines.pressureA);
  copy(b, (ticks, row) => ticks.pressure[row]!, 0, lines.pressureB);
  const from = forecaster(a, b);
  copy(from, (ticks, row) => ticks.forecast[row]!, HORIZON_MICROS, lines.forecast);
  copy(from, (ticks, row) => Math.min(1, ticks.upper[row]!), HORIZON_MICROS, lines.upper);
  return { seconds, ...lines };
}

function copy(
  recording: Recording | null,
  pick: (ticks: Recording["ticks"], row: number) => number,
  laterMicros: number,
  out: (number | null)[],
): void {
  if (recording === null) return;
  const { ticks } = recording;
  for (let row = 0; row < ticks.count; row++) {
    const value = pick(ticks, row);
    const at = Math.round((ticks.micros[row]! + laterMicros) / TICK_MICROS);
    if (at < out.length && !Number.isNaN(value)) out[at] = 100 * value;
  }
}

/** Errors of the forecast and of "it stays as it is", percentage points, at the moment the forecast was for. */
export interface ErrorSeries {
  readonly seconds: number[];
  readonly forecast: (number | null)[];
  readonly persistence: (number | null)[];
}

/** Means over the last `window` matured forecasts. */
export function errorsOf(recording: Recording | null, window = 20): ErrorSeries {
  const series: ErrorSeries = { seconds: [], forecast: [], persistence: [] };
  if (recording === null) return series;
  const { ticks } = recording;
  const recent: [number, number][] = [];
  for (let row = HORIZON_TICKS; row < ticks.count; row++) {
    const then = row - HORIZON_TICKS;
    const actual = ticks.watched[row]!;
    const error = 100 * Math.abs(actual - ticks.forecast[then]!);
    const naive = 100 * Math.abs(actual - ticks.watched[then]!);
    if (!Number.isNaN(error) && !Number.isNaN(naive)) recent.push([error, naive]);
    if (recent.length > window) recent.shift();
    const mean = (i: 0 | 1) =>
      recent.length === 0 ? null : recent.reduce((sum, pair) => sum + pair[i], 0) / recent.length;
    series.seconds.push(ticks.micros[row]! / 1e6);
    series.forecast.push(mean(0));
    series.persistence.push(mean(1));
  }
  return series;
}
