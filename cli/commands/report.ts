// mempred report: how good the forecasts of a run were, what they cost, and what was decided on them.

import { suggestion } from "../../core/suggest.ts";
import type { Suite } from "../../sim/suite/plan.ts";
import { isUnicodeLocale } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { loadRun } from "../last-run.ts";
import { recentDecisions, runReport } from "../render/run-report.ts";
import { sectionsMarkdown, sectionsText } from "../render/sections.ts";
import { usage } from "../settings.ts";
import type { StoredResult } from "../stored-result.ts";

export async function report(context: CommandContext): Promise<CommandOutcome> {
  const { settings, palette } = context;
  const format = settings.isOn("json", false) ? "json" : settings.get("format", (text) => text, "text");
  const { result } = await loadRun(context, context.arguments[0]);
  const known = result.suite.policies;
  const policies = settings.list("policy", (text) => text, null) ?? [...known];
  for (const policy of policies)
    if (!known.includes(policy))
      throw usage(
        `${settings.sourceOf("policy")}: the run has no policy "${policy}"${suggestion(policy, known)}`,
        known.join(", "),
      );
  if (format === "svg") {
    const { seedsFigure } = await import("../render/seeds-figure.ts");
    const svg = seedsFigure(result, policies);
    if (svg === null)
      throw usage("--format svg: there is nothing to compare", "a result of two policies on the same seeds; with --policy one that is not the baseline"); // biome-ignore format: one line
    return { status: EXIT_OK, text: svg, isDocument: true };
  }
  if (result.runs.length === 0)
    return { status: EXIT_OK, text: "nothing was finished in this run: there is nothing to report\n" };
  if (format === "json")
    return {
      status: EXIT_OK,
      text: `${JSON.stringify(reportDocument(result, policies), null, 2)}\n`,
      isDocument: true,
    };
  if (format === "html") {
    const { htmlReport } = await import("../html-report.ts");
    return { status: EXIT_OK, text: await htmlReport(result), isDocument: true };
  }
  const { heading, sections } = runReport(result, policies);
  if (format === "md") return { status: EXIT_OK, text: sectionsMarkdown(heading, sections), isDocument: true };
  const text = sectionsText(heading, sections, palette);
  return { status: EXIT_OK, text: settings.isOn("chart", false) ? text + (await chartOf(result, context)) : text };
}

/** The run in which the headline policy did worst, made again and drawn. */
async function chartOf(result: StoredResult, { host, palette }: CommandContext): Promise<string> {
  const { headlineBaseline, headlinePolicy } = await import("../../sim/suite/verdicts.ts");
  const { worstPair } = await import("../render/page-report.ts");
  const { runAgain } = await import("../run-again.ts");
  const { runChart } = await import("../render/run-chart.ts");
  const suite = result.suite as Suite;
  const baseline = headlineBaseline(suite, result.runs);
  const pair = [...new Set(worstPair(result, baseline, headlinePolicy(suite, baseline) ?? baseline))];
  const { scenario, pressureRatio, seed } = pair[0]!;
  const recordings = await runAgain(suite, pair);
  const title = `worst seed: ${scenario}, pressure ${Math.round(100 * pressureRatio)} %, seed ${seed}`;
  const lines = runChart(recordings, host.stdout.columns ?? 100, isUnicodeLocale(host.environment));
  return `\n${[palette.strong(title), ...lines].join("\n")}\n`;
}

/** The same content as data: `mempred.report/1`. */
function reportDocument(result: StoredResult, policies: readonly string[]) {
  return {
    schema: "mempred.report/1",
    version: result.version,
    suite: result.suite,
    isPartial: result.isPartial ?? false,
    policies: policies.map((policy) => ({
      policy,
      forecasts: result.forecasts.filter((one) => one.policy === policy),
      runs: result.runs
        .filter((run) => run.policy === policy)
        .map(
          ({
            scenario,
            pressureRatio,
            seed,
            pressure,
            ooms,
            responseMicros,
            compaction,
            predictor,
            watchdog,
            attacks,
            autonomy: { decisions, predictions, decisionsPerHour, predictionsPerHour },
            hash,
          }) => ({
            ...{ scenario, pressureRatio, seed, pressure, ooms, responseMicros, compaction, predictor, watchdog, hash },
            ...{ attacks: attacks ?? null },
            autonomy: { decisions, predictions, decisionsPerHour, predictionsPerHour },
          }),
        ),
      decisions: recentDecisions(result, policy)?.decisions ?? [],
    })),
  };
}
