// A comparison with a baseline, laid out: text, Markdown, JUnit, GitHub annotations. A row that fails says which figure
// failed, by how much, for which seeds, and the command that shows it.

import type { BaselineFile } from "../../sim/suite/baseline.ts";
import { percentText } from "../../sim/suite/plan.ts";
import type {
  RegressionFigure,
  RegressionReport,
  RegressionRow,
  RegressionVerdict,
} from "../../sim/suite/regression.ts";
import { reproduceCommand } from "../../sim/suite/reproduce.ts";
import type { Palette } from "../colour.ts";
import { formatCount, formatSigned } from "./format.ts";
import { differenceText } from "./suite-report.ts";
import { renderMarkdownTable, renderTable } from "./table.ts";

/** A comparison with where it came from. */
export interface ComparedFiles {
  readonly baselinePath: string;
  readonly currentPath: string;
  readonly baseline: BaselineFile;
  readonly current: BaselineFile;
  readonly report: RegressionReport;
}

/** Words of the verdicts, as people read them. */
export const REGRESSION_WORDS: Readonly<Record<RegressionVerdict, string>> = {
  identical: "= identical",
  same: "~ changed, same",
  better: "✓ better",
  worse: "✗ worse",
};
const ORDER: readonly RegressionVerdict[] = ["worse", "better", "same", "identical"];
/** Annotations of one kind that GitHub shows; more are dropped by it without a word. */
const MOST_ANNOTATIONS = 10;
/** GitHub refuses step summaries over 1 MiB. */
export const MOST_SUMMARY_BYTES = 900_000;

/** "burst 95 % predictive". */
export function rowName(row: RegressionRow): string {
  return `${row.scenario} ${percentText(row.pressureRatio)} % ${row.policy}`;
}

/** The line that runs a row again; of a failed row its worst seed. */
export function rowCommand({ current }: ComparedFiles, row: RegressionRow): string {
  const seed = row.worstSeeds[0] ?? row.changedSeeds[0];
  return reproduceCommand(current.suite, {
    scenario: row.scenario,
    pressureRatio: row.pressureRatio,
    policies: [row.policy],
    ...(seed === undefined ? {} : { seed }),
  });
}

/** "worse: 2 of 100 rows worse, 1 better, 7 changed but the same, 90 identical". */
export function compareVerdict({ report }: ComparedFiles): string {
  const { counts, rows, verdict } = report;
  if (verdict === "identical") return `identical: all ${rows.length} rows, bit by bit`;
  const word = verdict === "same" ? "changed, same" : verdict;
  return `${word}: of ${rows.length} rows ${counts.worse} worse, ${counts.better} better, ${counts.same} changed but the same, ${counts.identical} identical`;
}

export function compareText(files: ComparedFiles, palette: Palette): string {
  const { report, baseline, current } = files;
  const lines = [
    palette.strong("mempred compare"),
    ...renderTable(
      [
        ["baseline", files.baselinePath, `version ${baseline.version}`, `digest ${baseline.digest}`],
        ["current", files.currentPath, `version ${current.version}`, `digest ${current.digest}`],
      ],
      { leftColumns: [0, 1, 2, 3] },
    ),
  ];
  for (const verdict of ORDER.slice(0, 3)) {
    for (const row of report.rows.filter((one) => one.verdict === verdict)) {
      lines.push("", `${colour(verdict, palette)}   ${palette.strong(rowName(row))}`, ...rowText(files, row));
    }
  }
  lines.push("", `${palette.strong("verdict:")} ${compareVerdict(files)}`);
  return `${lines.join("\n")}\n`;
}

function rowText(files: ComparedFiles, row: RegressionRow): string[] {
  const shown = row.figures.filter((figure) => figure.verdict !== "same");
  const lines = figureRows(shown).map((cells) => cells);
  const table = renderTable(lines, { leftColumns: [0, 4], indent: 4, gap: 3 });
  if (row.verdict === "same")
    return [`    seeds ${row.changedSeeds.join(", ")} ran differently; no figure moved beyond its tolerance`];
  if (row.verdict === "better") return table;
  const command = rowCommand(files, row);
  return [
    ...table,
    `    worst seeds: ${row.worstSeeds.join(", ")}`,
    `    reproduce:   ${command}`,
    `    first event that differs: run it with --journal on both versions, then: mempred compare before.jsonl after.jsonl`,
  ];
}

function figureRows(figures: readonly RegressionFigure[]): string[][] {
  return figures.map((figure) => [
    figure.title,
    formatCount(figure.interval.baseline),
    `→ ${formatCount(figure.interval.policy)}`,
    differenceText(figure.interval, formatSigned),
    figure.verdict,
  ]);
}

