// From what a person types after --scenario to something a worker can make a demand from: ids, `all`, files.

import { existsSync, readFileSync } from "node:fs";
import { MempredError } from "../core/errors.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { DemandSource } from "./engine.ts";

export interface NamedScenario {
  /** The name under which results appear. */
  readonly name: string;
  readonly source: DemandSource;
  readonly scenario: Scenario;
  /** Path of its file, or null. */
  readonly path: string | null;
}

/** Errors: UNKNOWN_SCENARIO, INVALID_SCENARIO, NOT_FOUND; USAGE when two have one name. */
export async function scenarioSources(asked: readonly string[]): Promise<NamedScenario[]> {
  const { getScenario, SCENARIO_IDS } = await import("../scenarios/registry.ts");
  const words = asked.flatMap((word) => (word === "all" ? SCENARIO_IDS : [word]));
  const found = new Map<string, NamedScenario>();
  for (const word of words) {
    const one = isFileLike(word)
      ? await fromFile(word)
      : { name: word, source: { kind: "scenario", id: word } as const, scenario: getScenario(word), path: null };
    const other = found.get(one.name);
    if (other !== undefined && other.path !== one.path)
      throw new MempredError("USAGE", `two scenarios are called "${one.name}"`, {
        expected: "another id in one of the files",
      });
    found.set(one.name, one);
  }
  return [...found.values()];
}

/** A path or an ending makes it a file; a bare word is an id, unless a file of that name stands there. */
function isFileLike(word: string): boolean {
  return /[\\/]/.test(word) || /\.(ya?ml|json)$/i.test(word) || (word.includes(".") && existsSync(word));
}

async function fromFile(path: string): Promise<NamedScenario> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const message = `${path}: there is no such scenario file`;
    throw new MempredError("NOT_FOUND", message, { file: path, expected: "a scenario file, or an id" }, error);
  }
  const { parseScenario } = await import("../scenarios/scenario-file.ts");
  const scenario = parseScenario(text, path);
  return { name: scenario.id, source: { kind: "scenario-file", path, text }, scenario, path };
}
