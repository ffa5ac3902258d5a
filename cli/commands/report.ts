// mempred report: how good the forecasts of a run were, what they cost, and what was decided on them.

import { suggestion } from "../../core/suggest.ts";
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
  return { status: EXIT_OK, text: sectionsText(heading, sections, palette) };
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
