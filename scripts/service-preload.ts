// What the preload service's warmth is worth, measured: the first answer after a start warm and cold with a store whose reads take
// 5 ms; how many of the first 100 retrievals after a start are served from preload when users come by Zipf's law; how long it takes
// to preload 1,000 users with 100 items each, how much memory that is, and how long requests wait meanwhile; warm reads a second;
// what writing in groups saves. On SQLite in a file, with the embedded cache and, where there is a redis-server, with Redis behind it.
//
//   node --expose-gc --import tsx scripts/service-preload.ts [--smoke]
//
// S23-S26. Everything is drawn from seeds; times are of this machine, in one process with the load that makes them.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { RandomStream } from "../core/random.ts";
import { EmbeddedPreloadCache } from "../service/cache/embedded.ts";
import type { PreloadCache } from "../service/cache/preload-cache.ts";
import { RedisPreloadCache } from "../service/cache/redis.ts";
import { TieredPreloadCache } from "../service/cache/tiered.ts";
import { Engine, type EngineOptions } from "../service/engine/engine.ts";
import type { PreloadRun } from "../service/engine/preload-engine.ts";
import { DAY_MILLIS } from "../service/engine/relevance.ts";
import type { Identity } from "../service/identity.ts";
import type { ItemStore, ItemUse } from "../service/store/item-store.ts";
import { MemoryItemStore } from "../service/store/memory-store.ts";
import { SqliteItemStore } from "../service/store/sqlite-store.ts";
import { isRedisInstalled, TestRedis } from "../test/live/backends/redis-process.ts";

const isSmoke = process.argv.includes("--smoke");
const CONTENT_CHARACTERS = 200;
const READ_MILLIS = 5;
const CACHE_BYTES = 536_870_912;

/** On a disk, for what is about fsync; the stores that are only read are kept in memory where the machine has such a folder. */
const folder = mkdtempSync(join(tmpdir(), "mempred-service-preload-"));
const fastFolder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "mempred-service-preload-"));
let files = 0;
const rows: [string, string][] = [];
const row = (name: string, figure: string) => {
  rows.push([name, figure]);
  console.log(`${name.padEnd(78)} ${figure}`);
};

/** Users with items: created over 30 days, some used, some important, each in one of eight contexts. */
async function fill(store: ItemStore, clock: { now: number }, users: number, itemsEach: number): Promise<Identity[]> {
  const random = new RandomStream(1, "service-preload");
  const end = clock.now;
  const times = Array.from({ length: users }, (_, i) => end - 30 * DAY_MILLIS - i * 1000);
  const made = await Promise.all(
    times.map((time) => {
      clock.now = time;
      return store.createUser({ organisationId: null, role: "user" });
    }),
  );
  const identities = made.map(({ id }): Identity => ({ tokenId: "t", userId: id, organisationId: null, role: "user" }));
  for (let i = 0; i < users; i++) {
    const { userId } = identities[i]!;
    const ages = Array.from({ length: itemsEach }, () => random.next() * 30).sort((a, b) => b - a);
    const items = await Promise.all(
      ages.map((age) => {
        clock.now = end - age * DAY_MILLIS;
        return store.insert(userId, {
          content: text(random, CONTENT_CHARACTERS),
          contexts: [`context-${random.integer(8)}`],
          importance: random.next(),
          isPinned: random.chance(0.02),
          visibility: random.chance(0.01) ? "public" : "private",
        });
      }),
    );
    clock.now = end;
    const used = items.filter(() => random.chance(0.4));
    const uses = used.map(
      ({ id: itemId, createdMillis: lastUsedMillis }): ItemUse => ({
        itemId,
        count: 1 + Math.floor(random.exponential(6)),
        lastUsedMillis,
      }),
    );
    await store.noteUses(uses, [{ userId, lastActiveMillis: end - i * 1000 }]);
  }
  return identities;
}

function text(random: RandomStream, length: number): string {
  let made = "";
  while (made.length < length) made += `${random.integer(1e6).toString(36)} `;
  return made.slice(0, length);
}

/** The store with reads that take so long, as over a network. */
function delayed(inner: ItemStore, millis: number): ItemStore {
  return new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      if (name === "health" || name === "close" || name === "noteUses") return value.bind(target);
      return async (...words: unknown[]) => {
        await sleep(millis);
        return (value as (...words: unknown[]) => unknown).apply(target, words);
      };
    },
  });
}

