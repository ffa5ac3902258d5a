// Values as people write them: 100KiB, 10m, 95 %, 1..20, 15,15,70. Each function takes one text and gives a number in the
// unit of its name, or throws INVALID_INPUT that says what was expected. Nothing is guessed where a guess could be wrong by
// a factor: a duration without a unit is an error, as is a pressure below 1 ("0.95" is not 95 %).

import type { RequestMix } from "../core/demand.ts";
import { MempredError } from "../core/errors.ts";
import { GRANULE_BYTES } from "../core/units.ts";

/** The smallest and largest arena. The top keeps every address inside a 31-bit offset. */
export const LEAST_CAPACITY_BYTES = 4_096;
export const MOST_CAPACITY_BYTES = 1_073_741_824;
/** The longest run: one virtual week. */
export const MOST_DURATION_SECONDS = 604_800;
/** The most seeds of one suite. */
export const MOST_SEEDS = 100_000;

const BYTE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
};

/** "100KiB", "64 kB", "102400" → bytes, an integer. K, M and G alone are binary. */
export function parseBytes(text: string): number {
  const expected = "a size such as 102400, 100KiB or 1MiB";
  const match = /^(-?[\d_]*\.?\d+)\s*([a-z]*)$/i.exec(text.trim());
  const factor = match === null ? undefined : BYTE_UNITS[match[2]!.toLowerCase()];
  if (match === null || factor === undefined) throw invalid(`"${text}" is not a size`, expected);
  const bytes = Number(match[1]!.replaceAll("_", "")) * factor;
  if (bytes < 0) throw invalid(`"${text}" is negative`, expected);
  if (!Number.isSafeInteger(bytes)) {
    const trouble =
      bytes > Number.MAX_SAFE_INTEGER ? "is too large: 2^53 bytes or more" : "is not a whole number of bytes";
    throw invalid(`"${text}" ${trouble}`, expected);
  }
  return bytes;
}

