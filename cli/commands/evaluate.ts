// mempred evaluate: the frozen suite, the recordings, the budgets, the forecasts and the hours alone, and the page that comes
// of them. It differs from stress in that what runs is fixed: a result is quoted from here, on test seeds alone.

import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MempredError } from "../../core/errors.ts";
import {
  EVALUATION_PARTS,
  EVALUATION_SCHEMA,
  type EvaluationFile,
  type EvaluationPartId,
} from "../../sim/suite/evaluation.ts";
import { isTestSeed } from "../../sim/suite/seeds.ts";
import { isUnicodeLocale, toAscii } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import {
  EVALUATION_SIGNATURE,
  mergeEvaluations,
  mergeTrouble,
  readEvaluation,
  stringifyEvaluation,
} from "../evaluation-file.ts";
import { evaluatedPolicies, planPart } from "../evaluation-plan.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { lastRunFolder } from "../last-run.ts";
import { checkOutputs, type OutputFile } from "../outputs.ts";
import { Progress } from "../progress.ts";
import { evaluationMetricLines } from "../render/evaluation-metrics.ts";
import { evaluationPage, evaluationText, RESULTS_TITLE } from "../render/evaluation-report.ts";
import { runCells } from "../run-cells.ts";
import { forecastPartOf, runPartOf } from "../run-evaluation.ts";
import { usage } from "../settings.ts";
import { policiesOf, seedsOf, workersOf } from "../suite-settings.ts";
import { packageVersion } from "../version.ts";

const KEPT_NAME = "evaluation.json";
const FIGURES_FOLDER = "figures";
/** What a figure that we wrote begins with. */
const SVG_SIGNATURE = "<svg ";

export async function evaluate(context: CommandContext): Promise<CommandOutcome> {
  const { settings, palette } = context;
  const isQuick = settings.isOn("quick", false);
  const parts = await partsOf(context);
  const seeds = seedsOf(settings);
  const docs = settings.get("docs", (path) => path, null);
  if (docs !== null && seeds !== null && !seeds.every(isTestSeed))
    throw usage(
      `${settings.sourceOf("docs")}: results are quoted from test seeds alone, and these are others`,
      "--seeds 20, or no --docs",
    );
  const asked = settings.has("policy") ? await policiesOf(settings, []) : null;
  const policies = await evaluatedPolicies(asked);
  const json = settings.get("json", (path) => path, null);
  const withMetrics = settings.isOn("metrics", false);
  if (json === "-" && withMetrics) throw usage("--json and --metrics both want stdout", "--json FILE");
  const from = settings.get("from", (path) => path, null);
  const kept = join(lastRunFolder(context), KEPT_NAME);
  const outputs: OutputFile[] = [
    ...(json === null || json === "-" ? [] : [{ option: "--json", path: json, signature: EVALUATION_SIGNATURE }]),
    ...(docs === null ? [] : [{ option: "--docs", path: docs, signature: RESULTS_TITLE }]),
  ];
  // The document that parts are merged into may be written over: it is one of ours.
  await checkOutputs(outputs, []);

  const frame: EvaluationFile = { schema: EVALUATION_SCHEMA, version: packageVersion(), isQuick, policies, parts: {} };
  const earlier = await earlierParts(context, frame, parts, from, kept);
  const { file: made, signal } = await runParts(context, frame, parts, seeds);
  // What is reported is what the document says, to its last digit, so that a page made from the file alone is the same.
  const text = stringifyEvaluation(earlier === null ? made : mergeEvaluations(made, earlier));
  const file = JSON.parse(text) as EvaluationFile;

  const { writeFileAtomic } = await import("../../io/write-file.ts");
  // An interrupted part must not push a whole one out.
  if (parts.length > 0 && (signal === null || !existsSync(kept))) await keep(context, kept, text);
  if (json !== null && json !== "-") await writeFileAtomic(json, text);
  if (docs !== null) await writePage(context, file, docs);
  for (const { path } of outputs) context.note(`mempred: wrote ${path}`);
  if (signal !== null) context.note(`mempred: ${signal}: what was done is written and marked isPartial`);
  const status = signal === null ? EXIT_OK : signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM;
  if (json === "-") return { status, text, isDocument: true };
  const report = evaluationText(file, palette, context.isQuiet);
  return { status, text: withMetrics ? `${report}\n${evaluationMetricLines(file)}` : report };
}

