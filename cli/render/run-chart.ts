// Runs over time in characters, for a report: pressure, the forecast at the moment it was for, and where requests were denied.

import { HORIZON_MICROS } from "../../core/units.ts";
import { EVENT_DENY } from "../../sim/recording/columns.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { formatMoment, formatPercent } from "./format.ts";
import { type LineChartOptions, lineChart } from "./line-chart.ts";

const HEIGHT = 6;
const LABEL_WIDTH = 7;

/** Lines for each recording: denials, pressure, forecast where there is one. All share the axis of time below. */
export function runChart(recordings: readonly Recording[], columns: number, isUnicode: boolean): string[] {
  const width = Math.max(20, columns - LABEL_WIDTH - 1);
  const low = lowest(recordings);
  const options: LineChartOptions = {
    mark: "*",
    width,
    height: HEIGHT,
    low,
    high: 1,
    isUnicode,
    formatValue: axisLabel,
  };
  const endMicros = Math.max(1, ...recordings.map((one) => one.endMicros));
  const lines: string[] = [];
  for (const recording of recordings) {
    const { ticks, header } = recording;
    const across = (of: Float64Array, shiftMicros: number) => {
      const values = new Float64Array(ticks.count).fill(NaN);
      for (let row = 0; row < ticks.count; row++) {
        const at = Math.round(((ticks.micros[row]! + shiftMicros) / endMicros) * (ticks.count - 1));
        if (at < values.length) values[at] = of[row]!;
      }
      return values;
    };
    lines.push(`${header.policy}: pressure`);
    lines.push(`${" ".repeat(LABEL_WIDTH)}${denials(recording, width, endMicros, isUnicode)}`.trimEnd());
    lines.push(...lineChart(across(ticks.pressure, 0), options));
    if (ticks.forecast.subarray(0, ticks.count).some((value) => !Number.isNaN(value))) {
      lines.push(`${header.policy}: forecast, at the moment it was for`);
      lines.push(...lineChart(across(ticks.forecast, HORIZON_MICROS), { ...options, mark: "+" }));
    }
  }
  const end = formatMoment(endMicros);
  lines.push(
    `${" ".repeat(LABEL_WIDTH)}0${end.padStart(width - 1)}`,
    `${isUnicode ? "×" : "x"} denied in that stretch of time`,
  );
  return lines;
}

function denials({ events }: Recording, width: number, endMicros: number, isUnicode: boolean): string {
  const marks = new Array<string>(width).fill(" ");
  for (let row = 0; row < events.count; row++) {
    if (events.kind[row] !== EVENT_DENY) continue;
    marks[Math.min(width - 1, Math.floor((events.micros[row]! / endMicros) * width))] = isUnicode ? "×" : "x";
  }
  return marks.join("");
}

/** Under what is drawn, without the time in which the arena fills at first. */
function lowest(recordings: readonly Recording[]): number {
  let least = 1;
  for (const { ticks } of recordings)
    for (let row = 0; row < ticks.count; row++)
      if (ticks.micros[row]! > 2 * HORIZON_MICROS && ticks.pressure[row]! < least) least = ticks.pressure[row]!;
  return Math.max(0, Math.min(0.9, Math.floor(least * 20) / 20));
}

function axisLabel(value: number): string {
  return formatPercent(value, 0).padStart(5);
}
