// mempred tune: values of a policy's parameters on tuning seeds, each against the defaults on the same demands. Test seeds
// are refused: what is chosen by its result on a seed says nothing on that seed any more.

import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import { EVALUATION_FIGURES, type EvaluationFigure } from "../../sim/suite/evaluation.ts";
import { type TestedDifference, testedDifference } from "../../sim/suite/evaluation-table.ts";
import { holmAdjust } from "../../sim/suite/holm.ts";
import { durationText, percentText } from "../../sim/suite/plan.ts";
import { refuseTestSeeds, TUNING_SEEDS } from "../../sim/suite/seeds.ts";
import { mean } from "../../sim/suite/statistics.ts";
import {
  bestTrial,
  type TunedParameter,
  type Tuning,
  type TuningTrial,
  tuningGrid,
  tuningLine,
  tuningText,
} from "../../sim/suite/tuning.ts";
import { isUnicodeLocale, toAscii } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { DemandSource } from "../engine.ts";
import { type EvaluationJob, plainRun } from "../evaluation-cell.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { checkOutputs } from "../outputs.ts";
import { Progress } from "../progress.ts";
import { formatDifference, formatP, formatSignedBytes } from "../render/evaluation-format.ts";
import { formatCount, formatMetric, formatMicros, formatSeeds, formatSigned } from "../render/format.ts";
import { renderTable } from "../render/table.ts";
import { runCells } from "../run-cells.ts";
import { scenarioSources } from "../scenario-sources.ts";
import { usage } from "../settings.ts";
import { DEFAULT_RATE, policiesOf, pressuresOf, seedsOf, workersOf } from "../suite-settings.ts";
import { parseDurationSeconds } from "../units.ts";
import { packageVersion } from "../version.ts";

const TUNE_SCHEMA = "mempred.tune/1";
const TUNE_SIGNATURE = '"mempred.tune/';
const DEFAULT_PRESSURE_RATIO = 0.95;
const DEFAULT_DURATION_SECONDS = 600;
/** A grid of more takes hours and finds luck. */
const MOST_TRIALS = 200;

/** What a tuning runs on. */
interface TuningPlan {
  readonly policy: string;
  readonly defaults: Tuning;
  readonly scenarios: readonly string[];
  readonly sources: Readonly<Record<string, DemandSource>>;
  readonly pressures: readonly number[];
  readonly seeds: readonly number[];
  readonly durationSeconds: number;
}

type Signal = "SIGINT" | "SIGTERM";

/** Figures of one combination, by demand in the order of the plan. */
type FiguresOfDemands = readonly (readonly (number | null)[])[];

export async function tune(context: CommandContext): Promise<CommandOutcome> {
  const { settings } = context;
  const plan = await planOf(context);
  const asked = settings.list("parameter", (text) => text, null);
  if (asked === null) return { status: EXIT_OK, text: parametersText(plan) };
  const parameters = await parametersOf(context, asked, plan);
  const search = settings.get("search", (name) => name, "grid");
  const json = settings.get("json", (path) => path, null);
  const withMetrics = settings.isOn("metrics", false);
  if (json === "-" && withMetrics) throw usage("--json and --metrics both want stdout", "--json FILE");
  const grid = tuningGrid(parameters, plan.defaults);
  if (grid.length === 0) throw usage(`${settings.sourceOf("parameter")}: these are the defaults`, "other values");
  if (search === "grid" && grid.length > MOST_TRIALS)
    throw usage(
      `${grid.length} combinations are too many for a grid`,
      `at most ${MOST_TRIALS}, or --search coordinate`,
    );
  const isFile = json !== null && json !== "-";
  if (isFile) await checkOutputs([{ option: "--json", path: json, signature: TUNE_SIGNATURE }], []);

  const { trials, signal } = await runTrials(context, plan, parameters, search === "grid" ? grid : null);
  if (signal !== null) {
    context.note(`mempred: ${signal}: a tuning that was not finished chooses nothing`);
    return { status: signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM, text: "" };
  }
  const best = bestTrial(trials);
  const { policy, defaults, scenarios, pressures, seeds, durationSeconds } = plan;
  const document = `${JSON.stringify(
    {
      ...{ schema: TUNE_SCHEMA, version: packageVersion(), policy, defaults, search },
      ...{ scenarios, pressures, seeds, durationSeconds, trials, best: best?.tuning ?? null },
    },
    null,
    2,
  )}\n`;
  if (isFile) {
    const { writeFileAtomic } = await import("../../io/write-file.ts");
    await writeFileAtomic(json, document);
    context.note(`mempred: wrote ${json}`);
  }
  if (json === "-") return { status: EXIT_OK, text: document, isDocument: true };
  const text = trialsText(context, plan, trials, best);
  return { status: EXIT_OK, text: withMetrics ? `${text}\n${metricsText(plan, trials)}` : text };
}

