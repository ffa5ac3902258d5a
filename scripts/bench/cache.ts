// Benchmark of SmartCache against lru-cache: get, set and getOrSet on the same keys in the same order, both with a time to live and
// both without, in one run and alternating; then bytes of overhead an entry. Times are CPU time, the fastest of several rounds, as
// the machine may be shared: ratios count. Keys are Zipf-like over more keys than fit, so that the mixed tape hits and misses.
//
//   npx tsx scripts/bench/cache.ts [--smoke]

import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LRUCache } from "lru-cache";
import { plainAttributes } from "../../cache/entry-table.ts";
import { cachePolicy, DEFAULT_POLICY_ID } from "../../cache/policies/registry.ts";
import { CacheStore } from "../../cache/store.ts";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import { SmartCache } from "../../live/smart-cache.ts";
import type { BenchRow } from "./bench-row.ts";

const TTL_MILLIS = 300_000;

/** What both caches can do. */
interface Candidate {
  get(key: string): number | undefined;
  set(key: string, value: number): unknown;
}

interface Tape {
  readonly keys: readonly string[];
  /** Which key is asked for. */
  readonly order: Int32Array;
}

/** Requests over `keyCount` keys: u^3 is about as skewed as the traces of caches that are in use. */
function skewedTape(keyCount: number, requests: number, seed: number): Tape {
  const random = new RandomStream(seed, "bench-cache");
  const order = new Int32Array(requests);
  for (let i = 0; i < requests; i++) {
    const u = random.next();
    order[i] = Math.floor(u * u * u * keyCount);
  }
  return { keys: Array.from({ length: keyCount }, (_, i) => `key:${i}`), order };
}

function nanosSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

/** Fastest of `rounds`, alternating, so that a slow spell of the machine meets all of them. ns per operation. */
function fastest(rounds: number, runs: readonly (() => number)[]): number[] {
  const best = runs.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    runs.forEach((run, i) => {
      best[i] = Math.min(best[i] as number, run());
    });
  }
  return best;
}

// Each candidate gets loops of its own, made anew, so that no call site sees both classes.
type Loops<C> = {
  hits: (cache: C, tape: Tape) => number;
  mixed: (cache: C, tape: Tape) => number;
  sets: (cache: C, tape: Tape) => number;
};

function loops<C extends Candidate>(): Loops<C> {
  const body = (text: string) => new Function("cache", "tape", text) as (cache: C, tape: Tape) => number;
  const each = (text: string) =>
    body(
      `const { keys, order } = tape; let sum = 0; for (let i = 0; i < order.length; i++) { const key = keys[order[i]]; ${text} } return sum;`,
    );
  return {
    hits: each("sum += cache.get(key);"),
    mixed: each("const found = cache.get(key); if (found === undefined) { cache.set(key, i); sum++; }"),
    sets: each("cache.set(key, i); sum++;"),
  };
}

function timed(run: () => number, operations: number, digest?: Digest): number {
  const start = process.cpuUsage();
  const sum = run();
  const nanos = nanosSince(start) / operations;
  digest?.addInteger(sum);
  return nanos;
}

function comparison(smoke: boolean, ttl: number, digest: Digest): BenchRow[] {
  const capacity = 10_000;
  const requests = smoke ? 20_000 : 1_000_000;
  const rounds = smoke ? 1 : 7;
  const label = ttl === 0 ? "without ttl" : "with ttl";
  const makeSmart = () => new SmartCache<number>({ max: capacity, ttl });
  const makeLru = () => new LRUCache<string, number>({ max: capacity, ...(ttl === 0 ? {} : { ttl }) });
  const [smart, lru] = [loops<SmartCache<number>>(), loops<LRUCache<string, number>>()];
  const inside = skewedTape(capacity * 0.9, requests, 1);
  const beyond = skewedTape(capacity * 8, requests, 2);
  const [filledSmart, filledLru] = [makeSmart(), makeLru()];
  for (const key of inside.keys) {
    filledSmart.set(key, 1);
    filledLru.set(key, 1);
  }
  const rows: BenchRow[] = [];
  const compare = (name: string, mark: string | undefined, ours: () => number, theirs: () => number) => {
    const [a, b] = fastest(rounds, [ours, theirs]) as [number, number];
    const note = `${DEFAULT_POLICY_ID}, ${capacity} entries, ${requests} requests, lru-cache ${b.toFixed(0)} ns`;
    rows.push({
      name: `${name}, ${label}`,
      value: a,
      unit: "ns/op",
      ...(name === "get, hit" ? { mark: "< 1000" } : {}),
      note,
    });
    rows.push({ name: `${name}, ${label}, over lru-cache`, value: a / b, unit: "x", ...(mark ? { mark } : {}), note });
  };
  compare(
    "get, hit",
    "<= 2 (stretch 1)",
    () => timed(() => smart.hits(filledSmart, inside), requests, rows.length === 0 ? digest : undefined),
    () => timed(() => lru.hits(filledLru, inside), requests),
  );
  compare(
    "get, then set on a miss",
    undefined,
    () => {
      const cache = makeSmart();
      const nanos = timed(() => smart.mixed(cache, beyond), requests);
      missed = cache.stats().misses;
      return nanos;
    },
    () => timed(() => lru.mixed(makeLru(), beyond), requests),
  );
  digest.addInteger(missed);
  compare(
    "set",
    undefined,
    () => timed(() => smart.sets(makeSmart(), beyond), requests),
    () => timed(() => lru.sets(makeLru(), beyond), requests),
  );
  return rows;
}

