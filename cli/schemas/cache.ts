// The document of a cache replay as a schema: what schemas/cache.schema.json is made from.

import { z } from "zod";
import { CACHE_SCHEMA } from "../cache-document.ts";

const count = z.int().min(0);
const ratio = z.number().min(0).max(1);

export const cacheSchema = z
  .object({
    schema: z.literal(CACHE_SCHEMA),
    version: z.string(),
    seed: count.describe("Of the policies that draw random numbers."),
    digest: z.string().describe("Over the hits, misses and evictions of all rows."),
    isPartial: z.literal(true).optional().describe("It was interrupted: rows are missing."),
    traces: z
      .array(
        z.object({
          name: z.string(),
          file: z.string(),
          format: z.string(),
          requests: count,
          keys: count.describe("Distinct keys."),
          footprintBytes: count.nullable().describe("All distinct objects, each at its largest; null without sizes."),
        }),
      )
      .min(1),
    policies: z
      .array(
        z.object({
          id: z.string(),
          title: z.string(),
          isBound: z.boolean().describe("It knows the future: a yardstick that does not compete."),
        }),
      )
      .min(1),
    rows: z.array(
      z.object({
        trace: z.string(),
        policy: z.string(),
        entries: count.nullable().describe("The size in entries; null where it is in bytes."),
        requests: count,
        hits: count,
        misses: count,
        hitRatio: ratio.describe("hits / requests."),
        evictions: count,
        bytes: count.optional().describe("The size in bytes; this and what follows only in rows by bytes."),
        requestedBytes: count.optional(),
        hitBytes: count.optional(),
        byteHitRatio: ratio.optional().describe("hitBytes / requestedBytes."),
      }),
    ),
    curves: z
      .array(
        z.object({
          trace: z.string(),
          policy: z.literal("lru"),
          points: z.array(z.object({ entries: count, misses: count, missRatio: ratio })),
        }),
      )
      .optional()
      .describe("With --curve: LRU at many sizes, exact, from stack distances."),
  })
  .describe("Cache policies on recorded accesses. No wall-clock value is in it.");
