// What stress and replay have in common: settings into the parts of a suite, the weights, the outputs and the workers.

import { MempredError } from "../core/errors.ts";
import type { AttackKind } from "../sim/attacks.ts";
import type { CommandContext } from "./command.ts";
import { JOURNAL_SIGNATURE, MARKDOWN_SIGNATURE, type OutputFile, PAGE_SIGNATURE, RESULT_SIGNATURE } from "./outputs.ts";
import { type Settings, usage } from "./settings.ts";
import {
  parseBytes,
  parseCapacityBytes,
  parseCount,
  parseMix,
  parsePressureRatio,
  parseRate,
  parseSeed,
  parseSeeds,
} from "./units.ts";

export const DEFAULT_RATE = 100;
const MOST_WORKERS = 256;

/** Levels without doubles, ascending or as given; null where not set. */
export function pressuresOf(settings: Settings): number[] | null {
  const levels = settings.list("pressure", parsePressureRatio, null);
  return levels === null ? null : [...new Set(levels)];
}

/** Seeds by --seeds or --seed; null where neither is set. The stronger source wins; both at once as flags is an error. */
export function seedsOf(settings: Settings): number[] | null {
  const [many, one] = [settings.sourceOf("seeds"), settings.sourceOf("seed")];
  if (many !== undefined && one !== undefined) {
    const isFlag = (source: string) => source.startsWith("--");
    if (isFlag(many) === isFlag(one)) throw usage(`${many} and ${one} exclude each other`, "one of them");
    return isFlag(many) ? settings.get("seeds", parseSeeds, null) : [settings.get("seed", parseSeed, 1)];
  }
  if (one !== undefined) return [settings.get("seed", parseSeed, 1)];
  return settings.get("seeds", parseSeeds, null);
}

/** Policies, checked against the registry, `all` spelled out. */
export async function policiesOf(settings: Settings, fallback: readonly string[]): Promise<string[]> {
  const { allPolicies, resolvePolicy } = await import("../sim/policies/registry.ts");
  const asked: readonly string[] = settings.list("policy", (text) => text, [...fallback]);
  const ids = asked.flatMap((id) => (id === "all" ? allPolicies().map((definition) => definition.id) : [id]));
  const unique = [...new Set(ids)];
  for (const id of unique) {
    try {
      resolvePolicy(id);
    } catch (error) {
      if (!(error instanceof MempredError)) throw error;
      const { suggestion } = await import("../core/suggest.ts");
      const known = [...allPolicies().map((definition) => definition.id), "predictive"];
      const source = settings.sourceOf("policy");
      const place = source === undefined ? "" : `${source}: `;
      throw new MempredError(error.code, `${place}${error.message}${suggestion(id, known)}`, error.details, error);
    }
  }
  return unique;
}

/** Kinds of attack, `all` spelled out, each once; null where none is asked for. */
export async function attacksOf(settings: Settings): Promise<AttackKind[] | null> {
  const asked: readonly string[] | null = settings.list("attack", (text) => text, null);
  if (asked === null) return null;
  const { ATTACK_KINDS } = await import("../sim/attacks.ts");
  const kinds = asked.flatMap((word) => (word === "all" ? ATTACK_KINDS : [word]));
  for (const kind of kinds) {
    if ((ATTACK_KINDS as readonly string[]).includes(kind)) continue;
    const { suggestion } = await import("../core/suggest.ts");
    const message = `${settings.sourceOf("attack")}: unknown attack "${kind}"${suggestion(kind, [...ATTACK_KINDS, "all"])}`;
    throw usage(message, ["all", ...ATTACK_KINDS].join(", "));
  }
  return [...new Set(kinds)] as AttackKind[];
}

