// Where a setting comes from: flag › MEMPRED_* › config file › default. Values stay texts until a command asks for one with
// the parser of its kind, so a bad value is reported together with the place it came from, whichever that was.

import { MempredError } from "../core/errors.ts";
import { suggestion } from "../core/suggest.ts";
import type { OptionSpec } from "./catalogue.ts";
import { parseBoolean } from "./units.ts";

export type RawValue = string | boolean | readonly string[];

interface Entry {
  readonly value: RawValue;
  /** "--pressure", "MEMPRED_PRESSURE", "mempred.yaml:3". */
  readonly source: string;
}

/** Settings of one invocation. Names are option names; "no-autonomy" is asked for as isOn("autonomy"). */
export class Settings {
  readonly #entries = new Map<string, Entry>();

  /** Later calls do not override earlier ones: give the strongest source first. */
  add(name: string, value: RawValue, source: string): void {
    if (!this.#entries.has(name)) this.#entries.set(name, { value, source });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Where the value came from, for messages; undefined when it is the default. */
  sourceOf(name: string): string | undefined {
    return this.#entries.get(name)?.source;
  }

  /** The value through `parse`, or `fallback`. Errors of `parse` are told with the place the value came from. */
  get<T, F>(name: string, parse: (text: string) => T, fallback: F): T | F {
    const entry = this.#entries.get(name);
    if (entry === undefined) return fallback;
    if (typeof entry.value === "boolean") throw usage(`${entry.source}: a value is needed`);
    const text = typeof entry.value === "string" ? entry.value : entry.value.join(",");
    return this.#attempt(entry, () => parse(text));
  }

  /** A list, from several words or commas, through `parse` one by one; `fallback` when it is not set. */
  list<T, F>(name: string, parse: (text: string) => T, fallback: F): T[] | F {
    const entry = this.#entries.get(name);
    if (entry === undefined) return fallback;
    if (typeof entry.value === "boolean") throw usage(`${entry.source}: a value is needed`);
    const words = typeof entry.value === "string" ? [entry.value] : entry.value;
    const parts = words
      .flatMap((word) => word.split(","))
      .map((part) => part.trim())
      .filter((part) => part !== "");
    if (parts.length === 0) throw usage(`${entry.source}: the list is empty`);
    return this.#attempt(entry, () => parts.map(parse));
  }

  /** A switch: `isOn("metrics", false)`, `isOn("autonomy", true)`. */
  isOn(name: string, fallback: boolean): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return fallback;
    if (typeof entry.value === "boolean") return entry.value;
    return this.#attempt(entry, () => parseBoolean(String(entry.value)));
  }

  /** For --verbose: "pressure = 95 (MEMPRED_PRESSURE)". */
  *describe(): Generator<string> {
    for (const [name, { value, source }] of this.#entries)
      yield `${name} = ${withoutPassword(typeof value === "object" ? value.join(",") : String(value))} (${source})`;
  }

  #attempt<T>(entry: Entry, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof MempredError)) throw error;
      throw new MempredError(error.code, `${entry.source}: ${error.message}`, error.details, error);
    }
  }
}

/** A password in an address is nobody's business but the server's. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^/@:]*:)[^/@]*@/g, "$1***@");
}

/** The setting that an option sets, and what it sets it to when it is a switch. */
export function settingOf(option: OptionSpec): { readonly name: string; readonly switchValue: boolean } {
  if (option.value === undefined && option.name.startsWith("no-"))
    return { name: option.name.slice(3), switchValue: false };
  return { name: option.aliasOf ?? option.name, switchValue: true };
}

/** Variables that are no option. A token is never a flag: every process of the machine could read it. */
const OTHER_VARIABLES = new Set(["MEMPRED_HOME", "MEMPRED_ADMIN_TOKEN"]);

/**
 * Adds MEMPRED_PRESSURE and its like. A switch that turns something off is `MEMPRED_AUTONOMY=0`.
 * @returns warnings about MEMPRED_* variables that nothing reads
 */
export function addEnvironment(
  settings: Settings,
  options: readonly OptionSpec[],
  everyOption: readonly OptionSpec[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  for (const option of options) {
    if (option.aliasOf !== undefined) continue;
    const { name } = settingOf(option);
    const value = environment[variableOf(name)];
    if (value !== undefined && value !== "") settings.add(name, value, variableOf(name));
  }
  const known = new Set([...OTHER_VARIABLES, ...everyOption.map((option) => variableOf(settingOf(option).name))]);
  return Object.keys(environment)
    .filter((name) => name.startsWith("MEMPRED_") && !known.has(name))
    .sort()
    .map((name) => `${name} is not a setting${suggestion(name, known)}`);
}

/** The variable of a setting: "no-color" is asked as "color" → MEMPRED_COLOR. */
export function variableOf(name: string): string {
  return `MEMPRED_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** A usage error. */
export function usage(message: string, expected?: string): MempredError {
  return new MempredError("USAGE", message, { expected });
}