/** Runs what is to be run. A part in which nothing was finished is left out. */
async function runParts(
  context: CommandContext,
  frame: EvaluationFile,
  ids: readonly EvaluationPartId[],
  seeds: readonly number[] | null,
): Promise<{ file: EvaluationFile; signal: "SIGINT" | "SIGTERM" | null }> {
  const { host } = context;
  const { isQuick, policies } = frame;
  const workers = workersOf(context);
  const toLocale = isUnicodeLocale(host.environment) ? (text: string) => text : toAscii;
  const parts: Record<string, unknown> = {};
  for (const id of ids) {
    const plan = await planPart(id, { isQuick, seeds, policies });
    const runs = plan.jobs.reduce((sum, job) => sum + job.runs.length, 0);
    if (runs === 0) {
      context.note(`mempred: part ${id}: none of these policies has a place in it`);
      continue;
    }
    if (context.isVerbose) context.note(`  part ${id}: ${plan.jobs.length} demands, ${runs} runs`);
    const progress = new Progress(host, plan.description.policies, context.isQuiet, toLocale, id);
    const done = await runCells(
      {
        jobs: plan.jobs,
        sources: plan.sources,
        workers,
        onProgress: (some, doneRuns, allRuns) => progress.update(some, doneRuns, allRuns),
      },
      host,
    ).finally(() => progress.finish());
    if (done.outcomes.some((outcome) => outcome !== undefined))
      parts[id] = id === "forecast" ? forecastPartOf(plan, done) : runPartOf(plan, done);
    if (done.signal !== null) return { file: { ...frame, parts }, signal: done.signal };
  }
  return { file: { ...frame, parts }, signal: null };
}

/** Parts that are not run now: from --from, or else from the last evaluation when only some parts run. */
async function earlierParts(
  context: CommandContext,
  frame: EvaluationFile,
  parts: readonly EvaluationPartId[],
  from: string | null,
  kept: string,
): Promise<EvaluationFile | null> {
  if (from === null && parts.length === EVALUATION_PARTS.length) return null;
  let earlier: EvaluationFile;
  try {
    earlier = await readEvaluation(from ?? kept);
  } catch (error) {
    if (from === null && parts.length > 0) return null; // nothing to merge with
    if (from === null && error instanceof MempredError && error.code === "NOT_FOUND")
      throw usage("nothing is to be run, and there is no last evaluation", "--from FILE, or some --parts");
    throw error;
  }
  const trouble = mergeTrouble(frame, earlier);
  if (parts.length === 0) return earlier;
  if (trouble === null) return earlier;
  if (from !== null) throw usage(`${context.settings.sourceOf("from")}: ${from} does not go with this: ${trouble}`);
  context.note(`mempred: the last evaluation is not merged with this one: ${trouble}`);
  return null;
}

/** The parts asked for, in their order; `none` only writes the page anew. */
async function partsOf({ settings }: CommandContext): Promise<EvaluationPartId[]> {
  const asked = settings.list("parts", (text) => text, null);
  if (asked === null || asked.includes("all")) return [...EVALUATION_PARTS];
  if (asked.length === 1 && asked[0] === "none") return [];
  const { suggestion } = await import("../suggest.ts");
  for (const part of asked) {
    if (!(EVALUATION_PARTS as readonly string[]).includes(part))
      throw usage(
        `${settings.sourceOf("parts")}: unknown part "${part}"${suggestion(part, EVALUATION_PARTS)}`,
        `${EVALUATION_PARTS.join(", ")}, all or none`,
      );
  }
  return EVALUATION_PARTS.filter((part) => asked.includes(part));
}

/** Keeps the document for the next call. What goes wrong is a note: the evaluation is worth more than its copy. */
async function keep(context: CommandContext, path: string, text: string): Promise<void> {
  try {
    const { writeFileAtomic } = await import("../../io/write-file.ts");
    mkdirSync(dirname(path), { recursive: true });
    await writeFileAtomic(path, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.note(`mempred: warning: the evaluation is not kept: ${reason}`);
  }
}

async function writePage(context: CommandContext, file: EvaluationFile, path: string): Promise<void> {
  const { markdown, figures } = evaluationPage(file, FIGURES_FOLDER);
  const folder = join(dirname(path), FIGURES_FOLDER);
  mkdirSync(folder, { recursive: true });
  const files = [...figures].map(([name, svg]) => ({
    option: "--docs",
    path: join(folder, name),
    signature: SVG_SIGNATURE,
    svg,
  }));
  await checkOutputs(files, []);
  const { writeFileAtomic } = await import("../../io/write-file.ts");
  for (const { path: target, svg } of files) {
    await writeFileAtomic(target, svg);
    context.note(`mempred: wrote ${join(FIGURES_FOLDER, basename(target))}`);
  }
  await writeFileAtomic(path, markdown);
}
