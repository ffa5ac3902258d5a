// S08-S11: the Redis cache and the tiered one: exactly the keys and times to live of the specification, by SET with EX, MGET, SCAN
// and UNLINK, looked at from outside.

import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedPreloadCache } from "../../../service/cache/embedded.ts";
import { openPreloadCache } from "../../../service/cache/open.ts";
import {
  type CacheWrite,
  contextKey,
  type PreloadCache,
  TRENDING_KEY,
  TTL_SECONDS,
  userKey,
} from "../../../service/cache/preload-cache.ts";
import { RedisPreloadCache } from "../../../service/cache/redis.ts";
import { TieredPreloadCache } from "../../../service/cache/tiered.ts";
import { describeWithRedis, TestRedis } from "../../live/backends/redis-server.ts";
import { runs } from "../../runs.ts";
import { describeCache } from "./contract.ts";

/** What is tested here is not the time limit, and the machine may be busy. */
const patient = { commandTimeoutMillis: 10_000, connectTimeoutMillis: 10_000 };

const EVERY_LIST: readonly CacheWrite[] = [
  { key: userKey("u-1", "recent"), value: "[1]", ttlSeconds: TTL_SECONDS.recent },
  { key: userKey("u-1", "frequent"), value: "[2]", ttlSeconds: TTL_SECONDS.frequent },
  { key: userKey("u-1", "important"), value: "[3]", ttlSeconds: TTL_SECONDS.important },
  { key: contextKey("u-1", "work"), value: "[4]", ttlSeconds: TTL_SECONDS.context },
  { key: TRENDING_KEY, value: "[5]", ttlSeconds: TTL_SECONDS.trending },
];