async function planOf(context: CommandContext): Promise<TuningPlan> {
  const { settings } = context;
  const [policy, ...others] = await policiesOf(settings, ["predictive"]);
  if (policy === undefined || others.length > 0)
    throw usage(`${settings.sourceOf("policy")}: one policy is tuned at a time`, "--policy NAME");
  const seeds = seedsOf(settings) ?? [...TUNING_SEEDS];
  refuseTestSeeds(seeds, "tuning");
  const { resolvePolicy } = await import("../../sim/policies/registry.ts");
  const named = await scenarioSources(settings.list("scenario", (text) => text, ["all"]));
  return {
    policy,
    defaults: resolvePolicy(policy).definition.parameters ?? {},
    scenarios: named.map((one) => one.name),
    sources: Object.fromEntries(named.map((one) => [one.name, one.source])),
    pressures: pressuresOf(settings) ?? [DEFAULT_PRESSURE_RATIO],
    seeds,
    durationSeconds: settings.get("duration", parseDurationSeconds, DEFAULT_DURATION_SECONDS),
  };
}

/** "gain=1,2" "holeBytes=4096" → parameters, checked against those of the policy. Commas have split the words already. */
async function parametersOf(
  { settings }: CommandContext,
  parts: readonly string[],
  { policy, defaults }: TuningPlan,
): Promise<TunedParameter[]> {
  const source = settings.sourceOf("parameter");
  const known = Object.keys(defaults);
  if (known.length === 0) throw usage(`${source}: ${policy} has no parameters to tune`, "a policy that has some");
  const { suggestion } = await import("../../core/suggest.ts");
  const found = new Map<string, number[]>();
  let name: string | null = null;
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals >= 0) {
      name = part.slice(0, equals).trim();
      if (!known.includes(name))
        throw usage(`${source}: ${policy} has no parameter "${name}"${suggestion(name, known)}`, known.join(", "));
      if (found.has(name)) throw usage(`${source}: "${name}" is named twice`, `${name}=1,2`);
      found.set(name, []);
    }
    if (name === null) throw usage(`${source}: "${part}" belongs to no parameter`, "NAME=VALUE,VALUE");
    const text = part.slice(equals + 1).trim();
    const value = text === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw usage(`${source}: "${text}" is not a number`, `${name}=1,2.5`);
    const values = found.get(name)!;
    if (values.includes(value)) throw usage(`${source}: ${name} has ${value} twice`, "each value once");
    values.push(value);
  }
  return [...found].map(([parameter, values]) => ({ name: parameter, values }));
}

/** All combinations at once, or, where `grid` is null, one parameter after the other from the best so far. */
async function runTrials(
  context: CommandContext,
  plan: TuningPlan,
  parameters: readonly TunedParameter[],
  grid: readonly Tuning[] | null,
): Promise<{ trials: TuningTrial[]; signal: Signal | null }> {
  const done = new Map<string, { tuning: Tuning; figures: FiguresOfDemands }>();
  let base: FiguresOfDemands | null = null;
  let best: Tuning = {};
  const rounds = grid === null ? parameters.length : 1;
  for (let round = 0; round < rounds; round++) {
    const wanted = (grid ?? tuningLine(parameters[round]!, best, plan.defaults)).filter(
      (tuning) => !done.has(tuningText(tuning)),
    );
    const tunings = base === null ? [{}, ...wanted] : wanted;
    const { figures, signal } = await runTunings(context, plan, tunings);
    if (signal !== null) return { trials: [], signal };
    if (base === null) base = figures.shift()!;
    for (const [i, tuning] of wanted.entries()) done.set(tuningText(tuning), { tuning, figures: figures[i]! });
    best = bestTrial(trialsOf(plan, base, [...done.values()]))?.tuning ?? {};
  }
  return { trials: trialsOf(plan, base!, [...done.values()]), signal: null };
}

async function runTunings(
  context: CommandContext,
  plan: TuningPlan,
  tunings: readonly Tuning[],
): Promise<{ figures: FiguresOfDemands[]; signal: Signal | null }> {
  const { host } = context;
  const { policy, sources, durationSeconds } = plan;
  const runs = tunings.map((tuning) => plainRun(policy, { tuning }));
  const jobs = demandsOf(plan).map(
    (demand): EvaluationJob => ({
      ...demand,
      durationSeconds,
      ratePerSecond: DEFAULT_RATE,
      capacityBytes: DEFAULT_CAPACITY_BYTES,
      mix: null,
      runs,
    }),
  );
  const toLocale = isUnicodeLocale(host.environment) ? (text: string) => text : toAscii;
  const progress = new Progress(host, [policy], context.isQuiet, toLocale);
  const { outcomes, signal } = await runCells(
    {
      jobs,
      sources,
      workers: workersOf(context),
      onProgress: (some, doneRuns, allRuns) => progress.update(some, doneRuns, allRuns),
    },
    host,
  ).finally(() => progress.finish());
  if (signal !== null) return { figures: [], signal };
  return { figures: tunings.map((_, i) => outcomes.map((outcome) => outcome![i]!.figures)), signal: null };
}

