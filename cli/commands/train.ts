// mempred train: samples from the shadow arena of many runs, weights out of them. The last fifth of every run is held out, so
// that the error shown is one on data that was not trained on; beside it stands the error of the anchor, which is what there
// would be without a network. Test seeds are refused: what results are quoted from is never trained on.

import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import type { SampleErrors, TrainingSamples } from "../../predictor/trainer.ts";
import { durationText, percentText, type Suite } from "../../sim/suite/plan.ts";
import { seedWords } from "../../sim/suite/reproduce.ts";
import { refuseTestSeeds, TRAINING_SEEDS } from "../../sim/suite/seeds.ts";
import { isUnicodeLocale, toAscii } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import type { DemandSource } from "../engine.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { checkOutputs, WEIGHTS_SIGNATURE } from "../outputs.ts";
import { Progress } from "../progress.ts";
import { formatCount } from "../render/format.ts";
import { renderTable } from "../render/table.ts";
import { runSuite } from "../run-suite.ts";
import { scenarioSources } from "../scenario-sources.ts";
import { usage } from "../settings.ts";
import { DEFAULT_RATE, pressuresOf, seedsOf, workersOf } from "../suite-settings.ts";
import { parseCount, parseDurationSeconds } from "../units.ts";
import { weightsDigest } from "../weights.ts";

const DEFAULT_EPOCHS = 20;
const MOST_EPOCHS = 10_000;
const DEFAULT_OUT = "weights.json";
const DEFAULT_PRESSURES = [0.5, 0.75, 0.85, 0.95, 0.98];
const DEFAULT_DURATION_SECONDS = 600;
const HELD_OUT_SHARE = 0.2;
/** The policy whose runs are watched; what it does shows in the acting arena alone. */
const WATCHED_POLICY = "neural";

export async function train(context: CommandContext): Promise<CommandOutcome> {
  const { settings, host, palette } = context;
  const epochs = settings.get("epochs", (text) => parseCount(text, 1, MOST_EPOCHS), DEFAULT_EPOCHS);
  const out = settings.get("out", (path) => path, DEFAULT_OUT);
  const wanted = settings.get("engine", (name) => name, "online");
  const { suite, sources, inputs } = await trainingSuite(context);
  await checkOutputs([{ option: "--out", path: out, signature: WEIGHTS_SIGNATURE }], inputs);
  const tfjs = wanted === "tfjs" ? await (await import("../tfjs-trainer.ts")).loadTfjs() : null;
  if (wanted === "tfjs" && tfjs === null)
    context.note(
      "mempred: warning: TensorFlow.js is not installed (npm install @tensorflow/tfjs-node, or @tensorflow/tfjs-core, -layers and -backend-cpu); training with the online engine",
    );

  const toLocale = isUnicodeLocale(host.environment) ? (text: string) => text : toAscii;
  const progress = new Progress(host, suite.policies, context.isQuiet, toLocale);
  const request = {
    suite,
    sources,
    weights: null,
    journalPath: null,
    workers: workersOf(context),
    collectSamples: true,
  };
  const { samplesOfRuns, signal } = await runSuite(request, host, (runs, done, all) =>
    progress.update(runs, done, all),
  ).finally(() => progress.finish());
  if (signal !== null) {
    context.note(`mempred: ${signal}: no weights were written`);
    return { status: signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM, text: "" };
  }

  const { samples, trainedSamples } = await arrange(samplesOfRuns);
  const { evaluateWeights, trainOffline } = await import("../../predictor/trainer.ts");
  const count = samples.labels.length;
  if (trainedSamples < 1) throw usage("the runs are too short: not one label matured", "--duration 1m or more");
  const seed = suite.seeds[0]!;
  let weights: Float64Array;
  let lossCurve: readonly number[] = [];
  if (tfjs === null) {
    // Half a sample more, so that rounding down leaves exactly the held-out ones.
    const heldOutShare = (count - trainedSamples + 0.5) / count;
    ({ weights, lossCurve } = trainOffline({ samples, epochs, seed, heldOutShare }));
  } else {
    const { trainWithTfjs } = await import("../tfjs-trainer.ts");
    weights = trainWithTfjs(tfjs, { samples, trainedSamples, epochs, seed });
  }
  const training = evaluateWeights(weights, samples, 0, trainedSamples);
  const heldOut = trainedSamples === count ? null : evaluateWeights(weights, samples, trainedSamples, count);
  const { weightsToJson } = await import("../../predictor/weights-file.ts");
  const { writeFileAtomic } = await import("../../io/write-file.ts");
  await writeFileAtomic(out, weightsToJson(weights));

  const engine = tfjs === null ? "online" : tfjs.name;
  const digest = weightsDigest(weights);
  if (settings.isOn("json", false)) {
    const document = {
      schema: "mempred.train/1",
      engine,
      epochs,
      suite,
      lossCurve,
      training,
      heldOut,
      weightsDigest: digest,
      out,
    };
    return { status: EXIT_OK, text: `${JSON.stringify(document, null, 2)}\n`, isDocument: true };
  }
  const better = heldOut !== null && heldOut.maePercentPoints < heldOut.anchorMaePercentPoints;
  const lines = [
    `${palette.strong("mempred train")} · ${engine} · ${formatCount(count)} samples of ${formatCount(samplesOfRuns.length)} runs · ${epochs} epochs`,
    ...renderTable(
      [
        ["", "samples", "loss", "MAE", "MAE of the anchor alone"],
        ["trained on", ...errorCells(training)],
        ...(heldOut === null ? [] : [["held out", ...errorCells(heldOut)]]),
      ],
      { gap: 3 },
    ),
    ...(lossCurve.length > 1
      ? [`  loss by epoch: ${lossCurve[0]!.toFixed(5)} to ${lossCurve.at(-1)!.toFixed(5)}`]
      : []),
    "",
    `${palette.strong("verdict:")} ${better ? "on held-out data the network is better than its anchor alone" : "on held-out data the network is NO better than its anchor alone: do not ship these weights"}.`,
    `weights: ${out}, digest ${digest}`,
    palette.dim(`next:    mempred stress --weights ${out} · mempred stress --weights cold`),
  ];
  return { status: EXIT_OK, text: `${lines.join("\n")}\n` };
}