describeWithRedis("preload cache over redis", () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await TestRedis.start();
  });
  afterAll(() => server.dispose());
  beforeEach(async () => {
    await server.command(["FLUSHALL"]);
  });

  const open = (kind: string): Promise<PreloadCache> =>
    kind === "redis"
      ? RedisPreloadCache.open(server.url, patient)
      : openPreloadCache({ redisUrl: server.url, ...patient }).then(({ cache }) => cache);

  for (const kind of ["redis", "tiered"])
    describeCache(kind, { open: () => open(kind), advance: (millis) => sleep(millis) });

  // All is read from Redis here: there is no room in front of it.
  describeCache("tiered without room in front", {
    open: async () =>
      new TieredPreloadCache(
        new EmbeddedPreloadCache({ limitBytes: 1 }),
        await RedisPreloadCache.open(server.url, patient),
      ),
    advance: (millis) => sleep(millis),
  });

  describe.each(["redis", "tiered"])("%s", (kind) => {
    it("S08 S09 S10 S11: these keys and no other, living 2 h, 4 h, 6 h, 1 h to the second", async () => {
      const cache = await open(kind);
      await cache.write(EVERY_LIST);
      const keys = ["preload:u-1:recent", "preload:u-1:frequent", "preload:u-1:important", "preload:u-1:context:work"];
      expect(((await server.command(["KEYS", "*"])) as string[]).sort()).toEqual(
        [...keys, "preload:global:trending"].sort(),
      );
      const hours = [2, 4, 6, 2, 1];
      for (const [index, key] of [...keys, "preload:global:trending"].entries()) {
        const ttl = (await server.command(["PTTL", key])) as number;
        expect(ttl / 1000).toBeLessThanOrEqual(hours[index]! * 3600);
        expect(ttl / 1000).toBeGreaterThan(hours[index]! * 3600 - 1);
        expect(await server.command(["GET", key])).toBe(`[${index + 1}]`);
      }
      await cache.close();
    });

    it("S08: sets value and time in one step, reads by MGET, drops by UNLINK; never KEYS", async () => {
      const client = new Redis({ port: server.port, host: "127.0.0.1" });
      const watcher = await client.monitor();
      const seen: string[][] = [];
      watcher.on("monitor", (_time: string, words: string[]) => seen.push(words));
      const cache = await open(kind);
      await cache.write(EVERY_LIST);
      await cache.read([...EVERY_LIST.map(({ key }) => key), userKey("nobody", "recent")]);
      await cache.drop([TRENDING_KEY]);
      await cache.dropUser("u-1");
      await cache.close();
      const successor = await open(kind);
      await successor.write(EVERY_LIST.slice(0, 1));
      await successor.close();
      await server.command(["ECHO", "the end"]);
      await expect.poll(() => seen.at(-1)?.join(" ")).toBe("ECHO the end");
      watcher.disconnect();
      client.disconnect();
      const names = seen.map(([name]) => name!.toUpperCase());
      expect(names).toContain("SCAN");
      for (const name of ["KEYS", "DEL", "GET", "FLUSHALL", "FLUSHDB", "EXPIRE", "PEXPIRE", "SETEX"])
        expect(names).not.toContain(name);
      const sets = seen.filter(([name]) => name!.toUpperCase() === "SET");
      expect(sets.length).toBe(EVERY_LIST.length + 1);
      for (const [, key, value, ex, ttl] of sets) {
        const wanted = EVERY_LIST.find((entry) => entry.key === key)!;
        expect([value, ex, ttl]).toEqual([wanted.value, "EX", `${wanted.ttlSeconds}`]);
      }
      expect(names.filter((name) => name === "MGET").length).toBe(1);
      expect(names.filter((name) => name === "UNLINK").length).toBe(2);
    });

    it("drops what a predecessor left of a user, and knows how much that is", async () => {
      const before = await open(kind);
      const many = Array.from({ length: 1_200 }, (_, i) => ({
        key: contextKey(`u-${i % 3}`, `c-${i}`),
        value: "x",
        ttlSeconds: 1000,
      }));
      await before.write(many);
      await before.close();
      const cache = await open(kind);
      await cache.dropUser("u-1"); // while it may still be finding out what is there
      await expect.poll(() => server.command(["DBSIZE"]), { timeout: 10_000 }).toBe(800);
      await expect.poll(() => cache.usage().keys, { timeout: 10_000 }).toBe(800);
      await cache.dropUser("u-2");
      expect(await server.command(["DBSIZE"])).toBe(400);
      const { keys, bytes } = cache.usage();
      expect(keys).toBe(400);
      expect(bytes).toBeGreaterThan(400 * 50);
      await cache.close();
    });

    it("gives garbage as it is, and nothing for what is no text at all", async () => {
      const cache = await open(kind);
      const [garbage, list] = [userKey("u-1", "recent"), userKey("u-1", "frequent")];
      await server.command(["SET", garbage, Buffer.from([0xff, 0x00, 0xfe])]);
      await server.command(["LPUSH", list, "x"]);
      const found = await cache.read([garbage, list]);
      expect(typeof found[0]).toBe("string");
      expect(found[1]).toBeUndefined();
      await cache.write([{ key: list, value: "[]", ttlSeconds: 10 }]);
      expect(await cache.read([list])).toEqual(["[]"]);
      await cache.close();
    });
  });

  it("counts about the bytes that the server counts", async () => {
    const cache = await RedisPreloadCache.open(server.url, patient);
    await cache.settled();
    const entries = Array.from({ length: 50 }, (_, i) => ({
      key: userKey(`user-${i}`, "recent"),
      value: "x".repeat(40 * i + 500),
      ttlSeconds: 100,
    }));
    await cache.write(entries);
    let counted = 0;
    for (const { key } of entries) counted += (await server.command(["MEMORY", "USAGE", key])) as number;
    expect(cache.usage().bytes / counted).toBeGreaterThan(0.85);
    expect(cache.usage().bytes / counted).toBeLessThan(1.15);
    await cache.close();
  });

  it("tiered: a list that was read from Redis is held here for the rest of its time, unless it changed meanwhile", async () => {
    const cache = (await open("tiered")) as TieredPreloadCache;
    const key = userKey("u-1", "recent");
    await server.command(["SET", key, "old", "EX", "50"]);
    expect(await cache.read([key])).toEqual(["old"]);
    const held = cache.near.held(key)!;
    expect(held.value).toBe("old");
    expect(held.ttlMillis).toBeGreaterThan(40_000);
    expect(Math.round(held.ttlMillis)).toBeLessThanOrEqual(50_000); // two readings of a clock in fractions of a ms
    for (const change of [
      () => cache.write([{ key, value: "new", ttlSeconds: 60 }]),
      () => cache.drop([key]),
      () => cache.dropUser("u-1"),
    ]) {
      cache.near.forget(key);
      await server.command(["SET", key, "old", "EX", "50"]);
      const reading = cache.read([key]);
      await Promise.all([reading, change()]);
      expect(cache.near.held(key)?.value).not.toBe("old");
      expect(await cache.read([key])).not.toEqual(["old"]);
    }
    await server.command(["SET", key, "for ever"]);
    expect(await cache.read([key])).toEqual(["for ever"]);
    expect(cache.near.held(key)).toBeUndefined();
    await cache.close();
  });

  it("tiered: changes made all at once end the same here and in Redis (fast-check prints its seed)", async () => {
    const cache = (await open("tiered")) as TieredPreloadCache;
    await cache.far.settled();
    const keys = ["u-1", "u-2"].flatMap((user) => [userKey(user, "recent"), contextKey(user, "work")]);
    const aChange = fc.record({
      kind: fc.constantFrom("write", "write", "drop", "dropUser", "read"),
      key: fc.constantFrom(...keys),
      other: fc.constantFrom(...keys),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(aChange, { minLength: 2, maxLength: 12 }), async (changes) => {
        await Promise.all(
          changes.map(({ kind, key, other }) => {
            const value = `${number++}`;
            if (kind === "write")
              return cache.write([key, other].map((name) => ({ key: name, value, ttlSeconds: 100 })));
            if (kind === "drop") return cache.drop([key, other]);
            if (kind === "read") return cache.read([key, other]);
            return cache.dropUser(key.split(":")[1]!);
          }),
        );
        const held = keys.map((key) => cache.near.held(key)?.value ?? null);
        expect(await server.command(["MGET", ...(keys as [string])])).toEqual(held);
        expect(cache.owedCount).toBe(0);
      }),
      { numRuns: runs(40) },
    );
    await cache.close();
  });

  it("refuses an address with a namespace, without repeating it", async () => {
    for (const redisUrl of ["redis://h?namespace=x", "http://h", "redis://:secret@", "no"]) {
      const problem = await openPreloadCache({ redisUrl }).catch((error: unknown) => error);
      expect(problem).toMatchObject({ code: "INVALID_INPUT" });
      expect((problem as Error).message).not.toContain("secret");
    }
  });
});
