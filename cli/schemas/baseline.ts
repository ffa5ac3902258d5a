// The baseline file as a schema: a result reduced to what a later run is held against.

import { z } from "zod";
import { BASELINE_METRICS, BASELINE_SCHEMA } from "../../sim/suite/baseline.ts";
import { suiteSchema } from "./suite.ts";

const vectors = z.object(Object.fromEntries(BASELINE_METRICS.map((name) => [name, z.array(z.number())])));

export const baselineSchema = z
  .object({
    schema: z.literal(BASELINE_SCHEMA),
    version: z.string(),
    suite: suiteSchema,
    rows: z.array(
      z.object({
        scenario: z.string(),
        pressureRatio: z.number().gt(0).max(1),
        policy: z.string(),
        hashes: z.array(z.string()).describe("One per seed."),
        values: vectors.describe("One vector per metric, one value per seed."),
      }),
    ),
    digest: z.string().describe("Over the hashes of all rows, in order."),
  })
  .describe("A suite of mempred runs, reduced to per-seed figures and digests.");
