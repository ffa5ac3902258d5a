// Trains what `neural` and `compact` ship with and writes the files: the same 4→8→1 network on the same records, each on the
// inputs as it computes them itself, since the two round differently. First a coarse training from four random starts, then
// smaller steps and larger batches from the best. Training seeds are 1001..1008, all families and levels; the error in a file's
// header is on seeds 101..103, which are those of tuning.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Forecaster } from "../../core/forecaster.ts";
import { crc32 } from "../../core/hash.ts";
import { CompactPredictor } from "../../predictor/compact-predictor.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { type Featured, joinSamples, SampleCollector } from "../../predictor/sample-collector.ts";
import { type TrainingSamples, trainOffline } from "../../predictor/trainer.ts";
import { weightsToJson } from "../../predictor/weights-file.ts";
import { keysOf } from "./dataset.ts";
import { recordOf } from "./record.ts";
import { replay } from "./score.ts";
import { held, TRAINING_SEEDS } from "./ship.ts";

const COARSE_EPOCHS = 6;
const FINE = [
  { learningRate: 0.001, epochs: 4, batchSize: 64 },
  { learningRate: 0.0003, epochs: 4, batchSize: 128 },
  { learningRate: 0.0001, epochs: 3, batchSize: 256 },
];
const STEPS_PER_UNIT = 4096;

export function shipNeural(): void {
  const { weights, note } = train("neural", () => new PressurePredictor({ learningRate: 0 }));
  const { crc32: digest } = JSON.parse(weightsToJson(weights)) as { crc32: string };
  write("shipped-weights.ts", [
    "// Weights to start from, so that a fresh predictor is of use before its first label (K64). Written by",
    `// \`npx tsx scripts/ship-weights.ts neural\`: ${note}`,
    `// ${held(() => new PressurePredictor({ weights }))}`,
    "",
    "/** CRC-32 of the weights as a file (weights-file.ts). */",
    `export const SHIPPED_WEIGHTS_CRC32 = "${digest}";`,
    "",
    "/** The 49 shipped weights, order as in network.ts. A copy for each caller: training writes to it. */",
    "export function shippedWeights(): Float64Array {",
    "  return Float64Array.from(WEIGHTS);",
    "}",
    "",
    "const WEIGHTS = [",
    ...Array.from(weights, (weight) => `  ${weight},`),
    "];",
    "",
  ]);
}

export function shipCompact(): void {
  const { weights, note } = train("compact", () => new CompactPredictor());
  const steps = Array.from(weights, (weight) => Math.round(weight * STEPS_PER_UNIT) + 0);
  const rounded = Float64Array.from(steps, (step) => step / STEPS_PER_UNIT);
  write("shipped-compact.ts", [
    "// The weights of `compact`, constants of the program in steps of 1/4096, order as in network.ts. Written by",
    `// \`npx tsx scripts/ship-weights.ts compact\`: ${note}`,
    `// ${held(() => new CompactPredictor({ weights: rounded }))}`,
    "",
    "/** CRC-32 of the integers as text, blanks between them. */",
    `export const COMPACT_CRC32 = "${crc32(new TextEncoder().encode(steps.join(" ")))
      .toString(16)
      .padStart(8, "0")}";`,
    "",
    "/** The 49 weights. A copy for each caller. */",
    "export function compactWeights(): Float64Array {",
    `  return Float64Array.from(STEPS, (step) => step / ${STEPS_PER_UNIT});`,
    "}",
    "",
    "const STEPS = [",
    ...steps.map((step) => `  ${step},`),
    "];",
    "",
  ]);
}

function train(name: string, make: () => Forecaster & Featured): { weights: Float64Array; note: string } {
  const samples = joinSamples(keysOf(TRAINING_SEEDS).map((key) => samplesOfRun(recordOf(key), make())));
  const common = { samples, seed: 1, heldOutShare: 0 };
  let result = trainOffline({ ...common, epochs: COARSE_EPOCHS });
  for (const fine of FINE) {
    process.stderr.write(`${name}: loss ${result.training.loss.toFixed(6)}\n`);
    result = trainOffline({ ...common, ...fine, initialWeights: result.weights });
  }
  const { loss, maePercentPoints, anchorMaePercentPoints } = result.training;
  const epochs = FINE.reduce((sum, fine) => sum + fine.epochs, COARSE_EPOCHS);
  const note =
    `training seeds ${TRAINING_SEEDS[0]}..${TRAINING_SEEDS.at(-1)}, ten families, five levels, ten minutes;\n` +
    `// ${samples.labels.length.toLocaleString("en")} samples, ${epochs} epochs, loss ${loss.toFixed(5)}, ` +
    `MAE ${maePercentPoints.toFixed(3)} points, ${anchorMaePercentPoints.toFixed(3)} of the anchor alone.`;
  return { weights: result.weights, note };
}

/** What the forecaster's inputs are at each tick of a record, with the label of each. */
function samplesOfRun(record: ReturnType<typeof recordOf>, forecaster: Forecaster & Featured): TrainingSamples {
  const collector = new SampleCollector();
  const watched: Forecaster = {
    id: forecaster.id,
    stateBytes: forecaster.stateBytes,
    observe: (now, occupancy, pressure) => forecaster.observe(now, occupancy, pressure),
    noteCompaction: (now) => forecaster.noteCompaction(now),
    forecast: () => 0,
    upperMargin: () => 0,
    confidence: () => 0,
    tick: (now, occupancy, pressure, isLabelMasked) => {
      forecaster.tick(now, occupancy, pressure, isLabelMasked);
      collector.tick(forecaster, now, pressure, isLabelMasked);
    },
  };
  replay(record, watched, true);
  return collector.samples();
}

function write(file: string, lines: readonly string[]): void {
  writeFileSync(fileURLToPath(new URL(`../../predictor/${file}`, import.meta.url)), lines.join("\n"));
}
