// mempred stress: policies side by side on generated demand.

import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import type { ShedOrderName } from "../../sim/shed-order.ts";
import { durationText, type Suite } from "../../sim/suite/plan.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { type NamedScenario, scenarioSources } from "../scenario-sources.ts";
import type { Settings } from "../settings.ts";
import { runSuiteCommand } from "../suite-command.ts";
import {
  attacksOf,
  commonSuiteParts,
  DEFAULT_RATE,
  policiesOf,
  pressuresOf,
  seedsOf,
  weightsOf,
} from "../suite-settings.ts";
import { suiteNamed } from "../suites.ts";
import { parseDurationSeconds } from "../units.ts";

export async function stress(context: CommandContext): Promise<CommandOutcome> {
  const { settings } = context;
  const defaults = suiteNamed(settings.get("suite", (name) => name, "default"));
  const parts = commonSuiteParts(settings);
  const pressures = pressuresOf(settings);
  const seeds = seedsOf(settings);
  const durationSeconds = settings.get("duration", parseDurationSeconds, null);
  const policies = await policiesOf(settings, defaults.policies);
  const { weights, label, path } = await weightsOf(settings, policies);
  const attacks = await attacksOf(settings);
  const named = await scenarioSources(settings.list("scenario", (text) => text, ["all"]));
  const wished = wishesOf(named, context);
  const files = named.filter((one) => one.path !== null).map((one) => [one.name, one.path!] as const);
  const suite: Suite = {
    scenarios: named.map((one) => one.name),
    pressures: pressures ?? (wished.pressureRatio === null ? defaults.pressures : [wished.pressureRatio]),
    seeds: seeds ?? defaults.seeds,
    policies,
    durationSeconds: durationSeconds ?? wished.durationSeconds ?? defaults.durationSeconds,
    mix: parts.mix,
    rate: parts.rate ?? wished.ratePerSecond ?? DEFAULT_RATE,
    settings: {
      command: "stress",
      capacityBytes: parts.capacityBytes ?? DEFAULT_CAPACITY_BYTES,
      fit: parts.fit,
      autonomy: parts.autonomy,
      watchdog: parts.watchdog,
      shadow: parts.shadow,
      weights: label,
      ...parts.reserve,
      ...shedOrderOf(settings),
      ...(attacks === null ? {} : { attacks }),
      retries: parts.retries,
      ...(files.length > 0 ? { files: Object.fromEntries(files) } : {}),
    },
  };
  if (context.isVerbose) {
    const runs = suite.scenarios.length * suite.pressures.length * suite.seeds.length * suite.policies.length;
    context.note(`  ${runs} runs of ${durationText(suite.durationSeconds)}`);
  }
  const sources = Object.fromEntries(named.map((one) => [one.name, one.source]));
  const inputs = [...files.map(([, file]) => file), ...(path === null ? [] : [path])];
  return runSuiteCommand(context, { suite, sources, weights }, inputs);
}

/** As a part of SuiteSettings: there only when it was asked for. */
function shedOrderOf(settings: Settings): { shedOrder?: ShedOrderName } {
  const shedOrder = settings.get("shed-order", (text) => text as ShedOrderName, null);
  return shedOrder === null ? {} : { shedOrder };
}

/** What scenario files suggest, where one scenario runs or all suggest the same; otherwise nothing. */
function wishesOf(named: readonly NamedScenario[], context: CommandContext) {
  const agreed = (name: string, pick: (one: NamedScenario) => number | undefined): number | null => {
    const wishes = new Set(named.map(pick));
    const [first] = wishes;
    if (wishes.size === 1) return first ?? null;
    context.note(`mempred: the scenarios suggest different ${name}; the default holds for all`);
    return null;
  };
  const seconds = agreed("durations", (one) => one.scenario.durationMicros);
  return {
    durationSeconds: seconds === null ? null : seconds / 1e6,
    ratePerSecond: agreed("rates", (one) => one.scenario.ratePerSecond),
    pressureRatio: agreed("levels", (one) => one.scenario.pressureRatio),
  };
}
