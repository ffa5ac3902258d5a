// From a report (of a file that was opened, or embedded in the page) to what the page runs and says.

import { batch } from "@preact/signals";
import type { PageReport } from "../cli/render/page-report.ts";
import { outcomes, seedOptions, stopSeeds } from "./many-seeds.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "./options.ts";
import { startRuns } from "./runs.ts";
import * as state from "./state.ts";
import type { Source } from "./worker/protocol.ts";

/** Why the run of this report cannot be made again here; null: it can. */
export function obstacleOf(report: PageReport): string | null {
  const { shown, suite, policies } = report;
  const { settings } = suite;
  if (shown.source === null) {
    if (settings.command === "replay") return "it is of a trace: drop the trace itself, or a journal";
    if (!__SCENARIOS__.some((one) => one.id === shown.scenario))
      return `there is no built-in scenario "${shown.scenario}": a journal of the run can be shown`;
  }
  if (settings.weights !== "shipped" && settings.weights !== "cold" && shown.weights === null)
    return "its weights came from a file: a journal of the run can be shown";
  const missing = policies.find((id) => !__POLICIES__.some((one) => one.id === id.split(/[:@]/)[0]));
  return missing === undefined ? null : `the policy "${missing}" is not part of the page`;
}

/** Shows the verdict of the report and makes its run again, where that can be done. */
export function showReport(report: PageReport): void {
  batch(() => {
    stopSeeds();
    const options = optionsOf(report);
    state.options.value = options;
    state.opened.value = report;
    state.message.value = null;
    seedOptions.value = options;
    outcomes.value = report.seeds.map(({ seed, baseline, policy }) => ({ seed, a: baseline, b: policy, bounds: {} }));
    const obstacle = obstacleOf(report);
    if (obstacle === null) void startRuns(null);
    else state.message.value = { kind: "error", text: `the panels below are empty: ${obstacle}` };
  });
}

function optionsOf({ shown, suite, policies }: PageReport): RunOptions {
  const { settings } = suite;
  const source: Source = shown.source ?? { kind: "scenario", id: shown.scenario };
  return {
    ...DEFAULT_OPTIONS,
    source,
    pressureRatio: shown.pressureRatio,
    seed: shown.seed,
    // Of recordings, which are as long as they are, a suite says 0.
    durationSeconds: suite.durationSeconds > 0 ? suite.durationSeconds : DEFAULT_OPTIONS.durationSeconds,
    policies,
    isAutonomyOn: settings.autonomy,
    isWatchdogOn: settings.watchdog,
    world: {
      mix: suite.mix,
      ratePerSecond: suite.rate,
      capacityBytes: settings.capacityBytes,
      fit: settings.fit,
      isShadowOn: settings.shadow,
      retries: settings.retries,
      reserveBytes: settings.reserveBytes ?? null,
      shedOrder: settings.shedOrder ?? null,
      attacks: settings.attacks ?? [],
      weights: shown.weights ?? (settings.weights === "cold" ? "cold" : null),
      stretch: settings.timing?.startsWith("stretch ") ? Number(settings.timing.slice("stretch ".length)) : null,
    },
  };
}
