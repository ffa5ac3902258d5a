// Sections (a title, a table, notes) as text for a terminal and as Markdown.

import type { Palette } from "../colour.ts";
import type { ReportSection } from "./run-report.ts";
import { renderMarkdownTable, renderTable } from "./table.ts";

/** Heading and sections as text, ending in a newline. */
export function sectionsText(heading: readonly string[], sections: readonly ReportSection[], palette: Palette): string {
  const lines = [`${palette.strong("mempred")} · ${heading.join(" · ")}`];
  for (const section of sections) {
    lines.push("", palette.strong(section.title));
    if (section.rows !== undefined) {
      const { header = [], rows, leftColumns = [0] } = section;
      const table = renderTable([header, ...rows], { leftColumns, gap: 3 });
      lines.push(...table.map((line, i) => (i === 0 ? palette.dim(line) : line)));
    }
    for (const note of section.notes ?? []) lines.push(palette.dim(`  ${note}`));
  }
  return `${lines.join("\n")}\n`;
}

/** The same as Markdown. */
export function sectionsMarkdown(heading: readonly string[], sections: readonly ReportSection[]): string {
  const lines = ["# mempred", "", heading.join(" · ")];
  for (const section of sections) {
    lines.push("", `## ${section.title}`);
    if (section.rows !== undefined) lines.push("", ...renderMarkdownTable(section.header ?? [], section.rows));
    for (const note of section.notes ?? []) lines.push("", note);
  }
  return `${lines.join("\n")}\n`;
}
