// A value against a schema, and what is wrong with it in words that help: where, what was expected, and the nearest known name to one
// that is not known. What was sent is never quoted but for the names of its keys.

import { z } from "@hono/zod-openapi";
import { suggestion } from "../../core/suggest.ts";
import { type Fault, Problem } from "./problem.ts";

const MOST_FAULTS = 8;
const LONGEST_KEY = 64;

/** The parsed value. Throws a Problem of `code` with the faults. */
export function validate<T>(schema: z.ZodType<T>, value: unknown, code: "invalid-body" | "invalid-query"): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue, schema));
  const shown = faults.slice(0, MOST_FAULTS);
  const first = shown[0]!;
  const place = first.path === "" ? "" : `${first.path}: `;
  throw new Problem(code, `${place}${first.message}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ""}`, {
    faults: shown,
  });
}

/**
 * The parameters of a query by name. Throws a Problem, "invalid-query", for one that is given twice and not in `lists`.
 * @param query without "?"
 */
export function parseQuery(query: string, lists: ReadonlySet<string>): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found[name];
    if (lists.has(name)) found[name] = before === undefined ? [value] : [...(before as string[]), value];
    else if (before === undefined) found[name] = value;
    else {
      const message = "is given twice";
      throw new Problem("invalid-query", `${cut(name)}: ${message}`, { faults: [{ path: cut(name), message }] });
    }
  }
  return found;
}

/** Names of parameters that may be repeated. */
export function listNames(schema: z.ZodType | undefined): ReadonlySet<string> {
  if (!(schema instanceof z.ZodObject)) return new Set();
  return new Set(
    Object.entries(schema.shape).flatMap(([name, field]) => (inner(field) instanceof z.ZodArray ? [name] : [])),
  );
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType): Fault[] {
  const path = pathOf(issue.path);
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  const known = keysAt(schema, issue.path);
  return issue.keys.map((key) => ({
    path: path === "" ? cut(key) : `${path}.${cut(key)}`,
    message: `is not known${suggestion(cut(key), known)}`,
  }));
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? cut(String(part)) : `${text}.${cut(String(part))}`;
  }, "");
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.ZodType | undefined = inner(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = inner((at.shape as Record<string, z.ZodType>)[String(part)]);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** What stands behind "optional", "nullable", a default and a check. */
function inner(schema: unknown): z.ZodType | undefined {
  let at = schema as z.ZodType | undefined;
  for (;;) {
    if (at instanceof z.ZodOptional || at instanceof z.ZodNullable || at instanceof z.ZodDefault)
      at = at.unwrap() as z.ZodType;
    else if (at instanceof z.ZodPipe) at = at.in as z.ZodType;
    else return at;
  }
}

function cut(key: string): string {
  return key.length <= LONGEST_KEY ? key : `${key.slice(0, LONGEST_KEY)}...`;
}