/** Parts that both commands read alike. */
export function commonSuiteParts(settings: Settings) {
  return {
    mix: settings.get("mix", parseMix, null),
    capacityBytes: settings.get("capacity", parseCapacityBytes, null),
    fit: settings.get("fit", (text) => text as "segregated" | "best", "segregated" as const),
    autonomy: settings.isOn("autonomy", true),
    watchdog: settings.isOn("watchdog", true),
    shadow: settings.isOn("shadow", true),
    reserve: reserveOf(settings),
    retries: settings.get("retries", (text) => parseCount(text, 0, 100), 0),
    rate: settings.get("rate", parseRate, null),
  };
}

/** As a part of SuiteSettings: there only when it was asked for. */
function reserveOf(settings: Settings): { reserveBytes?: number } {
  const reserveBytes = settings.get("reserve", parseBytes, null);
  return reserveBytes === null ? {} : { reserveBytes };
}

/** Weights to start from, and what the result file says of them. Errors: NOT_FOUND, INVALID_WEIGHTS, USAGE. */
export async function weightsOf(
  settings: Settings,
  policies: readonly string[],
): Promise<{ weights: Float64Array | "cold" | null; label: string; path: string | null }> {
  const asked = settings.get("weights", (text) => text, null);
  if (asked === null || asked === "shipped") return { weights: null, label: "shipped", path: null };
  const given = asked === "cold" ? null : await (await import("./weights.ts")).loadWeights(asked);
  const { resolvePolicy } = await import("../sim/policies/registry.ts");
  if (!policies.some((policy) => resolvePolicy(policy).definition.signal === "network")) {
    const source = settings.sourceOf("weights");
    throw usage(`${source}: none of ${policies.join(", ")} has weights that can be given`, "--policy reactive,neural");
  }
  return given === null
    ? { weights: "cold", label: "cold", path: null }
    : { weights: given.weights, label: given.digest, path: asked };
}

/** How many worker threads: as asked, or one a processor. */
export function workersOf({ settings, host }: CommandContext): number {
  return settings.get("jobs", (text) => parseCount(text, 1, MOST_WORKERS), Math.max(1, host.processors));
}

/** Where the result goes. */
export interface SuiteOutputs {
  readonly files: readonly OutputFile[];
  /** Path, or null. */
  readonly jsonPath: string | null;
  readonly markdownPath: string | null;
  readonly htmlPath: string | null;
  readonly journalPath: string | null;
  /** What stdout carries. */
  readonly stdout: "text" | "json" | "markdown";
  readonly withMetrics: boolean;
}

/** Reads --json, --markdown, --html, --metrics and --journal. One document on stdout at most. */
export function suiteOutputs(settings: Settings): SuiteOutputs {
  const path = (name: string) => settings.get(name, (text) => text, null);
  const [json, markdown, journal, html] = [path("json"), path("markdown"), path("journal"), path("html")];
  const withMetrics = settings.isOn("metrics", false);
  const onStdout = [
    ...(json === "-" ? ["--json"] : []),
    ...(markdown === "-" ? ["--markdown"] : []),
    ...(withMetrics && (json === "-" || markdown === "-") ? ["--metrics"] : []),
  ];
  if (onStdout.length > 1)
    throw usage(`${onStdout.join(" and ")} both want stdout`, `a file for one of them, such as --json result.json`);
  if (journal === "-") throw usage("--journal: a journal goes to a file", "--journal FILE");
  if (html === "-") throw usage("--html: a page goes to a file", "--html FILE, or mempred report --format html");
  const file = (option: string, target: string | null, signature: string): OutputFile[] =>
    target === null || target === "-" ? [] : [{ option, path: target, signature }];
  return {
    files: [
      ...file("--json", json, RESULT_SIGNATURE),
      ...file("--markdown", markdown, MARKDOWN_SIGNATURE),
      ...file("--html", html, PAGE_SIGNATURE),
      ...file("--journal", journal, JOURNAL_SIGNATURE),
    ],
    jsonPath: json === "-" ? null : json,
    markdownPath: markdown === "-" ? null : markdown,
    htmlPath: html,
    journalPath: journal,
    stdout: json === "-" ? "json" : markdown === "-" ? "markdown" : "text",
    withMetrics,
  };
}