/** Scenario, level and seed of each demand, in a fixed order. */
function demandsOf({ scenarios, pressures, seeds }: TuningPlan) {
  return scenarios.flatMap((scenario) =>
    pressures.flatMap((pressureRatio) => seeds.map((seed) => ({ scenario, pressureRatio, seed }))),
  );
}

function trialsOf(
  plan: TuningPlan,
  base: FiguresOfDemands,
  done: readonly { readonly tuning: Tuning; readonly figures: FiguresOfDemands }[],
): TuningTrial[] {
  const demands = demandsOf(plan);
  /** Demands averaged within each seed, as everywhere. */
  const means = (figures: FiguresOfDemands, name: EvaluationFigure): Map<number, number> => {
    const index = EVALUATION_FIGURES.indexOf(name);
    return new Map(
      plan.seeds.map((seed) => [
        seed,
        mean(figures.filter((_, i) => demands[i]!.seed === seed).map((one) => one[index]!)),
      ]),
    );
  };
  const rows = done.map(({ tuning, figures }) => {
    const of = (name: EvaluationFigure): TestedDifference => testedDifference(means(base, name), means(figures, name))!;
    return {
      tuning,
      avoidableOoms: of("oom_avoidable"),
      totalOoms: of("oom_events"),
      deniedBytes: of("oom_denied_bytes"),
      movedBytes: of("compaction_moved_bytes"),
      responseP99Micros: of("response_p99_micros"),
    };
  });
  const adjusted = holmAdjust(rows.map((row) => row.avoidableOoms.p));
  return rows.map((row, i) => ({ ...row, adjustedP: adjusted[i]! }));
}

function parametersText({ policy, defaults }: TuningPlan): string {
  const names = Object.keys(defaults);
  if (names.length === 0) return `${policy} has no parameters to tune.\n`;
  const rows = names.map((name) => [name, String(defaults[name])]);
  const example = `next: mempred tune --policy ${policy} --parameter ${names[0]}=${defaults[names[0]!]},${2 * defaults[names[0]!]! || 1}`;
  return `${[`parameters of ${policy}, with their defaults`, ...renderTable(rows), example].join("\n")}\n`;
}

function trialsText(
  { palette }: CommandContext,
  plan: TuningPlan,
  trials: readonly TuningTrial[],
  best: TuningTrial | null,
): string {
  const { policy, defaults, scenarios, pressures, seeds, durationSeconds } = plan;
  const tried = new Set(trials.flatMap((trial) => Object.keys(trial.tuning)));
  const base = trials[0]!.avoidableOoms.baseline;
  const mib = (bytes: number) => formatSigned(bytes / 1_048_576);
  const signedMicros = (micros: number) => `${micros > 0 ? "+" : ""}${formatMicros(micros)}`;
  const header = ["", "avoidable", "difference [95 % interval]", "p (Holm)", "all OOM", "denied", "MiB moved", "p99"];
  const defaultsText = tuningText(Object.fromEntries(Object.entries(defaults).filter(([name]) => tried.has(name))));
  const rows = trials.map((trial) => [
    `${trial === best ? "* " : "  "}${tuningText(trial.tuning)}`,
    formatCount(trial.avoidableOoms.policy),
    formatDifference(trial.avoidableOoms),
    formatP(trial.adjustedP),
    formatDifference(trial.totalOoms),
    formatDifference(trial.deniedBytes, formatSignedBytes),
    formatDifference(trial.movedBytes, mib),
    formatDifference(trial.responseP99Micros, signedMicros),
  ]);
  const table = renderTable([header, [`  ${defaultsText} (defaults)`, formatCount(base)], ...rows], { gap: 3 });
  const isShown = best?.avoidableOoms.ci95 != null && best.avoidableOoms.ci95[1] < 0;
  const verdict =
    best === null
      ? `nothing tried denies less than the defaults of ${policy}.`
      : `${tuningText(best.tuning)} denies least, ${formatDifference(best.avoidableOoms)} avoidable OOMs a run${isShown ? "" : "; the interval holds 0, so it may be luck"}.`;
  return `${[
    `${palette.strong("mempred tune")} · ${policy} · ${scenarios.join(", ")} at ${pressures.map(percentText).join(",")} % · ${formatSeeds(seeds)} · ${durationText(durationSeconds)} each`,
    ...table,
    "",
    `${palette.strong("verdict:")} ${verdict}`,
    ...(seeds.length < 2 ? ["one seed: no interval, draw no conclusion"] : []),
    palette.dim("The best of many trials flatters itself; what it is worth shows on test seeds: mempred evaluate"),
  ].join("\n")}\n`;
}

function metricsText({ policy, seeds }: TuningPlan, trials: readonly TuningTrial[]): string {
  return trials
    .map(({ tuning, avoidableOoms, movedBytes }) => {
      const labels = `policy=${policy} tuning=${tuningText(tuning).replaceAll(" ", ";")} seeds=${seeds.length}`;
      return `METRIC oom_avoidable=${formatMetric(avoidableOoms.policy)} ${labels}\nMETRIC compaction_moved_bytes=${formatMetric(movedBytes.policy)} ${labels}\n`;
    })
    .join("");
}
