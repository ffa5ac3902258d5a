// The compactions of recorded runs as SVG: a lane a run, each compaction at its moment and as long as what it moved. Those made
// ahead of need stand up from the line, those for a request hang down from it.

import {
  type Compaction,
  type CompactionSums,
  compactionsUntil,
  sumCompactions,
} from "../../sim/recording/compactions.ts";
import { isOneDemand, type Recording } from "../../sim/recording/recording.ts";
import { formatBytes, formatCount, formatMicros, formatMoment, formatPercent } from "./format.ts";
import { axisTicks, BASELINE_COLOUR, PREDICTIVE_COLOUR, PREDICTIVE_DARK_COLOUR, SvgWriter } from "./svg-writer.ts";

const WIDTH = 1000;
const LEFT = 84;
const PLOT_WIDTH = WIDTH - LEFT - 20;
const HALF_HEIGHT = 70;
const TOP = 90;
/** Two lines of words, marks of what was spared, both halves. */
const LANE_HEIGHT = 60 + 2 * HALF_HEIGHT + 18;
/** Above this many in a lane their ends have no marks: the direction says it. */
const MOST_MARKED = 120;
/** Marks of what was spared are at least so far apart. */
const MARK_PIXELS = 7;
const RULES = {
  light: `.end-ahead{fill:${PREDICTIVE_COLOUR}}.end-late{fill:${BASELINE_COLOUR}}.dashes{stroke-dasharray:3 2}`,
  dark: `.end-ahead{fill:${PREDICTIVE_DARK_COLOUR}}.run-ahead{stroke:${PREDICTIVE_DARK_COLOUR}}`,
};

interface Lane {
  readonly recording: Recording;
  /** Oldest first. */
  readonly compactions: readonly Compaction[];
  readonly ahead: CompactionSums;
  readonly onRequest: CompactionSums;
  readonly all: CompactionSums;
  /** Who was denied what this run was spared; null where there is no other run of the same demand. */
  readonly other: string | null;
}

/** One lane a run, one scale for all. Null where no run compacted in that time. */
export function compactionFigure(recordings: readonly Recording[], fromMicros = 0, toMicros = Infinity): string | null {
  const end = Math.min(toMicros, Math.max(...recordings.map((one) => one.endMicros)));
  const lanes = recordings.map((recording, i) => laneOf(recording, otherOf(recordings, i), fromMicros, end));
  if (lanes.every(({ compactions }) => compactions.length === 0)) return null;
  const { scenario, pressureRatio, seed } = recordings[0]!.header;
  const height = TOP + lanes.length * LANE_HEIGHT + 28;
  const svg = new SvgWriter({
    widthPixels: WIDTH,
    heightPixels: height,
    title: `Compactions: ${scenario}, ${formatPercent(pressureRatio)}, seed ${seed}`,
    description: lanes.map((lane) => `${sumsText(lane)}; ${sparedText(lane)}.`).join(" "),
    rules: RULES,
  });
  svg.text(
    20,
    26,
    `${scenario} at ${formatPercent(pressureRatio)}, seed ${seed}: compactions and what they moved`,
    "title",
  );
  svg.text(20, 46, "Up: ahead of need, no request was pending. Down, dashed: for a request that could not be placed. The longer, the more was moved.", "axis"); // biome-ignore format: one line
  if (lanes.some(({ other }) => other !== null))
    svg.text(20, 62, "◆ spared: within 5 s after it the other run denied a request that this run served. How the runs differ, not proof that this compaction was why.", "axis"); // biome-ignore format: one line
  const mostBytes = Math.max(...lanes.flatMap(({ compactions }) => compactions.map((one) => one.movedBytes)));
  const unitBytes = mostBytes < 1 << 20 ? 1 << 10 : 1 << 20;
  const scale = axisTicks(mostBytes / unitBytes, 3).map((tick) => tick * unitBytes);
  lanes.forEach((lane, i) => {
    drawLane(svg, lane, { top: TOP + i * LANE_HEIGHT, fromMicros, toMicros: end, scale });
  });
  for (let i = 0; i <= 5; i++) {
    const anchor = i === 0 ? "start" : i === 5 ? "end" : "middle";
    const micros = fromMicros + ((end - fromMicros) * i) / 5;
    svg.text(LEFT + (PLOT_WIDTH * i) / 5, height - 12, formatMoment(micros), "axis", anchor);
  }
  return svg.finish();
}

/** The run whose denials a run is held against: the second for the first, the first for all others; null of another demand. */
function otherOf(recordings: readonly Recording[], i: number): Recording | null {
  const other = recordings[i === 0 ? 1 : 0];
  if (other === undefined) return null;
  return isOneDemand(recordings[i]!.header, other.header) ? other : null;
}