let missed = 0;

async function asynchronous(smoke: boolean): Promise<BenchRow[]> {
  const capacity = 10_000;
  const requests = smoke ? 5_000 : 200_000;
  const tape = skewedTape(capacity * 0.9, requests, 3);
  const smart = new SmartCache<number>({ max: capacity, ttl: TTL_MILLIS });
  const lru = new LRUCache<string, number>({ max: capacity, ttl: TTL_MILLIS, fetchMethod: async () => 1 });
  for (const key of tape.keys) {
    smart.set(key, 1);
    lru.set(key, 1);
  }
  const load = () => 1;
  const runs = [
    async () => {
      for (let i = 0; i < requests; i++) await smart.getOrSet(tape.keys[tape.order[i] as number] as string, load);
    },
    async () => {
      for (let i = 0; i < requests; i++) await lru.fetch(tape.keys[tape.order[i] as number] as string);
    },
  ];
  const best = [Infinity, Infinity];
  for (let round = 0; round < (smoke ? 1 : 7); round++) {
    for (const [i, run] of runs.entries()) {
      const start = process.cpuUsage();
      await run();
      best[i] = Math.min(best[i] as number, nanosSince(start) / requests);
    }
  }
  const [ours, theirs] = best as [number, number];
  const note = `hits, awaited one by one, ${requests} requests, lru-cache fetch ${theirs.toFixed(0)} ns`;
  return [
    { name: "getOrSet, hit", value: ours, unit: "ns/op", note },
    { name: "getOrSet, hit, over lru-cache fetch", value: ours / theirs, unit: "x", note },
  ];
}

/** 100 misses at once: how often the loader ran. */
async function stampede(digest: Digest): Promise<BenchRow> {
  const cache = new SmartCache<number>({ max: 100 });
  let loads = 0;
  const load = async () => {
    loads++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return 7;
  };
  await Promise.all(Array.from({ length: 100 }, () => cache.getOrSet("key", load)));
  digest.addInteger(loads);
  return { name: "loads for 100 misses at once", value: loads, unit: "loads", mark: "= 1" };
}

/**
 * Overhead an entry: bytes of the typed columns and the policy's state over the capacity, and apart from it what the map and the two
 * arrays that hold key and value take on the engine's heap.
 */
function overhead(smoke: boolean): BenchRow[] {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const count = smoke ? 2_000 : 65_536;
  const keys = Array.from({ length: count }, (_, i) => `key:${i}`);
  const measure = (make: () => (key: string) => void) => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const put = make();
    for (const key of keys) put(key);
    collect();
    const bytes = process.memoryUsage().heapUsed - before;
    put(keys[0] as string); // what was made lives until here
    return Math.max(0, bytes) / count;
  };
  const stores: CacheStore<number>[] = [];
  const make = (weighed: boolean) => {
    const store = new CacheStore<number>({
      policy: cachePolicy(DEFAULT_POLICY_ID),
      maxEntries: count,
      maxSize: weighed ? count * 100 : undefined,
      nowMillis: () => 0,
    });
    stores.push(store);
    return store;
  };
  const plain = plainAttributes();
  const timed = { ...plainAttributes(), size: 100, expiresAt: 1e9, keepUntil: 2e9, loadMillis: 3 };
  const perEntry = measure(() => {
    const store = make(false);
    return (key) => store.put(key, 1, "", plain);
  });
  const full = make(true);
  for (const key of keys) full.put(key, 1, "", timed);
  const map = measure(() => {
    const entries = new Map<string, number>();
    return (key) => entries.set(key, 1);
  });
  const lru = measure(() => {
    const cache = new LRUCache<string, number>({ max: count });
    return (key) => cache.set(key, 1);
  });
  const note = `${DEFAULT_POLICY_ID}, ${count} entries`;
  return [
    {
      name: "columns and policy, entries limited",
      value: (stores[0] as CacheStore<number>).stateBytes / count,
      unit: "B/entry",
      mark: "<= 100 (stretch 40)",
      note,
    },
    {
      name: "columns and policy, with sizes, times, stale windows and load times",
      value: full.stateBytes / count,
      unit: "B/entry",
      mark: "<= 100",
      note,
    },
    {
      name: "map and the arrays of keys and values",
      value: perEntry,
      unit: "B/entry",
      note: `${note}, of the engine's heap`,
    },
    { name: "a Map alone", value: map, unit: "B/entry", note: "for comparison" },
    { name: "lru-cache, of the engine's heap", value: lru, unit: "B/entry", note: "its typed arrays are not in it" },
  ];
}

/** Runs it all; `smoke` shortens each part to a moment and keeps the digest meaningful, though not equal to the full run's. */
export async function benchCache(options: { smoke: boolean }): Promise<BenchRow[]> {
  const { smoke } = options;
  const digest = new Digest();
  const rows = [
    ...comparison(smoke, TTL_MILLIS, digest),
    ...comparison(smoke, 0, digest),
    ...(await asynchronous(smoke)),
    await stampede(digest),
    ...overhead(smoke),
  ];
  rows.push({ name: "digest of the cache's results", value: 0, unit: "", note: digest.hex() });
  return rows;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchCache({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
