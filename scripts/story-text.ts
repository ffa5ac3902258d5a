// The two stories of docs/reading.md as pictures and as sentences, all of it from the recordings.

import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMicros,
  formatMoment,
  formatPercent,
} from "../cli/render/format.ts";
import { heapFigure, timelineFigure } from "../cli/render/run-figures.ts";
import { CLASS_BUDGET_MICROS, CLASS_NAMES } from "../core/demand.ts";
import { blockLength, MICROS_PER_SECOND } from "../core/units.ts";
import { criticalThreshold } from "../sim/pressure-meter.ts";
import { OOM_CAUSES } from "../sim/result.ts";
import { type Arena, type Denial, RUN, type RunsBefore, type Stories, type Story } from "./stories.ts";

/** What the timeline shows of the time before and after the moment. */
const BEFORE_MICROS = 15 * MICROS_PER_SECOND;
const AFTER_MICROS = 5 * MICROS_PER_SECOND;
const TITLES = { avoided: "An OOM that was avoided", denied: "An OOM that was not" } as const;

type Name = keyof typeof TITLES;

/** By file name in docs/figures. */
export function storyFigures(stories: Stories): ReadonlyMap<string, string> {
  const { reactive, predictive } = stories;
  const files = new Map<string, string>();
  for (const name of ["avoided", "denied"] as const) {
    const { arrivalMicros: at } = stories[name];
    const timeline = timelineFigure([reactive, predictive], at - BEFORE_MICROS, at + AFTER_MICROS);
    if (timeline === null) throw new Error("the runs have no ticks");
    files.set(`story-${name}-timeline.svg`, timeline);
    for (const recording of [reactive, predictive])
      files.set(`story-${name}-heap-${recording.header.policy}.svg`, heapFigure(recording, at - 1));
  }
  return files;
}

/** Markdown, a block by name. */
export function storyBlocks(stories: Stories): ReadonlyMap<string, string> {
  return new Map((["avoided", "denied"] as const).map((name) => [name, block(name, stories[name])]));
}

function block(name: Name, story: Story): string {
  const { denial, arrivalMicros, reactive, predictive, other } = story;
  const needs = exact(blockLength(denial.sizeBytes));
  const budget = CLASS_BUDGET_MICROS[denial.requestClass]!;
  const mayWait = budget === 0 ? "may not wait" : `may wait ${formatMicros(budget)}`;
  const row = (label: string, of: (side: { readonly arena: Arena; readonly runs: RunsBefore }) => string) =>
    `| ${label} | ${of(reactive)} | ${of(predictive)} |`;
  const rows = [
    "| just before it came | reactive | predictive |",
    "|---|---|---|",
    row("free", ({ arena }) => exact(arena.freeBytes)),
    row("in so many holes", ({ arena }) => formatCount(arena.holes)),
    row("largest hole", ({ arena }) => exact(arena.largestHoleBytes)),
    row("pinned blocks", ({ arena }) => formatCount(arena.pinnedBlocks)),
    row("compacted ahead in the 5 s before", ({ runs }) => aheadOf(runs)),
    row("compacted for a request in the 5 s before", ({ runs }) => formatCount(runs.onRequest)),
    row("end of the last compaction", ({ runs }) => agoOf(runs)),
    `| outcome | ${outcomeOf(denial, arrivalMicros)} | ${outcomeOf(other, arrivalMicros)} |`,
  ];
  const minutes = formatDuration(RUN.durationSeconds);
  const pictures = [`timeline`, `heap-reactive`, `heap-predictive`].map(
    (part) => `![${TITLES[name]}: ${part.replace("-", " map, ")}](figures/story-${name}-${part}.svg)`,
  );
  return [
    `\`${RUN.scenario}\` at ${formatPercent(RUN.pressureRatio)}, seed ${RUN.seed}, ${minutes}. At ${formatMoment(arrivalMicros)} somebody asks for ` +
      `**${exact(denial.sizeBytes)}** (${needs} as a block), class \`${CLASS_NAMES[denial.requestClass]}\`: it ${mayWait}.`,
    rows.join("\n"),
    forecastSentence(story),
    witnessSentence(story),
    pictures.join("\n\n"),
  ].join("\n\n");
}

/** A hole that is 16 bytes too short is too short: no rounding. */
function exact(bytes: number): string {
  return `${formatCount(bytes)} B`;
}

function outcomeOf(denial: Denial | null, arrivalMicros: number): string {
  if (denial === null) return "served at once";
  const waited = denial.micros - arrivalMicros;
  return `denied, ${OOM_CAUSES[denial.cause]}, ${waited === 0 ? "at once" : `after ${formatMicros(waited)}`}`;
}

function aheadOf({ ahead, aheadBytes }: RunsBefore): string {
  return ahead === 0 ? "0" : `${formatCount(ahead)}, ${formatBytes(aheadBytes)} moved`;
}

function agoOf({ lastMicrosAgo }: RunsBefore): string {
  return lastMicrosAgo === null ? "none" : `${formatMicros(lastMicrosAgo)} before`;
}

function forecastSentence({ forecast }: Story): string {
  const { forecastRatio, upperRatio, cameRatio, isAlarm, alarmShare } = forecast;
  const [said, most, came] = [forecastRatio, upperRatio, cameRatio].map((ratio) => formatPercent(ratio, 1));
  const threshold = formatPercent(criticalThreshold(RUN.pressureRatio), 1);
  return (
    `The forecast for this moment, made 5 s earlier: pressure ${said}, at most ${most}; in the shadow arena it came to ${came}. ` +
    `That bound was ${isAlarm ? "an alarm" : "no alarm"} (critical is ${threshold}), as ` +
    `${formatPercent(isAlarm ? alarmShare : 1 - alarmShare)} of all bounds in this run were.`
  );
}

function witnessSentence({ witnesses }: Story): string {
  const list = (isDenied: boolean) =>
    witnesses.filter((one) => one.isDenied === isDenied).map((one) => `\`${one.policy}\``);
  const [served, denied] = [list(false), list(true)];
  return `The same request under other policies: ${[
    served.length > 0 ? `served under ${served.join(", ")}` : "",
    denied.length > 0 ? `denied under ${denied.join(", ")}` : "",
  ]
    .filter((text) => text !== "")
    .join("; ")}.`;
}
