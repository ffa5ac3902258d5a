// SmartCache: loads. One for all who miss at once, stale while it is renewed, stale where loading fails, early refreshes, aborts and
// timeouts, and nothing old that comes back after a set, a delete or a clear.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SmartCache } from "../../live/smart-cache.ts";
import type { LoadRequest, SmartCacheOptions } from "../../live/smart-cache-options.ts";

const code = (expected: string) => expect.objectContaining({ code: expected });

function make<V = string>(options: SmartCacheOptions<V> = {}) {
  const clock = { now: 1_000_000 };
  return { clock, cache: new SmartCache<V>({ policy: "lru", nowMillis: () => clock.now, ...options }) };
}

/** A loader whose answers are given by hand. */
function handLoader<V = string>() {
  const calls: {
    key: string;
    request: LoadRequest<V>;
    resolve: (value: V) => void;
    reject: (error: unknown) => void;
  }[] = [];
  const load = (key: string, request: LoadRequest<V>) =>
    new Promise<V>((resolve, reject) => calls.push({ key, request, resolve, reject }));
  return { calls, load };
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe("getOrSet", () => {
  it("C32: 100 misses at once are one load, and all get its value", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const waiting = Array.from({ length: 100 }, () => cache.getOrSet("k", load));
    expect(calls).toHaveLength(1);
    calls[0]?.resolve("v");
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["v"]));
    expect(cache.get("k")).toBe("v");
    expect(cache.stats()).toMatchObject({ misses: 100, loads: { started: 1, coalesced: 99, inFlight: 0 } });
    expect(await cache.getOrSet("k", load)).toBe("v");
    expect(calls).toHaveLength(1);
    cache.check();
  });

  it("contexts and keys load apart", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const all = [
      cache.getOrSet("k", load, { context: "a" }),
      cache.getOrSet("k", load, { context: "b" }),
      cache.getOrSet("k", load),
      cache.getOrSet("j", load),
    ];
    expect(calls.map((call) => [call.request.context, call.key])).toEqual([
      ["a", "k"],
      ["b", "k"],
      ["", "k"],
      ["", "j"],
    ]);
    for (const [i, call] of calls.entries()) call.resolve(`v${i}`);
    expect(await Promise.all(all)).toEqual(["v0", "v1", "v2", "v3"]);
    expect(cache.get("k", { context: "b" })).toBe("v1");
  });

  it("a failure reaches all who wait, with its cause, and is not kept", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const waiting = [cache.getOrSet("k", load), cache.getOrSet("k", load), cache.getOrSet("k", load)];
    const cause = new Error("boo");
    calls[0]?.reject(cause);
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "LOAD_FAILED", cause } });
    }
    const thrown = cache.getOrSet("k", () => {
      throw cause;
    });
    await expect(thrown).rejects.toMatchObject({ code: "LOAD_FAILED", cause });
    expect(cache.size).toBe(0);
    expect(await cache.getOrSet("k", () => "fine")).toBe("fine");
    expect(cache.stats().loads).toMatchObject({ started: 3, failed: 2 });
  });

  it("what depends on the value: times, tags and sizes; undefined is handed out and not kept", async () => {
    const { cache, clock } = make<string>({ maxSize: 100 });
    await cache.getOrSet("k", () => "12345", {
      ttl: (value) => value.length,
      tags: (value, key) => [key + value],
      size: (value) => value.length,
    });
    expect([cache.getRemainingTTL("k"), cache.calculatedSize]).toEqual([5, 5]);
    expect(cache.deleteTag("k12345")).toBe(1);
    const never = cache.getOrSet("u", () => undefined as unknown as string);
    expect(await never).toBeUndefined();
    expect(cache.size).toBe(0);
    const wrong = cache.getOrSet("k", () => "x", { ttl: () => Number.NaN });
    await expect(wrong).rejects.toEqual(code("INVALID_INPUT"));
    await expect(cache.getOrSet("k", () => "x", { ttl: Number.NaN })).rejects.toEqual(code("INVALID_INPUT"));
    await expect(cache.getOrSet("k")).rejects.toEqual(code("INVALID_INPUT"));
    expect(await cache.getOrSet("big", () => "x".repeat(500))).toHaveLength(500);
    expect([cache.has("big"), clock.now]).toEqual([false, 1_000_000]);
  });

  it("registered loaders: the latest that matches", async () => {
    const { cache } = make();
    cache.registerLoader("", (key) => `any ${key}`);
    const remove = cache.registerLoader(/^f\d/g, (key, { context }) => `file ${key} ${context}`, { type: "file" });
    expect(await cache.getOrSet("f1", undefined, { context: "c" })).toBe("file f1 c");
    expect(await cache.getOrSet("f2")).toBe("file f2 ");
    expect(cache.getRemainingTTL("f2")).toBe(600_000);
    remove();
    expect(await cache.getOrSet("f3")).toBe("any f3");
    expect(cache.canLoad("x")).toBe(true);
  });

  it("forceRefresh loads although there is a value, and a failure keeps it", async () => {
    const { cache } = make();
    cache.set("k", "old");
    const failing = cache.getOrSet("k", () => Promise.reject(new Error("no")), { forceRefresh: true });
    await expect(failing).rejects.toEqual(code("LOAD_FAILED"));
    expect(cache.get("k")).toBe("old");
    const seen: unknown[] = [];
    const load = (_: string, { staleValue }: LoadRequest<string>) => {
      seen.push(staleValue);
      return "new";
    };
    expect(await cache.getOrSet("k", load, { forceRefresh: true })).toBe("new");
    expect([cache.get("k"), seen]).toEqual(["new", ["old"]]);
  });
});

