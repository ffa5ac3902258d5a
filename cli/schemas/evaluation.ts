// The document of an evaluation as a schema: what it is checked with when read, and what schemas/evaluation.schema.json is
// made from.

import { z } from "zod";
import { BASELINE_IDS } from "../../predictor/baselines/registry.ts";
import { EVALUATION_FIGURES, EVALUATION_SCHEMA } from "../../sim/suite/evaluation.ts";

const count = z.int().min(0);
const level = z.number().gt(0).max(1).describe("Level, as a ratio of the capacity.");
const vector = z.array(z.number().nullable());

const tallySchema = z.object({
  predictions: count,
  truePositives: count,
  falsePositives: count,
  falseNegatives: count,
  trueNegatives: count,
  absoluteError: z.number().min(0),
  baselineAbsoluteErrors: z.array(z.number().min(0)),
  squaredProbabilityError: z.number().min(0),
  covered: count,
});

const countsSchema = z.object({
  overall: tallySchema,
  bands: z.array(tallySchema),
  coldStart: tallySchema,
  calibrationCounts: z.array(count),
  calibrationProbabilities: z.array(z.number().min(0)),
  calibrationEvents: z.array(count),
  alarms: count,
  trueAlarms: count,
  episodes: count,
  alarmedEpisodes: count,
  leadTicks: z.array(count),
  alarmTicks: count,
  watchedTicks: count,
});

const description = {
  scenarios: z.array(z.string()).min(1),
  pressures: z.array(level).min(1),
  seeds: z.array(count).min(1),
  policies: z.array(z.string()),
  durationSeconds: z.number().min(0).describe("Virtual seconds of a run; 0 where each recording has its own."),
  isPartial: z.boolean().optional().describe("True when it was interrupted."),
};

const runPartSchema = z.object({
  ...description,
  rows: z.array(
    z.object({
      scenario: z.string(),
      pressureRatio: level,
      policy: z.string(),
      budgetBytesPerSecond: z.number().min(0).nullable().describe("Of proactive runs; null: none set."),
      seeds: z.array(count).min(1),
      digest: z.string().describe("Over the digests of the runs, in the order of seeds."),
      isEachSeedDistinct: z.boolean(),
      values: z
        .object(Object.fromEntries(EVALUATION_FIGURES.map((name) => [name, vector])))
        .describe("One vector per figure, one value per seed."),
      forecast: z
        .object({ criticalThreshold: z.number(), counts: countsSchema })
        .nullable()
        .describe("Forecasts of all seeds together."),
    }),
  ),
});

const lossesSchema = z.array(
  z.object({ count, mean: z.number(), longRunVariance: z.number().min(0) }).describe("One per seed."),
);

const forecastPartSchema = z.object({
  ...description,
  rows: z.array(
    z.object({
      scenario: z.string(),
      pressureRatio: level,
      policy: z.string(),
      weights: z.enum(["shipped", "cold"]),
      seeds: z.array(count).min(1),
      maePercentPoints: z.array(z.number().min(0)),
      losses: z
        .object(Object.fromEntries(BASELINE_IDS.map((id) => [id, lossesSchema])))
        .describe("Absolute errors of the policy's forecaster less those of each baseline, in percentage points."),
      firstScaledError: vector.describe("Error of the first 200 forecasts over that of persistence on the same."),
      lateScaledError: vector.describe("The same of the forecasts after the 1,000th."),
    }),
  ),
});

export const evaluationSchema = z
  .object({
    schema: z.literal(EVALUATION_SCHEMA),
    version: z.string(),
    isQuick: z.boolean().describe("The short form: a trial of the machinery, no result."),
    policies: z.array(
      z.object({
        id: z.string(),
        compactor: z.string(),
        proactiveCompactor: z.string(),
        isProactive: z.boolean(),
        isBound: z.boolean(),
      }),
    ),
    parts: z.object({
      suite: runPartSchema.optional(),
      traces: runPartSchema.optional(),
      budgets: runPartSchema.optional(),
      autonomy: runPartSchema.optional(),
      forecast: forecastPartSchema.optional(),
    }),
    costs: z
      .object({
        measuredOn: z.string().describe("Engine, system, processor."),
        rows: z.array(
          z.object({
            policy: z.string(),
            forecaster: z.string(),
            parameters: count.nullable().describe("Numbers that were fitted, offline or online."),
            stateBytes: count.describe("All state of the forecaster."),
            isInArena: z.boolean().describe("Whether the policy pays these bytes in its arena."),
            controllerBytes: count.describe("Bytes that the policy beside it pays in the arena."),
            requestNanos: count,
            tickNanos: count,
            forecastNanos: count,
          }),
        ),
      })
      .optional()
      .describe("What forecasters cost; wall-clock figures, measured with --costs and in no digest."),
  })
  .describe(
    "What an evaluation of mempred came to: vectors over seeds. No wall-clock value is in it but those of costs, where they were asked for.",
  );
