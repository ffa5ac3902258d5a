// C25, C32: a Redis server that is killed, stopped, slow, full or read-only costs one time limit and its entries, never a hang,
// and is used again by itself. Bounds on time are the time limit and generous slack: that nothing hangs, not how fast it is.

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CacheBackend } from "../../../live/backends/backend.ts";
import { loadOnce } from "../../../live/backends/load-once.ts";
import { openBackend } from "../../../live/backends/open-backend.ts";
import { Child } from "./child-process.ts";
import { entryOf, textOf } from "./entries.ts";
import { describeWithRedis, freePort, TestRedis } from "./redis-server.ts";
import { SlowProxy } from "./slow-proxy.ts";

const SLACK_MILLIS = 5_000; // the machine may be busy

describeWithRedis("redis in trouble", () => {
  const cleanups: (() => Promise<void>)[] = [];
  let server: TestRedis;
  let backend: CacheBackend;
  beforeEach(async () => {
    server = await TestRedis.start();
    cleanups.push(() => server.dispose());
    backend = await openBackend(server.url);
    cleanups.push(() => backend.close());
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const isUnavailable = { code: "BACKEND_UNAVAILABLE" };

  /** Every call fails, and none takes longer than the time limit and slack; then they fail without waiting. */
  async function expectGone(): Promise<void> {
    const begin = performance.now();
    const calls = Array.from({ length: 50 }, (_, i) => backend.get(`key ${i}`));
    for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ reason: isUnavailable });
    expect(performance.now() - begin).toBeLessThan(250 + SLACK_MILLIS);
    // Ten time limits would be 2,500 ms one after the other; without the server's help all fail at once.
    const reasons: string[] = [];
    for (let i = 0; i < 1_000; i++) await backend.get("a").catch((error: Error) => reasons.push(error.message));
    expect(reasons.length).toBe(1_000);
    expect(reasons.filter((reason) => !reason.includes("is known to be gone"))).toEqual([]);
  }

  async function expectBack(key: string, text: string | null): Promise<void> {
    const begin = performance.now();
    await expect.poll(() => backend.get(key).then(textOf), { timeout: 2_000 + SLACK_MILLIS, interval: 20 }).toBe(text);
    expect(performance.now() - begin).toBeLessThan(2_000 + SLACK_MILLIS);
    await backend.set("after", entryOf("works again"));
    expect(textOf(await backend.get("after"))).toBe("works again");
  }

  it("stopped: costs one time limit, then nothing; comes back by itself with all it held", async () => {
    await backend.set("a", entryOf("kept"));
    server.signal("SIGSTOP");
    await expectGone();
    await sleep(300); // a trial or two
    await expectGone();
    server.signal("SIGCONT");
    await expectBack("a", "kept");
  });

  it("killed: the same, and it is used again when it was started anew", async () => {
    await backend.set("a", entryOf("lost: no persistence was asked for"));
    await server.kill();
    await expectGone();
    await server.launch();
    await expectBack("a", null);
  });

  it("killed in the middle of writing with persistence: all that was acknowledged is there", async () => {
    const durable = await TestRedis.start("--appendonly", "yes", "--appendfsync", "always");
    cleanups.push(() => durable.dispose());
    const writer = await openBackend(durable.url, { commandTimeoutMillis: 5_000 });
    cleanups.push(() => writer.close());
    const acknowledged: number[] = [];
    let isKilled = false;
    const writing = (async () => {
      for (let i = 0; !isKilled; i++) {
        await writer.set(`key ${i}`, entryOf(`value ${i}`, { tags: ["t"] }));
        acknowledged.push(i);
      }
    })().catch(() => undefined);
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(50);
    await durable.kill();
    isKilled = true;
    await writing;
    await durable.launch();
    await expect.poll(() => writer.get("key 0").then(textOf, () => "not yet"), { timeout: 10_000 }).toBe("value 0");
    const found = await writer.getMany(acknowledged.map((i) => `key ${i}`));
    expect(found.map(textOf)).toEqual(acknowledged.map((i) => `value ${i}`));
    expect(await writer.deleteTag("t")).toBeGreaterThanOrEqual(acknowledged.length);
  });

  it("slow: one time limit, then answers at once until it is quick again", async () => {
    const proxy = await SlowProxy.start(server.port);
    cleanups.push(() => proxy.close());
    backend = await openBackend(`redis://127.0.0.1:${proxy.port}`);
    const opened = backend;
    cleanups.push(() => opened.close());
    await backend.set("a", entryOf("kept"));
    proxy.delayMillis = 2_000;
    await expectGone();
    proxy.delayMillis = 0;
    await expectBack("a", "kept");
  });

  it("not there at the start: opens within its time limit, says so, and connects when it comes", async () => {
    const problems: string[] = [];
    const begin = performance.now();
    const port = await freePort();
    const early = await openBackend(`redis://127.0.0.1:${port}`, {
      onProblem: (problem) => problems.push(problem.code),
    });
    cleanups.push(() => early.close());
    expect(performance.now() - begin).toBeLessThan(1_250 + SLACK_MILLIS);
    expect(problems).toEqual(["BACKEND_UNAVAILABLE"]);
    await expect(early.get("a")).rejects.toMatchObject(isUnavailable);
    const proxy = await SlowProxy.start(server.port, port); // the server, seen at that port
    cleanups.push(() => proxy.close());
    await expect.poll(() => early.get("a").then(textOf, () => "not yet"), { timeout: 2_000 + SLACK_MILLIS }).toBe(null);
  });

  it("read-only: reads go on, writes say so, and the breaker stays closed", async () => {
    await backend.set("a", entryOf("kept"));
    await server.command(["REPLICAOF", "127.0.0.1", "1"]);
    for (let i = 0; i < 5; i++) {
      await expect(backend.set("a", entryOf("new"))).rejects.toMatchObject({
        ...isUnavailable,
        message: expect.stringContaining("READONLY"),
      });
      expect(textOf(await backend.get("a"))).toBe("kept");
    }
    await server.command(["REPLICAOF", "NO", "ONE"]);
    await backend.set("a", entryOf("new"));
    expect(textOf(await backend.get("a"))).toBe("new");
  });

  it("full: writes say so, reads and deletions go on, and the breaker stays closed", async () => {
    await backend.set("a", entryOf("kept", { tags: ["t"] }));
    await server.command(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    await server.command(["CONFIG", "SET", "maxmemory", "1"]);
    for (const entry of [entryOf("new"), entryOf("new", { tags: ["u"] })])
      await expect(backend.set("a", entry)).rejects.toMatchObject({ code: "BACKEND_FULL" });
    const found = await backend.get("a");
    expect(textOf(found)).toBe("kept");
    expect(found!.tags).toEqual(["t"]); // nothing was half done
    expect(await backend.deleteTag("t")).toBe(1);
    await server.command(["CONFIG", "SET", "maxmemory", "0"]);
    await backend.set("a", entryOf("new"));
  });

  it("password: a wrong one is told without repeating it", async () => {
    await server.command(["CONFIG", "SET", "requirepass", "right"]);
    const problems: Error[] = [];
    const address = (password: string) => `redis://:${password}@127.0.0.1:${server.port}`;
    const wrong = await openBackend(address("wr0ng"), { onProblem: (problem) => problems.push(problem) });
    cleanups.push(() => wrong.close());
    expect(problems.length).toBe(1);
    expect(problems[0]!.message).toMatch(/WRONGPASS|does not answer/);
    expect(problems[0]!.message).not.toContain("wr0ng");
    await expect(wrong.get("a")).rejects.toMatchObject(isUnavailable);
    const right = await openBackend(address("right"));
    cleanups.push(() => right.close());
    await right.set("a", entryOf("1"));
    expect(textOf(await right.get("a"))).toBe("1");
  });

  it("a loader is called once when the server is gone, and its value returned", async () => {
    server.signal("SIGSTOP");
    const problems: string[] = [];
    let loads = 0;
    const load = async () => {
      loads++;
      return entryOf("loaded");
    };
    const begin = performance.now();
    const options = { onProblem: (problem: { code: string }) => problems.push(problem.code) };
    const all = await Promise.all(Array.from({ length: 25 }, () => loadOnce(backend, "a", load, options)));
    expect(performance.now() - begin).toBeLessThan(500 + SLACK_MILLIS);
    expect(loads).toBe(1);
    expect(new Set(all.map(({ entry }) => textOf(entry)))).toEqual(new Set(["loaded"]));
    expect(problems).toEqual(["BACKEND_UNAVAILABLE", "BACKEND_UNAVAILABLE"]); // reading and storing
    server.signal("SIGCONT");
  });

  it("closing does not wait for a stopped server", async () => {
    server.signal("SIGSTOP");
    const pending = backend.get("a").catch((error: { code: string }) => error.code);
    const begin = performance.now();
    await backend.close();
    expect(performance.now() - begin).toBeLessThan(250 + SLACK_MILLIS);
    expect(await pending).toBe("BACKEND_UNAVAILABLE");
    server.signal("SIGCONT");
  });

  it("4 processes × 25 concurrent requests of one key make exactly 1 load", async () => {
    const children = Array.from({ length: 4 }, () => new Child("load", server.url, "25"));
    await Promise.all(children.map((child) => child.line((line) => line === "ready")));
    for (const child of children) child.send("go");
    const reports = await Promise.all(children.map((child) => child.line((line) => line.startsWith("loads"))));
    await Promise.all(children.map((child) => child.end()));
    expect(reports.map((report) => report.replace(/loads \d+/, "loads"))).toEqual(
      Array.from({ length: 4 }, () => "loads answers 25 values loaded once"),
    );
    expect(reports.reduce((sum, report) => sum + Number(/loads (\d+)/.exec(report)![1]), 0)).toBe(1);
  });

  it("keeps what a process had acknowledged before it was killed", async () => {
    const child = new Child("write", server.url);
    await child.line((line) => line === "acknowledged 50");
    await child.kill();
    const last = Number(/\d+/.exec(child.lines.at(-1)!)![0]);
    const found = await backend.getMany(Array.from({ length: last + 1 }, (_, i) => `key-${i}`));
    expect(found.map(textOf)).toEqual(Array.from({ length: last + 1 }, (_, i) => `value ${i}`));
  });
});
