// SmartCache: what lru-cache's users expect of it, times, contexts, tags, speculation, pressure, events, statistics.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import fc from "fast-check";
import { LRUCache } from "lru-cache";
import { describe, expect, it } from "vitest";
import { GET_CHANNEL, REMOVE_CHANNEL, TROUBLE_CHANNEL } from "../../live/cache-events.ts";
import { SmartCache } from "../../live/smart-cache.ts";
import type { SmartCacheOptions } from "../../live/smart-cache-options.ts";
import { runs } from "../runs.ts";

function make<V = number>(options: SmartCacheOptions<V> = {}) {
  const clock = { now: 1_000_000 };
  return { clock, cache: new SmartCache<V>({ policy: "lru", nowMillis: () => clock.now, ...options }) };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe("SmartCache, synchronous", () => {
  it("C18: get, set, has, peek, delete, clear", () => {
    const { cache } = make();
    expect(cache.get("a")).toBeUndefined();
    expect(cache.set("a", 1)).toBe(true);
    expect([cache.get("a"), cache.has("a"), cache.peek("a"), cache.size]).toEqual([1, true, 1, 1]);
    expect([cache.delete("a"), cache.delete("a"), cache.has("a")]).toEqual([true, false, false]);
    cache.set("b", 2);
    cache.set("c", 3);
    expect([cache.keys(), cache.values()]).toEqual([
      ["b", "c"],
      [2, 3],
    ]);
    expect(cache.clear()).toBe(2);
    expect(cache.size).toBe(0);
    cache.set("d", 4);
    expect(cache.set("d", undefined)).toBe(false);
    expect(cache.has("d")).toBe(false);
    cache.check();
  });

  it("with policy lru it does what lru-cache does, request by request", () => {
    const step = fc.record({
      act: fc.constantFrom("get", "get", "set", "set", "delete", "peek", "has"),
      key: fc.integer({ min: 0, max: 9 }).map((i) => `k${i}`),
      size: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.boolean(), (steps, isSized) => {
        const gone: [string, string][] = [];
        const theirsGone: [string, string][] = [];
        const sized = { maxSize: 60, sizeCalculation: (value: number) => value };
        const shared = isSized ? { max: 5, ...sized } : { max: 5 };
        const { cache } = make<number>({ ...shared, ttl: 0, dispose: (_, key, reason) => gone.push([key, reason]) });
        const theirs = new LRUCache<string, number>({
          ...shared,
          dispose: (_, key, reason) => theirsGone.push([key, reason]),
        });
        for (const { act, key, size } of steps) {
          if (act === "get") expect(cache.get(key)).toBe(theirs.get(key));
          else if (act === "peek") expect(cache.peek(key)).toBe(theirs.peek(key));
          else if (act === "has") expect(cache.has(key)).toBe(theirs.has(key));
          else if (act === "delete") expect(cache.delete(key)).toBe(theirs.delete(key));
          else {
            cache.set(key, size);
            theirs.set(key, size);
          }
          expect(cache.keys()).toEqual([...theirs.rkeys()]);
          if (isSized) expect(cache.calculatedSize).toBe(theirs.calculatedSize);
          cache.check();
        }
        // lru-cache tells that a value was replaced before it tells who made room for it; a growing one here leaves first.
        const sorted = (list: [string, string][]) => list.map(([key, reason]) => `${key} ${reason}`).sort();
        expect(sorted(gone)).toEqual(sorted(theirsGone));
      }),
      { numRuns: runs(150) },
    );
  });

  it("C14 C15: an oversize value is refused and evicts nothing", () => {
    const { cache } = make<string>({ max: 10, maxSize: 100, sizeCalculation: (value) => value.length });
    cache.set("a", "x".repeat(40));
    cache.set("b", "x".repeat(40));
    expect(cache.set("c", "x".repeat(101))).toBe(false);
    expect([cache.has("a"), cache.has("b"), cache.has("c"), cache.calculatedSize]).toEqual([true, true, false, 80]);
    // What was true of that key before is not any more.
    expect(cache.set("a", "x".repeat(101))).toBe(false);
    expect([cache.has("a"), cache.has("b"), cache.calculatedSize]).toEqual([false, true, 40]);
    expect(cache.stats().refused.oversize).toBe(2);
    const strict = make<string>({ maxSize: 10, sizeCalculation: (value) => value.length, isStrict: true }).cache;
    expect(() => strict.set("a", "x".repeat(11))).toThrow(code("INVALID_CACHE_ENTRY"));
    expect(strict.set("a", "x")).toBe(true);
  });

  it("C11 C26: times to live by content type", () => {
    const { cache, clock } = make({ ttlByType: { prompt: 50_000 } });
    const types = {
      none: 300_000,
      file: 600_000,
      embedding: 3_600_000,
      search: 300_000,
      prompt: 50_000,
      other: 300_000,
    };
    for (const type of Object.keys(types)) cache.set(type, 1, type === "none" ? {} : { type });
    for (const [type, ttl] of Object.entries(types)) expect(cache.getRemainingTTL(type)).toBe(ttl);
    for (const [type, ttl] of Object.entries(types).sort((a, b) => a[1] - b[1])) {
      clock.now = 1_000_000 + ttl - 1;
      expect(cache.get(type), type).toBe(1);
      clock.now++;
      expect(cache.has(type), type).toBe(false);
      expect(cache.get(type), type).toBeUndefined();
    }
    cache.set("forever", 1, { ttl: 0 });
    cache.set("own", 2, { ttl: 10, type: "file" });
    expect([cache.getRemainingTTL("forever"), cache.getRemainingTTL("own")]).toEqual([Infinity, 10]);
    clock.now += 1e12;
    expect(cache.get("forever")).toBe(1);
  });

  it("allowStale, updateAgeOnGet and purgeStale", () => {
    const stale = make({ ttl: 10, allowStale: true });
    stale.cache.set("a", 1);
    stale.clock.now += 1_000;
    expect([stale.cache.get("a"), stale.cache.has("a"), stale.cache.peek("a")]).toEqual([1, false, 1]);
    expect(stale.cache.get("a", { allowStale: false })).toBeUndefined();
    expect(stale.cache.stats()).toMatchObject({ staleHits: 1, missesByReason: { expired: 1 } });

    const sliding = make({ ttl: 10, updateAgeOnGet: true });
    sliding.cache.set("a", 1);
    for (let i = 0; i < 5; i++) {
      sliding.clock.now += 9;
      expect(sliding.cache.get("a")).toBe(1);
    }
    sliding.cache.set("b", 1, { ttl: 0 });
    expect(sliding.cache.get("b")).toBe(1);
    expect(sliding.cache.getRemainingTTL("b")).toBe(Infinity);
    sliding.clock.now += 10;
    expect(sliding.cache.purgeStale()).toBe(true);
    expect([sliding.cache.size, sliding.cache.purgeStale()]).toEqual([1, false]);
  });

  it("a stale window ends at its end, to the millisecond", () => {
    const { cache, clock } = make({ ttl: 10, staleWhileRevalidateMillis: 20 });
    cache.set("a", 1);
    clock.now += 29;
    expect([cache.get("a", { allowStale: true }), cache.size]).toEqual([1, 1]);
    clock.now++;
    expect([cache.get("a", { allowStale: true }), cache.size]).toEqual([undefined, 0]);
    cache.check();
  });

  it("C06: contexts do not see each other, whatever the key", () => {
    const { cache } = make();
    for (const key of ["k", "__proto__", "constructor", "", 'a","b', "\u0000"]) {
      cache.set(key, 1, { context: "alice" });
      for (const context of ["", "bob", "__proto__", "alic", "alice\u0000"]) {
        expect([cache.get(key, { context }), cache.has(key, { context }), cache.peek(key, { context })]).toEqual([
          undefined,
          false,
          undefined,
        ]);
        expect(cache.delete(key, { context })).toBe(false);
      }
      expect(cache.get(key, { context: "alice" })).toBe(1);
    }
    cache.set("k", 2);
    expect(cache.clear({ context: "alice" })).toBe(6);
    expect([cache.get("k"), cache.get("k", { context: "alice" })]).toEqual([2, undefined]);
    cache.check();
  });

  it("tags delete in all contexts or in one", () => {
    const { cache } = make();
    cache.set("a", 1, { tags: ["x", "y", "x"] });
    cache.set("b", 2, { tags: ["y"], context: "c" });
    cache.set("c", 3, { tags: ["__proto__"] });
    expect(cache.deleteTag("y", { context: "c" })).toBe(1);
    expect([cache.has("a"), cache.has("b", { context: "c" })]).toEqual([true, false]);
    cache.set("a", 4, { tags: ["z"] }); // tags are the new value's
    expect([cache.deleteTag("y"), cache.deleteTag("z"), cache.deleteTag("__proto__"), cache.deleteTag("no")]).toEqual([
      0, 1, 1, 0,
    ]);
    expect(cache.size).toBe(0);
    cache.check();
  });

  it("dispose tells each value once, may use the cache, and may throw without harm", () => {
    const told: string[] = [];
    const trouble: unknown[] = [];
    const listen = (message: unknown) => trouble.push(message);
    subscribe(TROUBLE_CHANNEL, listen);
    const { cache } = make<number>({
      max: 2,
      dispose: (value, key, reason, detail) => {
        told.push(`${key}=${value} ${reason} ${detail.reason}`);
        if (key === "a") cache.set("again", 9);
        if (key === "bad") throw new Error("mine");
      },
    });
    cache.set("a", 1);
    cache.set("b", 2);
    cache.set("c", 3);
    expect(told).toEqual(["a=1 evict policy", "b=2 evict policy"]);
    expect(cache.keys()).toEqual(["c", "again"]);
    cache.set("bad", 4);
    cache.delete("bad");
    expect(cache.stats().listenerErrors).toBe(1);
    expect(trouble).toHaveLength(1);
    unsubscribe(TROUBLE_CHANNEL, listen);
    cache.check();
  });

  it("bad input has a code and leaves the cache as it was", () => {
    for (const options of [
      { max: 0 },
      { max: 1.5 },
      { max: Number.NaN },
      { ttl: Number.NaN },
      { ttl: -1 },
      { maxSize: -1 },
      { ttlByType: { file: Number.NaN } },
      { seed: 0.5 },
      { loadTimeoutMillis: 0 },
      { max: "7" as unknown as number },
    ]) {
      expect(() => new SmartCache(options), JSON.stringify(options)).toThrow(code("INVALID_INPUT"));
    }
    expect(() => new SmartCache({ policy: "magic" })).toThrow(code("UNKNOWN_POLICY"));
    const { cache } = make<unknown>({ maxSize: 1_000, sizeCalculation: () => 1 });
    cache.set("a", 1);
    expect(() => cache.set("a", 2, { ttl: Number.NaN })).toThrow(code("INVALID_INPUT"));
    expect(() => cache.set("a", 2, { priority: 200 })).toThrow(code("INVALID_INPUT"));
    expect(() => cache.set("a", 2, { size: Number.NaN })).toThrow(code("INVALID_CACHE_ENTRY"));
    expect(() => cache.set("a", 2, { size: -3 })).toThrow(code("INVALID_CACHE_ENTRY"));
    expect(() => cache.set("x".repeat(1_048_577), 2)).toThrow(code("INVALID_CACHE_ENTRY"));
    expect(() => cache.set(7 as unknown as string, 2)).toThrow(code("INVALID_CACHE_ENTRY"));
    expect([cache.get("a"), cache.size]).toEqual([1, 1]);
    const long = "y".repeat(1_048_576);
    cache.set(long, 3);
    expect(cache.get(long)).toBe(3);
    cache.check();
  });

  it("values of every kind come back as they are, undefined excepted", () => {
    const { cache } = make<unknown>();
    for (const value of [null, 0, "", false, Number.NaN, () => 1, Symbol("s"), new Map(), 10n]) {
      cache.set("k", value);
      expect(cache.get("k")).toBe(value);
    }
  });
});

describe("SmartCache, speculation and pressure", () => {
  it("C09: prefetched entries are no demand, and no hits until they are asked for", () => {
    const { cache } = make();
    const told: string[] = [];
    const stop = cache.onDemand((context, key, outcome, isFirstUse) =>
      told.push(`${context}/${key} ${outcome} ${isFirstUse}`),
    );
    expect(cache.insertSpeculative("p", 1)).toBe(true);
    expect(cache.insertSpeculative("p", 2)).toBe(false);
    expect(cache.stats()).toMatchObject({ requests: 0, hits: 0, prefetched: { inserted: 1, used: 0, held: 1 } });
    expect([cache.peek("p"), cache.has("p"), told]).toEqual([1, true, []]);
    expect([cache.get("p"), cache.get("p"), cache.get("q", { context: "c" })]).toEqual([1, 1, undefined]);
    expect(told).toEqual(["/p hit true", "/p hit false", "c/q miss false"]);
    expect(cache.stats()).toMatchObject({ hits: 2, prefetched: { inserted: 1, used: 1, wasted: 0, held: 0 } });
    stop();
    cache.get("p");
    expect(told).toHaveLength(3);
  });

  it("P33: a prediction is protected for a while, then goes first; it takes a share of the room and no more", () => {
    const { cache, clock } = make({ max: 10, protectMillis: 100 });
    cache.insertSpeculative("p", 1);
    for (let i = 0; i < 50; i++) cache.set(`k${i}`, i);
    expect(cache.has("p")).toBe(true);
    clock.now += 101;
    cache.set("after", 1);
    expect([cache.has("p"), cache.size]).toEqual([false, 10]);
    for (let i = 0; i < 10; i++) cache.insertSpeculative(`p${i}`, i);
    expect(cache.stats().prefetched.held).toBe(2); // 0.2 of 10
    expect(cache.stats().prefetched.wasted).toBe(9);
    cache.check();
  });

  it("P34 P35: one score, lowest goes first, until enough is freed; what is pinned stays", () => {
    const { cache } = make<number>({ max: 20, maxSize: 100, sizeCalculation: (value) => value, ttl: 0 });
    cache.set("low", 10, { priority: -5 });
    cache.set("high", 10, { priority: 50 });
    cache.set("pin", 10, { isPinned: true });
    for (let i = 0; i < 6; i++) cache.set(`k${i}`, 10);
    cache.get("low"); // used last, and still the first to go
    cache.set("big", 35);
    const left = ["low", "high", "pin", "k0", "k1", "k2", "k3", "big"].map((key) => cache.has(key));
    expect(left).toEqual([false, true, true, false, false, true, true, true]);
    expect(cache.calculatedSize).toBe(95);
    for (let i = 0; i < 100; i++) cache.set(`more${i}`, 10);
    expect([cache.has("pin"), cache.has("high")]).toEqual([true, true]);
    cache.check();
  });

  it("all room pinned: newcomers are refused, pinned ones too, and nothing is lost", () => {
    const { cache } = make({ max: 2 });
    cache.set("a", 1, { isPinned: true });
    cache.set("b", 2, { isPinned: true });
    expect([cache.set("c", 3), cache.set("d", 4, { isPinned: true })]).toEqual([false, false]);
    expect([cache.get("a"), cache.get("b"), cache.size]).toEqual([1, 2, 2]);
    cache.set("a", 5); // no longer pinned
    expect(cache.set("c", 3)).toBe(true);
    expect([cache.has("a"), cache.has("b"), cache.has("c")]).toEqual([false, true, true]);
    cache.check();
  });

  it("K19: as a tenant of memory: sheds speculation first, then what is coldest, and holds to its budget", () => {
    const { cache } = make<number>({ maxSize: 1_000, sizeCalculation: () => 10, ttl: 0 });
    for (let i = 0; i < 50; i++) cache.set(`k${i}`, i);
    cache.get("k0");
    cache.insertSpeculative("p", 1);
    cache.set("pin", 1, { isPinned: true });
    expect(cache.countBytes()).toBe(510);
    expect(cache.shed(25)).toBe(30);
    expect(["p", "k0", "k1", "k2", "k3"].map((key) => cache.has(key))).toEqual([false, true, false, false, true]);
    expect(cache.shed(0)).toBe(0);
    cache.setBudgetRatio(0.2);
    expect(cache.calculatedSize).toBe(200);
    cache.set("new", 1);
    expect([cache.calculatedSize, cache.has("new")]).toEqual([200, true]);
    cache.setBudgetRatio(0);
    expect([cache.size, cache.has("pin"), cache.set("x", 1)]).toEqual([1, true, false]);
    expect(cache.stats().refused.pressure).toBe(1);
    cache.setBudgetRatio(1);
    expect(cache.set("x", 1)).toBe(true);
    expect(cache.shed(1e9)).toBe(10);
    expect(() => cache.setBudgetRatio(Number.NaN)).toThrow(code("INVALID_INPUT"));
    cache.setPrefetchPrice(3);
    expect(cache.prefetchPrice).toBe(3);
    cache.check();
  });

  it("bytes are estimated where sizes are not kept", () => {
    const { cache } = make<string>({ max: 1_000 });
    for (let i = 0; i < 100; i++) cache.set(`k${i}`, "x".repeat(1_000));
    expect(cache.countBytes()).toBe(100 * (16 + 2_000));
    const freed = cache.shed(10_000);
    expect(freed).toBeGreaterThanOrEqual(10_000);
    expect(cache.size).toBe(95);
  });
});

describe("SmartCache, events and statistics", () => {
  it("C34: tells requests and removals on diagnostics channels, with names", () => {
    const told: unknown[] = [];
    const listen = (message: unknown) => told.push(message);
    subscribe(GET_CHANNEL, listen);
    subscribe(REMOVE_CHANNEL, listen);
    const { cache } = make({ max: 1, name: "mine" });
    cache.get("a");
    cache.set("a", 1, { context: "c" });
    cache.get("a", { context: "c" });
    cache.set("b", 2);
    unsubscribe(GET_CHANNEL, listen);
    unsubscribe(REMOVE_CHANNEL, listen);
    cache.get("b");
    expect(told).toEqual([
      { cache: "mine", context: "", key: "a", outcome: "miss" },
      { cache: "mine", context: "c", key: "a", outcome: "hit" },
      { cache: "mine", context: "c", key: "a", reason: "policy" },
    ]);
  });

  it("C34: statistics by reason add up", () => {
    const { cache, clock } = make({ max: 3, ttl: 100 });
    for (const key of ["a", "b", "c", "d"]) cache.set(key, 1);
    cache.set("d", 2);
    cache.get("a");
    cache.get("b");
    cache.delete("b");
    clock.now += 100;
    cache.get("c");
    cache.set("e", 1);
    cache.clear();
    const stats = cache.stats();
    expect(stats).toMatchObject({
      requests: 3,
      hits: 1,
      misses: 2,
      missesByReason: { absent: 1, expired: 1 },
      hitRatio: 1 / 3,
      insertions: 5,
      replacements: 1,
      removed: { policy: 1, deleted: 1, replaced: 1, cleared: 1, ttl: 2 },
    });
  });
});
