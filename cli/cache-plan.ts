// Settings and traces into the cells of a cache replay: which policies at which sizes, in the order of the rows.

import { MempredError } from "../core/errors.ts";
import { expDeterministic, logDeterministic } from "../core/math.ts";
import type { CacheTrace } from "../io/cache-trace.ts";
import type { CacheColumns, CacheJob } from "./cache-cell.ts";
import type { CachePolicySummary } from "./cache-document.ts";
import { type Settings, usage } from "./settings.ts";
import { parseBytes, parseCount } from "./units.ts";

/** Entries live in slots that are counted in 31 bits. */
export const MOST_ENTRIES = 2_147_483_648;
const MOST_CURVE_POINTS = 256;
const CURVE_POINTS = 16;
/** Sizes of the exact curve, beside those that are asked for. */
const EXACT_POINTS = 96;
const DEFAULT_SIZES: readonly SizeSpec[] = [0.01, 0.05, 0.1, 0.25].map((ratio) => ({ kind: "ratio", ratio }));

/** A size as it was asked for: a number, or a share of what there is in a trace. */
type SizeSpec = { readonly kind: "units"; readonly units: number } | { readonly kind: "ratio"; readonly ratio: number };

export interface CachePlan {
  readonly traces: readonly CacheTrace[];
  readonly columns: readonly CacheColumns[];
  readonly policies: readonly CachePolicySummary[];
  readonly seed: number;
  readonly withCurve: boolean;
  /** One per row, in the order of the rows, then one per curve. */
  readonly jobs: readonly CacheJob[];
  /** What the user should know before it runs. */
  readonly notes: readonly string[];
}

/** What is asked for, before a trace is read: bad settings are told first. */
export interface CacheSettings {
  readonly policies: readonly CachePolicySummary[];
  readonly entries: readonly SizeSpec[] | null;
  readonly bytes: readonly SizeSpec[] | null;
  readonly bytesSource: string | undefined;
  readonly seed: number;
  readonly withCurve: boolean;
  /** Sizes of a curve where none are asked for. */
  readonly curvePoints: number;
}

/** Errors: USAGE, INVALID_INPUT, UNKNOWN_POLICY. */
export async function cacheSettings(settings: Settings): Promise<CacheSettings> {
  const withCurve = settings.isOn("curve", false);
  if (!withCurve && settings.has("points"))
    throw usage(`${settings.sourceOf("points")}: there is no curve to have points`, "--curve");
  return {
    policies: await cachePoliciesOf(settings),
    entries: settings.list("entries", (text) => parseEntries(text), null),
    bytes: settings.list("bytes", (text) => parseByteSize(text), null),
    bytesSource: settings.sourceOf("bytes"),
    seed: settings.get("seed", (text) => parseCount(text, 0, Number.MAX_SAFE_INTEGER), 1),
    withCurve,
    curvePoints: settings.get("points", (text) => parseCount(text, 2, MOST_CURVE_POINTS), CURVE_POINTS),
  };
}

/** Errors: USAGE when sizes in bytes are asked for and no trace has any. */
export function planCacheReplay(request: CacheSettings, traces: readonly CacheTrace[]): CachePlan {
  const { policies, seed, withCurve } = request;
  const columns = traces.map((trace) => ({
    keys: trace.keys,
    keyCount: trace.keyCount,
    sizesBytes: trace.sizesBytes,
    footprintBytes: footprintBytes(trace),
  }));
  const notes: string[] = [];
  const jobs: CacheJob[] = [];
  const curves: CacheJob[] = [];
  if (request.bytes !== null && traces.every((trace) => trace.sizesBytes === null))
    throw usage(
      `${request.bytesSource}: ${traces.map((trace) => trace.file).join(", ")} ${traces.length > 1 ? "have" : "has"} no sizes of objects`,
      "--entries, or a trace with sizes (oracle-general, or csv and jsonl with a size)",
    );
  traces.forEach((trace, index) => {
    const { keyCount, footprintBytes } = columns[index]!;
    const entries = resolve(request.entries ?? entriesWhenUnset(request, keyCount), keyCount);
    const bytes = trace.sizesBytes === null ? [] : resolve(request.bytes ?? [], footprintBytes);
    if (request.bytes !== null && trace.sizesBytes === null)
      notes.push(`${trace.file}: no sizes of objects, so no rows by bytes`);
    for (const [unit, sizes] of [["entries", entries] as const, ["bytes", bytes] as const])
      for (const capacity of sizes)
        for (const { id } of policies) jobs.push({ kind: "replay", trace: index, policy: id, unit, capacity, seed });
    if (!withCurve) return;
    const points = [...new Set([...spread(1, keyCount, EXACT_POINTS), ...entries])].sort((a, b) => a - b);
    curves.push({ kind: "curve", trace: index, entries: points });
  });
  return { traces, columns, policies, seed, withCurve, jobs: [...jobs, ...curves], notes };
}

