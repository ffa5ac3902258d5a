// A config file: options by name in YAML (JSON is YAML), at the top for every command, under a command's name for that one.
// An unknown key is an error with its line and a suggestion: a typo that is silently ignored costs a night of runs.

import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { MempredError } from "../core/errors.ts";
import { suggestion } from "../core/suggest.ts";
import type { CommandSpec, OptionSpec } from "./catalogue.ts";
import { type RawValue, type Settings, settingOf } from "./settings.ts";

/** Adds the settings of `path` for `command`: its own section goes before the top level. */
export function addConfigFile(
  settings: Settings,
  path: string,
  command: CommandSpec,
  commands: readonly CommandSpec[],
  commonOptions: readonly OptionSpec[],
): void {
  const source = readConfig(path);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const lineOf = (node: Node | null | undefined): number => lines.linePos(node?.range?.[0] ?? 0).line;
  const wrong = (message: string, line: number, expected?: string): MempredError =>
    new MempredError("INVALID_INPUT", `${path}:${line}: ${message}`, { file: path, line, expected });
  if (document.errors.length > 0) {
    const first = document.errors[0]!;
    throw wrong(
      first.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""),
      lines.linePos(first.pos[0]).line,
    );
  }
  const root = document.contents;
  if (root === null) return;
  if (!isMap(root)) throw wrong("not a set of settings", lineOf(root as Node), "lines such as `seeds: 5`");

  const everyOption = [...commonOptions, ...commands.flatMap((spec) => spec.options)];
  const own = new Set([...commonOptions, ...command.options].map((option) => settingOf(option).name));

  /** `isHeeded` says of an option whether its value goes into the settings; keys and values are checked either way. */
  const addMap = (map: YAMLMap, options: readonly OptionSpec[], isHeeded: (name: string) => boolean) => {
    const byName = new Map(options.filter((o) => o.aliasOf === undefined).map((o) => [settingOf(o).name, o]));
    for (const pair of map.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : "";
      const line = lineOf(pair.key as Node);
      const name = key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`).replaceAll("_", "-");
      const option = byName.get(name);
      if (option === undefined || name === "config")
        throw wrong(
          `unknown key "${key}"${suggestion(name, [...byName.keys(), ...(map === root ? names : [])])}`,
          line,
        );
      const value = rawValue(pair.value as Node | null, option);
      if (value === undefined) throw wrong(`"${key}" has no value that can be read`, line, expectedValue(option));
      if (isHeeded(name)) settings.add(name, value, `${path}:${line}`);
    }
  };

  const names = commands.map((spec) => spec.name);
  const optionNames = everyOption.filter((option) => option.aliasOf === undefined).map((o) => settingOf(o).name);
  const sections = root.items.filter((pair) => {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    return names.includes(key) && (isMap(pair.value) || !optionNames.includes(key)); // "policies" is both
  });
  for (const pair of sections) {
    const spec = commands.find((candidate) => candidate.name === (pair.key as { value: unknown }).value)!;
    if (!isMap(pair.value))
      throw wrong(`"${spec.name}" is a section`, lineOf(pair.key as Node), "settings below it, indented");
    addMap(pair.value, [...commonOptions, ...spec.options], () => spec === command);
  }
  root.items = root.items.filter((pair) => !sections.includes(pair));
  addMap(root, everyOption, (name) => own.has(name));
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new MempredError("NOT_FOUND", `the config file ${path} cannot be read`, { file: path }, error);
  }
}

/** The value as flags would give it, or undefined when it is of no such kind. */
function rawValue(node: Node | null, option: OptionSpec): RawValue | undefined {
  if (isSeq(node)) {
    const parts = node.items.map((item) => (isScalar(item) && item.value !== null ? String(item.value) : undefined));
    return option.value === undefined || parts.includes(undefined) ? undefined : (parts as string[]);
  }
  if (!isScalar(node) || node.value === null) return;
  if (typeof node.value === "boolean" && option.value === undefined) return node.value;
  return option.value === undefined ? undefined : (node.source ?? String(node.value));
}

function expectedValue(option: OptionSpec): string {
  return option.value === undefined ? "true or false" : option.value;
}
