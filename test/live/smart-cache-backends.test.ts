// SmartCache over the real backends, the same over each; and several processes over Redis. Rows C23, C24, C25, C32, C33.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CacheBackend } from "../../live/backends/backend.ts";
import { MemoryBackend } from "../../live/backends/memory.ts";
import { openBackend } from "../../live/backends/open-backend.ts";
import { SmartCache } from "../../live/smart-cache.ts";
import { describeWithRedis, TestRedis } from "./backends/redis-server.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-smart-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @param reopen gives a backend that holds what the one before held after it was closed, or null where nothing survives that */
function behaves(open: () => Promise<CacheBackend>, reopen: (() => Promise<CacheBackend>) | null): void {
  it("finds again what left the memory, apart by context, and nothing that was deleted", async () => {
    const cache = new SmartCache<unknown>({ max: 1, backend: await open() });
    const value = { vector: new Float32Array([1, 2, 3]), at: new Date(1), text: "\ud83d\ude00" };
    const load = () => "loaded";
    cache.set("a", value, { tags: ["t"] });
    cache.set("a", "other", { context: "c" });
    cache.set("__proto__", "odd");
    cache.set("x".repeat(100_000), "long");
    await cache.flush();
    expect(await cache.getOrSet("a", load)).toEqual(value);
    expect(await cache.getOrSet("a", load, { context: "c" })).toBe("other");
    expect(await cache.getOrSet("__proto__", load)).toBe("odd");
    expect(await cache.getOrSet("x".repeat(100_000), load)).toBe("long");
    expect(cache.stats().loads.started).toBe(0);
    cache.deleteTag("t");
    expect(await cache.getAsync("a")).toBeUndefined();
    cache.delete("__proto__");
    cache.clear({ context: "c" });
    await cache.flush();
    expect([
      await cache.getAsync("a"),
      await cache.getAsync("__proto__"),
      await cache.getAsync("a", { context: "c" }),
    ]).toEqual([undefined, undefined, undefined]);
    expect(await cache.getOrSet("a", load)).toBe("loaded");
    await cache.flush();
    cache.check();
    expect(await cache.shutdown()).toEqual({ abortedLoads: 0, isFlushed: true });
  });

  if (reopen === null) return;
  it("C18: what was acknowledged is there after a restart", async () => {
    const first = new SmartCache<number>({ backend: await reopen() });
    for (let i = 0; i < 200; i++) first.set(`k${i}`, i);
    await first.shutdown();
    const second = new SmartCache<number>({ backend: await reopen() });
    for (let i = 0; i < 200; i++) expect(await second.getOrSet(`k${i}`, () => -1)).toBe(i);
    await second.shutdown();
  });
}

describe("C23: over memory", () => behaves(async () => new MemoryBackend(), null));

describe("C24: over SQLite", () => {
  behaves(
    () => openBackend(`sqlite:${join(folder, "a.db")}`),
    () => openBackend(`sqlite:${join(folder, "b.db")}`),
  );
});

describeWithRedis("C25: over Redis", () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await TestRedis.start();
  });
  afterAll(() => server.dispose());
  const open = (namespace: string) => openBackend(server.url, { namespace, commandTimeoutMillis: 5_000 });

  behaves(
    () => open("one"),
    () => open("two"),
  );

  it("C32: four processes with 25 misses each are one load", async () => {
    const script = fileURLToPath(new URL("./smart-cache-child.ts", import.meta.url));
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ["--import", "tsx", script, server.url, "25"], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return { child, next: async () => (await lines.next()).value as string };
    });
    for (const { next } of children) expect(await next()).toBe("ready");
    for (const { child } of children) child.stdin.write("go\n");
    const said = await Promise.all(children.map(async ({ next }) => JSON.parse(await next())));
    expect(said.reduce((sum, one) => sum + one.started, 0)).toBe(1);
    for (const one of said) expect(one).toMatchObject({ answers: 25, values: ["loaded once"] });
  });

  it("C33: a server that is killed costs no answer, and nothing deleted meanwhile comes back with it", async () => {
    const cache = new SmartCache<string>({ max: 2, backend: await openBackend(server.url, { namespace: "killed" }) });
    cache.set("k", "old");
    await cache.flush();
    await server.kill();
    expect(await cache.getOrSet("other", () => "loaded")).toBe("loaded");
    expect(cache.get("k")).toBe("old");
    cache.delete("k");
    await expect(cache.flush()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    await server.launch();
    expect(await cache.getAsync("k")).toBeUndefined();
    expect(await cache.getOrSet("k", () => "new")).toBe("new");
    await cache.shutdown();
    cache.check();
  });
});
