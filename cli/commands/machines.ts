// mempred autonomy --machines N: as many machines, each with an arena, a demand and a network of its own, which tell each other
// what they learned; the last joins when the others have run for three quarters of the time. The same once more without telling:
// what does the exchange do for the newcomer's first forecasts, and for OOMs?

import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import type { MachineOptions } from "../../sim/machines.ts";
import { mean, meanInterval, pairedDifferences } from "../../sim/suite/statistics.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { checkOutputs } from "../outputs.ts";
import { formatCount, formatDuration, formatPercent, formatSeeds, formatSigned } from "../render/format.ts";
import { sectionsText } from "../render/sections.ts";
import { scenarioSources } from "../scenario-sources.ts";
import { usage } from "../settings.ts";
import { commonSuiteParts, DEFAULT_RATE, policiesOf, pressuresOf, seedsOf } from "../suite-settings.ts";
import { parseCount, parseDurationSeconds } from "../units.ts";
import { packageVersion } from "../version.ts";

const MACHINES_SCHEMA = "mempred.machines/1";
const MACHINES_SIGNATURE = '"mempred.machines/';
const MOST_MACHINES = 16;
const DEFAULT_SECONDS = 600;
const DEFAULT_SEEDS = [1, 2, 3];
/** Machine m of seed s gets the demand of seed s + m million. */
const SEED_STEP = 1_000_000;
/** All begin with the same weights: of networks that begin differently the mean is none. */
const COMMON_START_SEED = 1;
const EXCHANGE_MICROS = 10_000_000;
const JOINS_AT_SHARE = 0.75;
const EARLIEST_SECONDS = 20;

/** One seed, with and without the exchange. */
interface Trial {
  readonly seed: number;
  readonly isExchanging: boolean;
  readonly hash: string;
  /** Mean absolute error of the newcomer's first 200 forecasts, percentage points. */
  readonly newcomerFirstMaePercentPoints: number | null;
  /** Of all forecasts of the others. */
  readonly othersMaePercentPoints: number | null;
  readonly avoidableOoms: number;
  readonly totalOoms: number;
  readonly exchange: unknown;
}

