// Benchmark of the predictor: the forward pass, the forecast with features and guards, a training step, a whole tick, an
// observation; the same training step in tfjs; bytes and garbage; then every forecaster by name. Inputs are recorded from a made-up run, so ReLUs switch as
// they do in use. Times are the fastest of many short rounds, as the machine may be shared; the median stands in the note.
//
//   npx tsx scripts/bench/predictor.ts [--smoke]

import { Session } from "node:inspector/promises";
import { pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import { DEFAULT_CAPACITY_BYTES, TICK_MICROS } from "../../core/units.ts";
import { CompactPredictor } from "../../predictor/compact-predictor.ts";
import { createForecaster, FORECASTER_IDS } from "../../predictor/forecasters.ts";
import { GuardedForecaster } from "../../predictor/guarded-forecaster.ts";
import {
  forwardKernel,
  IO_ANCHOR,
  IO_CLIP,
  IO_FORECAST,
  IO_LABEL,
  IO_LEARNING_RATE,
  IO_LENGTH,
  trainKernel,
} from "../../predictor/kernel.ts";
import { HIDDEN_COUNT, INPUT_COUNT } from "../../predictor/network.ts";
import {
  DEFAULT_GRADIENT_CLIP,
  DEFAULT_LEARNING_RATE,
  PREDICTOR_STATE_BYTES,
  PressurePredictor,
} from "../../predictor/pressure-predictor.ts";
import { SampleCollector } from "../../predictor/sample-collector.ts";
import type { TrainingSamples } from "../../predictor/trainer.ts";
import { watchdogStateBytes } from "../../predictor/watchdog.ts";
import type { BenchRow } from "./bench-row.ts";

const SAMPLES = 1024;
const SAMPLING_BYTES = 512;
const ALLOCATIONS_PER_TICK = 50;
const TICKS_EACH = 50;

/** Uses results, so that the compiler cannot drop the work; in a typed array, since the bench's own sums must not be boxed. */
const keep = new Float64Array(1);

/** One thing to time: does `count` operations. */
type Work = (count: number) => void;

/** Runs it all; `smoke` shortens each part to a moment. The digest is that of forecasts, never of a time. */
export async function benchPredictor(options: { smoke: boolean }): Promise<BenchRow[]> {
  const rounds = options.smoke ? 5 : 400;
  const count = options.smoke ? 2_000 : 20_000;
  const run = record();
  const kernel = kernelWorks(run.samples, run.predictor.weights);
  const guarded = guardedWorks();

  const forward = time(kernel.forward, count, rounds);
  const train = time(kernel.train, count, rounds);
  const forecast = time(guarded.forecast, count, rounds);
  const observe = time(guarded.observe, count, rounds);
  const both = time(guarded.observeAndForecast, count, rounds);
  const tick = time(guarded.tick, Math.ceil(count / 10), rounds);
  const ownTick = time(guarded.ownTick, Math.ceil(count / 10), rounds);
  const theirs = await timeTfjs(run.samples, options.smoke ? 20 : 400);

  return [
    nanosRow("forward pass, 49 weights", forward, "<= 60 (stretch 45)"),
    nanosRow("forecast: features, forward pass, guards", forecast, "<= 60 (stretch 45)"),
    nanosRow("training step: forward, backward, clip, update", train, "<= 90 (stretch 62)"),
    nanosRow("observation of an allocation, with its fallback's", observe),
    nanosRow("observation and forecast, as at every allocation", both, "< 20000"),
    nanosRow("tick: sample, training step, forecasts, margin, watchdog, fallback", tick, "< 20000"),
    nanosRow("tick of the predictor alone", ownTick, "< 20000"),
    {
      name: "tfjs trainOnBatch of one sample / training step",
      value: theirs.trainMicros * (1000 / train.best),
      unit: "x",
      mark: ">= 3000",
      note: `tfjs ${theirs.name}: ${theirs.trainMicros.toFixed(0)} us a step, fastest of ${theirs.steps}`,
    },
    {
      name: "tfjs predict of one sample / forward pass",
      value: theirs.predictMicros * (1000 / forward.best),
      unit: "x",
      note: `tfjs ${theirs.name}: ${theirs.predictMicros.toFixed(0)} us a prediction`,
    },
    {
      name: "state of the predictor",
      value: PREDICTOR_STATE_BYTES,
      unit: "B",
      mark: "<= 656",
      note: `${((100 * PREDICTOR_STATE_BYTES) / DEFAULT_CAPACITY_BYTES).toFixed(2)} % of the default heap`,
    },
    { name: "state of the watchdog, outside the heap", value: watchdogStateBytes, unit: "B" },
    await garbageRow("observation", guarded.observe),
    await garbageRow("forecast", guarded.forecast),
    await garbageRow("training step", kernel.train),
    await garbageRow("tick of the predictor", guarded.ownTick),
    await garbageRow("tick with watchdog and fallback", guarded.tick, null),
    ...forecasterRows(options.smoke),
    ...(await compactGarbage()),
    ...(await ensembleGarbage()),
    { name: "digest of the forecasts", value: 0, unit: "", note: run.digest },
  ];
}

/** A run over a wandering pressure: recorded samples, the trained predictor, the digest of what it said. */
function record(): { samples: TrainingSamples; predictor: PressurePredictor; digest: string } {
  const predictor = new PressurePredictor({ seed: 1 });
  const collector = new SampleCollector();
  const digest = new Digest();
  const random = new RandomStream(1, "bench predictor");
  let offset = 0;
  for (let tick = 0; collector.length < SAMPLES; tick++) {
    const now = tick * TICK_MICROS;
    for (let i = ALLOCATIONS_PER_TICK; i >= 0; i--) {
      offset = 0.999 * offset + 0.01 * (random.next() - 0.5);
      const pressure = Math.min(1, Math.max(0.1, 0.9 + offset));
      const at = now - i * 9_000;
      if (at < 0) continue;
      if (i > 0) predictor.observe(at, pressure - 0.03 * random.next(), pressure);
      else {
        predictor.tick(at, pressure - 0.03 * random.next(), pressure, false);
        collector.tick(predictor, at, pressure, false);
        digest.addInteger(Math.floor(predictor.forecast(at) * 2 ** 50));
      }
      if (random.chance(0.02)) predictor.noteCompaction(at);
    }
  }
  return { samples: collector.samples(), predictor, digest: digest.hex() };
}

/** The unrolled kernel over the recorded samples. */
function kernelWorks(samples: TrainingSamples, trained: Float64Array): { forward: Work; train: Work } {
  const { features, labels } = samples;
  const anchors = samples.anchors!;
  const weights = trained.slice();
  const io = new Float64Array(IO_LENGTH);
  io[IO_LEARNING_RATE] = DEFAULT_LEARNING_RATE;
  io[IO_CLIP] = DEFAULT_GRADIENT_CLIP;
  const load = (i: number): void => {
    const sample = i & (SAMPLES - 1);
    const at = sample * INPUT_COUNT;
    io[0] = features[at];
    io[1] = features[at + 1];
    io[2] = features[at + 2];
    io[3] = features[at + 3];
    io[IO_ANCHOR] = anchors[sample];
    io[IO_LABEL] = labels[sample];
  };
  return {
    forward(count) {
      for (let i = 0; i < count; i++) {
        load(i);
        forwardKernel(weights, io);
        keep[0] += io[IO_FORECAST];
      }
    },
    train(count) {
      for (let i = 0; i < count; i++) {
        load(i);
        trainKernel(weights, io);
        keep[0] += io[IO_FORECAST];
      }
    },
  };
}

/**
 * Each forecaster by name: a tick, which is sample, training step and new forecast, an observation, and bytes of state. The
 * larger models forecast at the tick and hold it in between, so that asking costs next to nothing.
 */
function forecasterRows(smoke: boolean): BenchRow[] {
  const random = new RandomStream(3, "bench predictor");
  const pressures = Float64Array.from({ length: SAMPLES }, () => 0.85 + 0.1 * random.next());
  const [count, rounds] = smoke ? [50, 2] : [500, 40];
  return FORECASTER_IDS.flatMap((id) => {
    const forecaster = createForecaster(id);
    const clock = new Float64Array(1);
    const tick = (n: number): void => {
      for (let i = 0; i < n; i++) {
        const now = clock[0] + TICK_MICROS;
        clock[0] = now;
        const pressure = pressures[i & (SAMPLES - 1)];
        forecaster.sampleHeap?.(512, 80, 448);
        forecaster.tick(now, pressure - 0.02, pressure, false);
        keep[0] += forecaster.forecast(now);
      }
    };
    const observe = (n: number): void => {
      const now = clock[0];
      for (let i = 0; i < n; i++) {
        const pressure = pressures[i & (SAMPLES - 1)];
        forecaster.observeRequest?.(now, 128, 2, 0);
        forecaster.observe(now, pressure - 0.02, pressure);
      }
      tick(1);
    };
    const ofTick = timeBriefly(tick, count, rounds);
    const ofObservation = timeBriefly(observe, 20 * count, rounds);
    return [
      nanosRow(`${id}: tick with training step and forecast`, ofTick, "< 20000"),
      nanosRow(`${id}: observation of an allocation`, ofObservation, "< 20000"),
      { name: `${id}: state`, value: forecaster.stateBytes, unit: "B" },
    ];
  });
}

/** Garbage of the smallest model, which unpacks its state into scratch at each tick. */
async function compactGarbage(): Promise<BenchRow[]> {
  const compact = new CompactPredictor();
  const clock = new Float64Array(1);
  const observe: Work = (n) => {
    for (let i = 0; i < n; i++) compact.observe((clock[0] += 10_000), 0.8 + 0.0001 * (i & 511), 0.9);
  };
  const forecast: Work = (n) => {
    for (let i = 0; i < n; i++) keep[0] += compact.forecast(clock[0]);
  };
  const tick: Work = (n) => {
    for (let i = 0; i < n; i++) {
      clock[0] += TICK_MICROS;
      compact.tick(clock[0], 0.8 + 0.0001 * (i & 511), 0.85 + 0.0001 * (i & 511), false);
    }
  };
  return [
    await garbageRow("observation by compact", observe),
    await garbageRow("forecast by compact", forecast),
    await garbageRow("tick of compact", tick),
  ];
}

/** Garbage of the largest model: an observation is hot and makes none, a tick is not. */
async function ensembleGarbage(): Promise<BenchRow[]> {
  const ensemble = createForecaster("ensemble");
  const clock = new Float64Array(1);
  const observe: Work = (n) => {
    const now = clock[0];
    for (let i = 0; i < n; i++) ensemble.observe(now, 0.8, 0.9);
  };
  const tick: Work = (n) => {
    // A tick costs as much as hundreds of observations: one in fifty is plenty, and the row says what one costs.
    for (let i = 0; i < n; i += TICKS_EACH) {
      clock[0] += TICK_MICROS;
      ensemble.tick(clock[0], 0.8 + 0.0001 * (i & 511), 0.85 + 0.0001 * (i & 511), false);
    }
  };
  const ofObservation = await garbageRow("observation by the ensemble", observe);
  const ofTick = await garbageRow("tick of the ensemble", tick, null);
  return [ofObservation, { ...ofTick, value: ofTick.value * TICKS_EACH }];
}

interface GuardedWorks {
  readonly forecast: Work;
  readonly observe: Work;
  readonly observeAndForecast: Work;
  readonly tick: Work;
  /** The same for a predictor alone. */
  readonly ownTick: Work;
}

/** A guarded predictor in use. */
function guardedWorks(): GuardedWorks {
  const guarded = new GuardedForecaster(new PressurePredictor({ seed: 1 }));
  const alone = new PressurePredictor({ seed: 1 });
  const random = new RandomStream(2, "bench predictor");
  const pressures = Float64Array.from({ length: SAMPLES }, () => 0.85 + 0.1 * random.next());
  const clock = new Float64Array(2); // of the guarded one and of the one alone
  const works = {
    tick(count: number) {
      let now = clock[0];
      for (let i = 0; i < count; i++) {
        now += TICK_MICROS;
        const pressure = pressures[i & (SAMPLES - 1)];
        guarded.tick(now, pressure - 0.02, pressure, false);
      }
      clock[0] = now;
    },
    ownTick(count: number) {
      for (let i = 0; i < count; i++) {
        clock[1] += TICK_MICROS;
        const pressure = pressures[i & (SAMPLES - 1)];
        alone.tick(clock[1], pressure - 0.02, pressure, false);
      }
    },
    forecast(count: number) {
      works.tick(1);
      const now = clock[0];
      for (let i = 0; i < count; i++) keep[0] += guarded.forecast(now);
    },
    observe(count: number) {
      works.tick(1); // or the watchdog would say that no label comes
      let now = clock[0];
      for (let i = 0; i < count; i++) {
        now += 1;
        const pressure = pressures[i & (SAMPLES - 1)];
        guarded.observe(now, pressure - 0.02, pressure);
      }
      clock[0] = now;
    },
    observeAndForecast(count: number) {
      works.tick(1); // or the watchdog would say that no label comes
      let now = clock[0];
      for (let i = 0; i < count; i++) {
        now += 1;
        const pressure = pressures[i & (SAMPLES - 1)];
        guarded.observe(now, pressure - 0.02, pressure);
        keep[0] += guarded.forecast(now);
      }
      clock[0] = now;
    },
  };
  works.tick(100); // past the cold start
  return works;
}

interface Timing {
  /** Nanoseconds an operation. */
  readonly best: number;
  readonly median: number;
}

function time(work: Work, count: number, rounds: number): Timing {
  // Let the compiler finish; short calls first, or it compiles the loop before it has seen what comes after.
  for (let i = 0; i < 300; i++) work(100);
  for (let i = 0; i < 30; i++) work(count);
  const nanos: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    work(count);
    nanos.push(Number(process.hrtime.bigint() - start) / count);
  }
  nanos.sort((a, b) => a - b);
  return { best: nanos[0], median: nanos[rounds >> 1] };
}