function errorCells({ samples, loss, maePercentPoints, anchorMaePercentPoints }: SampleErrors): string[] {
  return [
    formatCount(samples),
    loss.toFixed(5),
    `${maePercentPoints.toFixed(3)} pp`,
    `${anchorMaePercentPoints.toFixed(3)} pp`,
  ];
}

/** The runs to watch. Errors as for stress and replay. */
async function trainingSuite(context: CommandContext) {
  const { settings } = context;
  const traces = settings.list("trace", (text) => text, null);
  const asked = settings.list("scenario", (text) => text, null);
  if (traces !== null && asked !== null)
    throw usage(`${settings.sourceOf("trace")} and ${settings.sourceOf("scenario")} exclude each other`, "one of them");
  const sources: Record<string, DemandSource> = {};
  const inputs: string[] = [];
  if (traces === null) {
    for (const one of await scenarioSources(asked ?? ["all"])) {
      sources[one.name] = one.source;
      if (one.path !== null) inputs.push(one.path);
    }
  } else {
    const { resolveTrace } = await import("../../io/find-trace.ts");
    const { readTrace } = await import("../../io/read-trace.ts");
    for (const word of traces) {
      const path = resolveTrace(word);
      const trace = await readTrace(path);
      sources[trace.name] = { kind: "trace", trace, stretch: null };
      inputs.push(path);
    }
  }
  const seeds = seedsOf(settings) ?? TRAINING_SEEDS;
  refuseTestSeeds(seeds, "training");
  const suite: Suite = {
    scenarios: Object.keys(sources),
    pressures: pressuresOf(settings) ?? DEFAULT_PRESSURES,
    seeds,
    policies: [WATCHED_POLICY],
    durationSeconds: traces === null ? settings.get("duration", parseDurationSeconds, DEFAULT_DURATION_SECONDS) : 0,
    mix: null,
    rate: DEFAULT_RATE,
    settings: {
      command: traces === null ? "stress" : "replay",
      capacityBytes: traces === null ? DEFAULT_CAPACITY_BYTES : null,
      fit: "segregated",
      autonomy: true,
      watchdog: true,
      shadow: true,
      weights: "shipped",
      retries: 0,
    },
  };
  if (context.isVerbose) {
    const time = suite.durationSeconds > 0 ? `, ${durationText(suite.durationSeconds)} each` : "";
    const levels = suite.pressures.map(percentText).join(",");
    context.note(
      `  training on ${suite.scenarios.join(", ")} at ${levels} %, ${seedWords(suite.seeds).join(" ")}${time}`,
    );
  }
  return { suite, sources, inputs };
}

/** First what is trained on, then what is held out: the last fifth of each run. */
async function arrange(
  runs: readonly TrainingSamples[],
): Promise<{ samples: TrainingSamples; trainedSamples: number }> {
  const { joinSamples } = await import("../../predictor/sample-collector.ts");
  const cut = runs.map((run) => run.labels.length - Math.floor(run.labels.length * HELD_OUT_SHARE));
  const samples = joinSamples([
    ...runs.map((run, i) => slice(run, 0, cut[i]!)),
    ...runs.map((run, i) => slice(run, cut[i]!, run.labels.length)),
  ]);
  return { samples, trainedSamples: cut.reduce((sum, n) => sum + n, 0) };
}

function slice({ features, anchors, labels }: TrainingSamples, from: number, to: number): TrainingSamples {
  const width = labels.length === 0 ? 0 : features.length / labels.length;
  return {
    features: features.subarray(from * width, to * width),
    anchors: anchors?.subarray(from, to),
    labels: labels.subarray(from, to),
  };
}
