// The document of a preload replay as a schema: what schemas/preload.schema.json is made from.

import { z } from "zod";
import { REPLAY_MODES } from "../../preload/replay/replay-types.ts";
import { PRELOAD_SCHEMA } from "../preload-document.ts";

const count = z.int().min(0);
const ratio = z.number().min(0).max(1);

const outcomes = {
  begun: count.describe("Loads ahead of demand."),
  inTime: count.describe("Asked for when it was there."),
  late: count.describe("Asked for while it was under way."),
  wasted: count.describe("Gone without having been asked for."),
  failed: count,
  open: count.describe("At the end: under way, or there and not asked for yet."),
  wastedShare: ratio.nullable().describe("wasted / (inTime + late + wasted); null without any."),
  bytes: count,
  wastedBytes: count,
  heldSeconds: z.number().min(0).describe("What has an outcome lay there for so long before it was used or left."),
};

export const preloadSchema = z
  .object({
    schema: z.literal(PRELOAD_SCHEMA),
    version: z.string(),
    digest: z.string().describe("Over every hit, miss and preload of all rows."),
    isPartial: z.literal(true).optional().describe("It was interrupted: rows are missing."),
    settings: z.object({
      components: count.describe("Components that the cache holds."),
      preloadsPerRequest: z.number().nullable().describe("At most; null: not limited."),
      lookahead: z.union([z.literal(1), z.literal(2), z.literal(3)]),
      loadMillis: z.number().min(0),
      gapMillis: z.number().min(0).nullable().describe("Null: the recording's times, 1,000 where there are none."),
      componentBytes: count,
      price: z.number().min(0).describe("Of a byte held for a second, in average loads."),
      wasteRatio: z
        .number()
        .min(0)
        .nullable()
        .describe("Mode benefit: what a preload for nothing costs; null: 0 where preloads are limited, else 0.5."),
      leastConfidence: ratio.describe("Mode thresholds: nothing is loaded below it."),
      model: z.string(),
    }),
    sequences: z
      .array(
        z.object({
          name: z.string(),
          file: z.string(),
          format: z.string(),
          requests: count,
          components: count,
          users: count,
          sessions: count,
          hitRatioLru: ratio.describe("Without preloading."),
          hitRatioOpt: ratio.describe("Without preloading, by Belady's optimum, which knows the future."),
          accuracy: z
            .object({
              predictions: count,
              top1: ratio.nullable(),
              top3: ratio.nullable(),
              baseTop1: ratio.nullable().describe("The same for the components that came most often so far."),
              baseTop3: ratio.nullable(),
            })
            .nullable()
            .describe("Of the model, over all requests but the first of each session; null where no mode predicts."),
        }),
      )
      .min(1),
    rows: z.array(
      z.object({
        sequence: z.string(),
        mode: z.enum(REPLAY_MODES),
        requests: count,
        hits: count,
        hitRatio: ratio,
        gainPoints: z.number().describe("Against LRU without preloading, in points of a hundred."),
        preloadsPerRequest: z.number().min(0),
        ...outcomes,
        queueFull: count,
        overtaken: count.describe("Waited in a queue and were asked for, or came, before a worker took them up."),
        meanWaitMillis: z.number().min(0),
        sources: z.array(z.object({ source: z.string(), ...outcomes })),
      }),
    ),
  })
  .describe("Preloading on recorded sequences of components. No wall-clock value is in it.");
