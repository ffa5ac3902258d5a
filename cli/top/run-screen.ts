// Recorded runs as a screen of text: for each run a heap map and counts, then pressure with the forecast at the moment it was for,
// then what happened last. As many lines as the screen has, none longer than it is wide.

import { CLASS_NAMES } from "../../core/demand.ts";
import { HORIZON_MICROS, MICROS_PER_SECOND } from "../../core/units.ts";
import {
  EVENT_COMPACT_END,
  EVENT_DENY,
  EVENT_WATCHDOG,
  FLAG_CLASS_MASK,
  FLAG_IS_PROACTIVE,
} from "../../sim/recording/columns.ts";
import { CELL_CACHE, CELL_OWN, CELL_PINNED, type HeapView } from "../../sim/recording/heap-view.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { OOM_CAUSES } from "../../sim/result.ts";
import type { Palette } from "../colour.ts";
import { formatBytes, formatCount, formatMoment, formatPercent } from "../render/format.ts";
import { heapRows, MAP_MARKS } from "../render/heap-rows.ts";
import { lineChart } from "../render/line-chart.ts";
import { PLAYER_KEYS, type Player } from "./player.ts";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Virtual time of the chart: what was, and the horizon ahead of it. */
const PAST_MICROS = 60 * MICROS_PER_SECOND;
const LEAST_COLUMNS = 40;
const LEAST_ROWS = 12;

export function runScreen(player: Player, size: ScreenSize, palette: Palette, isUnicode: boolean): string[] {
  const { columns, rows } = size;
  if (columns < LEAST_COLUMNS || rows < LEAST_ROWS)
    return [`the window is too small: ${LEAST_COLUMNS} × ${LEAST_ROWS} at least`.slice(0, columns)];
  const dot = isUnicode ? "·" : "|";
  const { header } = player.recordings[0]!;
  const state = player.isPlaying ? `playing ×${player.speed}` : "paused";
  const title = `mempred top ${dot} ${header.scenario} at ${formatPercent(header.pressureRatio)} ${dot} seed ${header.seed}`;
  const clock = `${formatMoment(player.micros)} of ${formatMoment(player.endMicros)} ${dot} ${state}`;
  const lines = [palette.strong(spread(title, clock, columns))];

  const runCount = player.views.length;
  const eventRows = Math.max(2, Math.min(6, Math.floor(rows / 8)));
  const chartRows = Math.max(3, Math.min(8, Math.floor((rows - 4 - eventRows) / (2 * runCount)) - 1));
  const left = rows - 3 - eventRows - runCount * (chartRows + 1);
  const mapRows = Math.max(1, Math.floor(left / runCount));
  player.views.forEach((view, i) => {
    const paint = i === 0 && runCount > 1 ? palette.baseline : palette.predictive;
    lines.push(paint(cut(countsLine(view), columns)));
    lines.push(...heapRows(view.cells, columns, mapRows, painter(palette), isUnicode));
    lines.push(...pressureChart(view.recording, player.micros, { columns, rows: chartRows }, isUnicode));
  });
  lines.push(palette.dim(cut(legend(isUnicode), columns)));
  const events = lastEvents(player, eventRows);
  for (let i = 0; i < eventRows; i++) {
    const event = events[i];
    const text = event === undefined ? "" : cut(event.text, columns);
    lines.push(event?.isDenial === true ? palette.oom(text) : text);
  }
  lines.splice(rows - 1);
  while (lines.length < rows - 1) lines.push("");
  lines.push(palette.dim(cut(PLAYER_KEYS, columns)));
  return lines;
}

function countsLine({ recording, counts, usedBytes }: HeapView): string {
  const { policy, capacityBytes } = recording.header;
  return [
    `${policy}: ${formatPercent(usedBytes / capacityBytes, 1)} used`,
    `${formatCount(counts.ooms)} OOM (${formatBytes(counts.deniedBytes)})`,
    `${formatCount(counts.runs)} compactions, ${formatCount(counts.proactiveRuns)} ahead`,
    `${formatBytes(counts.movedBytes)} moved`,
  ].join(" · ");
}

function painter(palette: Palette): (state: number, text: string) => string {
  return (state, text) => {
    if (state === CELL_PINNED) return palette.strong(text);
    if (state === CELL_CACHE) return palette.good(text);
    return state === CELL_OWN ? palette.predictive(text) : text;
  };
}

