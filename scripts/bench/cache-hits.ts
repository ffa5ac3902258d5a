// Benchmark of what the cache finds: hits of its default policy against lru-cache and transitory at equal capacity, each through
// its own public interface, on the same requests in the same run. Cells are those of the oracle (every trace at every size it
// knows) where the shared traces are there, else drawn tapes, which carry no mark. Nothing is timed.
//
//   npx tsx scripts/bench/cache-hits.ts [--smoke] [--policy ID]

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LRUCache } from "lru-cache";
import { newCache } from "transitory";
import { cachePolicy, DEFAULT_POLICY_ID } from "../../cache/policies/registry.ts";
import { replayCache } from "../../cache/replay.ts";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import { readCacheTrace } from "../../io/cache-reader.ts";
import { packageRoot } from "../../io/find-trace.ts";
import type { BenchRow } from "./bench-row.ts";

const SHARED = join(packageRoot(), "..", "shared", "traces");
const MARK = ">= 80 (stretch 100)";

interface Tape {
  readonly name: string;
  readonly keys: Uint32Array;
  readonly sizes: readonly number[];
}

/** One trace at one size. */
export interface CacheHitsCell {
  readonly trace: string;
  readonly size: number;
  readonly requests: number;
  readonly own: number;
  readonly lruCache: number;
  /** At most `size` entries after every request. */
  readonly transitory: number;
  /** As it runs by itself: it evicts late, and holds up to a hundredth, at least five entries, more than it was told. */
  readonly transitoryLate: number;
}

/** All cells, and whether they are the oracle's. Marks are put on those alone. */
export async function measureCacheHits(
  policyId: string,
  isSmoke: boolean,
): Promise<{ readonly cells: CacheHitsCell[]; readonly isOracle: boolean }> {
  const isOracle = !isSmoke && existsSync(join(SHARED, "oracles", "hit-rates.json"));
  if (!isSmoke && !isOracle) process.stderr.write("SKIPPED: ../shared/traces is not there: drawn tapes, no marks\n");
  const cells: CacheHitsCell[] = [];
  for await (const { name, keys, sizes } of isOracle ? oracleTapes() : drawnTapes(isSmoke ? 10_000 : 200_000))
    for (const size of sizes)
      cells.push({
        trace: name,
        size,
        requests: keys.length,
        own: replayCache(cachePolicy(policyId), { keys }, { capacity: size }).hits,
        lruCache: lruCacheHits(keys, size),
        transitory: transitoryHits(keys, size, true),
        transitoryLate: transitoryHits(keys, size, false),
      });
  return { cells, isOracle };
}

/** Rows and digest as every benchmark gives them. */
export async function benchCacheHits(options: { smoke: boolean; policy?: string }): Promise<BenchRow[]> {
  const policy = options.policy ?? DEFAULT_POLICY_ID;
  const { cells, isOracle } = await measureCacheHits(policy, options.smoke);
  const digest = new Digest();
  for (const { own, lruCache, transitory, transitoryLate } of cells)
    for (const hits of [own, lruCache, transitory, transitoryLate]) digest.addInteger(hits);
  const where = isOracle ? "the oracle's cells" : "drawn tapes";
  const mean = (hitsOf: (cell: CacheHitsCell) => number) =>
    (100 * cells.reduce((sum, cell) => sum + hitsOf(cell) / cell.requests, 0)) / cells.length;
  const against = (rival: string, hitsOf: (cell: CacheHitsCell) => number, isMarked: boolean): BenchRow => {
    const more = cells.filter((cell) => cell.own > hitsOf(cell)).length;
    const equal = cells.filter((cell) => cell.own === hitsOf(cell)).length;
    const worst = Math.min(...cells.map((cell) => (100 * (cell.own - hitsOf(cell))) / cell.requests));
    return {
      name: `cells where ${policy} has more hits than ${rival}`,
      value: (100 * more) / cells.length,
      unit: "%",
      ...(isMarked ? { mark: MARK } : {}),
      note: `${where}: more on ${more}, as many on ${equal} of ${cells.length}; at worst ${worst.toFixed(2)} points`,
    };
  };
  const late = "transitory, evicting late";
  return [
    against("lru-cache", (cell) => cell.lruCache, isOracle),
    against("transitory", (cell) => cell.transitory, isOracle),
    against(late, (cell) => cell.transitoryLate, false),
    { name: `mean hit ratio of ${policy}`, value: mean((cell) => cell.own), unit: "%", note: where },
    { name: "mean hit ratio of lru-cache", value: mean((cell) => cell.lruCache), unit: "%", note: where },
    { name: "mean hit ratio of transitory", value: mean((cell) => cell.transitory), unit: "%", note: where },
    { name: `mean hit ratio of ${late}`, value: mean((cell) => cell.transitoryLate), unit: "%", note: where },
    { name: "digest of the hits", value: 0, unit: "", note: digest.hex() },
  ];
}

function lruCacheHits(keys: Uint32Array, size: number): number {
  const cache = new LRUCache<number, true>({ max: size });
  let hits = 0;
  for (const key of keys) {
    if (cache.get(key) !== undefined) hits++;
    else cache.set(key, true);
  }
  return hits;
}

/** It draws from Math.random once in a while: from a stream of the same seed each time here, so that its hits can be told again. */
function transitoryHits(keys: Uint32Array, size: number, isStrict: boolean): number {
  const draw = Math.random;
  const random = new RandomStream(1, "bench-transitory");
  Math.random = () => random.next();
  try {
    return replayTransitory(keys, size, isStrict);
  } finally {
    Math.random = draw;
  }
}

function replayTransitory(keys: Uint32Array, size: number, isStrict: boolean): number {
  const cache = newCache<number, true>().maxSize(size).build();
  let hits = 0;
  for (const key of keys) {
    if (cache.getIfPresent(key) !== null) hits++;
    else {
      cache.set(key, true);
      if (isStrict && cache.size > size) cache.cleanUp();
    }
  }
  cache.cleanUp(); // takes back its timer, which would keep the process alive
  return hits;
}

async function* oracleTapes(): AsyncGenerator<Tape> {
  const oracle = JSON.parse(readFileSync(join(SHARED, "oracles", "hit-rates.json"), "utf8")) as {
    results: { trace: string; size: number }[];
  };
  for (const name of new Set(oracle.results.map((cell) => cell.trace))) {
    const { keys } = await readCacheTrace(join(SHARED, "cache", `${name}.vb.br`));
    yield { name, keys, sizes: oracle.results.filter((cell) => cell.trace === name).map((cell) => cell.size) };
  }
}

/** Skewed, skewed with scans between, a loop over more than fits, and a skew that moves on. */
function* drawnTapes(requests: number): Generator<Tape> {
  const sizes = [50, 400];
  const draw = (name: string, keyOf: (index: number, skewed: number) => number): Tape => {
    const random = new RandomStream(1, `bench-${name}`);
    const skewed = () => Math.floor(2_000 * random.next() * random.next() * random.next());
    return { name, keys: Uint32Array.from({ length: requests }, (_, i) => keyOf(i, skewed())), sizes };
  };
  yield draw("skewed", (_, key) => key);
  yield draw("scans", (i, key) => (i % 1_000 < 300 ? 2_000 + i : key));
  yield draw("loop", (i) => i % 500);
  yield draw("moving", (i, key) => key + 100 * Math.floor(i / 1_000));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const at = process.argv.indexOf("--policy");
  const policy = at < 0 ? {} : { policy: process.argv[at + 1]! };
  for (const row of await benchCacheHits({ smoke: process.argv.includes("--smoke"), ...policy }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
