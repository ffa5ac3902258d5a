// mempred compare: a result against a baseline, for people and for CI. Exit 1 when a row got worse, 4 when the two are not of
// one suite. Given two journals instead, it finds the first event at which they part.

import { appendFileSync } from "node:fs";
import { compareBaselines, DEFAULT_TOLERANCE_RATIO } from "../../sim/suite/regression.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_GATE, EXIT_OK } from "../exit.ts";
import { diffJournals, isJournal } from "../journal-diff.ts";
import { BASELINE_SIGNATURE, checkOutputs } from "../outputs.ts";
import { readBaselineFile } from "../read-result.ts";
import {
  type ComparedFiles,
  compareAnnotations,
  compareDocument,
  compareJunit,
  compareMarkdown,
  compareText,
  compareVerdict,
  stepSummary,
} from "../render/compare-report.ts";
import { formatCount, formatMoment } from "../render/format.ts";
import { usage } from "../settings.ts";

export async function compare(context: CommandContext): Promise<CommandOutcome> {
  const { settings, palette, host } = context;
  const [baselinePath, currentPath] = context.arguments as [string, string];
  const format = settings.isOn("json", false) ? "json" : settings.get("format", (text) => text, "text");
  const toleranceRatio = settings.get("tolerance", parseTolerance, DEFAULT_TOLERANCE_RATIO);
  const journals = await Promise.all([baselinePath, currentPath].map((path) => isJournal(path).catch(() => false)));
  if (journals[0] && journals[1]) return compareJournals(context, baselinePath, currentPath);

  const baseline = await readBaselineFile(baselinePath);
  const current = await readBaselineFile(currentPath);
  const savePath = settings.get("save", (path) => path, null);
  if (savePath !== null) {
    const output = { option: "--save", path: savePath, signature: BASELINE_SIGNATURE };
    await checkOutputs([output], savePath === baselinePath ? [currentPath] : [baselinePath, currentPath]);
  }
  const report = compareBaselines(baseline, current, toleranceRatio);
  const files: ComparedFiles = { baselinePath, currentPath, baseline, current, report };
  if (savePath !== null) {
    const { writeFileAtomic } = await import("../../io/write-file.ts");
    await writeFileAtomic(savePath, stringifyBaseline(current));
    context.note(`mempred: baseline written to ${savePath}`);
  }
  const status = report.verdict === "worse" ? EXIT_GATE : EXIT_OK;
  switch (format) {
    case "json":
      return { status, text: `${JSON.stringify(compareDocument(files), null, 2)}\n`, isDocument: true };
    case "md":
      return { status, text: compareMarkdown(files), isDocument: true };
    case "junit":
      return { status, text: compareJunit(files), isDocument: true };
    case "github": {
      const summaryPath = host.environment["GITHUB_STEP_SUMMARY"];
      if (summaryPath) appendSummary(context, summaryPath, stepSummary(files));
      return { status, text: `${compareAnnotations(files)}${compareText(files, palette)}`, isDocument: true };
    }
    default:
      if (context.isQuiet) return { status, text: `verdict: ${compareVerdict(files)}\n` };
      return { status, text: compareText(files, palette) };
  }
}

/** A baseline as JSON, a row a line, so that a change of one row is one line of a diff. */
export function stringifyBaseline(baseline: ComparedFiles["baseline"]): string {
  const { rows, digest, ...head } = baseline;
  const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
  return `${JSON.stringify(head).slice(0, -1)},\n"rows":[\n${lines}\n],\n"digest":${JSON.stringify(digest)}}\n`;
}

async function compareJournals(context: CommandContext, before: string, after: string): Promise<CommandOutcome> {
  const { settings, palette } = context;
  const difference = await diffJournals(before, after);
  const status = difference.first === null ? EXIT_OK : EXIT_GATE;
  if (settings.isOn("json", false) || settings.get("format", (text) => text, "text") === "json")
    return {
      status,
      text: `${JSON.stringify({ schema: "mempred.journal-diff/1", ...difference }, null, 2)}\n`,
      isDocument: true,
    };
  if (difference.first === null)
    return { status, text: `${palette.strong("verdict:")} identical: ${formatCount(difference.commonLines)} lines\n` };
  const { line, atMicros, baseline, current } = difference.first;
  const place = atMicros === null ? "in the header" : `at ${formatMoment(atMicros)} (t = ${atMicros} µs)`;
  const text = [
    `${palette.strong("verdict:")} the journals part at line ${line}, ${place}, after ${formatCount(difference.commonLines)} equal lines`,
    `  before  ${baseline ?? "(ends here)"}`,
    `  after   ${current ?? "(ends here)"}`,
  ];
  return { status, text: `${text.join("\n")}\n` };
}

function appendSummary(context: CommandContext, path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    context.note(`mempred: warning: the step summary is not written: ${(error as Error).message}`);
  }
}

/** "5", "5%", "0" → a ratio. */
function parseTolerance(text: string): number {
  const percent = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  const ratio = percent === null ? Number.NaN : Number(percent[1]) / 100;
  if (!(ratio <= 10)) throw usage(`"${text}" is not a tolerance`, "percent, such as 5 or 0");
  return ratio;
}
