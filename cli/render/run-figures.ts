// Pictures of recorded runs as SVG: pressure over time with the forecast at the moment it was for, what was denied and what was
// compacted; and the heap at one moment.

import { HORIZON_MICROS } from "../../core/units.ts";
import { criticalThreshold } from "../../sim/pressure-meter.ts";
import { EVENT_COMPACT_END, EVENT_COMPACT_START, EVENT_DENY, FLAG_IS_PROACTIVE } from "../../sim/recording/columns.ts";
import { CELL_NAMES, HeapView } from "../../sim/recording/heap-view.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { formatBytes, formatCount, formatMoment, formatPercent } from "./format.ts";
import { policyStyles, styleId } from "./svg-styles.ts";
import { SvgWriter } from "./svg-writer.ts";

const WIDTH = 1000;
const LEFT = 62;
const RIGHT = 20;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const LANE_HEIGHT = 190;
/** Points of a line at most: two a pixel, the least and the most within it. */
const MOST_POINTS = PLOT_WIDTH;

/** One lane a run, the same time for all. Null without a tick to draw. */
export function timelineFigure(recordings: readonly Recording[], fromMicros = 0, toMicros = Infinity): string | null {
  const drawn = recordings.filter((one) => one.ticks.count > 1);
  if (drawn.length === 0) return null;
  const end = Math.min(toMicros, Math.max(...drawn.map((one) => one.endMicros)));
  const styles = policyStyles(drawn.map((one) => one.header.policy));
  const { scenario, pressureRatio, seed } = drawn[0]!.header;
  const height = 60 + drawn.length * LANE_HEIGHT + 34;
  const svg = new SvgWriter({
    widthPixels: WIDTH,
    heightPixels: height,
    title: `Pressure over time: ${scenario}, ${formatPercent(pressureRatio)}, seed ${seed}`,
    description: drawn.map((one) => describe(one, fromMicros, end)).join(" "),
    styles,
  });
  svg.text(20, 26, `${scenario} at ${formatPercent(pressureRatio)}, seed ${seed}: pressure over time`, "title");
  svg.text(
    20,
    46,
    "Line: pressure. Dashes: forecast, drawn at the moment it was for; shade: up to its bound. × denied. Ticks below: compactions, long ones proactive.",
    "axis",
  );
  const low = lowestShown(drawn, fromMicros, end);
  drawn.forEach((recording, i) => {
    drawLane(svg, recording, { top: 66 + i * LANE_HEIGHT, fromMicros, toMicros: end, low });
  });
  for (let i = 0; i <= 5; i++) {
    const micros = fromMicros + ((end - fromMicros) * i) / 5;
    const x = LEFT + (PLOT_WIDTH * i) / 5;
    svg.text(x, height - 12, formatMoment(micros), "axis", i === 0 ? "start" : i === 5 ? "end" : "middle");
  }
  return svg.finish();
}

interface Lane {
  readonly top: number;
  readonly fromMicros: number;
  readonly toMicros: number;
  readonly low: number;
}

function drawLane(svg: SvgWriter, recording: Recording, lane: Lane): void {
  const { top, fromMicros, toMicros, low } = lane;
  const { ticks, events, header } = recording;
  const plotHeight = LANE_HEIGHT - 62;
  const x = (micros: number) => LEFT + ((micros - fromMicros) / (toMicros - fromMicros)) * PLOT_WIDTH;
  const y = (ratio: number) => top + plotHeight - ((Math.max(low, ratio) - low) / (1 - low)) * plotHeight;
  const isShown = (micros: number) => micros >= fromMicros && micros <= toMicros;
  for (const ratio of [low, (1 + low) / 2, 1]) {
    svg.line(LEFT, y(ratio), WIDTH - RIGHT, y(ratio), "grid");
    svg.text(LEFT - 6, y(ratio) + 4, formatPercent(ratio), "axis", "end");
  }
  svg.line(
    LEFT,
    y(criticalThreshold(header.pressureRatio)),
    WIDTH - RIGHT,
    y(criticalThreshold(header.pressureRatio)),
    "diagonal",
  );

  const at = Array.from({ length: ticks.count }, (_, row) => row);
  const shown = at.filter((row) => isShown(ticks.micros[row]!));
  const foreseen = at.filter(
    (row) => !Number.isNaN(ticks.forecast[row]!) && isShown(ticks.micros[row]! + HORIZON_MICROS),
  );
  if (foreseen.length > 1) {
    const moment = (row: number) => x(ticks.micros[row]! + HORIZON_MICROS);
    const bound = (row: number) => y(Math.min(1, ticks.upper[row]!));
    const there = thin(foreseen).map((row) => [moment(row), bound(row)] as const);
    const back = thin(foreseen)
      .reverse()
      .map((row) => [moment(row), y(ticks.forecast[row]!)] as const);
    svg.path([...there, ...back], "band");
    svg.path(
      thin(foreseen).map((row) => [moment(row), y(ticks.forecast[row]!)]),
      "line-forecast",
    );
  }
  const id = styleId(header.policy);
  svg.path(
    thin(shown, ticks.pressure).map((row) => [x(ticks.micros[row]!), y(ticks.pressure[row]!)]),
    `line-${id}`,
  );

  let [denied, started] = [0, 0];
  for (let row = 0; row < events.count; row++) {
    const micros = events.micros[row]!;
    if (!isShown(micros)) continue;
    if (events.kind[row] === EVENT_DENY) {
      denied++;
      svg.marker(x(micros), top - 6, "cross", "oom", 3);
    } else if (events.kind[row] === EVENT_COMPACT_START) {
      started++;
      const isProactive = (events.flags[row]! & FLAG_IS_PROACTIVE) !== 0;
      svg.line(
        x(micros),
        top + plotHeight + 6,
        x(micros),
        top + plotHeight + (isProactive ? 18 : 11),
        `run-${isProactive ? "ahead" : "late"}`,
      );
    }
  }
  const counts = `${formatCount(denied)} denied, ${formatCount(started)} compactions`;
  svg.text(LEFT, top + plotHeight + 34, `${header.policy}: ${counts}`, "strong");
}

