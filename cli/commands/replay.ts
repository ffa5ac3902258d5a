// mempred replay: policies side by side on recorded demand. Each trace is a scenario of its own; what the recording leaves
// open (classes, pins, pace) is drawn from the seed and printed with the result.

import type { Suite } from "../../sim/suite/plan.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { DemandSource } from "../engine.ts";
import { usage } from "../settings.ts";
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
import { SUITES } from "../suites.ts";
import { parseFactor } from "../units.ts";

/** The level of a replay unless told otherwise: the peak of the recording at 95 % of the arena. */
const DEFAULT_PRESSURE_RATIO = 0.95;

export async function replay(context: CommandContext): Promise<CommandOutcome> {
  const { settings } = context;
  const parts = commonSuiteParts(settings);
  const stretch = settings.get("stretch", parseFactor, null);
  if (stretch !== null && parts.rate !== null)
    throw usage(`${settings.sourceOf("stretch")} and ${settings.sourceOf("rate")} both set the pace`, "one of them");
  const pressures = pressuresOf(settings);
  if (parts.capacityBytes !== null && pressures !== null)
    throw usage(
      `${settings.sourceOf("capacity")} and ${settings.sourceOf("pressure")} both set the level of a trace`,
      "one of them: the peak of a recording is what it is",
    );
  const seeds = seedsOf(settings) ?? SUITES["default"]!.seeds;
  const policies = await policiesOf(settings, SUITES["default"]!.policies);
  const { weights, label, path: weightsPath } = await weightsOf(settings, policies);
  const attacks = await attacksOf(settings);
  const format = await formatOf(context);
  const { resolveTrace } = await import("../../io/find-trace.ts");
  const { readTrace } = await import("../../io/read-trace.ts");

  const sources: Record<string, DemandSource> = {};
  const files: Record<string, string> = {};
  const paths: string[] = [];
  for (const word of new Set(context.arguments)) {
    const path = resolveTrace(word);
    const trace = await readTrace(path, format === null ? {} : { format });
    if (sources[trace.name] !== undefined)
      throw usage(
        `two traces are called "${trace.name}": ${files[trace.name]} and ${word}`,
        "another name for one of them",
      );
    for (const { code, count, firstLine } of trace.warnings)
      context.note(`mempred: ${path}:${firstLine}: ${code.replaceAll("-", " ")}, ${count} times`);
    sources[trace.name] = { kind: "trace", trace, stretch };
    files[trace.name] = word;
    paths.push(path);
  }
  const suite: Suite = {
    scenarios: Object.keys(sources),
    pressures: pressures ?? [DEFAULT_PRESSURE_RATIO],
    seeds,
    policies,
    durationSeconds: 0,
    mix: parts.mix,
    rate: parts.rate ?? DEFAULT_RATE,
    settings: {
      command: "replay",
      capacityBytes: parts.capacityBytes,
      fit: parts.fit,
      autonomy: parts.autonomy,
      watchdog: parts.watchdog,
      shadow: parts.shadow,
      weights: label,
      ...parts.reserve,
      ...(attacks === null ? {} : { attacks }),
      retries: parts.retries,
      ...(stretch === null ? {} : { timing: `stretch ${stretch}` }),
      files,
    },
  };
  const inputs = [...paths, ...(weightsPath === null ? [] : [weightsPath])];
  return runSuiteCommand(context, { suite, sources, weights }, inputs);
}

async function formatOf({ settings }: CommandContext): Promise<string | null> {
  const format = settings.get("format", (text) => text, "auto");
  if (format === "auto") return null;
  const { TRACE_FORMAT_IDS } = await import("../../scenarios/trace/registry.ts");
  if (TRACE_FORMAT_IDS.includes(format)) return format;
  const { suggestion } = await import("../../core/suggest.ts");
  throw usage(
    `${settings.sourceOf("format")}: unknown trace format "${format}"${suggestion(format, TRACE_FORMAT_IDS)}`,
    ["auto", ...TRACE_FORMAT_IDS].join(", "),
  );
}