/** An arena's capacity: a size within bounds, a multiple of the granule. */
export function parseCapacityBytes(text: string): number {
  const bytes = parseBytes(text);
  const expected = `4KiB to 1GiB, a multiple of ${GRANULE_BYTES} bytes`;
  if (bytes < LEAST_CAPACITY_BYTES) throw invalid(`"${text}" is too small for an arena`, expected);
  if (bytes > MOST_CAPACITY_BYTES) throw invalid(`"${text}" is too large for an arena`, expected);
  if (bytes % GRANULE_BYTES !== 0) throw invalid(`"${text}" is not a multiple of ${GRANULE_BYTES} bytes`, expected);
  return bytes;
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** "10m", "90s", "1h30m", "500ms" → seconds, over 0 and at most a week. */
export function parseDurationSeconds(text: string): number {
  const expected = "a duration with its unit, such as 10m, 90s or 1h30m";
  const compact = text.trim().toLowerCase().replaceAll(" ", "");
  if (/^-/.test(compact)) throw invalid(`"${text}" is negative`, expected);
  if (/^\d+(\.\d+)?$/.test(compact)) throw invalid(`"${text}" has no unit`, `${compact}s, ${compact}m or ${compact}h`);
  if (!/^(\d+(\.\d+)?(ms|min|[smhd]))+$/.test(compact)) throw invalid(`"${text}" is not a duration`, expected);
  let seconds = 0;
  for (const part of compact.matchAll(/(\d+(?:\.\d+)?)(ms|min|[smhd])/g))
    seconds += Number(part[1]) * SECONDS[part[2]!]!;
  seconds = Math.round(seconds * 1000) / 1000;
  if (!(seconds > 0)) throw invalid(`"${text}" is no time at all`, expected);
  if (seconds > MOST_DURATION_SECONDS) throw invalid(`"${text}" is longer than a week`, expected);
  return seconds;
}

/** "95", "95%", "97.5 %" → 0.95: over 0 and under 100 %. */
export function parsePressureRatio(text: string): number {
  const expected = "a percentage over 0 and under 100, such as 95 or 95%";
  const match = /^(-?\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
  if (match === null) throw invalid(`"${text}" is not a percentage`, expected);
  const percent = Number(match[1]);
  if (percent <= 0 || percent >= 100) throw invalid(`a pressure of ${percent} % cannot be`, expected);
  if (percent < 1 && match[2] === "") {
    const meant = Math.round(percent * 1e6) / 1e4;
    throw invalid(`"${text}" is below 1 %`, `percent: ${meant}, or ${percent}% if you mean that little`);
  }
  return Math.round(percent * 1e4) / 1e6;
}

/** "5" → 1..5; "3..9"; "1,4,7". Distinct integers ≥ 0, below 2^53, at most MOST_SEEDS. */
export function parseSeeds(text: string): number[] {
  const expected = "a number of seeds such as 5, a range such as 1..20, or a list such as 1,4,7";
  const compact = text.trim();
  const range = /^(\d+)\.\.(\d+)$/.exec(compact);
  if (range !== null) {
    const [first, last] = [parseSeed(range[1]!), parseSeed(range[2]!)];
    if (last < first) throw invalid(`"${text}" runs backwards`, expected);
    return countUp(first, last - first + 1, text);
  }
  if (/^\d+$/.test(compact)) {
    const count = parseSeed(compact);
    if (count < 1) throw invalid("no seeds at all", expected);
    return countUp(1, count, text);
  }
  if (!/^\d+(\s*,\s*\d+)+$/.test(compact)) throw invalid(`"${text}" is not a set of seeds`, expected);
  const seeds = compact.split(",").map((part) => parseSeed(part.trim()));
  if (new Set(seeds).size !== seeds.length) throw invalid(`"${text}" names a seed twice`, expected);
  return seeds;
}

/** "7" → 7: an integer ≥ 0 and < 2^53. */
export function parseSeed(text: string): number {
  const seed = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (!Number.isSafeInteger(seed)) throw invalid(`"${text}" is not a seed`, "an integer from 0 to 2^53 − 1");
  return seed;
}

/** "15,15,70" or "15,15,70,3" → shares of atomic, deadline, wait and pinned. The first three add to 100. */
export function parseMix(text: string): RequestMix {
  const expected = "atomic,deadline,wait[,pinned] in percent, the first three adding to 100, such as 15,15,70";
  const parts = text.split(",").map((part) => part.trim().replace(/\s*%$/, ""));
  const isNumeric = parts.every((part) => /^\d+(\.\d+)?$/.test(part));
  if (!isNumeric || parts.length < 3 || parts.length > 4) throw invalid(`"${text}" is not a mix`, expected);
  const [atomic, deadline, wait, pinned = 3] = parts.map(Number) as [number, number, number, number?];
  const sum = atomic + deadline + wait;
  if (Math.abs(sum - 100) > 1e-6) throw invalid(`"${text}" adds to ${Math.round(sum * 1e4) / 1e4}`, expected);
  if (pinned > 50) throw invalid(`"${text}" pins ${pinned} % of all blocks`, "at most 50 % pinned");
  const share = (percent: number) => Math.round(percent * 1e6) / 1e8;
  return { atomic: share(atomic), deadline: share(deadline), wait: share(wait), pinned: share(pinned) };
}

/** "100", "2.5", "100/s" → requests per virtual second. */
export function parseRate(text: string): number {
  const expected = "requests per second, over 0 and at most 1,000,000";
  const match = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text.trim());
  const rate = match === null ? NaN : Number(match[1]);
  if (!(rate > 0 && rate <= 1_000_000)) throw invalid(`"${text}" is not a rate`, expected);
  return rate;
}

/** "2", "x2.5" → a factor over 0. */
export function parseFactor(text: string): number {
  const match = /^x?(\d+(?:\.\d+)?)x?$/.exec(text.trim());
  const factor = match === null ? NaN : Number(match[1]);
  if (!(factor > 0 && factor <= 1e9)) throw invalid(`"${text}" is not a factor`, "a number over 0, such as 10 or 0.5");
  return factor;
}

/** An integer from `least` to `most`. */
export function parseCount(text: string, least: number, most: number): number {
  const count = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (!(count >= least && count <= most))
    throw invalid(`"${text}" will not do`, `a whole number from ${least} to ${most}`);
  return count;
}

/** "1", "true", "yes", "on" and their opposites. */
export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return true;
  if (["0", "false", "no", "off"].includes(word)) return false;
  throw invalid(`"${text}" is neither yes nor no`, "true or false");
}

function countUp(first: number, count: number, text: string): number[] {
  if (count > MOST_SEEDS) throw invalid(`"${text}" is ${count} seeds`, `at most ${MOST_SEEDS}`);
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  if (!Number.isSafeInteger(seeds.at(-1))) throw invalid(`"${text}" runs past 2^53`, "seeds below 2^53");
  return seeds;
}

function invalid(message: string, expected: string): MempredError {
  return new MempredError("INVALID_INPUT", message, { expected });
}
