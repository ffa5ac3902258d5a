// S22, and the degradation of the whole service: over HTTP, as a process of its own, while users write and read; each thing that
// can happen to Redis and to the database in turn, then SIGKILL and a new start. What was acknowledged is compared with what is kept.
// Times are freed from those that this process stood still; the service's own count.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithRedis, TestRedis } from "../../live/backends/redis-server.ts";
import { SlowProxy } from "../../live/backends/slow-proxy.ts";
import { LoopLag } from "../loop-lag.ts";
import { killRedis } from "./redis-kills.ts";
import type { ChildOptions } from "./service-child.ts";
import { ServiceProcess } from "./service-process.ts";
import { Trial } from "./trial.ts";

const TIMEOUT_MILLIS = 2_000;
const USERS = 6;
const KILLS = 20;

// A small disk of its own where that is allowed: then it can be full. The store's own tests have a limit of the file instead.
const folder = mkdtempSync(join(tmpdir(), "mempred-service-"));
const disk = join(folder, "disk");
mkdirSync(disk);
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]).status === 0;
afterAll(() => {
  if (isMounted) spawnSync("umount", ["-l", disk]);
  rmSync(folder, { recursive: true, force: true });
});

describeWithRedis("the service in trouble", () => {
  const database = join(disk, "service.db");
  const adminToken = `mp_${randomBytes(32).toString("base64url")}`;
  let lag: LoopLag;
  let redis: TestRedis;
  let proxy: SlowProxy;
  let service: ServiceProcess;
  let trial: Trial;
  let options: ChildOptions;

  beforeAll(async () => {
    lag = new LoopLag();
    redis = await TestRedis.start();
    proxy = await SlowProxy.start(redis.port);
    options = { database, redisUrl: `redis://127.0.0.1:${proxy.port}`, adminToken };
    service = await ServiceProcess.start(options);
    trial = await Trial.begin(service, adminToken, USERS, lag);
  }, 60_000);
  afterAll(async () => {
    trial?.close();
    lag.close();
    await service?.kill();
    await proxy?.close();
    await redis?.dispose();
  });

  /** Nothing was lost, wrong, over its time or not documented until now. */
  async function expectSound(): Promise<void> {
    expect(await trial.verify()).toEqual([]);
    const { undocumented, hanging, longestMillis } = trial.figures();
    expect(undocumented).toEqual([]);
    expect(hanging).toBe(0);
    expect(longestMillis).toBeLessThan(TIMEOUT_MILLIS + 100);
    expect(await service.report()).toMatchObject({ unhandledRejections: 0 });
  }

  /** S08-S11: in Redis lie lists of these names alone, and none lives for longer than its kind. */
  async function expectExactKeys(): Promise<void> {
    const hours = { recent: 2, frequent: 4, important: 6, context: 2, trending: 1 };
    const keys = (await redis.command(["KEYS", "*"])) as string[];
    expect(keys.length).toBeGreaterThan(3 * USERS);
    for (const key of keys) {
      const kind = /^preload:(?:[a-z0-9-]+:(recent|frequent|important|context)|global:(trending))/.exec(key)!;
      expect(key).toMatch(
        /^preload:(?:[a-z0-9-]+:(?:recent|frequent|important|context:(?:work|home))|global:trending)$/,
      );
      const ttl = (await redis.command(["TTL", key])) as number;
      expect(ttl, key).toBeGreaterThan(0);
      expect(ttl, key).toBeLessThanOrEqual(hours[(kind[1] ?? kind[2]) as "recent"] * 3600);
    }
  }

  /** While `wrong` holds Redis is degraded and no write is refused; within 2 s after `right` it is up. */
  async function expectRedisDegraded(wrong: () => unknown, right: () => unknown, reason: RegExp): Promise<void> {
    const { refusedWrites } = trial.figures();
    await trial.underLoad(async () => {
      await sleep(50);
      await wrong();
      const health = await trial.waitFor("redis", "degraded");
      expect(health.reason).toMatch(reason);
      expect(Math.abs(health.sinceMillis - Date.now())).toBeLessThan(60_000);
      expect((await trial.client.ask("GET /readyz")).status).toBe(200);
      await sleep(400);
      await right();
      expect(await lag.time(() => trial.waitFor("redis", "up"))).toBeLessThan(2_000);
    });
    expect(trial.figures().refusedWrites).toBe(refusedWrites);
    await expectSound();
  }

  it(`Redis killed and started ${KILLS} times under load: nothing acknowledged is lost, nothing hangs, nothing is undocumented`, async () => {
    expect(await killRedis(trial, redis, KILLS, lag)).toBeLessThan(2_000);
    const { acknowledgedWrites, refusedWrites, outcomes } = trial.figures();
    expect(refusedWrites).toBe(0);
    expect(acknowledgedWrites).toBeGreaterThan(KILLS);
    expect(Object.keys(outcomes).every((outcome) => / 20[0-4]$/.test(outcome))).toBe(true);
    await expectSound();
    await expectExactKeys();
  }, 120_000);

  it("Redis stopped", async () => {
    await expectRedisDegraded(
      () => redis.signal("SIGSTOP"),
      () => redis.signal("SIGCONT"),
      /does not answer/,
    );
  }, 60_000);

  it("Redis slow", async () => {
    await expectRedisDegraded(
      () => {
        proxy.delayMillis = 600;
      },
      async () => {
        proxy.delayMillis = 0;
        await sleep(600); // what the proxy holds back still comes late
      },
      /does not answer/,
    );
  }, 60_000);

  it("Redis read-only", async () => {
    await expectRedisDegraded(
      () => redis.command(["REPLICAOF", "127.0.0.1", "1"]),
      () => redis.command(["REPLICAOF", "NO", "ONE"]),
      /writes are refused: .*READONLY/,
    );
  }, 60_000);

  it("Redis full", async () => {
    await expectRedisDegraded(
      () => redis.command(["CONFIG", "SET", "maxmemory", "1"]),
      () => redis.command(["CONFIG", "SET", "maxmemory", "0"]),
      /writes are refused: .*OOM/,
    );
  }, 60_000);

  (isMounted ? it : it.skip)(
    "the disk full: writes say so, reads go on, and writes too when there is room (needs mount)",
    async () => {
      const filler = join(disk, "filler");
      await trial.underLoad(async () => {
        spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4096"], { stdio: "ignore" });
        const health = await trial.waitFor("store", "degraded");
        expect(health.reason).not.toBe("");
        const ready = await trial.client.ask("GET /readyz");
        expect(ready.status).toBe(200);
        const { token } = trial.writers[0]!;
        expect((await trial.client.ask("GET /memory/memories", { token })).status).toBe(200);
        await sleep(100);
        rmSync(filler);
        expect(await lag.time(() => trial.waitFor("store", "up"))).toBeLessThan(2_000);
        await sleep(100);
      });
      const { outcomes } = trial.figures();
      const refused = Object.keys(outcomes).filter((outcome) => outcome.endsWith(" 503"));
      expect(refused.length).toBeGreaterThan(0);
      await expectSound();
    },
    60_000,
  );

  it("another process takes the database over: 503 and not ready, until it is free again", async () => {
    await trial.underLoad(async () => {
      // As if this one had stood still for long and another had taken it for dead.
      const record = { token: "another", pid: 1, started: "1", world: "elsewhere" };
      writeFileSync(`${database}.owner`, JSON.stringify(record));
      const until = performance.now() + 20_000;
      let status = 200;
      while (status !== 503 && performance.now() < until) {
        ({ status } = await trial.client.ask("GET /readyz"));
        await sleep(10);
      }
      expect(status).toBe(503);
      const { token } = trial.writers[0]!;
      const body = { content: "too early" };
      expect((await trial.client.ask("POST /memory/items", { token, body })).status).toBe(503);
      rmSync(`${database}.owner`);
      rmSync(`${database}.lock`, { recursive: true, force: true });
      expect(await lag.time(() => trial.waitFor("store", "up"))).toBeLessThan(2_000);
      await sleep(100);
    });
    await expectSound();
  }, 60_000);

  it("the service itself killed: all is there when it starts again", async () => {
    await service.kill();
    service = await ServiceProcess.start(options);
    trial.client.moveTo(service.url);
    await expectSound();
  }, 60_000);
});
