// The options and the moment in the part of the address after #, so that a link shows what its sender saw. What cannot be read
// is left at its default. A dropped trace is not in the address: only its name could be.

import { DEFAULT_OPTIONS, percent, type RunOptions } from "./options.ts";

export interface Place {
  readonly options: RunOptions;
  /** Null: the end. */
  readonly momentMicros: number | null;
}

export function placeToHash({ options, momentMicros }: Place): string {
  const { source, pressureRatio, seed, durationSeconds, policies } = options;
  const words = new URLSearchParams();
  if (source.kind === "scenario") words.set("scenario", source.id);
  words.set("pressure", percent(pressureRatio));
  words.set("seed", String(seed));
  words.set("policies", policies.join(","));
  words.set("duration", String(durationSeconds));
  if (!options.isAutonomyOn) words.set("autonomy", "off");
  if (!options.isWatchdogOn) words.set("watchdog", "off");
  for (const [name, value] of Object.entries(options.limits)) words.set(`limit.${name}`, String(value));
  for (const [name, value] of Object.entries(options.tuning)) words.set(`tune.${name}`, String(value));
  for (const { atMicros, blocks, sizeBytes } of options.bursts)
    words.append("burst", `${atMicros},${blocks},${sizeBytes}`);
  if (momentMicros !== null) words.set("t", String(momentMicros / 1e6));
  return words.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

export function hashToPlace(hash: string): Place {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const base = DEFAULT_OPTIONS;
  const id = words.get("scenario") ?? "";
  const policies = (words.get("policies") ?? "").split(",");
  const isPair = policies.length === 2 && policies.every(isPolicy);
  const moment = numberOf(words.get("t"), 0, 86_400);
  return {
    options: {
      ...base,
      source: __SCENARIOS__.some((one) => one.id === id) ? { kind: "scenario", id } : base.source,
      pressureRatio: (numberOf(words.get("pressure"), 5, 98.5) ?? 95) / 100,
      seed: wholeOf(words.get("seed"), 2 ** 31) ?? base.seed,
      durationSeconds: wholeOf(words.get("duration"), 3600, 10) ?? base.durationSeconds,
      policies: isPair ? [policies[0]!, policies[1]!] : base.policies,
      isAutonomyOn: words.get("autonomy") !== "off",
      isWatchdogOn: words.get("watchdog") !== "off",
      limits: prefixed(words, "limit.", ["runsPerSecond", "movedBytesPerSecond"]),
      tuning: prefixed(words, "tune.", Object.keys(parametersOf(policies))),
      bursts: words.getAll("burst").flatMap((text) => {
        const [atMicros, blocks, sizeBytes] = text.split(",").map((word) => wholeOf(word, 4e9));
        const isBurst = atMicros != null && blocks != null && blocks <= 10_000 && sizeBytes != null && sizeBytes > 0;
        return isBurst ? [{ atMicros, blocks, sizeBytes }] : [];
      }),
    },
    momentMicros: moment === null ? null : Math.round(moment * 1e6),
  };
}

/** Parameters of these policies, with their defaults. */
export function parametersOf(policies: readonly string[]): Record<string, number> {
  return Object.assign({}, ...policies.map((id) => policyOf(id)?.parameters ?? {}));
}

/** The catalogue's entry of "id" or "id:compactor". */
export function policyOf(id: string): CataloguePolicy | undefined {
  return __POLICIES__.find((one) => one.id === id.split(":")[0]);
}

const COMPACTORS = ["slide", "window", "evacuate", "gather", "pack", "quick"];

function isPolicy(id: string): boolean {
  const [, compactor, ...rest] = id.split(":");
  return policyOf(id) !== undefined && rest.length === 0 && (compactor === undefined || COMPACTORS.includes(compactor));
}

function prefixed(words: URLSearchParams, prefix: string, names: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of names) {
    const value = numberOf(words.get(prefix + name), 0, 1e12);
    if (value !== null && !(prefix === "limit." && value < 1)) found[name] = value;
  }
  return found;
}

function numberOf(text: string | null | undefined, least: number, most: number): number | null {
  if (text == null || text.trim() === "") return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

function wholeOf(text: string | null | undefined, most: number, least = 0): number | null {
  const value = numberOf(text, least, most);
  return value !== null && Number.isInteger(value) ? value : null;
}