describe("stale values", () => {
  it("C17: are served while one load renews them; a failure keeps them to the end of their window", async () => {
    const { cache, clock } = make({ ttl: 100, staleWhileRevalidateMillis: 50 });
    const { calls, load } = handLoader();
    cache.set("k", "old");
    clock.now += 100;
    expect(await Promise.all([cache.getOrSet("k", load), cache.getOrSet("k", load)])).toEqual(["old", "old"]);
    expect(calls).toHaveLength(1);
    calls[0]?.reject(new Error("no"));
    await settle();
    expect(await cache.getOrSet("k", load)).toBe("old");
    expect(calls).toHaveLength(2);
    calls[1]?.resolve("new");
    await settle();
    expect([cache.get("k"), cache.stats().staleHits]).toEqual(["new", 3]);
    clock.now += 150;
    const waiting = cache.getOrSet("k", load);
    expect(calls).toHaveLength(3);
    calls[2]?.resolve("newer");
    expect(await waiting).toBe("newer");
    cache.check();
  });

  it("are served where loading fails, and only for so long", async () => {
    const { cache, clock } = make({ ttl: 100, staleIfErrorMillis: 1_000 });
    cache.set("k", "old");
    clock.now += 500;
    const fail = () => Promise.reject(new Error("no"));
    expect(await cache.getOrSet("k", fail)).toBe("old");
    expect([cache.get("k"), cache.stats().loads.staleIfError]).toEqual([undefined, 1]);
    await expect(cache.getOrSet("k", fail, { staleIfErrorMillis: 0 })).rejects.toEqual(code("LOAD_FAILED"));
    expect(await cache.getOrSet("k", () => "new")).toBe("new");
    clock.now += 1_100;
    await expect(cache.getOrSet("k", fail)).rejects.toEqual(code("LOAD_FAILED"));
    cache.check();
  });

  it("early refreshes: never without a load time, rarely long before, surely at the end; the seed decides", async () => {
    const refreshesAt = async (left: number, seed: number) => {
      const { cache, clock } = make({ ttl: 10_000, seed });
      let loads = 0;
      const load = () => {
        loads++;
        clock.now += 100; // what loading takes
        return "v";
      };
      await cache.getOrSet("k", load);
      clock.now += cache.getRemainingTTL("k") - left;
      for (let i = 0; i < 100 && loads === 1; i++) await cache.getOrSet("k", load);
      return loads - 1;
    };
    const counts = { far: 0, near: 0 };
    for (let seed = 1; seed <= 50; seed++) {
      counts.far += await refreshesAt(1_200, seed); // 100 draws of e^−12
      counts.near += await refreshesAt(1, seed);
    }
    expect(counts.far).toBeLessThanOrEqual(2);
    expect(counts.near).toBe(50);
    expect(await refreshesAt(300, 5)).toBe(await refreshesAt(300, 5));
    const { cache, clock } = make({ ttl: 100 });
    cache.set("k", "set by hand");
    clock.now += 99;
    await cache.getOrSet("k", () => "never");
    expect(cache.get("k")).toBe("set by hand");
  });

  it("C17: refreshKey keeps the old value until the new one is there, counts as no demand and moves nothing", async () => {
    const { cache } = make<string>({ max: 2 });
    let answer: () => string = () => "new";
    cache.registerLoader("", () => answer());
    cache.set("a", "old");
    cache.set("b", "b");
    expect([await cache.refreshKey("a"), cache.peek("a"), cache.stats().requests]).toEqual([true, "new", 0]);
    expect(cache.keys()).toEqual(["a", "b"]);
    answer = () => {
      throw new Error("no");
    };
    expect([await cache.refreshKey("a"), cache.peek("a")]).toEqual([false, "new"]);
    expect(cache.stats().loads).toMatchObject({ started: 2, failed: 1 });
  });

  it("C09: loadSpeculative is no demand; who asks meanwhile joins it and makes it one", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    expect(await cache.loadSpeculative("a")).toBe(false);
    cache.registerLoader("", load);
    const [first, second] = [cache.loadSpeculative("a"), cache.loadSpeculative("b")];
    const waiting = cache.getOrSet("b");
    for (const call of calls) call.resolve(call.key.toUpperCase());
    expect([await first, await second, await waiting]).toEqual([true, true, "B"]);
    expect(cache.stats()).toMatchObject({ requests: 1, prefetched: { inserted: 1, held: 1 } });
    expect(await cache.loadSpeculative("a")).toBe(false);
    cache.check();
  });
});

