// The result file as a schema: what it is checked with when read, and what schemas/result.schema.json is made from. Further
// keys are let through, so that an older mempred reads a newer file.

import { z } from "zod";
import { RESULT_SCHEMA } from "../../sim/result.ts";
import { mixSchema, suiteSchema } from "./suite.ts";

const count = z.int().min(0);
const ratio = z.number();
const micros = z.number().min(0).describe("µs of virtual time");
const bytes = z.number().min(0).describe("bytes");
const figure = z.number().nullable().describe("Null where there is nothing to divide by.");

const oomSchema = z.object({
  total: count,
  avoidable: count.describe("limit + fragmentation"),
  byCause: z.object({ capacity: count, pinned: count, reserve: count, limit: count, fragmentation: count }),
  byClass: z.object({ atomic: count, deadline: count, wait: count }),
  deniedBytes: bytes,
  episodes: count.describe("Runs of OOMs less than 1 s apart."),
});

const compactionSchema = z.object({
  runs: count,
  proactive: count,
  proactivePacks: count,
  reactive: count,
  useful: count.nullable().describe("Null without a shadow arena."),
  movedBytes: bytes,
  allocatedBytes: bytes,
  meanMicros: micros,
  maxPauseMicros: micros,
  maxRunMicros: micros,
  dutyRatio: ratio,
  maxRunsInAnySecond: count,
  refusedByLimiter: count,
});

const pressureSchema = z.object({
  peakOccupancy: ratio,
  meanOccupancy: ratio,
  peakEffective: ratio,
  meanEffective: ratio,
  criticalThreshold: ratio,
  criticalExit: ratio,
  criticalEpisodes: count,
  criticalRatio: ratio,
  peakStallRatio: ratio,
  meanStallRatio: ratio,
});

const responseSchema = z
  .object({ mean: micros, p50: micros, p95: micros, p99: micros, p999: micros, max: micros })
  .describe("Completion − arrival over served requests, in µs of virtual time.");

const forecastFigures = {
  predictions: count,
  truePositives: count,
  falsePositives: count,
  falseNegatives: count,
  trueNegatives: count,
  accuracy: figure,
  falsePositiveShare: figure,
  falseNegativeShare: figure,
  falsePositiveRate: figure,
  falseNegativeRate: figure,
  baseRate: figure,
  balancedAccuracy: figure,
  maePercentPoints: figure,
  mase: figure,
  skill: figure.describe("1 − MAE / MAE of the best simple baseline on the same pairs."),
  bestBaseline: z.string().nullable(),
  baselineMaePercentPoints: z.record(z.string(), figure),
  brierSkill: figure,
  intervalCoverage: figure,
  insufficient: z.boolean().describe("Fewer than 200 predictions or 20 events."),
};

export const forecastSchema = z.object({
  ...forecastFigures,
  criticalThreshold: z.number().nullable(),
  bands: z.array(z.object({ fromRatio: ratio, toRatio: ratio, ...forecastFigures })),
  coldStart: z.object(forecastFigures),
  alarms: z.object({
    alarms: count,
    episodes: count,
    standingShare: figure,
    precision: figure,
    recall: figure,
    medianLeadSeconds: figure,
    falseAlarmsPerHour: figure,
  }),
  calibration: z.array(
    z.object({
      fromProbability: ratio,
      toProbability: ratio,
      predictions: count,
      meanProbability: figure,
      eventShare: figure,
    }),
  ),
});

const decisionSchema = z.object({
  atMicros: micros,
  stage: z.enum(["watchdog", "autonomy", "predictor", "watermark", "none"]),
  action: z.enum(["hold", "compact", "shed", "fallback", "reserve"]),
  reason: z.string(),
  pressure: ratio,
  forecast: z.number().nullable(),
  upper: z.number().nullable(),
  confidence: z.number().nullable(),
  outcome: z.string().nullable(),
});

