// Scenario files: YAML or JSON, laid over a built-in scenario. Whatever is wrong is told with file, line, the path of the
// value, what it is and what was expected. Loads yaml and zod, which take their time: import lazily.

import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { MempredError } from "../core/errors.ts";
import { scenarioFromSpec } from "./from-spec.ts";
import { FAMILY_SPECS, SCENARIO_IDS } from "./registry.ts";
import type { Scenario } from "./scenario.ts";
import { fileSchema, mergedSchema, pressureRatioOf, type ScenarioFile, secondsOf } from "./scenario-schema.ts";
import type { ScenarioSpec } from "./spec.ts";
import { checkSpec } from "./spec-check.ts";
import { didYouMean } from "./suggest.ts";

/** A larger file is not a scenario. */
const MOST_CHARACTERS = 1_000_000;
const DEFAULT_BASE = "steady";

type Path = readonly (string | number)[];

interface Problem {
  readonly line: number;
  readonly path: string;
  readonly message: string;
  readonly expected: string;
}

/**
 * The scenario that a file declares. @param text YAML 1.2 or JSON. @param fileName for messages.
 * Throws INVALID_SCENARIO; `details` has file, line, path, expected and `problems`, one text for each mistake.
 */
export function parseScenario(text: string, fileName: string): Scenario {
  return scenarioFromSpec(parseScenarioSpec(text, fileName));
}

/** The same, as the complete declaration. */
export function parseScenarioSpec(text: string, fileName: string): ScenarioSpec {
  const fail = (problems: readonly Problem[]): never => {
    const sorted = problems
      .filter((each, i) => problems.findIndex((other) => other.message === each.message) === i)
      .sort((a, b) => a.line - b.line);
    const first = sorted[0]!;
    const more = sorted.length > 1 ? ` (and ${sorted.length - 1} more)` : "";
    throw new MempredError("INVALID_SCENARIO", `${fileName}:${first.line}: ${first.message}${more}`, {
      file: fileName,
      line: first.line,
      path: first.path,
      expected: first.expected,
      problems: sorted.map((problem) => `${fileName}:${problem.line}: ${problem.message}`),
    });
  };
  if (text.length > MOST_CHARACTERS)
    fail([problem(1, [], `the file has ${text.length} characters`, `at most ${MOST_CHARACTERS}`)]);

  const lines = new LineCounter();
  const parsedYaml = parseDocument(text, { lineCounter: lines, stringKeys: true, logLevel: "error" });
  const syntax = parsedYaml.errors[0] ?? parsedYaml.warnings[0];
  if (syntax !== undefined) {
    const said = syntax.message.split("\n")[0]!.replace(/( at line \d+, column \d+:?|;.*)$/, "");
    fail([problem(lines.linePos(syntax.pos[0]).line, [], `not valid YAML: ${said}`, "YAML 1.2 or JSON")]);
  }
  const value = plainValue(parsedYaml, fail);
  const locate = (path: Path): number => lineOf(parsedYaml, lines, path);
  const explain = (issues: readonly z.core.$ZodIssue[], of: unknown): Problem[] =>
    issues.flatMap((issue) => problemsOf(issue, of, parsedYaml, lines));

  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) return fail(explain(parsed.error.issues, value));
  const file = parsed.data;
  const base = FAMILY_SPECS.find((spec) => spec.id === (file.base ?? DEFAULT_BASE));
  if (base === undefined) {
    const found = `base is "${file.base}"${didYouMean(file.base!, SCENARIO_IDS)}`;
    return fail([problem(locate(["base"]), ["base"], found, `one of ${SCENARIO_IDS.join(", ")}`)]);
  }
  const spec = layOver(base, file);
  const complete = mergedSchema.safeParse(spec);
  if (!complete.success) return fail(explain(complete.error.issues, spec));
  const broken = checkSpec(spec);
  if (broken.length > 0)
    return fail(
      broken.map(({ path, found, expected }) => problem(locate(path), path, `${dotted(path)} ${found}`, expected)),
    );
  return spec;
}

/** The base with what the file says in its place. */
function layOver(base: ScenarioSpec, file: ScenarioFile): ScenarioSpec {
  const { $schema: _, name, base: __, title, description, pressure, duration, rate, ...rest } = file;
  const { regimes, events, tenants, mix, level, arrivals, ...plain } = rest;
  const spec: Record<string, unknown> = { ...base, ...plain };
  spec["id"] = name;
  spec["title"] = title ?? name;
  spec["description"] = description ?? `${title ?? name}, after ${base.id}. ${base.description}`;
  if (pressure !== undefined) spec["pressureRatio"] = pressureRatioOf(pressure);
  if (duration !== undefined) spec["durationSeconds"] = secondsOf(duration);
  if (rate !== undefined) spec["ratePerSecond"] = rate;
  spec["mix"] = { ...base.mix, ...mix };
  spec["level"] = { ...base.level, ...level };
  spec["arrivals"] = { ...base.arrivals, ...arrivals };
  if (events !== undefined) spec["events"] = events === null ? undefined : { ...base.events, ...events };
  if (regimes !== undefined) spec["regimes"] = regimes ?? undefined;
  if (tenants !== undefined) spec["tenants"] = tenants ?? undefined;
  for (const key of Object.keys(spec)) if (spec[key] === undefined) delete spec[key];
  // The schemas say the same as the type; `mergedSchema` has checked what was put together from parts.
  return spec as unknown as ScenarioSpec;
}

function plainValue(parsedYaml: Document.Parsed, fail: (problems: readonly Problem[]) => never): unknown {
  try {
    return parsedYaml.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return fail([problem(1, [], `not valid YAML: ${error.message}`, "YAML 1.2 or JSON")]);
  }
}

function problemsOf(issue: z.core.$ZodIssue, of: unknown, parsedYaml: Document.Parsed, lines: LineCounter): Problem[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(", ");
    return issue.keys.map((key) => {
      const place = path.length === 0 ? "" : ` in ${dotted(path)}`;
      const text = `unknown key "${key}"${place}${didYouMean(key, known)}`;
      const line = lineOf(parsedYaml, lines, [...path, key]);
      return { line, path: dotted([...path, key]), message: text, expected: `one of the keys ${issue.message}` };
    });
  }
  const found = valueAt(of, path);
  const what = path.length === 0 ? "the file" : dotted(path);
  const text = found === undefined ? `${what} is missing` : `${what} is ${shown(found)}`;
  return [problem(lineOf(parsedYaml, lines, path), path, text, issue.message)];
}

function problem(line: number, path: Path, found: string, expected: string): Problem {
  return { line, path: dotted(path), message: `${found}: expected ${expected}`, expected };
}

/** The line, from 1, of the key at `path`, or of the closest thing around it that the file has. */
function lineOf(parsedYaml: Document.Parsed, lines: LineCounter, path: Path): number {
  let node: unknown = parsedYaml.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      const item = (node as { items?: readonly unknown[] } | null)?.items?.[Number(step)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    }
  }
  return lines.linePos(offset).line;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) at = (at as Record<string | number, unknown> | null | undefined)?.[step];
  return at;
}

function dotted(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}

function shown(value: unknown): string {
  if (value === null) return "empty";
  if (typeof value === "string") return value.length > 40 ? `"${value.slice(0, 40)}..."` : `"${value}"`;
  if (Number.isNaN(value)) return "not a number (NaN)";
  if (typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : "a mapping";
}
