// Trains what `wide` and `gru` ship with and writes the files. Training seeds are 1001..1008, all families and levels; the
// error in a file's header is on seeds 101..103, which are those of tuning: tests and reports use neither.
//
// Both shipped files date from records of version 3, whose shadow slid on demand, and cannot be made again from those of today.
// `wide` trained anew on version 4 was worse there than the file that ships, on seeds 101..105: MAE 2.03 against 1.98 points.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Forecaster } from "../../core/forecaster.ts";
import { crc32 } from "../../core/hash.ts";
import { mergeForecastCounts } from "../../predictor/forecast-counts.ts";
import { reportForecast } from "../../predictor/forecast-report.ts";
import { GRU_INPUTS, GRU_UNITS, Gru } from "../../predictor/gru.ts";
import { TICK_FEATURES } from "../../predictor/tick-features.ts";
import { Wide } from "../../predictor/wide.ts";
import { featureRuns, keysOf, samplesOf } from "./dataset.ts";
import { trainGru } from "./gru-trainer.ts";
import { trainMlp } from "./mlp.ts";
import { recordOf } from "./record.ts";
import { replay, scoreRecord } from "./score.ts";

export const TRAINING_SEEDS = [1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008];
export const TUNING_SEEDS = [101, 102, 103];
const STEPS_PER_UNIT = 4096;
const WIDE_SHAPE = [32, 16] as const;
const WIDE_EPOCHS = 12;
const GRU_EPOCHS = 24;

export function shipWide(): void {
  const samples = samplesOf(featureRuns(keysOf(TRAINING_SEEDS), true), 2);
  const widths = [TICK_FEATURES, ...WIDE_SHAPE, 1];
  let loss = 0;
  const mlp = trainMlp({
    widths,
    samples,
    epochs: WIDE_EPOCHS,
    seed: 1,
    onEpoch: (epoch, l) => progress("wide", epoch, (loss = l)),
  });
  const steps = quantized(mlp.parameters);
  const note = `${samples.labels.length.toLocaleString("en")} samples, ${WIDE_EPOCHS} epochs, training loss ${loss.toFixed(5)}`;
  write(
    "shipped-wide.ts",
    [
      "// The parameters of `wide`, in steps of 1/4096, order as in anchored-mlp.ts. Written by `npx tsx scripts/ship-weights.ts wide`:",
      `// training seeds ${TRAINING_SEEDS[0]}..${TRAINING_SEEDS.at(-1)}, ten families, five levels, ten minutes; ${note}.`,
      `// ${held(() => new Wide({ parameters: steps }))}`,
      "",
      "/** Widths of the two hidden layers. */",
      `export const WIDE_SHAPE = [${WIDE_SHAPE.join(", ")}] as const;`,
    ],
    "wideParameters",
    steps,
  );
}

export function shipGru(): void {
  const runs = featureRuns(keysOf(TRAINING_SEEDS), true);
  let loss = 0;
  const parameters = trainGru({
    runs,
    inputs: GRU_INPUTS,
    units: GRU_UNITS,
    epochs: GRU_EPOCHS,
    seed: 1,
    onEpoch: (epoch, l) => progress("gru", epoch, (loss = l)),
  });
  const steps = quantized(parameters);
  write(
    "shipped-gru.ts",
    [
      "// The parameters of `gru`, in steps of 1/4096: the cell as in gru-cell.ts, then the output layer. Written by",
      `// \`npx tsx scripts/ship-weights.ts gru\`: training seeds ${TRAINING_SEEDS[0]}..${TRAINING_SEEDS.at(-1)}, ten families, five levels, ten minutes;`,
      `// ${runs.length} runs, ${GRU_EPOCHS} epochs, training loss ${loss.toFixed(5)}.`,
      `// ${held(() => new Gru({ parameters: steps }))}`,
    ],
    "gruParameters",
    steps,
  );
}

function progress(name: string, epoch: number, loss: number): void {
  process.stderr.write(`${name}: epoch ${epoch + 1}, loss ${loss.toFixed(5)}\n`);
}

function quantized(parameters: Float64Array): number[] {
  return Array.from(parameters, (value) => Math.round(value * STEPS_PER_UNIT) + 0);
}

/** The error on the tuning seeds, as a line. */
export function held(make: () => Forecaster): string {
  const counts = keysOf(TUNING_SEEDS).map((key) => {
    const record = recordOf(key);
    return scoreRecord(record, replay(record, make()));
  });
  const { maePercentPoints, skill, bestBaseline } = reportForecast(mergeForecastCounts(counts), null);
  return `On seeds ${TUNING_SEEDS[0]}..${TUNING_SEEDS.at(-1)}, adapting online: MAE ${maePercentPoints!.toFixed(3)} points, skill ${skill!.toFixed(3)} against ${bestBaseline}.`;
}

function write(file: string, head: readonly string[], name: string, steps: readonly number[]): void {
  const text = steps.join(" ");
  const lines: string[] = [];
  for (let line = "", words = text.split(" "), i = 0; i <= words.length; i++) {
    if (i === words.length || line.length + words[i].length + 1 > 110) {
      lines.push(line);
      line = "";
    }
    if (i < words.length) line += line === "" ? words[i] : ` ${words[i]}`;
  }
  const content = [
    ...head,
    "",
    `/** CRC-32 of the integers as text, blanks between them. */`,
    `export const ${name === "wideParameters" ? "WIDE" : "GRU"}_CRC32 = "${crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0")}";`,
    "",
    `/** The ${steps.length} shipped integers. */`,
    `export function ${name}(): Int32Array {`,
    "  return Int32Array.from(STEPS.trim().split(/\\s+/), Number);",
    "}",
    "",
    "const STEPS = `",
    ...lines,
    "`;",
    "",
  ];
  writeFileSync(fileURLToPath(new URL(`../../predictor/${file}`, import.meta.url)), content.join("\n"));
}