function laneOf(recording: Recording, other: Recording | null, fromMicros: number, toMicros: number): Lane {
  const compactions = compactionsUntil(recording, other, toMicros)
    .filter((one) => one.startMicros >= fromMicros)
    .reverse();
  return {
    ...{ recording, compactions },
    ahead: sumCompactions(compactions.filter((one) => one.isAhead)),
    onRequest: sumCompactions(compactions.filter((one) => !one.isAhead)),
    all: sumCompactions(compactions),
    other: other === null ? null : other.header.policy,
  };
}

function sumsText({ recording, ahead, onRequest, all }: Lane): string {
  const part = ({ runs, movedBytes }: CompactionSums, why: string) =>
    `${formatCount(runs)} ${why}${runs === 0 ? "" : `, ${formatBytes(movedBytes)} moved`}`;
  const longest = all.runs === 0 ? [] : [`the longest took ${formatMicros(all.longestMicros)}`];
  return `${recording.header.policy}: ${[part(ahead, "ahead of need"), part(onRequest, "for a request"), ...longest].join("; ")}`;
}

function sparedText({ all, other }: Lane): string {
  if (other === null) return "spared: not to be told without a second run of the same demand";
  if (all.spared === 0) return `spared: nothing that ${other} denied`;
  return `spared: ${formatCount(all.spared)} requests that ${other} denied, within 5 s after ${formatCount(all.sparing)} of the ${formatCount(all.runs)}`;
}

interface Frame {
  readonly top: number;
  readonly fromMicros: number;
  readonly toMicros: number;
  /** Ticks of the scale, bytes. */
  readonly scale: readonly number[];
}

function drawLane(svg: SvgWriter, lane: Lane, { top, fromMicros, toMicros, scale }: Frame): void {
  const { compactions } = lane;
  const middle = top + 60 + HALF_HEIGHT;
  const x = (micros: number) => LEFT + ((micros - fromMicros) / (toMicros - fromMicros)) * PLOT_WIDTH;
  const length = (bytes: number) => (bytes / scale.at(-1)!) * HALF_HEIGHT;
  svg.text(20, top + 12, sumsText(lane), "strong");
  svg.text(20, top + 29, sparedText(lane), "axis");
  for (const bytes of scale)
    for (const side of bytes === 0 ? [0] : [-1, 1]) {
      const y = middle + side * length(bytes);
      svg.line(LEFT, y, LEFT + PLOT_WIDTH, y, bytes === 0 ? "frame" : "grid");
      svg.text(LEFT - 6, y + 4, bytes === 0 ? "0" : tickText(bytes), "axis", "end");
    }
  svg.text(16, middle - HALF_HEIGHT / 2, "ahead", "axis", "middle", -90);
  svg.text(16, middle + HALF_HEIGHT / 2, "request", "axis", "middle", -90);
  const isMarked = compactions.length <= MOST_MARKED;
  for (const { startMicros, isAhead, movedBytes } of tallest(compactions, x)) {
    const [at, end] = [x(startMicros), middle + (isAhead ? -1 : 1) * length(movedBytes)];
    svg.line(at, middle, at, end, isAhead ? "run-ahead" : "run-late dashes");
    if (isMarked) svg.marker(at, end, isAhead ? "triangle" : "circle", isAhead ? "end-ahead" : "end-late", 3);
  }
  if (lane.other === null) return;
  svg.text(LEFT - 6, top + 50, "spared", "axis", "end");
  let last = -Infinity;
  for (const { startMicros, sparedIds } of compactions) {
    if (sparedIds.length === 0 || x(startMicros) < last + MARK_PIXELS) continue;
    last = x(startMicros);
    svg.marker(last, top + 46, "diamond", "bound", 4);
  }
}

/** 50 KiB · 2.5 MiB: no digit more than it has. */
function tickText(bytes: number): string {
  return bytes < 1 << 20 ? `${bytes / (1 << 10)} KiB` : `${bytes / (1 << 20)} MiB`;
}

/** Of those of one kind that fall on the same half pixel the longest line: it covers the others. */
function tallest(compactions: readonly Compaction[], x: (micros: number) => number): Iterable<Compaction> {
  const kept = new Map<string, Compaction>();
  for (const one of compactions) {
    const key = `${one.isAhead} ${Math.round(2 * x(one.startMicros))}`;
    const there = kept.get(key);
    if (there === undefined || one.movedBytes > there.movedBytes) kept.set(key, one);
  }
  return kept.values();
}
