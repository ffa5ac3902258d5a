// The text of a preload replay: a table a sequence, the means over several, and what it comes to.

import type { Palette } from "../colour.ts";
import type { PreloadDocument, PreloadRow, PreloadSequenceSummary } from "../preload-document.ts";
import { formatCount, formatPercent, formatSigned } from "./format.ts";
import { renderTable } from "./table.ts";

/** The whole text, ending in a newline. */
export function preloadReport(document: PreloadDocument, palette: Palette): string {
  const { sequences, rows, settings, digest } = document;
  const limit =
    settings.preloadsPerRequest === null ? "preloads not limited" : `at most ${settings.preloadsPerRequest} a request`;
  const head = [
    "mempred preload",
    `${formatCount(sequences.length)} ${sequences.length === 1 ? "sequence" : "sequences"}`,
    `${formatCount(settings.components)} components`,
    limit,
    `lookahead ${settings.lookahead}`,
    `load ${formatCount(settings.loadMillis)} ms`,
    `digest ${digest}`,
  ];
  const lines = [palette.strong(head.join(" · "))];
  for (const sequence of sequences) {
    const own = rows.filter((row) => row.sequence === sequence.name);
    if (own.length === 0) continue;
    lines.push("", `${palette.strong(sequence.name)}   ${factsOf(sequence)}`, "", ...tableOf(own));
    lines.push("", palette.dim(yardsticks(sequence)));
  }
  if (sequences.length > 1) lines.push("", ...meanLines(document, palette));
  lines.push("", preloadVerdict(document, palette).trimEnd(), palette.dim(NEXT_STEPS));
  return `${lines.join("\n")}\n`;
}

const NEXT_STEPS =
  "--waste 1 loads only what is nearly certain, --prefetches says how much; --json FILE keeps the rows; docs/preload-replay.md.";

/** One line, ending in a newline. */
export function preloadVerdict(document: PreloadDocument, palette: Palette): string {
  const partial = document.isPartial === true ? "partial: " : "";
  const best = meansOf(document)
    .filter(({ mode }) => mode !== "clairvoyant" && mode !== "off")
    .sort((a, b) => b.gainPoints - a.gainPoints)[0];
  if (best === undefined) return `${partial}verdict: nothing that preloads was run to its end.\n`;
  const { mode, gainPoints, preloadsPerRequest, wastedShare } = best;
  const gain = `${points(gainPoints)} points`;
  const wasted = wastedShare === null ? "" : `, ${formatPercent(wastedShare, 0)} of them for nothing`;
  const loads = `${preloadsPerRequest.toFixed(3)} preloads a request${wasted}`;
  const where = document.sequences.length > 1 ? ", on the average of the sequences" : "";
  const colour = gainPoints > 0 ? palette.good : palette.bad;
  return `${partial}verdict: ${mode} finds ${colour(gain)} more than LRU alone${where}, with ${loads}.\n`;
}

function factsOf({ requests, components, users, sessions, format }: PreloadSequenceSummary): string {
  const counted = (count: number, what: string) => `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
  const facts = [counted(requests, "request"), counted(components, "component"), counted(users, "user")];
  return [...facts, counted(sessions, "session"), format].join(" · ");
}

function tableOf(rows: readonly PreloadRow[]): string[] {
  const header = [
    "mode",
    "hits %",
    "gain",
    "preloads/request",
    "in time",
    "late",
    "wasted",
    "wasted %",
    "full",
    "wait ms",
  ];
  const body = rows.map((row) => [
    row.mode,
    (100 * row.hitRatio).toFixed(2),
    row.mode === "off" ? "" : points(row.gainPoints),
    row.preloadsPerRequest.toFixed(3),
    formatCount(row.inTime),
    formatCount(row.late),
    formatCount(row.wasted),
    row.wastedShare === null ? "" : (100 * row.wastedShare).toFixed(1),
    formatCount(row.queueFull),
    row.meanWaitMillis.toFixed(2),
  ]);
  return renderTable([header, ...body]);
}

/** What stands beside: the bounds without preloading, the model and its base rate. */
function yardsticks({ hitRatioLru, hitRatioOpt, accuracy }: PreloadSequenceSummary): string {
  const percent = (share: number | null) => (share === null ? "n/a" : `${(100 * share).toFixed(1)}`);
  const without = `without preloading: LRU ${(100 * hitRatioLru).toFixed(2)} %, the optimum ${(100 * hitRatioOpt).toFixed(2)} %`;
  if (accuracy === null) return without;
  const { top1, top3, baseTop1, baseTop3 } = accuracy;
  const model = `model ${percent(top1)} % at 1, ${percent(top3)} % at 3`;
  return `${without} · ${model}; the most frequent ${percent(baseTop1)} % and ${percent(baseTop3)} %`;
}

interface ModeMean {
  readonly mode: PreloadRow["mode"];
  readonly hitRatio: number;
  readonly gainPoints: number;
  readonly preloadsPerRequest: number;
  /** Of all preloads of all sequences. */
  readonly wastedShare: number | null;
  readonly meanWaitMillis: number;
  readonly leastGain: number;
  readonly mostGain: number;
}

/** Over the sequences, each counting the same. */
function meansOf({ rows }: PreloadDocument): ModeMean[] {
  return [...new Set(rows.map((row) => row.mode))].map((mode) => {
    const own = rows.filter((row) => row.mode === mode);
    const sum = (of: (row: PreloadRow) => number) => own.reduce((total, row) => total + of(row), 0);
    const judged = sum((row) => row.inTime + row.late + row.wasted);
    return {
      mode,
      hitRatio: sum((row) => row.hitRatio) / own.length,
      gainPoints: sum((row) => row.gainPoints) / own.length,
      preloadsPerRequest: sum((row) => row.preloadsPerRequest) / own.length,
      wastedShare: judged === 0 ? null : sum((row) => row.wasted) / judged,
      meanWaitMillis: sum((row) => row.meanWaitMillis) / own.length,
      leastGain: Math.min(...own.map((row) => row.gainPoints)),
      mostGain: Math.max(...own.map((row) => row.gainPoints)),
    };
  });
}

function meanLines(document: PreloadDocument, palette: Palette): string[] {
  const header = ["mean", "hits %", "gain", "least", "most", "preloads/request", "wasted %", "wait ms"];
  const body = meansOf(document).map((mean) => [
    mean.mode,
    (100 * mean.hitRatio).toFixed(2),
    ...(mean.mode === "off" ? ["", "", ""] : [mean.gainPoints, mean.leastGain, mean.mostGain].map(points)),
    mean.preloadsPerRequest.toFixed(3),
    mean.wastedShare === null ? "" : (100 * mean.wastedShare).toFixed(1),
    mean.meanWaitMillis.toFixed(2),
  ]);
  return [palette.strong("all sequences, each counting the same"), "", ...renderTable([header, ...body])];
}

/** Points always with two digits, so that columns line up. */
function points(value: number): string {
  return value === 0 ? "0.00" : formatSigned(Number(value.toFixed(2))).replace(/^([+−]\d+)$/, "$1.00");
}