/** As `time`, with a warm-up that suits work of microseconds. */
function timeBriefly(work: Work, count: number, rounds: number): Timing {
  for (let i = 0; i < 10; i++) work(count);
  const nanos: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    work(count);
    nanos.push(Number(process.hrtime.bigint() - start) / count);
  }
  nanos.sort((a, b) => a - b);
  return { best: nanos[0], median: nanos[rounds >> 1] };
}

function nanosRow(name: string, { best, median }: Timing, mark?: string): BenchRow {
  const row: BenchRow = { name, value: best, unit: "ns", note: `median ${median.toFixed(1)}` };
  return mark === undefined ? row : { ...row, mark };
}

/**
 * Bytes that V8's sampling heap profiler sees allocated an operation, those collected meanwhile included: those of the
 * predictor's own functions. What the calling loop boxes to pass its doubles to a call that is not inlined is the
 * caller's, and stands in the note.
 */
async function garbageRow(name: string, work: Work, mark: string | null = "< 1"): Promise<BenchRow> {
  const count = 100_000;
  work(count);
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: SAMPLING_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  work(count);
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  const isOwn = (url: string): boolean => /\/(predictor|core)\//.test(url);
  const own = sizeOf(profile.head, isOwn) / count;
  const callers = sizeOf(profile.head, (url) => url === import.meta.url) / count;
  const note = `the calling loop boxes ${callers.toFixed(1)} more`;
  const row: BenchRow = { name: `garbage of one ${name}`, value: own, unit: "B", note };
  return mark === null ? row : { ...row, mark };
}