describe("what happens while something is loaded", () => {
  const acts: Record<string, (cache: SmartCache<string>) => unknown> = {
    set: (cache) => cache.set("k", "set"),
    delete: (cache) => cache.delete("k"),
    clear: (cache) => cache.clear(),
    "clear of its context": (cache) => cache.clear({ context: "" }),
    "a deleted tag": (cache) => cache.deleteTag("t"),
    "a tag deleted in its context": (cache) => cache.deleteTag("t", { context: "" }),
  };
  for (const [name, act] of Object.entries(acts)) {
    it(`C32: ${name} is not undone by the load`, async () => {
      const { cache } = make();
      const { calls, load } = handLoader();
      const waiting = cache.getOrSet("k", load, { tags: () => ["t"] });
      act(cache);
      calls[0]?.resolve("old");
      expect(await waiting).toBe("old");
      expect(cache.peek("k")).toBe(name === "set" ? "set" : undefined);
      // Nothing of it stays behind: the next load is kept.
      cache.delete("k");
      const again = cache.getOrSet("k", load, { tags: ["t"] });
      calls[1]?.resolve("new");
      expect([await again, cache.peek("k")]).toEqual(["new", "new"]);
    });
  }

  it("other keys, tags and contexts leave it alone", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const waiting = cache.getOrSet("k", load, { tags: ["t"], context: "c" });
    cache.set("k", "other");
    cache.delete("k");
    cache.deleteTag("u");
    cache.deleteTag("t", { context: "d" });
    cache.clear({ context: "d" });
    calls[0]?.resolve("v");
    await waiting;
    expect(cache.peek("k", { context: "c" })).toBe("v");
  });

  it("who asks after a delete gets a load of its own", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const before = cache.getOrSet("k", load);
    cache.delete("k");
    const after = cache.getOrSet("k", load);
    expect(calls).toHaveLength(2);
    calls[1]?.resolve("new");
    expect(await after).toBe("new");
    calls[0]?.resolve("old");
    expect([await before, cache.peek("k")]).toEqual(["old", "new"]);
  });

  it("a listener, a loader and a size that use the cache do no harm", async () => {
    const { cache } = make<string>({
      maxSize: 100,
      sizeCalculation: (value, key) => {
        if (key === "outer") cache.set("inner", "12", { ttl: 7, priority: 3 });
        return value.length;
      },
    });
    cache.set("outer", "1234");
    expect([cache.getRemainingTTL("outer"), cache.getRemainingTTL("inner"), cache.calculatedSize]).toEqual([
      300_000, 7, 6,
    ]);
    const value = await cache.getOrSet("a", () => cache.getOrSet("b", () => "deep"));
    expect([value, cache.get("a"), cache.get("b")]).toEqual(["deep", "deep", "deep"]);
    cache.check();
  });
});