export function compareMarkdown(files: ComparedFiles): string {
  const { report } = files;
  const lines = ["# mempred compare", "", `**${compareVerdict(files)}**`, ""];
  lines.push(`${files.baselinePath} (${files.baseline.digest}) against ${files.currentPath} (${files.current.digest})`);
  const changed = ORDER.flatMap((verdict) =>
    report.rows.filter((row) => row.verdict === verdict && verdict !== "identical"),
  );
  if (changed.length > 0) {
    const header = ["row", "verdict", "figure", "baseline", "current", "difference [95 % CI]", "worst seeds"];
    const body = changed.flatMap((row) => {
      const moved = row.figures.filter((figure) => figure.verdict !== "same");
      const seeds = row.worstSeeds.join(", ");
      if (moved.length === 0) return [[rowName(row), REGRESSION_WORDS[row.verdict], "", "", "", "", seeds]];
      return moved.map((figure) => [
        rowName(row),
        REGRESSION_WORDS[row.verdict],
        `${figure.title} ${figure.verdict}`,
        formatCount(figure.interval.baseline),
        formatCount(figure.interval.policy),
        differenceText(figure.interval, formatSigned),
        seeds,
      ]);
    });
    lines.push("", ...renderMarkdownTable(header, body));
  }
  const failed = report.rows.filter((row) => row.verdict === "worse");
  if (failed.length > 0)
    lines.push("", "Reproduce:", "", "```sh", ...failed.map((row) => rowCommand(files, row)), "```");
  return `${lines.join("\n")}\n`;
}

/** JUnit XML: a test case a row; a row that got worse is a failure. */
export function compareJunit(files: ComparedFiles): string {
  const { rows, counts } = files.report;
  const cases = rows.map((row) => {
    const open = `    <testcase classname="mempred.${xml(row.scenario)}" name="${xml(rowName(row))}"`;
    if (row.verdict !== "worse")
      return `${open}><system-out>${xml(REGRESSION_WORDS[row.verdict])}</system-out></testcase>`;
    const message = row.figures
      .filter((figure) => figure.verdict === "worse")
      .map((figure) => `${figure.title} ${differenceText(figure.interval, formatSigned)}`)
      .join("; ");
    const body = `worst seeds: ${row.worstSeeds.join(", ")}\nreproduce: ${rowCommand(files, row)}`;
    return `${open}>\n      <failure message="${xml(message)}" type="worse">${xml(body)}</failure>\n    </testcase>`;
  });
  const totals = `tests="${rows.length}" failures="${counts.worse}" errors="0" skipped="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="mempred" ${totals}>`,
    `  <testsuite name="mempred compare" ${totals}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** Workflow commands for GitHub: an error a row that got worse, a notice a row that got better, at most 10 of each. */
export function compareAnnotations(files: ComparedFiles): string {
  const lines: string[] = [];
  const annotate = (kind: "error" | "notice", verdict: RegressionVerdict) => {
    const rows = files.report.rows.filter((row) => row.verdict === verdict);
    // The last place says how many had none, so that nobody believes these were all.
    const shown = rows.length > MOST_ANNOTATIONS ? rows.slice(0, MOST_ANNOTATIONS - 1) : rows;
    for (const row of shown) {
      const moved = row.figures.filter((figure) => figure.verdict === verdict);
      const figures = moved.map((f) => `${f.title} ${differenceText(f.interval, formatSigned)}`).join("; ");
      const more =
        verdict === "worse" ? `\nworst seeds: ${row.worstSeeds.join(", ")}\nreproduce: ${rowCommand(files, row)}` : "";
      lines.push(`::${kind} title=${property(`${verdict}: ${rowName(row)}`)}::${data(figures + more)}`);
    }
    if (rows.length > shown.length)
      lines.push(
        `::${kind} title=${property(`${verdict}: ${rows.length - shown.length} more rows`)}::see the step summary`,
      );
  };
  annotate("error", "worse");
  annotate("notice", "better");
  return lines.map((line) => `${line}\n`).join("");
}

/** The step summary: Markdown, cut at a line when it is too long. */
export function stepSummary(files: ComparedFiles): string {
  const text = compareMarkdown(files);
  if (Buffer.byteLength(text) <= MOST_SUMMARY_BYTES) return text;
  const cut = Buffer.from(text).subarray(0, MOST_SUMMARY_BYTES).toString("utf8");
  return `${cut.slice(0, cut.lastIndexOf("\n"))}\n\n(cut: the whole comparison is in the log)\n`;
}

/** The comparison as data: `mempred.compare/1`. */
export function compareDocument(files: ComparedFiles) {
  const { report, baseline, current } = files;
  return {
    schema: "mempred.compare/1",
    verdict: report.verdict,
    counts: report.counts,
    baseline: { path: files.baselinePath, version: baseline.version, digest: baseline.digest },
    current: { path: files.currentPath, version: current.version, digest: current.digest },
    rows: report.rows.map((row) => ({ ...row, reproduce: row.verdict === "worse" ? rowCommand(files, row) : null })),
  };
}

function colour(verdict: RegressionVerdict, palette: Palette): string {
  const word = REGRESSION_WORDS[verdict];
  return verdict === "worse" ? palette.bad(word) : verdict === "better" ? palette.good(word) : palette.dim(word);
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Escapes as GitHub's workflow commands want it. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
