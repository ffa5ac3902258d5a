// From a suite request to the end of the command: outputs looked at, the suite run with progress, files written, the last
// run kept, the report printed. Shared by stress and replay.

import { baselinePolicies } from "../sim/suite/plan.ts";
import { reproduceCommand } from "../sim/suite/reproduce.ts";
import { isUnicodeLocale, toAscii } from "./colour.ts";
import type { CommandContext, CommandOutcome } from "./command.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "./exit.ts";
import { saveLastRun } from "./last-run.ts";
import { checkOutputs } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { metricLines } from "./render/metric-lines.ts";
import { suiteMarkdown } from "./render/suite-markdown.ts";
import { suiteReport } from "./render/suite-report.ts";
import { suiteText, verdictText } from "./render/suite-text.ts";
import { runSuite, type SuiteRequest } from "./run-suite.ts";
import { usage } from "./settings.ts";
import { type StoredResult, stringifyResult } from "./stored-result.ts";
import { type SuiteOutputs, suiteOutputs, workersOf } from "./suite-settings.ts";

/** A result is one text in memory, some 6 KB a run; past this it might be too long for a string, after all that work. */
const MOST_RUNS = 50_000;

/** Runs it. `inputs` are files that must not be overwritten. */
export async function runSuiteCommand(
  context: CommandContext,
  request: Omit<SuiteRequest, "workers" | "journalPath">,
  inputs: readonly string[],
): Promise<CommandOutcome> {
  const { host, settings } = context;
  const { suite } = request;
  const outputs = suiteOutputs(settings);
  const workers = workersOf(context);
  const runs = suite.scenarios.length * suite.pressures.length * suite.seeds.length * suite.policies.length;
  if (runs > MOST_RUNS)
    throw usage(
      `${runs} runs are more than one result can hold`,
      `at most ${MOST_RUNS}: fewer seeds, levels or scenarios`,
    );
  if (outputs.journalPath !== null) checkOneRun(suite);
  await checkOutputs(outputs.files, inputs);
  if (outputs.htmlPath !== null) (await import("../io/built-page.ts")).builtPage(); // before the work, not after it

  const isUnicode = isUnicodeLocale(host.environment);
  const progress = new Progress(host, suite.policies, context.isQuiet, isUnicode ? (text) => text : toAscii);
  const { result, signal, predictorState } = await runSuite(
    { ...request, journalPath: outputs.journalPath, workers },
    host,
    (runs, done, all) => progress.update(runs, done, all),
  ).finally(() => progress.finish());

  const { writeFileAtomic } = await import("../io/write-file.ts");
  if (outputs.jsonPath !== null) await writeFileAtomic(outputs.jsonPath, stringifyResult(result));
  if (outputs.markdownPath !== null) await writeFileAtomic(outputs.markdownPath, markdownOf(result));
  if (outputs.htmlPath !== null) await writeFileAtomic(outputs.htmlPath, await htmlOf(result, request.weights));
  for (const { path } of outputs.files) context.note(`mempred: wrote ${path}`);
  await saveLastRun(context, result, predictorState);
  const status = signal === null ? EXIT_OK : signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM;
  if (signal !== null) context.note(`mempred: ${signal}: what was done is written and marked isPartial`);
  return { status, ...stdoutOf(result, outputs, context) };
}

function stdoutOf(
  result: StoredResult,
  outputs: SuiteOutputs,
  { palette, isQuiet }: CommandContext,
): { text: string; isDocument?: boolean } {
  if (outputs.stdout === "json") return { text: stringifyResult(result), isDocument: true };
  if (outputs.stdout === "markdown") return { text: markdownOf(result), isDocument: true };
  if (result.runs.length === 0) return { text: "nothing was finished: there is nothing to report\n" };
  const metrics = outputs.withMetrics ? metricLines(result) : "";
  const report = suiteReport(result);
  if (isQuiet) return { text: outputs.withMetrics ? metrics : verdictText(report, palette) };
  return { text: suiteText(report, palette) + (metrics === "" ? "" : `\n${metrics}`) };
}

function markdownOf(result: StoredResult): string {
  if (result.runs.length === 0) return "# mempred\n\nNothing was finished.\n";
  return suiteMarkdown(suiteReport(result), reproduceCommand(result.suite));
}

async function htmlOf(result: StoredResult, weights: SuiteRequest["weights"]): Promise<string> {
  if (result.runs.length === 0)
    return '<!doctype html><!-- "mempred.page/1" --><title>mempred</title>Nothing was finished.\n';
  const { htmlReport } = await import("./html-report.ts");
  return htmlReport(result, weights === "cold" ? null : weights);
}

/** A journal is of one run: says what there is more than one of, and how to pick. */
function checkOneRun({ scenarios, pressures, seeds, policies }: SuiteRequest["suite"]): void {
  const many: string[] = [];
  if (scenarios.length > 1) many.push(`${scenarios.length} scenarios`);
  if (pressures.length > 1) many.push(`${pressures.length} levels (--pressure 95)`);
  if (seeds.length > 1) many.push(`${seeds.length} seeds (--seed 1)`);
  if (policies.length > 1) {
    const rival = policies.find((policy) => !baselinePolicies(policies).includes(policy)) ?? policies[0];
    many.push(`${policies.length} policies (--policy ${rival})`);
  }
  if (many.length > 0)
    throw usage(`--journal: a journal is of one run, and here are ${many.join(", ")}`, "one of each");
}