describe("giving up", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("one who gives up leaves the others; when the last one does the load is aborted", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const [a, b] = [new AbortController(), new AbortController()];
    const first = cache.getOrSet("k", load, { signal: a.signal });
    const second = cache.getOrSet("k", load, { signal: b.signal });
    a.abort(new Error("bored"));
    await expect(first).rejects.toThrow("bored");
    expect(calls[0]?.request.signal.aborted).toBe(false);
    b.abort();
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    expect(calls[0]?.request.signal.aborted).toBe(true);
    // Who comes now does not join what was aborted.
    const third = cache.getOrSet("k", load);
    expect(calls).toHaveLength(2);
    calls[0]?.resolve("late");
    calls[1]?.resolve("v");
    expect([await third, cache.get("k")]).toEqual(["v", "v"]);
    const signal = AbortSignal.abort(new Error("before"));
    await expect(cache.getOrSet("k", load, { signal })).rejects.toThrow("before");
    await settle();
    expect(cache.stats().loads.inFlight).toBe(0);
  });

  it("a loader that takes too long fails by LOAD_FAILED, is told, and what it gives later is not kept", async () => {
    const { cache } = make({ loadTimeoutMillis: 100 });
    const { calls, load } = handLoader();
    const waiting = cache.getOrSet("k", load);
    const expected = expect(waiting).rejects.toMatchObject({ code: "LOAD_FAILED", details: { reason: "timeout" } });
    await vi.advanceTimersByTimeAsync(100);
    await expected;
    expect(calls[0]?.request.signal.aborted).toBe(true);
    calls[0]?.resolve("late");
    await settle();
    expect([cache.size, cache.stats().loads.timedOut, vi.getTimerCount()]).toEqual([0, 1, 0]);
    const long = cache.getOrSet("k", load, { loadTimeoutMillis: 1e12 });
    await vi.advanceTimersByTimeAsync(1_000);
    calls[1]?.resolve("v");
    expect(await long).toBe("v");
  });

  it("C18: shutdown waits for loads, then aborts; afterwards nothing new goes in and what is there can be read", async () => {
    const { cache } = make();
    const { calls, load } = handLoader();
    const [ends, hangs] = [cache.getOrSet("ends", load), cache.getOrSet("hangs", load)];
    const failed = expect(hangs).rejects.toMatchObject({ code: "LOAD_FAILED", details: { reason: "shutdown" } });
    const closing = cache.shutdown({ graceMillis: 1_000 });
    expect(cache.shutdown()).toBe(closing);
    calls[0]?.resolve("v");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await closing).toEqual({ abortedLoads: 1, isFlushed: true });
    await failed;
    expect([await ends, cache.get("ends")]).toEqual(["v", "v"]);
    expect(() => cache.set("a", "b")).toThrow(code("INVALID_INPUT"));
    await expect(cache.getOrSet("a", () => "b")).rejects.toEqual(code("INVALID_INPUT"));
    expect(await cache.refreshKey("a")).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