/** Policies and bounds, `all` spelled out, each once. */
async function cachePoliciesOf(settings: Settings): Promise<CachePolicySummary[]> {
  const { CACHE_BOUNDS, CACHE_POLICIES, cachePolicyIds, cachePolicyOrBound, DEFAULT_POLICY_ID, isBound } = await import(
    "../cache/policies/registry.ts"
  );
  const usual = ["lru", DEFAULT_POLICY_ID, "opt"].filter((id) => cachePolicyIds().includes(id));
  const asked: readonly string[] = settings.list("policies", (text) => text, usual);
  const ids = asked.flatMap((id) => (id === "all" ? [...CACHE_POLICIES, ...CACHE_BOUNDS].map((one) => one.id) : [id]));
  const found = new Map<string, CachePolicySummary>();
  for (const id of ids) {
    try {
      const definition = cachePolicyOrBound(id);
      found.set(definition.id, { id: definition.id, title: definition.title, isBound: isBound(definition) });
    } catch (error) {
      if (!(error instanceof MempredError)) throw error;
      const { suggestion } = await import("../core/suggest.ts");
      const known = ["all", ...cachePolicyIds()];
      const source = settings.sourceOf("policies") ?? "--policies";
      const message = `${source}: there is no cache policy "${id}"${suggestion(id, known)}`;
      throw new MempredError("UNKNOWN_POLICY", message, { ...error.details, expected: known.join(", ") }, error);
    }
  }
  return [...found.values()].sort((a, b) => Number(a.isBound) - Number(b.isBound));
}

function entriesWhenUnset(request: CacheSettings, keyCount: number): readonly SizeSpec[] {
  if (request.bytes !== null) return [];
  if (!request.withCurve) return DEFAULT_SIZES;
  return spread(1, keyCount, request.curvePoints).map((units) => ({ kind: "units", units }));
}

/** "1000", "1_000", "5%". */
function parseEntries(text: string): SizeSpec {
  const expected = `a number of entries from 1 to ${MOST_ENTRIES}, or a share of the distinct keys such as 5%`;
  const ratio = parseRatio(text, expected);
  if (ratio !== null) return { kind: "ratio", ratio };
  const units = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll("_", "")) : NaN;
  if (!(units >= 1 && units <= MOST_ENTRIES))
    throw new MempredError("INVALID_INPUT", `"${text}" entries cannot be`, { expected });
  return { kind: "units", units };
}

/** "64MiB", "5%". */
function parseByteSize(text: string): SizeSpec {
  const expected = "a size such as 64MiB, at least 1 byte, or a share of all objects such as 5%";
  const ratio = parseRatio(text, expected);
  if (ratio !== null) return { kind: "ratio", ratio };
  const units = parseBytes(text);
  if (units < 1) throw new MempredError("INVALID_INPUT", `a cache of ${text} bytes cannot be`, { expected });
  return { kind: "units", units };
}

/** "5%" → 0.05: over 0, at most 100 %. Null where there is no %. */
function parseRatio(text: string, expected: string): number | null {
  const match = /^(-?\d+(?:\.\d+)?)\s*%$/.exec(text);
  if (match === null) return null;
  const ratio = Number(match[1]) / 100;
  if (!(ratio > 0 && ratio <= 1)) throw new MempredError("INVALID_INPUT", `"${text}" is no such share`, { expected });
  return ratio;
}

/** Sizes in units, each once, in the order asked for. */
function resolve(specs: readonly SizeSpec[], whole: number): number[] {
  const units = specs.map((spec) => (spec.kind === "units" ? spec.units : Math.max(1, Math.round(spec.ratio * whole))));
  return [...new Set(units)];
}

/** At most `count` whole numbers from `low` to `high`, evenly by their logarithm. */
export function spread(low: number, high: number, count: number): number[] {
  const step = logDeterministic(high / low) / Math.max(1, count - 1);
  const points = Array.from({ length: count }, (_, i) => Math.round(low * expDeterministic(i * step)));
  points[points.length - 1] = high;
  return [...new Set(points)];
}

/** Each object at its largest. */
function footprintBytes({ keys, keyCount, sizesBytes }: CacheTrace): number {
  if (sizesBytes === null) return 0;
  const largest = new Uint32Array(keyCount);
  for (let i = 0; i < keys.length; i++) largest[keys[i]!] = Math.max(largest[keys[i]!]!, sizesBytes[i]!);
  let sum = 0;
  for (const bytes of largest) sum += bytes;
  return sum;
}
