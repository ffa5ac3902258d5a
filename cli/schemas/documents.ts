// The JSON Schema documents of schemas/, made from the zod schemas that the program itself reads with.

import { z } from "zod";
import { baselineSchema } from "./baseline.ts";
import { cacheSchema } from "./cache.ts";
import { evaluationSchema } from "./evaluation.ts";
import { journalLineSchema } from "./journal.ts";
import { preloadSchema } from "./preload.ts";
import { resultSchema } from "./result.ts";

/** File name → document text, ending in a newline. */
export function schemaDocuments(): ReadonlyMap<string, string> {
  const text = (schema: z.ZodType, title: string) =>
    `${JSON.stringify({ title, ...z.toJSONSchema(schema, { target: "draft-2020-12", reused: "ref" }) }, null, 2)}\n`;
  return new Map([
    ["result.schema.json", text(resultSchema, "mempred.result/1")],
    ["baseline.schema.json", text(baselineSchema, "mempred.baseline/1")],
    ["cache.schema.json", text(cacheSchema, "mempred.cache/1")],
    ["evaluation.schema.json", text(evaluationSchema, "mempred.evaluation/1")],
    ["journal.schema.json", text(journalLineSchema, "mempred.journal/1")],
    ["preload.schema.json", text(preloadSchema, "mempred.preload/1")],
  ]);
}
