// The report of an evaluation: docs/results.md with its figures, and the shorter text for a terminal. Every sentence, table
// and figure is made from the document (mempred.evaluation/1) alone.

import { Digest } from "../../core/hash.ts";
import { EVALUATION_PARTS, type EvaluationFile, type RunPart } from "../../sim/suite/evaluation.ts";
import { forecastOf } from "../../sim/suite/evaluation-forecast.ts";
import { evaluationMarks, HEADLINE_LEVEL, MARKED_POLICY, markStatus } from "../../sim/suite/evaluation-marks.ts";
import { difference, figureMean, leastDenyingReactive } from "../../sim/suite/evaluation-table.ts";
import { percentText } from "../../sim/suite/plan.ts";
import { isTestSeed, TEST_SEEDS } from "../../sim/suite/seeds.ts";
import type { Palette } from "../colour.ts";
import { calibrationFigure } from "./calibration-figure.ts";
import { forecastSections } from "./evaluation-forecasts.ts";
import { formatDifference, formatSignedBytes } from "./evaluation-format.ts";
import {
  autonomySection,
  causeSection,
  familySection,
  gapSection,
  levelSection,
  markSection,
  policySections,
  traceSections,
  workSections,
} from "./evaluation-tables.ts";
import { formatCount, formatDuration, formatSeeds, formatSigned } from "./format.ts";
import type { ReportSection } from "./run-report.ts";
import { sectionsText } from "./sections.ts";
import { familyFigure, workByFamilyFigure, workFigure } from "./svg-figures.ts";
import { renderMarkdownTable } from "./table.ts";

/** First characters of the page: what tells it from a file that is not ours. */
export const RESULTS_TITLE = "# mempred: results";

/** The page and its figures by file name. */
export interface EvaluationPage {
  readonly markdown: string;
  readonly figures: ReadonlyMap<string, string>;
}

/** docs/results.md; figures are linked below `figuresFolder`, relative to the page. */
export function evaluationPage(file: EvaluationFile, figuresFolder: string): EvaluationPage {
  const { suite, budgets, traces, autonomy } = file.parts;
  const figures = new Map<string, string>();
  const figure = (name: string, text: string, svg: string | null): string[] => {
    if (svg === null) return [];
    figures.set(name, svg);
    return ["", `![${text}](${figuresFolder}/${name})`];
  };
  const lines = [
    RESULTS_TITLE,
    "",
    "Written by `mempred evaluate --docs docs/results.md`; nothing here is typed by hand.",
    "",
    ...headingLines(file).map((line) => `- ${line}`),
    ...cautions(file).flatMap((caution) => ["", `> ${caution}`]),
  ];
  const add = (title: string, sections: readonly (ReportSection | null)[], pictures: readonly string[] = []) => {
    const shown = sections.filter((section) => section !== null);
    if (shown.length === 0 && pictures.length === 0) return;
    lines.push("", `## ${title}`, ...pictures);
    for (const section of shown) lines.push(...sectionLines(section));
  };
  lines.push("", "## Headline", "", ...headlines(file).map((sentence) => `- ${sentence}`));
  add("What was to be reached", [markSection(file)]);
  if (suite !== undefined) {
    const byFamily = figure("avoidable-by-family.svg", "avoidable OOM by family", familyFigure(suite, HEADLINE_LEVEL));
    add("Policies", [...policySections(suite), gapSection(suite), causeSection(suite)]);
    add("Families and levels", [familySection(suite), levelSection(suite)], byFamily);
  }
  if (budgets !== undefined)
    add("Equal bytes moved", workSections(file, budgets), [
      ...figure("oom-against-work.svg", "avoidable OOM against MiB moved", workFigure(file, budgets)),
      ...figure("oom-against-work-by-family.svg", "the same by family", workByFamilyFigure(file, budgets)),
    ]);
  const forecast = suite === undefined ? null : forecastOf(suite, MARKED_POLICY, { pressureRatio: HEADLINE_LEVEL });
  add(
    "Forecasts",
    forecastSections(file),
    forecast === null
      ? []
      : figure("calibration.svg", "calibration of the forecast", calibrationFigure(forecast, MARKED_POLICY)),
  );
  if (traces !== undefined) add("Real recordings", traceSections(traces));
  if (autonomy !== undefined) add("On its own", [autonomySection(autonomy)]);
  lines.push(
    "",
    "## How to read this",
    "",
    "- A difference is the policy minus the baseline on the same demand, seed by seed; its 95 % interval is a paired bootstrap (BCa) over seeds. p-values are of the sign-flip test, exact up to 20 seeds, and adjusted by Holm over the rows of their table.",
    `- Results are on seeds 1..${TEST_SEEDS.length}. Parameters are tuned on seeds from 101 on and shipped weights trained on seeds from 1001 on; \`mempred tune\` and \`mempred train\` refuse test seeds.`,
    "- Denials substitute for one another: avoidable OOMs never stand without all OOMs and denied bytes beside them, nor without the bytes moved that they were bought with.",
    "",
  );
  return { markdown: lines.join("\n"), figures };
}