interface ProfileNode {
  readonly callFrame: { readonly url: string };
  readonly selfSize: number;
  readonly children: readonly ProfileNode[];
}

function sizeOf(node: ProfileNode, counts: (url: string) => boolean): number {
  const own = counts(node.callFrame.url) ? node.selfSize : 0;
  return node.children.reduce((sum, child) => sum + sizeOf(child, counts), own);
}

/** One sample at a time through tfjs, forward alone and with a training step; the fastest of `steps`. */
async function timeTfjs(samples: TrainingSamples, steps: number) {
  const tf = await import("@tensorflow/tfjs-core");
  tf.env().set("PROD", true); // no advertisement on stderr
  await import("@tensorflow/tfjs-backend-cpu");
  const layers = await import("@tensorflow/tfjs-layers");
  await tf.setBackend("cpu");
  const model = layers.sequential({
    layers: [
      layers.layers.dense({ units: HIDDEN_COUNT, activation: "relu", inputShape: [INPUT_COUNT] }),
      layers.layers.dense({ units: 1, activation: "sigmoid" }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(DEFAULT_LEARNING_RATE), loss: "binaryCrossentropy" });
  const x = tf.tensor2d(Array.from(samples.features.subarray(0, INPUT_COUNT)), [1, INPUT_COUNT]);
  const y = tf.tensor2d([samples.labels[0]], [1, 1]);
  let trainMicros = Infinity;
  let predictMicros = Infinity;
  for (let step = 0; step < steps; step++) {
    let start = process.hrtime.bigint();
    await model.trainOnBatch(x, y);
    trainMicros = Math.min(trainMicros, Number(process.hrtime.bigint() - start) / 1000);
    start = process.hrtime.bigint();
    const output = model.predict(x) as { dataSync(): ArrayLike<number>; dispose(): void };
    keep[0] += output.dataSync()[0];
    output.dispose();
    predictMicros = Math.min(predictMicros, Number(process.hrtime.bigint() - start) / 1000);
  }
  tf.dispose([x, y]);
  model.dispose();
  return { name: `${tf.version_core} cpu`, trainMicros, predictMicros, steps };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, value, unit, mark, note } of await benchPredictor({ smoke: process.argv.includes("--smoke") })) {
    const figure = unit === "" ? "" : `${value.toFixed(value < 1 ? 3 : 1)} ${unit}`;
    const rest = [mark === undefined ? "" : `mark ${mark}`, note ?? ""].filter((text) => text !== "").join("; ");
    process.stdout.write(`${name.padEnd(70)} ${figure.padStart(12)}  ${rest}\n`);
  }
}