function legend(isUnicode: boolean): string {
  const marks = isUnicode ? MAP_MARKS.unicode : MAP_MARKS.ascii;
  const names = ["free", "used", "pinned", "cache", "predictor"];
  const map = names.map((name, i) => `${marks[i]} ${name}`).join("  ");
  return `${map}   below: pressure, and from ${isUnicode ? "╎" : ":"} on the forecast of the next 5 s`;
}

/** Pressure of the last minute, then the forecasts for the time that is still to come. */
function pressureChart(recording: Recording, micros: number, size: ScreenSize, isUnicode: boolean): string[] {
  const { ticks } = recording;
  const until = recording.ticksUntil(micros);
  const from = recording.ticksUntil(micros - PAST_MICROS);
  const ahead = recording.ticksUntil(micros - HORIZON_MICROS);
  const past = ticks.pressure.subarray(from, until);
  const future = ticks.forecast.subarray(ahead, until);
  const low = Math.min(0.9, floorTo(least(past, future), 0.05));
  const formatValue = (value: number) => formatPercent(value, 0).padStart(5);
  const width = size.columns - 7;
  // A minute takes twelve parts of thirteen, the horizon one: time is to scale.
  const futureWidth = Math.max(2, Math.round((width * HORIZON_MICROS) / (PAST_MICROS + HORIZON_MICROS)));
  const options = { height: size.rows, low, high: 1, isUnicode, formatValue };
  const padded = new Float64Array(PAST_MICROS / 500_000).fill(NaN);
  padded.set(past, padded.length - past.length);
  const pastLines = lineChart(padded, {
    ...options,
    mark: "*",
    width: width - futureWidth - 1,
  });
  const futureLines = lineChart(future, { ...options, mark: "+", width: futureWidth });
  const bar = isUnicode ? "╎" : ":";
  return pastLines.map((line, i) => {
    const body = futureLines[i]!.slice(futureLines[i]!.search(/[│|]/) + 1);
    return `${line.padEnd(size.columns - futureWidth - 1)}${bar}${body}`.trimEnd();
  });
}

interface ShownEvent {
  readonly micros: number;
  readonly text: string;
  readonly isDenial: boolean;
}

/** The latest first. */
function lastEvents({ recordings, micros }: Player, count: number): ShownEvent[] {
  const found: ShownEvent[] = [];
  for (const recording of recordings) {
    const { events, header } = recording;
    let own = 0;
    for (let row = recording.eventsUntil(micros) - 1; row >= 0 && own < count; row--) {
      const text = eventText(recording, row);
      if (text === null) continue;
      own++;
      const at = events.micros[row]!;
      const who = recordings.length > 1 ? `${header.policy}: ` : "";
      found.push({
        micros: at,
        text: `${formatMoment(at).padStart(12)}  ${who}${text}`,
        isDenial: events.kind[row] === EVENT_DENY,
      });
    }
  }
  return found.sort((a, b) => b.micros - a.micros).slice(0, count);
}

/** Of events that are worth a line: null for the rest. */
function eventText({ events, words }: Recording, row: number): string | null {
  const [size, flags, to] = [events.size[row]!, events.flags[row]!, events.to[row]!];
  switch (events.kind[row]) {
    case EVENT_DENY:
      return `OOM: ${CLASS_NAMES[flags & FLAG_CLASS_MASK]} request of ${formatBytes(size)} denied, ${OOM_CAUSES[to]}`;
    case EVENT_COMPACT_END:
      return `${(flags & FLAG_IS_PROACTIVE) !== 0 ? "proactive" : "reactive"} compaction: ${formatBytes(size)} moved (${words[to]})`;
    case EVENT_WATCHDOG:
      return `watchdog: ${words[to]}`;
    default:
      return null;
  }
}

function least(...all: readonly Float64Array[]): number {
  let found = 1;
  for (const values of all) for (const value of values) if (value < found) found = value;
  return found;
}

function floorTo(value: number, step: number): number {
  return Math.max(0, Math.floor(value / step) * step);
}

function spread(left: string, right: string, columns: number): string {
  const space = columns - left.length - right.length;
  return space < 1 ? cut(`${right}  ${left}`, columns) : `${left}${" ".repeat(space)}${right}`;
}

export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}