/** What a terminal shows: headline, policies, marks. */
export function evaluationText(file: EvaluationFile, palette: Palette, isQuiet: boolean): string {
  const verdict = headlines(file).map((line, i) => `${i === 0 ? "verdict: " : "         "}${line}`);
  if (isQuiet) return `${verdict.join("\n")}\n`;
  const { suite, budgets } = file.parts;
  const sections = [
    ...(suite === undefined ? [] : [...policySections(suite).slice(0, 1), familySection(suite)]),
    ...(budgets === undefined ? [] : workSections(file, budgets).slice(0, 1)),
    markSection(file),
  ].filter((section) => section !== null);
  const [head, ...parts] = headingLines(file);
  const [first, ...rest] = sectionsText([`evaluation · ${head}`], sections, palette).split("\n");
  const lines = [first!, ...parts.map((part) => `  ${part}`), ...rest, ...cautions(file), ...verdict];
  return `${lines.join("\n")}\n`;
}

/** Digest over the rows of all parts: equal digests, equal runs. */
export function evaluationDigest(file: EvaluationFile): string {
  const digest = new Digest();
  for (const id of EVALUATION_PARTS) {
    for (const row of file.parts[id]?.rows ?? [])
      digest.addText(`${"digest" in row ? row.digest : row.maePercentPoints.map((mae) => mae.toFixed(6)).join(",")}\n`);
  }
  return digest.hex();
}

function headingLines(file: EvaluationFile): string[] {
  const parts = EVALUATION_PARTS.flatMap((id) => {
    const part = file.parts[id];
    if (part === undefined) return [];
    const time = part.durationSeconds > 0 ? `, ${formatDuration(part.durationSeconds)} each` : "";
    const levels = part.pressures.map(percentText).join(", ");
    const kind = id === "traces" ? "recordings" : "families";
    const runs = part.rows.reduce((sum, row) => sum + row.seeds.length, 0);
    return [
      `${id}: ${part.scenarios.length} ${kind} at ${levels} %, ${formatSeeds(part.seeds)}, ${part.policies.length} policies${time}: ${formatCount(runs)} runs`,
    ];
  });
  return [`version ${file.version}, digest ${evaluationDigest(file)}`, ...parts];
}

