// The schemas: types and schemas say the same, the files in schemas/ are what the schemas make, and they notice damage.

import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { baselineSchema } from "../../cli/schemas/baseline.ts";
import { schemaDocuments } from "../../cli/schemas/documents.ts";
import { journalLineSchema } from "../../cli/schemas/journal.ts";
import { resultSchema } from "../../cli/schemas/result.ts";
import type { ResultFile } from "../../sim/result.ts";
import { type BaselineFile, toBaseline } from "../../sim/suite/baseline.ts";
import { fakeResult } from "../sim/suite/fake-run.ts";

const folder = new URL("../../schemas/", import.meta.url);

type Mutable<T> = T extends readonly (infer U)[]
  ? T extends readonly [unknown, unknown]
    ? [Mutable<T[0]>, Mutable<T[1]>]
    : Mutable<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** Compiles only while every field of the type is in the schema with a type that fits, and the other way round. */
function typesAgree(result: Mutable<ResultFile>, parsed: z.infer<typeof resultSchema>) {
  const fromType: Omit<z.input<typeof resultSchema>, "suite" | "forecasts"> = result;
  const runsFromType: readonly (keyof z.infer<typeof resultSchema>["runs"][number])[] =
    [] as (keyof ResultFile["runs"][number])[];
  const runsFromSchema: readonly (keyof ResultFile["runs"][number])[] = [] as (keyof z.infer<
    typeof resultSchema
  >["runs"][number])[];
  return [
    fromType,
    parsed.runs[0]?.ooms satisfies ResultFile["runs"][number]["ooms"] | undefined,
    runsFromType,
    runsFromSchema,
  ];
}

describe("schemas", () => {
  test("the files are what the program's own schemas make (npx tsx scripts/schemas.ts)", () => {
    const made = schemaDocuments();
    for (const [name, text] of made) expect(readFileSync(new URL(name, folder), "utf8"), name).toBe(text);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining([...made.keys()]));
    expect(typesAgree).toBeTypeOf("function");
  });

  test("every schema is a valid one of draft 2020-12", () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    for (const [name, text] of schemaDocuments())
      expect(ajv.validateSchema(JSON.parse(text) as object), name).toBe(true);
  });

  test("zod and JSON Schema agree on what is a result, and on damage", () => {
    const schema = JSON.parse(schemaDocuments().get("result.schema.json")!) as object;
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
    const whole = JSON.parse(JSON.stringify(fakeResult())) as Record<string, unknown> & {
      runs: Record<string, unknown>[];
    };
    const damaged: unknown[] = [
      { ...whole, schema: "mempred.result/2" },
      { ...whole, runs: undefined },
      { ...whole, runs: [{ ...whole.runs[0], seed: -1 }] },
      { ...whole, runs: [{ ...whole.runs[0], ooms: {} }] },
      { ...whole, runs: [{ ...whole.runs[0], pressureRatio: 0 }] },
      { ...whole, comparisons: [{}] },
      null,
      [],
    ].map((document) => JSON.parse(JSON.stringify(document)) as unknown);
    expect(validate(whole)).toBe(true);
    expect(resultSchema.safeParse(whole).success).toBe(true);
    expect(resultSchema.safeParse({ ...whole, later: "field" }).success).toBe(true);
    for (const document of damaged) {
      expect(validate(document)).toBe(false);
      expect(resultSchema.safeParse(document).success).toBe(false);
    }
  });

  test("baselines and journal lines", () => {
    const baseline: BaselineFile = toBaseline(fakeResult());
    expect(baselineSchema.safeParse(baseline).success).toBe(true);
    expect(baselineSchema.safeParse({ ...baseline, rows: [{}] }).success).toBe(false);
    expect(journalLineSchema.safeParse({ t: 1, e: "free", id: 3 }).success).toBe(true);
    expect(journalLineSchema.safeParse({ t: -1, e: "free", id: 3 }).success).toBe(false);
    expect(
      journalLineSchema.safeParse({ t: 1, e: "deny", id: 3, size: 1, class: "wait", cause: "bad luck" }).success,
    ).toBe(false);
  });
});