export async function machines(context: CommandContext): Promise<CommandOutcome> {
  const { settings, palette, isQuiet } = context;
  const count = settings.get("machines", (text) => parseCount(text, 2, MOST_MACHINES), 4);
  for (const other of ["subsystems", "attack"]) {
    if (settings.has(other)) throw usage(`${settings.sourceOf(other)}: not together with --machines`);
  }
  const policies = await policiesOf(settings, ["neural"]);
  if (policies.length > 1) throw usage(`${settings.sourceOf("policy")}: one policy at a time`, "such as neural");
  const levels = pressuresOf(settings) ?? [0.95];
  if (levels.length > 1) throw usage(`${settings.sourceOf("pressure")}: one level at a time`, "such as 95");
  const parts = commonSuiteParts(settings);
  const seeds = seedsOf(settings) ?? DEFAULT_SEEDS;
  const durationSeconds = Math.round(settings.get("duration", parseDurationSeconds, DEFAULT_SECONDS));
  if (durationSeconds < EARLIEST_SECONDS)
    throw usage(`${settings.sourceOf("duration")}: too short for a newcomer`, `at least ${EARLIEST_SECONDS}s`);
  const lossRatio = settings.get("loss", (text) => parseCount(text, 0, 100) / 100, 0.1);
  const delaySeconds = settings.get("delay", parseDurationSeconds, 2);
  const json = settings.get("json", (path) => path, null);
  const isFile = json !== null && json !== "-";
  if (isFile) await checkOutputs([{ option: "--json", path: json, signature: MACHINES_SIGNATURE }], []);
  const named = await scenarioSources(settings.list("scenario", (text) => text, ["tide"]));

  const [{ loadEngine }, { simulateMachines }, { initialWeights }] = await Promise.all([
    import("../engine.ts"),
    import("../../sim/machines.ts"),
    import("../../predictor/network.ts"),
  ]);
  const engine = await loadEngine();
  const joinsAtSeconds = Math.floor(durationSeconds * JOINS_AT_SHARE);
  const trials: Trial[] = [];
  for (const seed of seeds) {
    const all: MachineOptions[] = [];
    for (let m = 0; m < count; m++) {
      const isNewcomer = m === count - 1;
      const request = {
        pressureRatio: levels[0]!,
        seed: seed + m * SEED_STEP,
        durationSeconds: isNewcomer ? durationSeconds - joinsAtSeconds : durationSeconds,
        ratePerSecond: parts.rate ?? DEFAULT_RATE,
        capacityBytes: parts.capacityBytes ?? DEFAULT_CAPACITY_BYTES,
        mix: parts.mix,
      };
      const { name, source } = named[m % named.length]!;
      all.push({
        demand: { ...(await engine.makeDemand(source, request)), name },
        seed: request.seed,
        policy: policies[0]!,
        fit: parts.fit,
        weights: initialWeights(COMMON_START_SEED),
        keepDecisions: 0,
        joinsAtMicros: isNewcomer ? joinsAtSeconds * 1_000_000 : 0,
      });
    }
    for (const isExchanging of [false, true]) {
      const channel = { lossRatio, delayMicros: delaySeconds * 1_000_000, everyMicros: EXCHANGE_MICROS };
      const outcome = simulateMachines({ machines: all, exchange: isExchanging ? channel : null, seed });
      const results = outcome.machines.map((one) => one.result);
      const errors = results.slice(0, -1).map((one) => one.forecast?.maePercentPoints ?? 0);
      trials.push({
        seed,
        isExchanging,
        hash: outcome.hash,
        newcomerFirstMaePercentPoints: results.at(-1)!.forecast?.coldStart.maePercentPoints ?? null,
        othersMaePercentPoints: mean(errors),
        avoidableOoms: results.reduce((sum, one) => sum + one.ooms.avoidable, 0),
        totalOoms: results.reduce((sum, one) => sum + one.ooms.total, 0),
        exchange: outcome.exchange,
      });
    }
    if (context.isVerbose) context.note(`  seed ${seed} done`);
  }
  const document = {
    ...{ schema: MACHINES_SCHEMA, version: packageVersion(), machines: count, policy: policies[0]! },
    ...{ scenarios: named.map((one) => one.name), pressureRatio: levels[0]!, seeds, durationSeconds, joinsAtSeconds },
    ...{ lossRatio, delaySeconds, exchangeSeconds: EXCHANGE_MICROS / 1_000_000, trials },
  };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (json === "-") return { status: EXIT_OK, text, isDocument: true };
  if (isFile) {
    const { writeFileAtomic } = await import("../../io/write-file.ts");
    await writeFileAtomic(json, text);
    context.note(`mempred: wrote ${json}`);
  }
  const of = (isExchanging: boolean, pick: (trial: Trial) => number) =>
    trials.filter((trial) => trial.isExchanging === isExchanging).map(pick);
  const columns: readonly (readonly [string, (trial: Trial) => number])[] = [
    ["newcomer, first 200: MAE", (trial) => trial.newcomerFirstMaePercentPoints ?? Number.NaN],
    ["the others: MAE", (trial) => trial.othersMaePercentPoints ?? Number.NaN],
    ["avoidable", (trial) => trial.avoidableOoms],
    ["all OOM", (trial) => trial.totalOoms],
  ];
  const rows = [false, true].map((isExchanging) => [
    isExchanging ? "exchanging" : "each alone",
    ...columns.map(([, pick], i) => {
      const value = mean(of(isExchanging, pick));
      return i < 2 ? `${value.toFixed(2)} pp` : formatCount(value);
    }),
  ]);
  const differences = pairedDifferences(of(false, columns[0]![1]), of(true, columns[0]![1]));
  const interval = meanInterval(differences);
  const told = trials.find((trial) => trial.isExchanging)!.exchange as { bytesPerMachineSecond: number };
  const range = interval === null ? "" : ` [${formatSigned(interval[0])}, ${formatSigned(interval[1])}]`;
  const verdict = `${palette.strong("verdict:")} telling changes the error of a newcomer's first 200 forecasts by ${formatSigned(mean(differences))} pp${range}, for ${formatCount(told.bytesPerMachineSecond)} B a machine and second.\n`;
  const heading = [
    `${count} machines: ${named.map((one) => one.name).join(", ")}`,
    `pressure ${formatPercent(levels[0]!, 0)}`,
    `${formatDuration(durationSeconds)}, the last joins after ${formatDuration(joinsAtSeconds)}`,
    formatSeeds(seeds),
    `${policies[0]!}, from common random weights`,
    `${formatPercent(lossRatio, 0)} lost, ${formatDuration(delaySeconds)} on the way`,
  ];
  const section = {
    title: "all machines together, mean over seeds",
    header: ["", ...columns.map(([name]) => name)],
    rows,
    notes: [
      "each sends its 49 weights to every other each 10 s; they are averaged by the labels they were learned from",
    ],
  };
  return { status: EXIT_OK, text: isQuiet ? verdict : `${sectionsText(heading, [section], palette)}\n${verdict}` };
}