function cautions(file: EvaluationFile): string[] {
  const found: string[] = [];
  if (file.isQuick)
    found.push("quick: a trial of the machinery on few seeds and short runs. Draw no conclusion from it.");
  for (const id of EVALUATION_PARTS) {
    const part = file.parts[id];
    if (part?.isPartial === true) found.push(`partial: the part ${id} was interrupted`);
    const foreign = part?.seeds.filter((seed) => !isTestSeed(seed)) ?? [];
    if (foreign.length > 0) found.push(`not on test seeds: the part ${id} ran on ${formatSeeds(part!.seeds)}`);
  }
  const { suite } = file.parts;
  const alike = suite?.rows.filter((row) => !row.isEachSeedDistinct && row.seeds.length > 1) ?? [];
  if (alike.length > 0)
    found.push(
      `different seeds gave identical runs in ${alike.length} rows, ${alike[0]!.scenario} ${alike[0]!.policy} first: this looks like a stub and proves nothing`,
    );
  return found;
}

/** The sentences that are quoted elsewhere. */
export function headlines(file: EvaluationFile): string[] {
  const { suite } = file.parts;
  const sentences: string[] = [];
  if (suite?.policies.includes(MARKED_POLICY)) {
    const at = { pressureRatio: HEADLINE_LEVEL };
    const baseline = leastDenyingReactive(suite, at);
    const rivals = [...new Set(["reactive", baseline])].filter((id) => id !== null && suite.policies.includes(id));
    for (const rival of rivals as string[]) sentences.push(headline(suite, rival, rival === baseline));
    sentences.push(...beside(suite));
  }
  const marks = evaluationMarks(file);
  const count = (status: string) => marks.filter((mark) => markStatus(mark) === status).length;
  sentences.push(`marks: ${count("met")} met, ${count("missed")} missed, ${count("not measured")} not measured.`);
  return sentences;
}

function headline(suite: RunPart, baseline: string, isLeast: boolean): string {
  const at = { pressureRatio: HEADLINE_LEVEL };
  const of = (figure: Parameters<typeof difference>[3]) => difference(suite, baseline, MARKED_POLICY, figure, at);
  const [avoidable, total, denied, moved] = [
    of("oom_avoidable"),
    of("oom_events"),
    of("oom_denied_bytes"),
    of("compaction_moved_bytes"),
  ];
  if (avoidable === null) return `${MARKED_POLICY} and ${baseline} share no run.`;
  const factor =
    moved === null || moved.baseline === 0 ? "" : ` at ${formatCount(moved.policy / moved.baseline)} × the bytes moved`;
  const which = isLeast ? `${baseline} (the variant of reactive that denies least)` : `plain ${baseline}`;
  return `at ${percentText(HEADLINE_LEVEL)} %, against ${which}: avoidable OOMs a run ${formatCount(avoidable.baseline)} → ${formatCount(avoidable.policy)}, ${formatDifference(avoidable, formatSigned)}${factor}; all OOMs ${formatDifference(total)}; denied bytes ${formatDifference(denied, formatSignedBytes)}.`;
}

/** What stands beside the headline: the controls and the bounds, each in a few words. */
function beside(suite: RunPart): string[] {
  const at = { pressureRatio: HEADLINE_LEVEL };
  const told = BESIDE.flatMap(([policy, words]) => {
    const [avoidable, total] = [
      figureMean(suite, policy, "oom_avoidable", at),
      figureMean(suite, policy, "oom_events", at),
    ];
    return avoidable === null || total === null
      ? []
      : [`${policy}, ${words}, ${formatCount(avoidable)} / ${formatCount(total)}`];
  });
  return told.length === 0 ? [] : [`avoidable / all OOMs a run beside it: ${told.join("; ")}.`];
}

const BESIDE = [
  ["placebo", "as many runs at random moments"],
  ["blind", "the same controller without a forecast"],
  ["neural", "with the 656-byte network"],
  ["perfect-forecast", "told the true pressure in 5 s"],
  ["clairvoyant", "who knows every request"],
] as const;

function sectionLines(section: ReportSection): string[] {
  const lines = ["", `### ${section.title}`];
  if (section.rows !== undefined)
    lines.push("", ...renderMarkdownTable(section.header ?? [], section.rows, section.leftColumns));
  for (const note of section.notes ?? []) lines.push("", note);
  return lines;
}
