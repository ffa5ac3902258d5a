// The description of a suite, in result files and baselines.

import { z } from "zod";
import { ATTACK_KINDS } from "../../sim/attacks.ts";
import { SHED_ORDERS } from "../../sim/shed-order.ts";

const share = z.number().min(0).max(1);

export const mixSchema = z
  .object({ atomic: share, deadline: share, wait: share, pinned: share })
  .describe("Shares of the request classes (they add to 1) and of pinned blocks.");

export const settingsSchema = z
  .object({
    command: z.enum(["stress", "replay"]),
    capacityBytes: z.int().positive().nullable().describe("Null where each trace sets it."),
    fit: z.enum(["segregated", "best"]),
    autonomy: z.boolean(),
    watchdog: z.boolean(),
    shadow: z.boolean(),
    weights: z.string().describe('"shipped", "cold", or the digest of a weights file.'),
    reserveBytes: z.int().min(0).optional().describe("For policies with a reserve; left out: each policy's own."),
    shedOrder: z.enum(SHED_ORDERS).optional().describe("Which block of a cache goes first; left out: oldest."),
    retries: z.int().min(0).describe("Closed loop: how often a denied request comes again."),
    attacks: z.array(z.enum(ATTACK_KINDS)).min(1).optional().describe("On each run, scheduled from its seed."),
    timing: z.string().optional(),
    files: z.record(z.string(), z.string()).optional(),
  })
  .describe("Everything else that a run depends on.");

export const suiteSchema = z.object({
  scenarios: z.array(z.string()).min(1),
  pressures: z.array(z.number().gt(0).max(1)).min(1).describe("Levels, as ratios of the capacity."),
  seeds: z.array(z.int().min(0)).min(1),
  policies: z.array(z.string()).min(1),
  durationSeconds: z.number().min(0).describe("Virtual seconds of a run; 0 where each trace has its own."),
  mix: mixSchema.nullable().describe("Null where each scenario uses its own."),
  rate: z.number().positive().describe("Requests a virtual second."),
  settings: settingsSchema.optional(),
});