const autonomySchema = z.object({
  isOn: z.boolean(),
  decisions: count,
  predictions: count,
  decisionsPerHour: z.number().min(0),
  predictionsPerHour: z.number().min(0),
  byStage: z.record(z.string(), count),
  byAction: z.record(z.string(), count),
  recent: z.array(decisionSchema),
});

const attacksSchema = z
  .object({
    outcomes: z.array(
      z.object({
        kind: z.string(),
        fromMicros: micros,
        toMicros: micros,
        trips: z.array(z.string()).describe("Reasons, between this attack's start and the next one's."),
        tripAfterMicros: z.number().min(0).nullable().describe("From the start of the attack; null: no trip."),
        safeModeTicks: count,
        recoveredAfterMicros: z.number().min(0).nullable().describe("From the end of the attack; null: not in time."),
        ooms: z.object({ total: count, avoidable: count }).describe("While it lasted."),
      }),
    ),
  })
  .describe("What was broken on purpose, and how the run came through.");

export const runSchema = z.object({
  scenario: z.string(),
  pressureRatio: z.number().gt(0).max(1),
  seed: count,
  policy: z.string(),
  compactor: z.string(),
  fit: z.string(),
  capacityBytes: z.int().positive(),
  durationSeconds: z.number().min(0),
  timing: z.string(),
  mix: mixSchema,
  demandLevel: z.object({ mean: ratio, peak: ratio }),
  requests: z.object({ total: count, atomic: count, deadline: count, wait: count, served: count }),
  ooms: oomSchema,
  compaction: compactionSchema,
  pressure: pressureSchema,
  responseMicros: responseSchema,
  reclaim: z.object({ sheds: count, shedBytes: bytes, shedBlocks: count }),
  cache: z
    .object({
      lookups: count,
      hits: count,
      hitRatio: figure,
      hitRatioUnshed: figure.describe("Were every request served and nothing shed."),
      missesAfterShedding: count,
    })
    .optional()
    .describe("The cache among the tenants, where the scenario has lookups."),
  closedLoop: z.object({ retries: count, recovered: count }),
  forecast: forecastSchema.nullable(),
  predictor: z.object({ stateBytes: count, watchdogBytes: count, trainedLabels: count }).nullable(),
  watchdog: z.object({
    trips: z.array(z.object({ atMicros: micros, reason: z.string() })),
    fallbackTicks: count,
    readmissions: count,
  }),
  attacks: attacksSchema.nullable().optional().describe("Null without attacks."),
  autonomy: autonomySchema,
  notes: z.array(z.string()).describe("What a reader must know of this run: usually nothing."),
  hash: z.string().describe("Digest over everything that happened in the run, in order."),
});

const intervalSchema = z.object({
  baseline: z.number(),
  policy: z.number(),
  changeRatio: z.number().nullable(),
  ci95: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe("Of the mean difference policy − baseline; null: one seed."),
});

const comparisonSchema = z.object({
  scenario: z.string(),
  pressureRatio: z.number(),
  baseline: z.string(),
  policy: z.string(),
  seeds: z.int().positive(),
  avoidableOoms: intervalSchema,
  totalOoms: intervalSchema,
  deniedBytes: intervalSchema,
  compactionRuns: intervalSchema,
  movedBytes: intervalSchema,
  responseMeanMicros: intervalSchema,
  responseP99Micros: intervalSchema,
});

export const resultSchema = z
  .object({
    schema: z.literal(RESULT_SCHEMA),
    version: z.string(),
    suite: suiteSchema,
    isPartial: z.boolean().optional().describe("True when the suite was interrupted."),
    runs: z.array(runSchema),
    comparisons: z.array(comparisonSchema),
    forecasts: z
      .array(
        z.object({
          policy: z.string(),
          scenario: z.string().nullable(),
          pressureRatio: z.number().nullable(),
          runs: z.int().positive(),
          report: forecastSchema,
        }),
      )
      .optional()
      .describe("Forecasts scored over several runs together."),
  })
  .describe("What a suite of mempred runs came to. No wall-clock value is in it: equal seeds give equal bytes.");
