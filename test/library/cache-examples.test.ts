// The examples of the caches run as a user would run them, against the built package by its own name, and say what they promise
// (C34, C35).

import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeWithRedis, TestRedis } from "../live/backends/redis-server.ts";
import { numbersIn as numbers, root, runExample as run } from "./run-example.ts";

const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  async "cache-http-responses"() {
    expect(await run("cache-http-responses")).toBe(
      `${[
        "100 requests at once: 1 answer, 1 call",
        'after 61 s: "price of tea, version 1", renewed behind it',
        'then: "price of tea, version 2"',
        'service down for 10 min: "price of tea, version 2"',
        "3 calls in all; 1 failed and nobody noticed",
      ].join("\n")}\n`,
    );
  },

  async "cache-files"() {
    const output = await run("cache-files");
    expect(output).toContain("first time: 10 reads; second time: 0 reads; 7000 bytes\n");
    expect(output).toContain("docs changed: 5 entries dropped, 5 reads\n");
    expect(output).toContain("too large: refused 3 times, evicted 0\n");
    expect(output).toContain("not there: true, and not remembered: true\n");
  },

  async "cache-search-results"() {
    const output = await run("cache-search-results");
    expect(output).toContain("ada: 1,2; bob: 3; 2 searches\nagain: 1,2; 3; 2 searches\n");
    expect(output).toContain("2 results dropped\nbob: 3,4; 3 searches\n");
  },

  async "cache-embeddings"() {
    const output = await run("cache-embeddings");
    expect(output).toContain("first run: 400 computed; again: 0; ");
    expect(output).toContain("after a restart: 400 known, 0 computed\nequal to the bit: true\n");
  },

  async "cache-prompt-components"() {
    const output = await run("cache-prompt-components");
    expect(output).toContain(
      "You help Ada with {user}. Answer as JSON: {}. Be brief.\n98 of 100 requests read no file",
    );
    expect(output).toContain("edited: Always be brief!\noutside of the folder: OUTSIDE_ROOT\n");
    expect(output).toContain("system.md, tone.md loaded ahead; first request a hit: true\n");
  },

  async "cache-sql-results"() {
    const output = await run("cache-sql-results");
    expect(output).toContain("300 questions, 3 queries\na book is added: 2 results dropped\n");
    expect(output).toContain("Knuth: Concrete Mathematics, TAOCP\nauthors: 2, not asked again; 4 queries in all\n");
  },

  async "cache-cli-sqlite"() {
    const folder = await mkdtemp(join(tmpdir(), "mempred-example-"));
    const file = join(folder, "cache.db");
    expect(await run("cache-cli-sqlite", file, "97", "360", "97")).toBe(
      "97 = 97\n360 = 2 × 2 × 2 × 3 × 3 × 5\n97 = 97\n2 computed, 1 remembered\n",
    );
    expect(await run("cache-cli-sqlite", file, "360", "7")).toContain("1 computed, 1 remembered\n");
    await expect(run("cache-cli-sqlite")).rejects.toMatchObject({ code: 2 });
    await rm(folder, { recursive: true });
  },

  async "cache-from-lru-cache"() {
    const [lruCache, lru, adaptive] = numbers(
      await run("cache-from-lru-cache"),
      /lru-cache +(\d+) hits.*\nSmartCache, lru +(\d+)\nSmartCache, adaptive +(\d+)\n/,
    ) as [number, number, number];
    expect(lru).toBe(lruCache);
    expect(adaptive).toBeGreaterThan(lru);
  },

  async "cache-pressure"() {
    const output = await run("cache-pressure");
    const [reacting] = numbers(output, /reacts +most used: ([\d.]+) %/);
    const [ahead, refused] = numbers(output, /foresees +most used: ([\d.]+) %; refused (\d+)/);
    expect(reacting).toBeGreaterThan(100);
    expect(ahead).toBeLessThanOrEqual(100);
    expect(refused).toBe(0);
    expect(output).toMatch(/afterwards the cache holds (\d+) entries again/);
  },

  async "cache-prediction"() {
    const output = await run("cache-prediction");
    const [plain] = numbers(output, /plain: (\d+) of 1200/);
    const [predicting] = numbers(output, /predicting: (\d+) of 1200/);
    expect(predicting).toBeLessThan(0.6 * (plain as number));
    expect(output).toContain("after model3.ts: view3.ts\n");
  },

  async "cache-own-policy"() {
    const [lru, lifo] = numbers(await run("cache-own-policy"), /lru +([\d.]+) % hits\nlifo +([\d.]+) % hits\n/);
    expect(lru).toBe(0);
    expect(lifo).toBeGreaterThan(70);
  },
};

const REDIS_EXAMPLES = ["cache-two-processes"];

describe("examples of the caches", () => {
  it("each example has a check, and each check an example", () => {
    const files = readdirSync(`${root}/examples`).filter((name) => /^cache-.*\.ts$/.test(name));
    const checked = [...Object.keys(CHECKS), ...REDIS_EXAMPLES];
    expect(files.map((name) => name.replace(/\.ts$/, "")).sort()).toEqual(checked.sort());
    expect(existsSync(`${root}/dist/live/entry.js`), "`npm run build` comes first").toBe(true);
    expect(files.length).toBeGreaterThanOrEqual(10);
  });

  it.concurrent.each(Object.keys(CHECKS))("%s", (example) => (CHECKS[example] as () => Promise<void>)());
});

describeWithRedis("examples of the caches on Redis", () => {
  it("cache-two-processes", async () => {
    const redis = await TestRedis.start();
    try {
      const output = await run("cache-two-processes", redis.url);
      expect(output).toBe("2 processes × 25 requests at once: made by 1 process\n");
    } finally {
      await redis.dispose();
    }
  });
});
