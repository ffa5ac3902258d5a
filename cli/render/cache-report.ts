// The text of a cache replay: a table a trace, bars at the size that tells most, the curve where it was asked for, and over all
// cells who had the most hits and what that is worth against LRU and the bound.

import type { CacheDocument, CachePolicySummary, CacheRow, CacheTraceSummary } from "../cache-document.ts";
import type { Palette } from "../colour.ts";
import { bar, type CurveSeries, curveChart } from "./cache-chart.ts";
import { type CacheCell, type CacheStanding, cellsOf, standings } from "./cache-standings.ts";
import { formatBytes, formatCount } from "./format.ts";
import { renderTable } from "./table.ts";

const BAR_CHARACTERS = 40;
const MOST_TRACES_WITH_BARS = 3;
const MOST_PLOT_CHARACTERS = 72;
const MARKS = "abcdefghijklmnopqrstuvwxyz";
const BEST = "*";

/** The whole text, ending in a newline. @param width characters in a line */
export function cacheReport(document: CacheDocument, palette: Palette, width: number): string {
  const { traces, policies, rows, seed, digest } = document;
  const cells = cellsOf(document);
  const counted = (count: number, what: string) => `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
  const head = [
    "mempred cache",
    counted(traces.length, "trace"),
    `${formatCount(policies.length)} ${policies.length === 1 ? "policy" : "policies"}`,
    counted(cells.length, "cell"),
    `seed ${seed}`,
    `digest ${digest}`,
  ];
  const lines = [palette.strong(head.join(" · "))];
  for (const trace of traces) {
    const own = rows.filter((row) => row.trace === trace.name);
    lines.push("", `${palette.strong(trace.name)}   ${traceFacts(trace)}`);
    for (const unit of ["entries", "bytes"] as const) {
      const some = own.filter((row) => (row.entries === null) === (unit === "bytes"));
      if (some.length === 0) continue;
      lines.push("", ...ratioTables("hit ratio %", some, policies, (row) => row.hitRatio, palette, width));
      if (unit === "bytes")
        lines.push("", ...ratioTables("byte hit ratio %", some, policies, (row) => row.byteHitRatio!, palette, width));
      const told = cells.filter((cell) => cell.trace === trace.name && cell.unit === unit);
      if (traces.length <= MOST_TRACES_WITH_BARS) lines.push("", ...bars(told, policies, palette));
      if (document.curves !== undefined) lines.push("", ...curve(document, trace, some, width));
    }
  }
  if (cells.length > 1) lines.push("", ...standingLines(standings(document), cells.length, palette));
  if (rows.some((row) => row.entries === null && isBound(row, policies)))
    lines.push("", palette.dim("By bytes the optimum is NP-hard: there opt is a strong mark and not a bound."));
  lines.push("", cacheVerdict(document, palette).trimEnd(), palette.dim(nextSteps(document)));
  return `${lines.join("\n")}\n`;
}

/** One line, ending in a newline. */
export function cacheVerdict(document: CacheDocument, palette: Palette): string {
  const cells = cellsOf(document);
  const all = standings(document);
  const best = all.filter((one) => !one.isBound).sort((a, b) => b.meanHitRatio - a.meanHitRatio)[0];
  const partial = document.isPartial === true ? "partial: " : "";
  if (best === undefined) return `${partial}verdict: bounds alone compete with nobody.\n`;
  const lru = all.find((one) => one.policy === "lru");
  const bound = all.filter((one) => one.isBound).sort((a, b) => b.meanHitRatio - a.meanHitRatio)[0];
  const where = cells.length === 1 ? "" : ` on average over ${cells.length} cells, most hits on ${best.most}`;
  const against = [
    ...(lru === undefined || lru === best ? [] : [`lru ${percent(lru.meanHitRatio)}`]),
    ...(bound === undefined ? [] : [`the bound ${bound.policy} ${percent(bound.meanHitRatio)}`]),
  ];
  const tail = against.length === 0 ? "" : `; ${against.join(", ")}`;
  return `${partial}verdict: ${palette.good(best.policy)} finds ${percent(best.meanHitRatio)}${where}${tail}.\n`;
}

function traceFacts(trace: CacheTraceSummary): string {
  const facts = [`${formatCount(trace.requests)} requests`, `${formatCount(trace.keys)} keys`];
  if (trace.footprintBytes !== null) facts.push(`${formatBytes(trace.footprintBytes)} of objects`);
  return [...facts, trace.format].join(" · ");
}

/** Policies down, sizes across, as many as a line takes; the best policy of each column is marked. */
function ratioTables(
  title: string,
  rows: readonly CacheRow[],
  policies: readonly CachePolicySummary[],
  ratioOf: (row: CacheRow) => number,
  palette: Palette,
  width: number,
): string[] {
  const sizes = [...new Set(rows.map(sizeOf))];
  const labelWidth = Math.max(title.length, ...policies.map((policy) => labelOf(policy).length)) + 2;
  const cellWidth = Math.max(6, ...rows.map((row) => sizeText(row).length)) + 3;
  const perTable = Math.max(1, Math.floor((width - labelWidth) / cellWidth));
  const lines: string[] = [];
  for (let from = 0; from < sizes.length; from += perTable) {
    const columns = sizes.slice(from, from + perTable).map((size) => rows.filter((row) => sizeOf(row) === size));
    const best = columns.map((column) =>
      Math.max(...column.filter((row) => !isBound(row, policies)).map(ratioOf), -Infinity),
    );
    const table = policies.map((policy) => [
      labelOf(policy),
      ...columns.map((column, i) => {
        const row = column.find((one) => one.policy === policy.id);
        if (row === undefined) return "";
        const text = (100 * ratioOf(row)).toFixed(2);
        return !policy.isBound && ratioOf(row) === best[i] ? palette.good(`${text}${BEST}`) : `${text} `;
      }),
    ]);
    const header = [title, ...columns.map((column) => `${sizeText(column[0]!)} `)];
    if (lines.length > 0) lines.push("");
    lines.push(...renderTable([header, ...table]));
  }
  return lines;
}

/** Bars at the size where the policies differ most. */
function bars(cells: readonly CacheCell[], policies: readonly CachePolicySummary[], palette: Palette): string[] {
  const gap = (cell: CacheCell) => {
    const ratios = cell.rows.filter((row) => !isBound(row, policies)).map((row) => row.hitRatio);
    return ratios.length === 0 ? 0 : Math.max(...ratios) - Math.min(...ratios);
  };
  const told = cells.reduce((best, cell) => (gap(cell) > gap(best) ? cell : best));
  const labelWidth = Math.max(...policies.map((policy) => policy.id.length));
  const lines = policies.flatMap((policy) => {
    const row = told.rows.find((one) => one.policy === policy.id);
    if (row === undefined) return [];
    const picture = bar(row.hitRatio, BAR_CHARACTERS);
    const colour = policy.isBound ? palette.dim : policy.id === "lru" ? palette.baseline : palette.predictive;
    const note = policy.isBound ? "  bound" : "";
    return [`    ${policy.id.padEnd(labelWidth)}  ${colour(picture)}  ${percent(row.hitRatio).padStart(8)}${note}`];
  });
  const unit = told.unit === "entries" ? " entries" : "";
  return [`  hits at ${sizeText(told.rows[0]!)}${unit}`, ...lines];
}

function curve(document: CacheDocument, trace: CacheTraceSummary, rows: readonly CacheRow[], width: number): string[] {
  const isByBytes = rows[0]!.entries === null;
  const exact = isByBytes ? undefined : document.curves?.find((one) => one.trace === trace.name);
  const series: CurveSeries[] = [];
  if (exact !== undefined) {
    const points = exact.points.map(({ entries, missRatio }) => ({ size: entries, missRatio }));
    series.push({ label: "lru, exact at every size", mark: ".", points });
  }
  const others = document.policies.filter(({ id }) => exact === undefined || id !== "lru");
  others.forEach((policy, i) => {
    const points = rows
      .filter((row) => row.policy === policy.id)
      .map((row) => ({ size: sizeOf(row), missRatio: 1 - row.hitRatio }));
    const label = `${policy.id}${policy.isBound ? " (bound)" : ""}`;
    if (points.length > 0) series.push({ label, mark: MARKS[i % MARKS.length]!, points });
  });
  const chart = curveChart(series, {
    width: Math.min(MOST_PLOT_CHARACTERS, width - 20),
    formatSize: isByBytes ? (size) => formatBytes(size).replace(" ", "") : formatCount,
    unit: isByBytes ? "" : "entries",
  });
  return [`  miss ratio over the size, ${trace.name}`, ...chart.map((line) => line.trimEnd())];
}

function standingLines(all: readonly CacheStanding[], cells: number, palette: Palette): string[] {
  const points = (ratio: number | null) =>
    ratio === null ? "" : `${ratio > 0 ? "+" : ratio < 0 ? "−" : ""}${Math.abs(100 * ratio).toFixed(2)}`;
  const table = all.map((one) => [
    one.policy,
    one.isBound ? "bound" : "",
    (100 * one.meanHitRatio).toFixed(2),
    one.isBound ? "" : `${one.most} of ${cells}`,
    points(one.meanAgainstLru),
    points(one.worstAgainstLru),
    one.gapClosed === null ? "" : percent(one.gapClosed, 0),
  ]);
  const header = ["over all cells", "", "mean hit %", "most hits", "over lru", "at worst", "gap closed"];
  const lines = renderTable([header, ...table], { leftColumns: [0, 1] });
  const hasLru = all.some((one) => one.policy === "lru");
  const note = "  over lru: percentage points; gap closed: of that between lru and the best bound";
  return [palette.strong(lines[0]!), ...lines.slice(1), ...(hasLru ? [palette.dim(note)] : [])];
}

function nextSteps({ curves, policies }: CacheDocument): string {
  const steps = [
    ...(curves === undefined ? ["--curve draws the miss ratio over the size"] : []),
    ...(policies.length < 4 ? ["--policies all"] : []),
    "mempred cache policies",
  ];
  return `next: ${steps.join(" · ")}`;
}

function labelOf(policy: CachePolicySummary): string {
  return policy.isBound ? `${policy.id} (bound)` : policy.id;
}

function isBound(row: CacheRow, policies: readonly CachePolicySummary[]): boolean {
  return policies.find((policy) => policy.id === row.policy)?.isBound === true;
}

function sizeOf(row: CacheRow): number {
  return row.entries ?? row.bytes!;
}

function sizeText(row: CacheRow): string {
  return row.entries === null ? formatBytes(row.bytes!).replace(" ", "") : formatCount(row.entries);
}

function percent(ratio: number, digits = 2): string {
  const text = (100 * ratio).toFixed(digits);
  return `${/^-[0.]+$/.test(text) ? text.slice(1) : text.replace("-", "−")} %`;
}
