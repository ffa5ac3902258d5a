// The journal as a schema: one JSON object a line; the first is the header, every other an event.

import { z } from "zod";
import { CLASS_NAMES } from "../../core/demand.ts";
import { PARAMETER_COUNT } from "../../predictor/network.ts";
import { JOURNAL_SCHEMA } from "../../sim/journal.ts";
import { NETWORK_INPUTS } from "../../sim/recording/recording.ts";
import { OOM_CAUSES } from "../../sim/result.ts";

const t = z.number().min(0).describe("µs of virtual time, never decreasing");
const place = z.int().min(0).describe("bytes from the start of the arena");
const length = z.int().min(0).describe("bytes, header and rounding included");
const id = z.union([z.int().min(0), z.string()]).describe('A number, or "predictor" for its own block.');
const size = z.int().min(0).describe("bytes asked for");
const requestClass = z.enum(CLASS_NAMES);

export const journalHeaderSchema = z.object({
  schema: z.literal(JOURNAL_SCHEMA),
  capacityBytes: z.int().positive(),
  granuleBytes: z.int().positive(),
  scenario: z.string(),
  pressureRatio: z.number().gt(0).max(1),
  seed: z.int().min(0),
  policy: z.string(),
});

export const journalEventSchema = z.discriminatedUnion("e", [
  z.object({
    t,
    e: z.literal("place"),
    id,
    size,
    at: place,
    len: length,
    class: requestClass,
    pinned: z.boolean(),
    waitedMicros: z.number().min(0),
    reclaimable: z.literal(true).optional().describe("A cache's block: it may be shed."),
  }),
  z.object({ t, e: z.literal("resize"), id, size, at: place, len: length, waitedMicros: z.number().min(0).optional() }),
  z.object({ t, e: z.literal("free"), id, shed: z.literal(true).optional() }),
  z.object({ t, e: z.literal("move"), id, from: place, to: place }),
  z.object({ t, e: z.literal("deny"), id, size, class: requestClass, cause: z.enum(OOM_CAUSES) }),
  z.object({
    t,
    e: z.literal("compact"),
    run: z.int().min(0),
    kind: z.enum(["reactive", "proactive"]),
    trigger: z.string(),
    phase: z.enum(["start", "end"]),
    movedBytes: z.number().min(0),
  }),
  z.object({
    t,
    e: z.literal("sample"),
    occupancy: z.number().min(0).max(1).describe("U of the acting arena"),
    pressure: z.number().min(0).max(1).describe("P of the acting arena"),
  }),
  z.object({
    t,
    e: z.literal("forecast"),
    pressure: z.number().nullable(),
    forecast: z.number().nullable().describe("Null: not a finite number."),
    upper: z.number().nullable(),
    confidence: z.number().nullable(),
    weights: z
      .array(z.number().nullable())
      .length(PARAMETER_COUNT)
      .optional()
      .describe("Of the small network as it was: W1 row by row, b1, W2, b2; float32."),
    inputs: z
      .array(z.number().nullable())
      .length(NETWORK_INPUTS)
      .optional()
      .describe("Beside the weights: the four features and the anchor."),
  }),
  z.object({ t, e: z.literal("watchdog"), reason: z.string() }),
]);

/** Any line of a journal. */
export const journalLineSchema = z
  .union([journalHeaderSchema, journalEventSchema])
  .describe("A line of a mempred journal: the header first, then events in order of time.");
