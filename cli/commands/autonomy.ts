// mempred autonomy: several subsystems under stress at once, left to themselves for an hour, one limit on compaction over
// all of them. Three ways on the same demand: compaction on demand only, each subsystem's predictor on its own, and one loop
// that gives the runs to whoever needs them most.

import type { Demand } from "../../core/demand.ts";
import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import type { FleetOptions } from "../../sim/fleet.ts";
import { AUTONOMY_SCHEMA, type AutonomyDocument, type AutonomyMode, type AutonomyRun } from "../autonomy-document.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { DemandSource } from "../engine.ts";
import { EXIT_OK } from "../exit.ts";
import { AUTONOMY_SIGNATURE, checkOutputs } from "../outputs.ts";
import { autonomyReport } from "../render/autonomy-report.ts";
import { sectionsText } from "../render/sections.ts";
import { scenarioSources } from "../scenario-sources.ts";
import { usage } from "../settings.ts";
import { attacksOf, commonSuiteParts, DEFAULT_RATE, policiesOf, pressuresOf, seedsOf } from "../suite-settings.ts";
import { parseCount, parseDurationSeconds } from "../units.ts";
import { packageVersion } from "../version.ts";

const DEFAULT_SCENARIOS = ["steady", "burst", "tide"];
const DEFAULT_SECONDS = 3600;
const DEFAULT_SEEDS = [1, 2, 3];
const MOST_SUBSYSTEMS = 16;
/** Zone z of seed s gets the demand of seed s + z million: the first one's is that of `stress`. */
const SEED_STEP = 1_000_000;
const MODES: readonly AutonomyMode[] = ["reactive", "uncoordinated", "coordinated"];

export async function autonomy(context: CommandContext): Promise<CommandOutcome> {
  const { settings, palette, isQuiet } = context;
  if (settings.has("machines")) return (await import("./machines.ts")).machines(context);
  for (const option of ["loss", "delay"]) {
    if (settings.has(option))
      throw usage(`${settings.sourceOf(option)}: of messages between machines`, "--machines N beside it");
  }
  const parts = commonSuiteParts(settings);
  const levels = pressuresOf(settings) ?? [0.95];
  if (levels.length > 1) throw usage(`${settings.sourceOf("pressure")}: one level at a time`, "such as 95");
  const seeds = seedsOf(settings) ?? DEFAULT_SEEDS;
  const durationSeconds = settings.get("duration", parseDurationSeconds, DEFAULT_SECONDS);
  const policies = await policiesOf(settings, ["predictive"]);
  const policy = policies[0]!;
  if (policies.length > 1) throw usage(`${settings.sourceOf("policy")}: one policy at a time`, "such as predictive");
  await checkForecasts(policy, settings.sourceOf("policy"));
  const attacks = await attacksOf(settings);
  const asked: readonly string[] = settings.list("scenario", (text) => text, DEFAULT_SCENARIOS);
  const named = new Map((await scenarioSources(asked)).map((one) => [one.name, one]));
  const names = [...named.keys()];
  const count = settings.get("subsystems", (text) => parseCount(text, 1, MOST_SUBSYSTEMS), null);
  if (names.length > MOST_SUBSYSTEMS) throw usage(`${names.length} subsystems`, `at most ${MOST_SUBSYSTEMS}`);
  const subsystems = Array.from({ length: count ?? names.length }, (_, i) => names[i % names.length]!);
  const json = settings.get("json", (path) => path, null);
  const outputs =
    json === null || json === "-" ? [] : [{ option: "--json", path: json, signature: AUTONOMY_SIGNATURE }];
  const inputs = [...named.values()].flatMap((one) => one.path ?? []);
  await checkOutputs(outputs, inputs);

  const [{ loadEngine }, { simulateFleet }, { scheduleAttacks }] = await Promise.all([
    import("../engine.ts"),
    import("../../sim/fleet.ts"),
    import("../../sim/attacks.ts"),
  ]);
  const engine = await loadEngine();
  const runs: AutonomyRun[] = [];
  for (const seed of seeds) {
    const zones: { demand: Demand; seed: number }[] = [];
    for (const [z, name] of subsystems.entries()) {
      const request = {
        pressureRatio: levels[0]!,
        seed: seed + z * SEED_STEP,
        durationSeconds,
        ratePerSecond: parts.rate ?? DEFAULT_RATE,
        capacityBytes: parts.capacityBytes ?? DEFAULT_CAPACITY_BYTES,
        mix: parts.mix,
      };
      const source: DemandSource = named.get(name)!.source;
      zones.push({ demand: { ...(await engine.makeDemand(source, request)), name }, seed: request.seed });
    }
    for (const mode of MODES) {
      const fleet: FleetOptions = {
        isCoordinated: mode === "coordinated",
        zones: zones.map((zone) => ({
          ...zone,
          policy: mode === "reactive" ? "reactive" : policy,
          fit: parts.fit,
          keepDecisions: 3,
          attacks: scheduleAttacks(attacks ?? [], zone.seed, zone.demand.durationMicros),
        })),
      };
      const outcome = simulateFleet(fleet);
      runs.push({
        mode,
        seed,
        hash: outcome.hash,
        compactionRuns: outcome.runs,
        maxRunsInAnySecond: outcome.maxRunsInAnySecond,
        zones: outcome.zones.map((zone) => zone.result),
      });
    }
    if (context.isVerbose) context.note(`  seed ${seed} done`);
  }
  const document: AutonomyDocument = {
    schema: AUTONOMY_SCHEMA,
    version: packageVersion(),
    subsystems,
    pressureRatio: levels[0]!,
    seeds,
    durationSeconds,
    ratePerSecond: parts.rate ?? DEFAULT_RATE,
    policy,
    attacks: attacks ?? [],
    runs,
  };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (json === "-") return { status: EXIT_OK, text, isDocument: true };
  if (json !== null) {
    const { writeFileAtomic } = await import("../../io/write-file.ts");
    await writeFileAtomic(json, text);
    context.note(`mempred: wrote ${json}`);
  }
  const { heading, sections, verdicts } = autonomyReport(document);
  const closing = verdicts.map((line, i) => (i === 0 ? `${palette.strong("verdict:")} ${line}` : `         ${line}`));
  const verdictText = `${closing.join("\n")}\n`;
  return {
    status: EXIT_OK,
    text: isQuiet ? verdictText : `${sectionsText(heading, sections, palette)}\n${verdictText}`,
  };
}

/** Without a forecast there is nothing to coordinate by. */
async function checkForecasts(policy: string, source: string | undefined): Promise<void> {
  const { resolvePolicy } = await import("../../sim/policies/registry.ts");
  if (resolvePolicy(policy).definition.signal !== null) return;
  throw usage(`${source ?? "--policy"}: ${policy} forecasts nothing: there is nothing to coordinate by`, "predictive");
}
