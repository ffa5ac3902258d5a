// S21, S22: a Redis server that is killed, stopped, slow, a replica, full or loading costs a call its time limit at most, is
// told in the health, and is used again by itself within 2 s. The tiered cache goes on without it and tells it afterwards what it
// missed. What is timed is freed from the times that this process stood still.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { EmbeddedPreloadCache } from "../../../service/cache/embedded.ts";
import { contextKey, TRENDING_KEY, userKey } from "../../../service/cache/preload-cache.ts";
import { RedisPreloadCache } from "../../../service/cache/redis.ts";
import { TieredPreloadCache } from "../../../service/cache/tiered.ts";
import { describeWithRedis, freePort, TestRedis } from "../../live/backends/redis-server.ts";
import { SlowProxy } from "../../live/backends/slow-proxy.ts";
import { LoopLag } from "../loop-lag.ts";

const LIMIT_MILLIS = 250;
const key = userKey("u-1", "recent");
const other = contextKey("u-1", "work");
const entry = (value: string, name = key) => ({ key: name, value, ttlSeconds: 1000 });

describeWithRedis("preload cache, redis in trouble", () => {
  const cleanups: (() => Promise<void>)[] = [];
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown) => rejections.push(reason);
  let lag: LoopLag;
  let server: TestRedis;
  let redis: RedisPreloadCache;
  let tiered: TieredPreloadCache;
  beforeAll(() => {
    process.on("unhandledRejection", noteRejection);
    lag = new LoopLag();
  });
  afterAll(() => {
    process.off("unhandledRejection", noteRejection);
    lag.close();
  });

  async function openBoth(url: string): Promise<void> {
    redis = await RedisPreloadCache.open(url);
    tiered = new TieredPreloadCache(new EmbeddedPreloadCache(), await RedisPreloadCache.open(url));
    for (const cache of [redis, tiered]) cleanups.push(() => cache.close());
    await Promise.all([redis.settled(), tiered.far.settled()]);
  }
  beforeEach(async () => {
    server = await TestRedis.start();
    cleanups.push(() => server.dispose());
    await openBoth(server.url);
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await sleep(0);
    expect(rejections).toEqual([]);
  });

  const isUnavailable = { code: "BACKEND_UNAVAILABLE" };

  /** All calls of the Redis cache fail within the time limit, then at once; those of the tiered one do what they should. */
  async function expectGone(): Promise<void> {
    const calls = [
      () => redis.read([key]),
      () => redis.write([entry("x")]),
      () => redis.drop([key]),
      () => redis.dropUser("u-1"),
    ];
    const all = Promise.all(
      calls.flatMap((call) =>
        [1, 2, 3].map(async () => {
          const took = await lag.time(() => expect(call()).rejects.toMatchObject(isUnavailable));
          expect(took).toBeLessThan(LIMIT_MILLIS + 100);
        }),
      ),
    );
    await all;
    const took = await lag.time(async () => {
      for (let i = 0; i < 300; i++) await expect(redis.read([key])).rejects.toThrow("is known to be gone");
    });
    expect(took).toBeLessThan(LIMIT_MILLIS * 100); // each would wait for its limit, were it not known
    expect(redis.health()).toMatchObject({
      part: "redis",
      state: "down",
      reason: expect.stringContaining("not answer"),
    });
  }

  async function expectTieredGoesOn(value: string): Promise<void> {
    for (const call of [
      () => tiered.write([entry(value), entry("to be dropped", other)]),
      () => tiered.drop([other]),
      () => tiered.read([userKey("u-2", "recent")]),
    ])
      expect(await lag.time(call)).toBeLessThan(LIMIT_MILLIS + 100);
    expect(await tiered.read([key, other])).toEqual([value, undefined]);
    expect(tiered.health()).toMatchObject({ part: "redis", state: "degraded" });
    expect(tiered.health().reason).toContain("lists are kept in this process meanwhile");
    expect(tiered.owedCount).toBeGreaterThan(0);
  }

  /** Within 2 s both are up, and the server holds what the tiered cache holds. */
  async function expectBack(value: string): Promise<void> {
    const took = await lag.time(async () => {
      await expect
        .poll(() => [redis.health().state, tiered.health().state], { timeout: 20_000, interval: 10 })
        .toEqual(["up", "up"]);
      await expect.poll(() => tiered.owedCount, { timeout: 20_000, interval: 10 }).toBe(0);
    });
    expect(took).toBeLessThan(2_000);
    expect(Date.now() - redis.health().sinceMillis).toBeLessThan(30_000);
    expect(await server.command(["MGET", key, other])).toEqual([value, null]);
    expect(await server.command(["TTL", key])).toBeGreaterThan(900);
    expect(await redis.read([key])).toEqual([value]);
    await redis.write([entry("written again", TRENDING_KEY)]);
    expect(await server.command(["GET", TRENDING_KEY])).toBe("written again");
  }

  it("stopped: one time limit, then nothing; the tiered cache goes on, and it is told afterwards", async () => {
    await tiered.write([entry("old"), entry("old", other)]);
    const before = Date.now();
    server.signal("SIGSTOP");
    await expectGone();
    await expectTieredGoesOn("new");
    await sleep(300); // a trial or two
    await expectGone();
    expect(redis.health().sinceMillis).toBeGreaterThanOrEqual(before);
    expect(redis.health().sinceMillis).toBeLessThanOrEqual(Date.now());
    server.signal("SIGCONT");
    await expectBack("new");
  });

  it("killed: the same, and a server that comes back empty is given again what is held here", async () => {
    const many = Array.from({ length: 150 }, (_, i) => entry(`${i}`, contextKey("u-2", `c-${i}`)));
    await tiered.write([entry("old"), entry("old", other), ...many]);
    await server.kill();
    await expectGone();
    await expectTieredGoesOn("new");
    await server.launch();
    await expectBack("new");
    expect(await server.command(["MGET", ...many.map(({ key: name }) => name)])).toEqual(
      many.map(({ value }) => value),
    );
  });

  it("killed or stopped six times under load: nothing hangs, and nothing older than what was written is ever read", async () => {
    const bare = new TieredPreloadCache(
      new EmbeddedPreloadCache({ limitBytes: 1 }),
      await RedisPreloadCache.open(server.url),
    );
    cleanups.push(() => bare.close());
    const bareKey = userKey("u-2", "recent");
    let isOver = false;
    let latest = 0;
    let reads = 0;
    const outcomes = new Map<string, number>();
    const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const writer = (async () => {
      while (!isOver) {
        const value = `${latest + 1}`;
        const both = () => Promise.all([tiered.write([entry(value)]), bare.write([entry(value, bareKey)])]);
        expect(await lag.time(both)).toBeLessThan(LIMIT_MILLIS + 100);
        latest++;
        await sleep(1);
      }
    })();
    const readers = [0, 1, 2].map(async (reader) => {
      while (!isOver) {
        const least = latest;
        expect(Number((await tiered.read([key]))[0])).toBeGreaterThanOrEqual(least);
        const took = await lag.time(async () => {
          const [found] = await bare.read([bareKey]);
          count(found === undefined ? "not there" : "there");
          if (found !== undefined) expect(Number(found)).toBeGreaterThanOrEqual(least);
          await redis.read([key]).then(
            () => count("read"),
            (error: { code: string }) => count(error.code),
          );
        });
        expect(took).toBeLessThan(2 * (LIMIT_MILLIS + 100));
        reads++;
        await sleep(reader);
      }
    });
    for (let round = 0; round < 6; round++) {
      await sleep(60);
      if (round % 2 === 0) await server.kill();
      else server.signal("SIGSTOP");
      await sleep(round % 2 === 0 ? 50 : 300);
      if (round % 2 === 0) await server.launch();
      else server.signal("SIGCONT");
    }
    await expect.poll(() => redis.isReachable, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => bare.owedCount, { timeout: 10_000 }).toBe(0);
    isOver = true;
    await Promise.all([writer, ...readers]);
    expect([...outcomes.keys()].sort()).toEqual(["BACKEND_UNAVAILABLE", "not there", "read", "there"]);
    expect(reads).toBeGreaterThan(50);
    await expectBack(`${latest}`);
  });

  it("slow: one time limit, then answers at once until it is quick again", async () => {
    const proxy = await SlowProxy.start(server.port);
    cleanups.push(() => proxy.close());
    await openBoth(`redis://127.0.0.1:${proxy.port}`);
    await tiered.write([entry("old"), entry("old", other)]);
    proxy.delayMillis = 1_000;
    await expectGone();
    await expectTieredGoesOn("new");
    proxy.delayMillis = 0;
    await sleep(1_000); // what the proxy holds back still comes late
    await expectBack("new");
  });

  it("a replica: reads go on, writes and drops say so, the health says which", async () => {
    await tiered.write([entry("old"), entry("old", other)]);
    await server.command(["REPLICAOF", "127.0.0.1", "1"]);
    const refused = { ...isUnavailable, message: expect.stringContaining("READONLY") };
    await expect(redis.write([entry("new")])).rejects.toMatchObject(refused);
    await expect(redis.drop([key])).rejects.toMatchObject(refused);
    expect(await redis.read([key])).toEqual(["old"]);
    const { state, reason } = redis.health();
    expect([state, reason]).toEqual(["degraded", expect.stringMatching(/^writes are refused: .*READONLY/)]);
    await expectTieredGoesOn("new");
    await server.command(["REPLICAOF", "NO", "ONE"]);
    await expectBack("new");
  });

  it("full: writes say so and change nothing, reads and drops go on, and it recovers without being written to", async () => {
    await tiered.write([entry("old"), entry("old", other)]);
    await server.command(["CONFIG", "SET", "maxmemory", "1"]);
    await expect(redis.write([entry("new"), entry("new", other)])).rejects.toMatchObject({ code: "BACKEND_FULL" });
    expect(await redis.read([key, other])).toEqual(["old", "old"]);
    expect((await redis.readLiving([key]))[0]?.value).toBe("old");
    tiered.near.forget(other);
    expect(await tiered.read([other])).toEqual(["old"]);
    expect(redis.health()).toMatchObject({
      state: "degraded",
      reason: expect.stringMatching(/^writes are refused: .*OOM/),
    });
    await redis.drop([other]);
    await expectTieredGoesOn("new");
    expect(await tiered.read([key])).toEqual(["new"]);
    await server.command(["CONFIG", "SET", "maxmemory", "0"]);
    await expectBack("new");
  });

  it("cannot save, or has too few replicas: writes say so, reads go on", async () => {
    await tiered.write([entry("old")]);
    await server.command(["CONFIG", "SET", "min-replicas-to-write", "1"]);
    await expect(redis.write([entry("new")])).rejects.toMatchObject({
      ...isUnavailable,
      message: expect.stringContaining("NOREPLICAS"),
    });
    expect(await redis.read([key])).toEqual(["old"]);
    await expectTieredGoesOn("new");
    await server.command(["CONFIG", "SET", "min-replicas-to-write", "0"]);
    await expectBack("new");
    // Where the file should go there is a folder: the next save fails, and from then on writes are refused.
    const obstacle = join(server.folder, "dump.rdb");
    mkdirSync(join(obstacle, "full"), { recursive: true });
    await server.command(["CONFIG", "SET", "save", "3600 1000000"]);
    await server.command(["BGSAVE"]);
    await expect
      .poll(async () => `${(await server.command(["INFO", "persistence"])) as string}`, { timeout: 10_000 })
      .toContain("rdb_last_bgsave_status:err");
    await expect(redis.write([entry("newer")])).rejects.toMatchObject({
      ...isUnavailable,
      message: expect.stringContaining("MISCONF"),
    });
    await expectTieredGoesOn("newer");
    rmSync(obstacle, { recursive: true });
    await server.command(["BGSAVE"]);
    await expect
      .poll(async () => `${(await server.command(["INFO", "persistence"])) as string}`, { timeout: 10_000 })
      .toContain("rdb_last_bgsave_status:ok");
    await expectBack("newer");
  });

  it("reads refused too: down, with the server's reason, and back by itself", async () => {
    await tiered.write([entry("old")]);
    await server.command(["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    await server.command(["REPLICAOF", "127.0.0.1", "1"]);
    await expect(redis.read([key])).rejects.toMatchObject({
      ...isUnavailable,
      message: expect.stringContaining("MASTERDOWN"),
    });
    expect(redis.health()).toMatchObject({ state: "down", reason: expect.stringMatching(/^reads are refused: /) });
    await expectTieredGoesOn("new");
    await server.command(["REPLICAOF", "NO", "ONE"]);
    await expectBack("new");
  });

  it("a drop that failed is done on reconnecting, and until then the key is not read from the server", async () => {
    await tiered.write([entry("old"), entry("old", other)]);
    server.signal("SIGSTOP");
    await tiered.dropUser("u-1");
    server.signal("SIGCONT");
    await expect.poll(() => tiered.far.isReachable, { timeout: 10_000, interval: 1 }).toBe(true);
    expect(await tiered.read([key, other])).toEqual([undefined, undefined]);
    await expect.poll(() => server.command(["DBSIZE"]), { timeout: 10_000 }).toBe(0);
    expect(await tiered.read([key, other])).toEqual([undefined, undefined]);
    expect(tiered.owedCount).toBe(0);
  });

  it("not there at the start: opens, says so, works without it, and connects when it comes", async () => {
    const port = await freePort();
    const problems: string[] = [];
    const far = await RedisPreloadCache.open(`redis://127.0.0.1:${port}`, {
      onProblem: (problem) => problems.push(problem.code),
    });
    const early = new TieredPreloadCache(new EmbeddedPreloadCache(), far);
    cleanups.push(() => early.close());
    expect(problems).toEqual(["BACKEND_UNAVAILABLE"]);
    expect(early.health().state).toBe("degraded");
    await early.write([entry("early")]);
    expect(await early.read([key])).toEqual(["early"]);
    expect(early.usage().keys).toBe(1);
    const proxy = await SlowProxy.start(server.port, port); // the server, seen at that port
    cleanups.push(() => proxy.close());
    await expect.poll(() => server.command(["GET", key]), { timeout: 10_000 }).toBe("early");
    expect(early.health().state).toBe("up");
  });

  it("closing does not wait for a stopped server", async () => {
    server.signal("SIGSTOP");
    const pending = [redis.read([key]).catch((error: { code: string }) => error.code), tiered.read([key])];
    expect(await lag.time(() => Promise.all([redis.close(), tiered.close()]))).toBeLessThan(LIMIT_MILLIS + 100);
    expect(await Promise.all(pending)).toEqual(["BACKEND_UNAVAILABLE", [undefined]]);
    server.signal("SIGCONT");
  });
});
