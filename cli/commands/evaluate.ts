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
import { addRows, addTrouble, CONTROL_POLICIES, controlPlan, controlTrouble } from "../evaluation-merge.ts";
import { evaluatedPolicies, type PlannedPart, planPart } from "../evaluation-plan.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { lastRunFolder } from "../last-run.ts";
import { checkOutputs, type OutputFile } from "../outputs.ts";
import { Progress } from "../progress.ts";
import { evaluationMetricLines } from "../render/evaluation-metrics.ts";
import { evaluationPage, evaluationText, RESULTS_TITLE } from "../render/evaluation-report.ts";
import { type CellsOutcome, runCells } from "../run-cells.ts";
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
  const isAdded = settings.isOn("add", false);
  if (isAdded && asked === null)
    throw usage(`${settings.sourceOf("add")}: rows of which policies are to be added?`, "--policy LIST beside it");
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
  const earlier = await earlierParts(context, frame, parts, { from, kept, isAdded });
  if (isAdded) await checkSame(context, frame, parts, seeds, earlier);
  const ran = await runParts(context, frame, parts, seeds);
  const { signal } = ran;
  const made = settings.isOn("costs", false) && signal === null ? await withCosts(context, ran.file) : ran.file;
  const order = isAdded ? (await evaluatedPolicies(null)).map((policy) => policy.id) : [];
  const joined = earlier === null ? made : isAdded ? addRows(made, earlier, order) : mergeEvaluations(made, earlier);
  // What is reported is what the document says, to its last digit, so that a page made from the file alone is the same.
  const text = stringifyEvaluation(joined);
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
  const { isQuick, policies } = frame;
  const parts: Record<string, unknown> = {};
  for (const id of ids) {
    const plan = await planPart(id, { isQuick, seeds, policies });
    const runs = plan.jobs.reduce((sum, job) => sum + job.runs.length, 0);
    if (runs === 0) {
      context.note(`mempred: part ${id}: none of these policies has a place in it`);
      continue;
    }
    if (context.isVerbose) context.note(`  part ${id}: ${plan.jobs.length} demands, ${runs} runs`);
    const done = await runWithProgress(context, plan, id);
    if (done.outcomes.some((outcome) => outcome !== undefined))
      parts[id] = id === "forecast" ? forecastPartOf(plan, done) : runPartOf(plan, done);
    if (done.signal !== null) return { file: { ...frame, parts }, signal: done.signal };
  }
  return { file: { ...frame, parts }, signal: null };
}

function runWithProgress(context: CommandContext, plan: PlannedPart, title: string): Promise<CellsOutcome> {
  const { host } = context;
  const toLocale = isUnicodeLocale(host.environment) ? (text: string) => text : toAscii;
  const progress = new Progress(host, plan.description.policies, context.isQuiet, toLocale, title);
  return runCells(
    {
      jobs: plan.jobs,
      sources: plan.sources,
      workers: workersOf(context),
      onProgress: (some, doneRuns, allRuns) => progress.update(some, doneRuns, allRuns),
    },
    host,
  ).finally(() => progress.finish());
}

/**
 * Before rows are added to parts of an earlier evaluation: are they parts of the same runs? Throws USAGE with the difference.
 * Runs that were not interrupted by then are made again for that.
 */
async function checkSame(
  context: CommandContext,
  frame: EvaluationFile,
  ids: readonly EvaluationPartId[],
  seeds: readonly number[] | null,
  earlier: EvaluationFile | null,
): Promise<void> {
  const source = context.settings.sourceOf("add");
  if (earlier === null) throw usage(`${source}: there is no evaluation to add to`, "--from FILE");
  const policies = await evaluatedPolicies(CONTROL_POLICIES);
  for (const id of ids) {
    const old = earlier.parts[id];
    if (old === undefined) continue;
    const plan = await planPart(id, { isQuick: frame.isQuick, seeds, policies });
    const trouble = addTrouble(plan.description, old);
    const refuse = (reason: string) =>
      usage(`${source}: the part ${id} cannot be added to: ${reason}`, "the whole part");
    if (trouble !== null) throw refuse(trouble);
    const control = controlPlan(plan);
    const done = await runWithProgress(context, control, `${id}, check`);
    if (done.signal !== null) continue; // the run of the part ends at once, too
    const again = id === "forecast" ? forecastPartOf(control, done) : runPartOf(control, done);
    const difference = controlTrouble(again, old);
    if (difference !== null) throw refuse(difference);
    const runs = again.rows.reduce((sum, row) => sum + row.seeds.length, 0);
    context.note(`mempred: part ${id}: ${runs} runs of the earlier evaluation were made again and are the same`);
  }
}

/** Wall-clock figures of the forecasters, which stand beside the parts and in no digest. */
async function withCosts(context: CommandContext, file: EvaluationFile): Promise<EvaluationFile> {
  const { measureForecasterCosts } = await import("../forecaster-costs.ts");
  if (context.isVerbose) context.note("  costs of the forecasters");
  return { ...file, costs: measureForecasterCosts() };
}

/** Parts that are not run now: from --from, or else from the last evaluation when only some parts run. */
async function earlierParts(
  context: CommandContext,
  frame: EvaluationFile,
  parts: readonly EvaluationPartId[],
  { from, kept, isAdded }: { readonly from: string | null; readonly kept: string; readonly isAdded: boolean },
): Promise<EvaluationFile | null> {
  if (from === null && !isAdded && parts.length === EVALUATION_PARTS.length) return null;
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
  const { suggestion } = await import("../../core/suggest.ts");
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