async function runEnds(engine: Engine): Promise<PreloadRun> {
  for (;;) {
    const [run] = engine.status().runs;
    if (run !== undefined && run.state !== "running") return run;
    await sleep(5);
  }
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], part: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(part * values.length))]!;
const middle = (values: readonly number[]) => quantile(values, 0.5);
const spread = (values: readonly number[], digits: number) =>
  `${middle(values).toFixed(digits)} (${quantile(values, 0.025).toFixed(digits)} to ${quantile(values, 0.975).toFixed(digits)})`;

/** The difference of medians as a share, with a bootstrap interval over users (pairs). */
function saving(cold: readonly number[], warm: readonly number[]): string {
  const random = new RandomStream(2, "bootstrap");
  const shares = Array.from({ length: 2_000 }, () => {
    const drawn = cold.map(() => random.integer(cold.length));
    return 100 * (1 - middle(drawn.map((i) => warm[i]!)) / middle(drawn.map((i) => cold[i]!)));
  });
  const whole = 100 * (1 - middle(warm) / middle(cold));
  return `-${whole.toFixed(2)} % (95 %: -${quantile(shares, 0.975).toFixed(2)} to -${quantile(shares, 0.025).toFixed(2)})`;
}

interface Setup {
  readonly name: string;
  /** A cache with nothing in it. */
  readonly open: () => Promise<PreloadCache>;
  /** The same cache as a new process finds it. */
  readonly reopen?: (() => Promise<PreloadCache>) | undefined;
  readonly usedBytes?: (() => Promise<number>) | undefined;
}

/** Each user once in each way, by turns, so that a machine that is busy at times is so for all of them. */
async function firstRetrieval(setup: Setup, store: ItemStore, clock: { now: number }, identities: readonly Identity[]) {
  const slow = delayed(store, READ_MILLIS);
  // A busy machine: the figures are of caches that answer, and of a run that comes to its end.
  const patient = { cacheWaitMillis: 5_000, deadlineMillis: 600_000 };
  const options = { ...patient, store: slow, now: () => clock.now, limitBytes: CACHE_BYTES, users: identities.length };
  const open = setup.reopen ?? setup.open;
  const warmCache = await setup.open();
  const engine = new Engine({ ...options, cache: warmCache });
  engine.start();
  await runEnds(engine);
  const reopened = await setup.reopen?.();
  const restarted = reopened === undefined ? undefined : new Engine({ ...options, cache: reopened });
  const coldCache = await open();
  const cold = new Engine({ ...options, cache: coldCache });
  const first = async (one: Engine, identity: Identity, expected: string, times: number[]) => {
    const begin = performance.now();
    const { servedFrom } = await one.memories(identity, 20);
    times.push(performance.now() - begin);
    if (servedFrom !== expected) throw new Error(`served from ${servedFrom}, not ${expected}`);
  };
  const times = { warm: [] as number[], restarted: [] as number[], cold: [] as number[] };
  for (const identity of identities) {
    await first(engine, identity, "preloaded", times.warm);
    if (restarted !== undefined) await first(restarted, identity, "preloaded", times.restarted);
    await coldCache.dropUser(identity.userId);
    await first(cold, identity, "store", times.cold);
  }
  const name = `${setup.name}: first retrieval of ${identities.length} users`;
  row(`${name}, cold, ms: median (95 % of them)`, spread(times.cold, 2));
  row(`${name}, warm, ms`, spread(times.warm, 3));
  row(`${name}, saved`, saving(times.cold, times.warm));
  if (restarted !== undefined) {
    row(`${name}, new process over warm Redis, before its preload, ms`, spread(times.restarted, 2));
    row(`${name}, saved by that`, saving(times.cold, times.restarted));
  }
  for (const one of [engine, restarted, cold]) await one?.stop();
  for (const one of [warmCache, reopened, coldCache]) await one?.close();
}

