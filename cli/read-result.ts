// Reads result and baseline files, whoever wrote them: JSON, then the schema. A message names the file, the place in it and
// what was expected there.

import { MempredError } from "../core/errors.ts";
import { JOURNAL_SCHEMA } from "../sim/journal.ts";
import { BASELINE_SCHEMA, type BaselineFile, toBaseline } from "../sim/suite/baseline.ts";
import type { StoredResult } from "./stored-result.ts";

/** A result file. Errors: NOT_FOUND, INVALID_RESULT. */
export async function readResultFile(path: string): Promise<StoredResult> {
  const document = await readJson(path);
  if (schemaOf(document) === BASELINE_SCHEMA)
    throw invalid(path, "this is a baseline: it keeps too little for a report", "a result file (stress --json FILE)");
  return checkResult(document, path);
}

/** A baseline, or a result reduced to one. Errors: NOT_FOUND, INVALID_RESULT, INCOMPATIBLE_BASELINE for a partial result. */
export async function readBaselineFile(path: string): Promise<BaselineFile> {
  const document = await readJson(path);
  if (schemaOf(document) !== BASELINE_SCHEMA) return toBaseline(await checkResult(document, path));
  const { baselineSchema } = await import("./schemas/baseline.ts");
  const parsed = baselineSchema.safeParse(document);
  if (!parsed.success) throw invalid(path, ...firstIssue(parsed.error.issues));
  return document as BaselineFile;
}

async function checkResult(document: unknown, path: string): Promise<StoredResult> {
  const { resultSchema } = await import("./schemas/result.ts");
  const parsed = resultSchema.safeParse(document);
  if (!parsed.success) throw invalid(path, ...firstIssue(parsed.error.issues));
  return { forecasts: [], ...(document as Omit<StoredResult, "forecasts">) };
}

async function readJson(path: string): Promise<unknown> {
  const { readText } = await import("../io/read-text.ts");
  const text = await readText(path, 1_073_741_824);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.slice(0, 400).includes(JOURNAL_SCHEMA))
      throw invalid(path, "this is a journal: export and top read those", "a result file (stress --json FILE)", error);
    throw invalid(path, `not JSON: ${(error as Error).message}`, "a result file (stress --json FILE)", error);
  }
}

function schemaOf(document: unknown): unknown {
  return typeof document === "object" && document !== null ? (document as { schema?: unknown }).schema : undefined;
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

function firstIssue(issues: readonly Issue[]): [string, string] {
  const { path, message } = issues[0]!;
  const place = path.length === 0 ? "the document" : path.map(String).join(".");
  return [`${place}: ${message}`, "a document of the schema mempred.result/1"];
}

function invalid(file: string, message: string, expected: string, cause?: unknown): MempredError {
  return new MempredError("INVALID_RESULT", `${file}: ${message}`, { file, expected }, cause);
}
