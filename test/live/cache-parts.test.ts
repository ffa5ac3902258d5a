// The parts of SmartCache that stand alone: encoded keys, codecs, estimates, the clock, snapshots, metrics.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { contextOfCacheKey, encodeCacheKey } from "../../live/cache-key.ts";
import { coarseClock } from "../../live/coarse-clock.ts";
import { estimateBytes } from "../../live/estimate-bytes.ts";
import { registerMetrics } from "../../live/register-metrics.ts";
import { SmartCache } from "../../live/smart-cache.ts";
import type { SmartCacheOptions } from "../../live/smart-cache-options.ts";
import { runs } from "../runs.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("encoded keys", () => {
  it("no two pairs of context and key share one, in UTF-8 either", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }),
      fc
        .array(fc.constantFrom("\u0000", "a", '"', ",", "[", "\ud800", "\udc00"), { maxLength: 4 })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, text, text, text, (context1, key1, context2, key2) => {
        const [first, second] = [encodeCacheKey(context1, key1), encodeCacheKey(context2, key2)];
        const isSame = context1 === context2 && key1 === key2;
        expect(Buffer.from(first).equals(Buffer.from(second))).toBe(isSame);
        expect(contextOfCacheKey(first)).toBe(context1);
        expect(first.length).toBeGreaterThan(0);
      }),
      { numRuns: runs(500) },
    );
    expect(encodeCacheKey("", "/a/b?c=d")).toBe("/a/b?c=d");
    expect(encodeCacheKey("", "k".repeat(1_048_576))).toHaveLength(1_048_576);
    expect(() => encodeCacheKey("", "\u20ac".repeat(349_526))).toThrow(
      expect.objectContaining({ code: "INVALID_CACHE_ENTRY" }),
    );
  });
});

describe("estimateBytes", () => {
  it("grows with what it measures, ends on cycles and on huge values", () => {
    expect(estimateBytes("abcd")).toBe(24);
    expect(estimateBytes(new Uint8Array(1_000))).toBe(1_064);
    expect([estimateBytes(1), estimateBytes(null), estimateBytes(undefined)]).toEqual([8, 8, 8]);
    expect(estimateBytes({ a: "x", b: [1, 2] })).toBe(16 + 18 + 16 + 16);
    const circle: unknown[] = [];
    circle.push(circle, new Map([[circle, new Set([circle])]]));
    expect(Number.isInteger(estimateBytes(circle))).toBe(true);
    const large = estimateBytes(Array.from({ length: 100_000 }, (_, i) => i));
    expect(large).toBeGreaterThan(8_000);
  });
});

describe("coarseClock", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
  afterEach(() => void vi.useRealTimers());

  it("reads once in its resolution, goes on in a long loop, never back, and idle holds no timer", () => {
    let reads = 0;
    let now = 5_000;
    const clock = coarseClock(10, () => {
      reads++;
      return now;
    });
    expect(vi.getTimerCount()).toBe(0);
    for (let i = 0; i < 30; i++) clock();
    expect([reads, clock()]).toEqual([1, 5_000]);
    now = 5_020;
    vi.advanceTimersByTime(10);
    expect([clock(), reads, vi.getTimerCount()]).toEqual([5_020, 2, 1]);
    now = 4_000;
    vi.advanceTimersByTime(10);
    expect(clock()).toBe(5_020);
    now = 9_000;
    for (let i = 0; i < 100; i++) clock();
    expect(clock()).toBe(9_000);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    const exact = coarseClock(0, () => now++);
    expect([exact(), exact()]).toEqual([9_000, 9_001]);
  });
});

