// Evaluations on disk: written one row a line, read with the schema, parts of an earlier one merged with those of a new one.

import { readFileSync } from "node:fs";
import { MempredError } from "../core/errors.ts";
import { EVALUATION_PARTS, type EvaluationFile, type ForecastPart, type RunPart } from "../sim/suite/evaluation.ts";

export const EVALUATION_SIGNATURE = '"mempred.evaluation/';

/** The document as text, one row a line. Equal evaluations give equal bytes. Figures have 9 significant digits. */
export function stringifyEvaluation(file: EvaluationFile): string {
  const { parts, ...head } = file;
  const texts = EVALUATION_PARTS.flatMap((id) => {
    const part: RunPart | ForecastPart | undefined = parts[id];
    if (part === undefined) return [];
    const { rows, ...description } = part;
    const lines = rows.map((row) => JSON.stringify(row, shorten)).join(",\n");
    return [`"${id}":${JSON.stringify(description).slice(0, -1)},"rows":[\n${lines}\n]}`];
  });
  return `${JSON.stringify(head).slice(0, -1)},\n"parts":{\n${texts.join(",\n")}\n}}\n`;
}

/** Reads one. Errors: NOT_FOUND, INVALID_RESULT. */
export async function readEvaluation(path: string): Promise<EvaluationFile> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code !== undefined;
    throw isMissing
      ? new MempredError("NOT_FOUND", `${path}: there is no evaluation that can be read`, {
          file: path,
          expected: "a file that `mempred evaluate --json FILE` wrote",
        })
      : invalid(path, `not JSON: ${(error as Error).message}`, error);
  }
  const { evaluationSchema } = await import("./schemas/evaluation.ts");
  const parsed = evaluationSchema.safeParse(document);
  if (!parsed.success) {
    const { path: place, message } = parsed.error.issues[0]!;
    throw invalid(path, `${place.length === 0 ? "the document" : place.map(String).join(".")}: ${message}`);
  }
  return document as EvaluationFile;
}

/** Why the parts of `earlier` cannot stand beside those of `now`; null when they can. */
export function mergeTrouble(now: EvaluationFile, earlier: EvaluationFile): string | null {
  if (now.isQuick !== earlier.isQuick) return "one is the short form and the other is not";
  if (now.version !== earlier.version) return `it was written by version ${earlier.version}, not ${now.version}`;
  return null;
}

/** The parts of `now`, and of `earlier` those that `now` has not. */
export function mergeEvaluations(now: EvaluationFile, earlier: EvaluationFile): EvaluationFile {
  const known = new Set(now.policies.map((policy) => policy.id));
  return {
    ...now,
    ...(now.costs === undefined && earlier.costs !== undefined ? { costs: earlier.costs } : {}),
    policies: [...now.policies, ...earlier.policies.filter((policy) => !known.has(policy.id))],
    parts: { ...earlier.parts, ...now.parts },
  };
}

/** A replacer that leaves 9 significant digits of what is not whole. */
export function shorten(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}

function invalid(file: string, message: string, cause?: unknown): MempredError {
  const expected = "a document of the schema mempred.evaluation/1";
  return new MempredError("INVALID_RESULT", `${file}: ${message}`, { file, expected }, cause);
}