async function preloadTime(setup: Setup, store: ItemStore, clock: { now: number }, identities: readonly Identity[]) {
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  const cache = await setup.open();
  const redisBefore = (await setup.usedBytes?.()) ?? 0;
  const patient = { cacheWaitMillis: 5_000, deadlineMillis: 600_000 };
  const engine = new Engine({ ...patient, store, cache, now: () => clock.now, limitBytes: CACHE_BYTES });
  const cpuBefore = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  engine.start();
  const waits: number[] = [];
  let isOver = false;
  const requests = (async () => {
    for (let i = 0; !isOver; i = (i + 7) % identities.length) {
      const asked = performance.now();
      await engine.memories(identities[i]!, 20);
      waits.push(performance.now() - asked);
      await sleep(2);
    }
  })();
  let run = engine.status().runs[0]!;
  while (run.state === "running") {
    await sleep(1);
    run = engine.status().runs[0]!;
  }
  const seconds = (performance.now() - begin) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  isOver = true;
  await requests;
  delay.disable();
  const name = `${setup.name}: ${run.users.done} users`;
  if (run.users.done !== identities.length) throw new Error(`the run ended early: ${JSON.stringify(run)}`);
  row(
    `${name}, ${run.items} items preloaded, s, and of processor time`,
    `${seconds.toFixed(2)}, ${((cpu.user + cpu.system) / 1e6).toFixed(2)}`,
  );
  row(`${name}, JSON of 1,000 items, MB`, (run.bytes / run.items / 1e3).toFixed(3));
  row(`${name}, counted by the cache for 1,000 items, MB`, (cache.usage().bytes / run.items / 1e3).toFixed(3));
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed - heapBefore;
  if (globalThis.gc)
    row(`${name}, heap grown by 1,000 items, views of this process included, MB`, (heap / run.items / 1e3).toFixed(3));
  if (setup.usedBytes)
    row(
      `${name}, used_memory of Redis for 1,000 items, MB`,
      (((await setup.usedBytes()) - redisBefore) / run.items / 1e3).toFixed(3),
    );
  row(
    `${name}, requests meanwhile, ms: median, p99, longest of ${waits.length}`,
    [0.5, 0.99, 1].map((part) => quantile(waits, part).toFixed(1)).join(", "),
  );
  row(
    `${name}, event loop held up meanwhile, ms: p99, longest`,
    `${(delay.percentile(99) / 1e6).toFixed(1)}, ${(delay.max / 1e6).toFixed(1)}`,
  );
  await reads(name, engine, identities);
  await engine.stop();
  const parsing = new Engine({ store, cache, now: () => clock.now, memoBytes: 0, cacheWaitMillis: 5_000 });
  await reads(`${name}, without views in this process`, parsing, identities.slice(0, 200));
  await parsing.stop();
  await cache.close();
}

/** Reads at 50 at a time, users by Zipf's law with exponent 1. */
async function reads(name: string, engine: Engine, identities: readonly Identity[]) {
  const random = new RandomStream(3, "reads");
  const zipf = zipfLaw(identities.length, 1);
  const { preloaded } = engine.status().retrievals;
  const begin = performance.now();
  const until = begin + (isSmoke ? 100 : 3_000);
  const cpuBefore = process.cpuUsage();
  let count = 0;
  const worker = async () => {
    for (; performance.now() < until; count++) await engine.memories(identities[zipf(random)]!, 20);
  };
  await Promise.all(Array.from({ length: 50 }, worker));
  const share = (engine.status().retrievals.preloaded - preloaded) / count;
  const { user, system } = process.cpuUsage(cpuBefore);
  const perSecond = Math.round((1000 * count) / (performance.now() - begin));
  const perCpuSecond = Math.round((1e6 * count) / (user + system));
  row(
    `${name}: warm reads a second, and a second of processor time (from preload)`,
    `${perSecond}, ${perCpuSecond} (${(100 * share).toFixed(1)} %)`,
  );
}

/** Draws 0 .. count − 1 by Zipf's law. */
function zipfLaw(count: number, exponent: number): (random: RandomStream) => number {
  const total = new Float64Array(count);
  for (let rank = 0, sum = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent;
    total[rank] = sum;
  }
  return (random) => {
    const at = random.next() * total[count - 1]!;
    let low = 0;
    for (let high = count - 1; low < high; ) {
      const mid = (low + high) >> 1;
      if (total[mid]! < at) low = mid + 1;
      else high = mid;
    }
    return low;
  };
}

