// The report of a suite as Markdown, for pull requests and notebooks. The verdict comes first: a page is read from the top.

import { percentText } from "../../sim/suite/plan.ts";
import type { SuiteReport } from "./suite-report.ts";
import { renderMarkdownTable } from "./table.ts";
import { VERDICT_WORDS } from "./verdict-text.ts";

/** The whole report, ending in a newline. */
export function suiteMarkdown(report: SuiteReport, reproduce: string): string {
  const lines = ["# mempred", "", report.heading.join(" · "), ""];
  for (const sentence of report.verdicts) lines.push(`- ${sentence}`);
  if (report.cost !== "") lines.push("", `Cost: ${report.cost}`);
  for (const caution of report.cautions) lines.push("", `> ${caution}`);
  if (report.levels !== null) {
    const { pressures, rows } = report.levels;
    const what = report.policy === null ? report.baseline : `${report.baseline} → ${report.policy}`;
    lines.push("", "## All levels", "", `Avoidable OOM a run, ${what}.`, "");
    const body = rows.map((row) => [
      row.scenario,
      ...row.cells.map((cell) => (cell.verdict === null ? cell.text : `${cell.text} ${VERDICT_WORDS[cell.verdict]}`)),
    ]);
    lines.push(...renderMarkdownTable(["scenario", ...pressures.map((level) => `${percentText(level)} %`)], body));
  }
  if (report.ranking !== null) {
    const { pressureRatio, header, rows } = report.ranking;
    lines.push("", `## All policies, pressure ${percentText(pressureRatio)} %`, "");
    lines.push(
      ...renderMarkdownTable(
        header,
        rows.map((row) => [row.policy, ...row.cells]),
      ),
    );
  }
  for (const block of report.blocks) {
    lines.push("", `## ${block.scenario}, pressure ${percentText(block.pressureRatio)} %`, "", block.demand, "");
    const header = [
      "",
      report.baseline,
      ...(report.policy === null ? [] : [report.policy, "difference [95 % CI]", ""]),
    ];
    const body = block.rows.map((row) => [
      row.label,
      row.baseline,
      row.policy,
      row.difference,
      row.mark === "none" ? "" : row.mark,
    ]);
    lines.push(
      ...renderMarkdownTable(
        header,
        body.map((row) => row.slice(0, header.length)),
      ),
      "",
    );
    for (const [label, text] of block.lines) lines.push(`- ${label}: ${text}`);
  }
  lines.push("", "Reproduce:", "", "```sh", reproduce, "```");
  return `${lines.join("\n")}\n`;
}
