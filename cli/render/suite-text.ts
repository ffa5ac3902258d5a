// The report of a suite on a terminal: a block per scenario, a table of all levels, and at the end, where eyes are when it
// stops scrolling, the verdict, what it cost and what to do next.

import { percentText } from "../../sim/suite/plan.ts";
import type { Verdict } from "../../sim/suite/verdicts.ts";
import type { Palette } from "../colour.ts";
import type { Mark, ReportBlock, SuiteReport } from "./suite-report.ts";
import { renderTable } from "./table.ts";
import { VERDICT_WORDS } from "./verdict-text.ts";

const MARK_WORDS: Readonly<Record<Mark, string>> = {
  better: "✓ better",
  worse: "✗ worse",
  unclear: "~ not shown",
  equal: "= equal",
  cost: "cost",
  saved: "saved",
  none: "",
};

/** The whole report, ending in a newline. */
export function suiteText(report: SuiteReport, palette: Palette): string {
  const lines = [`${palette.strong("mempred")} · ${report.heading.join(" · ")}`];
  for (const caution of report.cautions) lines.push(palette.dim(`  ! ${caution}`));
  for (const block of report.blocks) lines.push("", ...blockText(block, report, palette));
  if (report.ranking !== null) lines.push("", ...rankingText(report, palette));
  if (report.levels !== null) lines.push("", ...levelsText(report, palette));
  lines.push("", ...closingText(report, palette));
  return `${lines.join("\n")}\n`;
}

/** The verdict alone, for --quiet. */
export function verdictText(report: SuiteReport, palette: Palette): string {
  return `${verdictLines(report, palette).join("\n")}\n`;
}

function blockText(block: ReportBlock, report: SuiteReport, palette: Palette): string[] {
  const title = `${palette.strong(block.scenario)}   pressure ${percentText(block.pressureRatio)} %`;
  const hasPolicy = report.policy !== null;
  const header = [
    "",
    palette.baseline(report.baseline),
    ...(hasPolicy ? [palette.predictive(report.policy!), "difference [95 % CI]", ""] : []),
  ];
  const rows = block.rows.map((row) => [
    row.label,
    row.baseline,
    ...(hasPolicy ? [row.policy, row.difference, colourMark(row.mark, palette)] : []),
  ]);
  const table = renderTable([header, ...rows], { leftColumns: [0, 4], indent: 2, gap: 3 });
  const width = Math.max(...block.rows.map((row) => row.label.length));
  const lines = block.lines.map(([label, text]) => `  ${label.padEnd(width)}   ${text}`);
  return [`${title}   ${palette.dim(block.demand)}`, ...table, ...lines];
}

function levelsText(report: SuiteReport, palette: Palette): string[] {
  const { pressures, rows } = report.levels!;
  const what = report.policy === null ? report.baseline : `${report.baseline} → ${report.policy}`;
  const header = ["", ...pressures.flatMap((level) => [`${percentText(level)} %`, ""])];
  const body = rows.map((row) => [
    row.scenario,
    ...row.cells.flatMap((cell) => [cell.text, cell.verdict === null ? "" : colourVerdict(cell.verdict, palette)]),
  ]);
  const legend = "✓ better  ✗ worse  ± mixed  ~ no difference shown  = equal  ? one seed";
  return [
    `${palette.strong("avoidable OOM a run, all levels")}   ${what}`,
    ...renderTable([header, ...body], { indent: 2, gap: 1 }),
    ...(report.policy === null ? [] : [palette.dim(`  ${legend}`)]),
  ];
}

function rankingText(report: SuiteReport, palette: Palette): string[] {
  const { pressureRatio, header, rows } = report.ranking!;
  const name = (policy: string) =>
    policy === report.baseline
      ? palette.baseline(policy)
      : policy === report.policy
        ? palette.predictive(policy)
        : policy;
  return [
    `${palette.strong("all policies")}   pressure ${percentText(pressureRatio)} %, mean over scenarios and seeds`,
    ...renderTable([header, ...rows.map((row) => [name(row.policy), ...row.cells])], { indent: 2, gap: 3 }),
  ];
}

function closingText(report: SuiteReport, palette: Palette): string[] {
  const lines = verdictLines(report, palette);
  if (report.cost !== "") lines.push(`cost:    ${report.cost}`);
  lines.push(palette.dim(`next:    ${report.next.join(" · ")}`));
  return lines;
}

function verdictLines(report: SuiteReport, palette: Palette): string[] {
  return report.verdicts.map((sentence, i) =>
    i === 0 ? `${palette.strong("verdict:")} ${sentence}` : `         ${sentence}`,
  );
}

function colourMark(mark: Mark, palette: Palette): string {
  const word = MARK_WORDS[mark];
  if (mark === "better" || mark === "saved") return palette.good(word);
  return mark === "worse" || mark === "cost" ? palette.bad(word) : palette.dim(word);
}

/** The mark alone: the table has a legend. */
function colourVerdict(verdict: Verdict, palette: Palette): string {
  const mark = VERDICT_WORDS[verdict].slice(0, 1);
  if (verdict === "better") return palette.good(mark);
  return verdict === "worse" || verdict === "mixed" ? palette.bad(mark) : palette.dim(mark);
}