/** Every row, or so many that two come on a pixel: of each stretch the rows with the least and the most. */
function thin(rows: readonly number[], values?: Float64Array): number[] {
  if (rows.length <= MOST_POINTS) return [...rows];
  const stretch = Math.ceil((2 * rows.length) / MOST_POINTS);
  const kept: number[] = [];
  for (let from = 0; from < rows.length; from += stretch) {
    const part = rows.slice(from, from + stretch);
    if (values === undefined) kept.push(part[0]!);
    else {
      const least = part.reduce((a, b) => (values[b]! < values[a]! ? b : a));
      const most = part.reduce((a, b) => (values[b]! > values[a]! ? b : a));
      kept.push(...(least < most ? [least, most] : least > most ? [most, least] : [least]));
    }
  }
  return kept;
}

/** A round share under everything that is drawn: the interesting part is at the top. */
function lowestShown(recordings: readonly Recording[], from: number, to: number): number {
  let least = 1;
  for (const { ticks } of recordings) {
    for (let row = 0; row < ticks.count; row++) {
      const micros = ticks.micros[row]!;
      // What fills the arena at first is not what the picture is about.
      if (micros >= from && micros <= to && micros > 2 * HORIZON_MICROS) least = Math.min(least, ticks.pressure[row]!);
    }
  }
  return Math.max(0, Math.min(0.9, Math.floor(least * 20) / 20));
}

function describe({ ticks, events, header }: Recording, from: number, to: number): string {
  let [peak, denied, ended] = [0, 0, 0];
  for (let row = 0; row < ticks.count; row++)
    if (ticks.micros[row]! >= from && ticks.micros[row]! <= to) peak = Math.max(peak, ticks.pressure[row]!);
  for (let row = 0; row < events.count; row++) {
    if (events.micros[row]! < from || events.micros[row]! > to) continue;
    if (events.kind[row] === EVENT_DENY) denied++;
    else if (events.kind[row] === EVENT_COMPACT_END) ended++;
  }
  return `${header.policy}: peak pressure ${formatPercent(peak, 1)}, ${formatCount(denied)} requests denied, ${formatCount(ended)} compactions.`;
}

const MAP_COLUMNS = 128;
const CELL_PIXELS = 7;

/** The heap at a moment: a square a granule, in rows from left to right; granules of large arenas are drawn in groups. */
export function heapFigure(recording: Recording, micros: number): string {
  const view = new HeapView(recording);
  view.seek(micros);
  const group = Math.max(1, Math.ceil(view.granuleCount / (MAP_COLUMNS * 96)));
  const count = Math.ceil(view.granuleCount / group);
  const rows = Math.ceil(count / MAP_COLUMNS);
  const { policy, scenario, pressureRatio, seed, granuleBytes, capacityBytes } = recording.header;
  const used = view.usedBytes;
  const [left, top] = [20, 62];
  const svg = new SvgWriter({
    widthPixels: left * 2 + MAP_COLUMNS * CELL_PIXELS,
    heightPixels: top + rows * CELL_PIXELS + 40,
    title: `Heap map: ${policy}, ${scenario}, ${formatMoment(micros)}`,
    description: `${formatBytes(used)} of ${formatBytes(capacityBytes)} in ${formatCount(view.blocks.size)} blocks; ${formatCount(view.counts.ooms)} requests denied and ${formatCount(view.counts.runs)} compactions until then.`,
  });
  svg.text(
    left,
    26,
    `${policy}, ${scenario} at ${formatPercent(pressureRatio)}, seed ${seed}, ${formatMoment(micros)}`,
    "title",
  );
  svg.text(
    left,
    48,
    `${formatPercent(used / capacityBytes, 1)} used, ${formatCount(view.blocks.size)} blocks; a square is ${formatBytes(group * granuleBytes)}`,
    "axis",
  );
  const stateOf = (cell: number) => view.cells[Math.min(cell * group, view.granuleCount - 1)]!;
  for (let row = 0; row < rows; row++) {
    const end = Math.min(count, (row + 1) * MAP_COLUMNS);
    for (let from = row * MAP_COLUMNS; from < end; ) {
      let to = from + 1;
      while (to < end && stateOf(to) === stateOf(from)) to++;
      const column = from - row * MAP_COLUMNS;
      svg.rectangle(
        left + column * CELL_PIXELS,
        top + row * CELL_PIXELS,
        (to - from) * CELL_PIXELS,
        CELL_PIXELS - 1,
        `cell-${CELL_NAMES[stateOf(from)]}`,
      );
      from = to;
    }
  }
  CELL_NAMES.forEach((name, i) => {
    const x = left + i * 110;
    svg.rectangle(x, top + rows * CELL_PIXELS + 14, 12, 12, `cell-${name}`);
    svg.text(x + 18, top + rows * CELL_PIXELS + 24, name, "axis");
  });
  return svg.finish();
}
