// The command that runs a part of a suite again. A seed and a line to paste are worth more than a description.

import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import type { SuiteDescription } from "../result.ts";
import { durationText, mixText, percentText, type SuiteSettings } from "./plan.ts";

/** Which part of the suite; what is left out stays as the suite has it. */
export interface SuitePart {
  readonly scenario?: string;
  readonly pressureRatio?: number;
  readonly seed?: number;
  readonly policies?: readonly string[];
}

/** A line for the shell that runs `part` of `suite` again with all settings that differ from the defaults. */
export function reproduceCommand(suite: SuiteDescription, part: SuitePart = {}): string {
  const settings = (suite as { settings?: SuiteSettings }).settings;
  const isReplay = settings?.command === "replay";
  const scenarios = part.scenario === undefined ? suite.scenarios : [part.scenario];
  const sources = scenarios.map((name) => settings?.files?.[name] ?? name);
  const words = ["mempred", isReplay ? "replay" : "stress"];
  if (isReplay) words.push(...sources);
  else words.push("--scenario", sources.join(","));
  const pressures = part.pressureRatio === undefined ? suite.pressures : [part.pressureRatio];
  words.push("--pressure", pressures.map(percentText).join(","));
  words.push(...seedWords(part.seed === undefined ? suite.seeds : [part.seed]));
  words.push("--policy", (part.policies ?? suite.policies).join(","));
  if (!isReplay) words.push("--duration", durationText(suite.durationSeconds));
  if (suite.rate !== 100) words.push("--rate", String(suite.rate));
  if (suite.mix !== null) words.push("--mix", mixText(suite.mix));
  if (settings !== undefined) words.push(...settingWords(settings));
  return words.map(quoteForShell).join(" ");
}

/** Seeds as flags: `--seed 7`, `--seeds 5` for 1..5, `--seeds 3..9`, or a list. */
export function seedWords(seeds: readonly number[]): string[] {
  if (seeds.length === 1) return ["--seed", String(seeds[0])];
  const isRun = seeds.every((seed, i) => seed === seeds[0]! + i);
  if (!isRun) return ["--seeds", seeds.join(",")];
  return ["--seeds", seeds[0] === 1 ? String(seeds.length) : `${seeds[0]}..${seeds.at(-1)}`];
}

function settingWords(settings: SuiteSettings): string[] {
  const words: string[] = [];
  if (settings.capacityBytes !== null && settings.capacityBytes !== DEFAULT_CAPACITY_BYTES)
    words.push("--capacity", String(settings.capacityBytes));
  if (settings.fit !== "segregated") words.push("--fit", settings.fit);
  if (!settings.autonomy) words.push("--no-autonomy");
  if (!settings.watchdog) words.push("--no-watchdog");
  if (!settings.shadow) words.push("--no-shadow");
  if (settings.reserveBytes !== undefined) words.push("--reserve", String(settings.reserveBytes));
  if (settings.shedOrder !== undefined) words.push("--shed-order", settings.shedOrder);
  if (settings.retries > 0) words.push("--retries", String(settings.retries));
  if (settings.attacks !== undefined) words.push("--attack", settings.attacks.join(","));
  if (settings.weights === "cold") words.push("--weights", "cold");
  else if (settings.weights !== "shipped") words.push("--weights", `FILE-${settings.weights}`);
  if (settings.timing?.startsWith("stretch ")) words.push("--stretch", settings.timing.slice("stretch ".length));
  return words;
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