/** The first 100 retrievals after a start, users by Zipf's law; preloaded are those that were active last, up to a cap. */
async function firstHundred(users: number, exponent: number, cap: number) {
  const shares: number[] = [];
  const seeds = isSmoke ? 2 : 20;
  const clock = { now: 1_700_000_000_000 };
  const store = new MemoryItemStore({ now: () => clock.now });
  const identities: Identity[] = [];
  for (let i = 0; i < users; i++) {
    const user = await store.createUser({ organisationId: null, role: "user" });
    identities.push({ tokenId: "t", userId: user.id, organisationId: null, role: "user" });
    for (let k = 0; k < 3; k++)
      await store.insert(user.id, {
        content: "x",
        contexts: [],
        importance: 0,
        isPinned: false,
        visibility: "private",
      });
  }
  for (let seed = 0; seed < seeds; seed++) {
    const random = new RandomStream(seed, "zipf");
    const zipf = zipfLaw(users, exponent);
    const draw = () => identities[zipf(random)]!;
    // The hours before the restart: who came last is known to the store, as the engine notes it.
    for (let i = 0; i < 10 * users; i++) {
      clock.now += 10;
      await store.noteUses([], [{ userId: draw().userId, lastActiveMillis: clock.now }]);
    }
    const options: EngineOptions = { store, cache: new EmbeddedPreloadCache(), now: () => clock.now, users: cap };
    const engine = new Engine(options);
    engine.start();
    await runEnds(engine);
    for (let i = 0; i < 100; i++) await engine.memories(draw(), 20);
    shares.push(engine.status().retrievals.preloaded);
    await engine.stop();
  }
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
  row(
    `first 100 retrievals, ${users} users by Zipf ${exponent}, ${cap} preloaded, ${seeds} starts, % from preload: mean (least to most)`,
    `${mean.toFixed(1)} (${Math.min(...shares)} to ${Math.max(...shares)})`,
  );
}

async function groupCommit() {
  const store = await SqliteItemStore.open(join(folder, `group-${files++}.db`));
  const user = await store.createUser({ organisationId: null, role: "user" });
  const item = {
    content: "x".repeat(CONTENT_CHARACTERS),
    contexts: ["a"],
    importance: 0,
    isPinned: false,
    visibility: "private",
  } as const;
  const count = isSmoke ? 20 : 400;
  for (const atATime of [1, 50]) {
    const before = store.commits;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const begin = performance.now();
    const worker = async () => {
      for (let i = 0; i < count; i++) await store.insert(user.id, item);
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    const writes = count * atATime;
    const millis = performance.now() - begin;
    delay.disable();
    row(
      `SQLite, synchronous=FULL, ${atATime} writing at a time: ms a write, writes a commit, longest hold of the event loop, ms`,
      `${(millis / writes).toFixed(3)}, ${(writes / (store.commits - before)).toFixed(1)}, ${(delay.max / 1e6).toFixed(1)}`,
    );
  }
  await store.close();
}

const server = isRedisInstalled() ? await TestRedis.start() : undefined;
try {
  const setups: Setup[] = [
    { name: "embedded", open: async () => new EmbeddedPreloadCache({ limitBytes: CACHE_BYTES }) },
  ];
  if (server !== undefined) {
    const patient = { commandTimeoutMillis: 10_000, connectTimeoutMillis: 10_000 };
    const open = async () =>
      new TieredPreloadCache(
        new EmbeddedPreloadCache({ limitBytes: CACHE_BYTES }),
        await RedisPreloadCache.open(server.url, patient),
      );
    setups.push({
      name: "Redis",
      open: async () => {
        await server.command(["FLUSHALL"]);
        return open();
      },
      reopen: open,
      usedBytes: async () => Number(/used_memory:(\d+)/.exec(String(await server.command(["INFO", "memory"])))![1]),
    });
  }
  row("load of the machine at the start, processes that want to run", loadavg()[0]!.toFixed(1));
  const clock = { now: 1_700_000_000_000 };
  const openStore = () => SqliteItemStore.open(join(fastFolder, `store-${files++}.db`), { now: () => clock.now });
  const store = await openStore();
  const identities = await fill(store, clock, isSmoke ? 20 : 1_000, isSmoke ? 20 : 130);
  for (const setup of setups) await firstRetrieval(setup, store, clock, identities.slice(0, isSmoke ? 5 : 200));
  for (const setup of setups) await preloadTime(setup, store, clock, identities);
  await store.close();
  const users = isSmoke ? 50 : 2_000;
  for (const [exponent, part] of [
    [1, 0.5],
    [1.2, 0.5],
    [1, 0.8],
    [1.2, 0.8],
  ] as const)
    await firstHundred(users, exponent, users * part);
  await groupCommit();
} finally {
  await server?.dispose();
  for (const one of [folder, fastFolder]) rmSync(one, { recursive: true, force: true });
}