describe("snapshots", () => {
  const clock = { now: 1_000_000 };
  const make = (options: SmartCacheOptions<unknown> = {}) =>
    new SmartCache({ policy: "lru", nowMillis: () => clock.now, ...options });

  function filled(): SmartCache {
    const cache = make({ max: 10 });
    cache.set("a", { x: new Map([[1, "y"]]) }, { tags: ["t"], priority: 3 });
    cache.set("b", null, { context: "c", ttl: 0, isPinned: true });
    cache.set("\ud800", new Uint8Array([1, 2]), { ttl: 10 });
    cache.set("last", 4, { ttl: 5_000 });
    cache.get("a");
    return cache;
  }

  it("bring back values, contexts, tags, times and the order of leaving", () => {
    const bytes = filled().snapshot();
    clock.now += 20;
    const cache = make({ max: 10 });
    expect(cache.restore(bytes)).toEqual({ entries: 3, skipped: 0 });
    expect(cache.keys()).toEqual(["last", "a"]);
    expect([cache.peek("a"), cache.peek("b", { context: "c" })]).toEqual([{ x: new Map([[1, "y"]]) }, null]);
    expect([cache.getRemainingTTL("last"), cache.getRemainingTTL("b", { context: "c" })]).toEqual([4_980, Infinity]);
    expect(cache.deleteTag("t")).toBe(1);
    cache.check();
    const small = make({ max: 2 });
    small.set("last", "newer");
    small.restore(bytes);
    expect([small.has("b", { context: "c" }), small.size]).toEqual([true, 2]);
    small.check();
  });

  it("leave out what cannot be written, and do not bring back what is there", () => {
    const cache = make();
    cache.set("f", () => 1);
    cache.set("k", 1);
    const bytes = cache.snapshot();
    const other = make();
    other.set("k", "newer");
    expect(other.restore(bytes)).toEqual({ entries: 0, skipped: 0 });
    expect(other.get("k")).toBe("newer");
  });

  it("a flipped bit or a missing end anywhere is INVALID_MODEL, and nothing is changed", () => {
    const bytes = filled().snapshot();
    const cache = make();
    cache.set("mine", 1);
    const invalid = expect.objectContaining({ code: "INVALID_MODEL" });
    for (let at = 0; at < bytes.length; at += 3) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      expect(() => cache.restore(damaged), `byte ${at}`).toThrow(invalid);
      expect(() => cache.restore(bytes.slice(0, at)), `cut at ${at}`).toThrow(invalid);
    }
    expect(() => cache.restore(new Uint8Array(0))).toThrow(invalid);
    expect([cache.size, cache.get("mine")]).toEqual([1, 1]);
    const foreign = make({ codec: { id: "other", encode: () => new Uint8Array(1), decode: () => 1 } });
    expect(() => foreign.restore(bytes)).toThrow(invalid);
  });

  it("C18: are saved on shutdown and restored on initialize; a damaged or missing file is no obstacle", async () => {
    const snapshotFile = join(folder, "cache.snapshot");
    const first = make({ snapshotFile });
    await first.initialize();
    first.set("k", 7);
    await first.shutdown();
    const second = make({ snapshotFile });
    await second.initialize();
    await second.initialize();
    expect(second.get("k")).toBe(7);
    const bytes = readFileSync(snapshotFile);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    writeFileSync(snapshotFile, bytes);
    const third = make({ snapshotFile });
    await third.initialize();
    third.set("k", 8);
    expect(third.size).toBe(1);
    await third.shutdown();
    expect(make().restore(readFileSync(snapshotFile))).toEqual({ entries: 1, skipped: 0 });
    await expect(make().restoreFrom(join(folder, "none"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(make().saveTo(join(folder, "no", "where"))).rejects.toMatchObject({ code: "NOT_WRITABLE" });
    expect(existsSync(join(folder, "no"))).toBe(false);
  });
});

describe("C34: metrics", () => {
  it("are what the cache counted, for each cache, until it is taken out", async () => {
    const registry = new Registry();
    const cache = new SmartCache<number>({ name: "one", max: 2 });
    const remove = await registerMetrics(cache, registry);
    await registerMetrics(new SmartCache({ name: "two" }), registry);
    cache.set("a", 1);
    cache.set("b", 1);
    cache.set("c", 1);
    cache.get("c");
    cache.get("nothing");
    await cache.getOrSet("d", () => 2);
    for (let i = 0; i < 2; i++) {
      const text = await registry.metrics();
      expect(text).toContain('mempred_cache_requests_total{cache="one",outcome="hit"} 1\n');
      expect(text).toContain('mempred_cache_requests_total{cache="one",outcome="absent"} 2\n');
      expect(text).toContain('mempred_cache_removals_total{cache="one",reason="policy"} 2\n');
      expect(text).toContain('mempred_cache_loads_total{cache="one",result="started"} 1\n');
      expect(text).toContain('mempred_cache_entries{cache="two"} 0\n');
    }
    remove();
    const text = await registry.metrics();
    expect(text).not.toContain('cache="one"');
    expect(text).toContain('cache="two"');
  });
});
