// Benchmark of the caches of preloaded lists: a warm read of one user's three lists and one context, users drawn by Zipf's law, from
// this process, from Redis and from the two in tiers; then how much of it is found right after
// Redis was killed. Where there is no redis-server its rows are left out. Ratios are of one run.
//
//   npx tsx scripts/bench/preload-cache.ts [--smoke]

import { pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import { EmbeddedPreloadCache } from "../../service/cache/embedded.ts";
import { type CacheWrite, contextKey, type PreloadCache, userKey } from "../../service/cache/preload-cache.ts";
import { RedisPreloadCache } from "../../service/cache/redis.ts";
import { TieredPreloadCache } from "../../service/cache/tiered.ts";
import { isRedisInstalled, TestRedis } from "../../test/live/backends/redis-process.ts";
import type { BenchRow } from "./bench-row.ts";

const USERS = 1_000;
const LIST_CHARACTERS = 4_000;
const CONCURRENT = 50;
/** The figures are of a server that answers: no limit is to cut one short on a busy machine. */
const patient = { commandTimeoutMillis: 10_000, connectTimeoutMillis: 10_000 };

const keysOf = (user: number): string[] => [
  userKey(`user-${user}`, "recent"),
  userKey(`user-${user}`, "frequent"),
  userKey(`user-${user}`, "important"),
  contextKey(`user-${user}`, "work"),
];

/** The digest is that of what was read, the same from each. */
export async function benchPreloadCache({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const users = smoke ? 40 : USERS;
  const order = zipfOrder(users, smoke ? 60 : 2_000);
  const lists = Array.from({ length: users }, (_, user) =>
    keysOf(user).map(
      (key): CacheWrite => ({ key, value: `${key} `.repeat(LIST_CHARACTERS / key.length), ttlSeconds: 7200 }),
    ),
  );
  const rows: BenchRow[] = [];
  const digests = new Set<string>();
  const measure = async (name: string, cache: PreloadCache): Promise<number> => {
    for (const entries of lists) await cache.write(entries);
    digests.add(await digestOf(cache, order.slice(0, 30)));
    const one = await time(smoke ? 2 : 15, order.length, async () => {
      for (const user of order) await cache.read(keysOf(user));
    });
    const many = await time(smoke ? 2 : 15, order.length, async () => {
      for (let from = 0; from < order.length; from += CONCURRENT)
        await Promise.all(order.slice(from, from + CONCURRENT).map((user) => cache.read(keysOf(user))));
    });
    rows.push({ name: `${name}: warm read of 4 lists`, value: one, unit: "us/op" });
    rows.push({ name: `${name}: the same, ${CONCURRENT} at a time`, value: many, unit: "us/op" });
    return many;
  };

  await measure("embedded", new EmbeddedPreloadCache());
  if (isRedisInstalled()) {
    const server = await TestRedis.start();
    const redis = await RedisPreloadCache.open(server.url, patient);
    const tiered = new TieredPreloadCache(
      new EmbeddedPreloadCache(),
      await RedisPreloadCache.open(server.url, patient),
    );
    try {
      const redisMicros = await measure("Redis", redis);
      const tieredMicros = await measure("tiered", tiered);
      rows.push({ name: "Redis / tiered, warm read", value: redisMicros / tieredMicros, unit: "x" });
      await server.kill();
      rows.push(await foundRow("tiered", tiered, order));
    } finally {
      await Promise.all([redis.close(), tiered.close(), server.dispose()]);
    }
  }
  if (digests.size !== 1) throw new Error("a cache gave something else than was written");
  return [...rows, { name: "digest of what was read", value: 0, unit: "", note: [...digests][0]! }];
}

/** Every user asks once. */
async function foundRow(name: string, cache: PreloadCache, order: readonly number[]): Promise<BenchRow> {
  let [found, asked] = [0, 0];
  for (const user of new Set(order)) {
    const values = await cache.read(keysOf(user));
    asked += values.length;
    found += values.filter((value) => value !== undefined).length;
  }
  const note = "first request of each user, right after the server was killed";
  return { name: `${name}: lists found without Redis`, value: (100 * found) / asked, unit: "%", note };
}

async function digestOf(cache: PreloadCache, users: readonly number[]): Promise<string> {
  const digest = new Digest();
  for (const user of users)
    for (const value of await cache.read(keysOf(user)))
      for (const character of value ?? "") digest.addInteger(character.charCodeAt(0));
  return digest.hex();
}

function zipfOrder(users: number, count: number): number[] {
  const random = new RandomStream(1, "bench-preload-cache");
  const sums: number[] = [];
  let sum = 0;
  for (let user = 0; user < users; user++) {
    sum += 1 / (user + 1);
    sums.push(sum);
  }
  return Array.from({ length: count }, () => {
    const drawn = random.next() * sum;
    return sums.findIndex((upTo) => drawn < upTo);
  });
}

/** The fastest of some rounds, µs a read. */
async function time(rounds: number, count: number, work: () => Promise<void>): Promise<number> {
  await work();
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const begin = process.hrtime.bigint();
    await work();
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1000 / count);
  }
  return best;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchPreloadCache({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.note ?? ""}`);
}
