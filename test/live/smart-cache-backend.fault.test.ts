// SmartCache over a second level: what is there is found, one load among processes, writes in order, and every kind of failure, none of
// which reaches whoever asks. Rows C23, C24, C25, C32, C33.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TROUBLE_CHANNEL } from "../../live/cache-events.ts";
import { jsonCodec } from "../../live/codec.ts";
import { SmartCache } from "../../live/smart-cache.ts";
import type { SmartCacheOptions } from "../../live/smart-cache-options.ts";
import { FakeBackend } from "./fake-backend.ts";

const code = (expected: string) => expect.objectContaining({ code: expected });

function make<V = unknown>(options: SmartCacheOptions<V> = {}, backend = new FakeBackend()) {
  const clock = { now: 1_000_000 };
  backend.now = () => clock.now;
  const one = () => new SmartCache<V>({ policy: "lru", nowMillis: () => clock.now, backend, ...options });
  return { clock, backend, one, cache: one() };
}

describe("second level", () => {
  it("C23: what one process set another finds, with its times, tags and contexts", async () => {
    const { cache, one, clock } = make();
    const value = { list: new Float32Array([1, 2]), when: new Date(5), big: 7n, map: new Map([["a", 1]]) };
    cache.set("k", value, { tags: ["t"], ttl: 1_000, staleIfErrorMillis: 500 });
    for (const key of ["__proto__", "\u0000", "", "\ud800", "k".repeat(1_000)]) cache.set(key, key, { context: 'c"' });
    await cache.flush();
    const other = one();
    expect(await other.getAsync("k")).toEqual(value);
    expect([other.getRemainingTTL("k"), other.stats().backend?.hits]).toEqual([1_000, 1]);
    const loader = () => "loaded";
    expect(await other.getOrSet("k", loader)).toEqual(value);
    for (const key of ["__proto__", "\u0000", "", "\ud800", "k".repeat(1_000)]) {
      expect(await other.getOrSet(key, loader, { context: 'c"' })).toBe(key);
      expect(await other.getAsync(key)).toBeUndefined();
    }
    expect(other.deleteTag("t")).toBe(1);
    await other.flush();
    expect(await one().getAsync("k")).toBeUndefined();
    clock.now += 1e9;
    expect(await one().getOrSet("__proto__", loader, { context: 'c"' })).toBe("loaded");
  });

  it("writes of one key keep their order, and only the last is made", async () => {
    const { cache, backend, one } = make();
    backend.delay = 2;
    for (let i = 0; i < 10; i++) cache.set("k", i);
    cache.delete("k");
    cache.set("k", "last");
    cache.set("gone", 1);
    cache.delete("gone");
    await cache.flush();
    expect(backend.calls).toEqual(["setMany k", "delete gone"]);
    expect(await one().getAsync("k")).toBe("last");
    cache.set("a", 1, { tags: ["t"] });
    cache.deleteTag("t");
    cache.set("b", 2, { tags: ["t"] });
    cache.set("c", 3, { context: "c" });
    cache.clear({ context: "c" });
    await cache.flush();
    expect([...backend.entries.keys()].sort()).toEqual(["b", "k"]);
    cache.clear();
    await cache.flush();
    expect(backend.entries.size).toBe(0);
  });

  it("what waits to be written is found, and what waits to be deleted is not", async () => {
    const { cache, backend } = make({ max: 1 });
    cache.set("k", 1);
    await cache.flush();
    backend.delay = 5;
    cache.set("k", 2);
    cache.set("other", 1); // k leaves the memory
    expect(await cache.getOrSet("k", () => "loaded")).toBe(2);
    cache.delete("k");
    expect(await cache.getAsync("k")).toBeUndefined();
    expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
    await cache.flush();
    cache.check();
  });

  it("a value that cannot be written is refused with a code, and the old one stays", async () => {
    const { cache, backend } = make();
    cache.set("k", 1);
    expect(() => cache.set("k", () => 1)).toThrow(code("INVALID_CACHE_ENTRY"));
    await expect(cache.getOrSet("f", () => () => 1)).rejects.toEqual(code("INVALID_CACHE_ENTRY"));
    expect([cache.get("k"), cache.has("f")]).toEqual([1, false]);
    await cache.flush();
    expect([...backend.entries.keys()]).toEqual(["k"]);
    const json = make({ codec: jsonCodec });
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [Number.NaN, new Map(), new Date(), circle, [undefined], 1n, { f: () => 1 }]) {
      expect(() => json.cache.set("k", value)).toThrow(code("INVALID_CACHE_ENTRY"));
    }
    json.cache.set("k", { a: [1, "x", null, true] });
    expect(() => json.cache.set("x".repeat(1_048_576), 1, { context: "c" })).toThrow(code("INVALID_CACHE_ENTRY"));
    await json.cache.flush();
    expect(await json.one().getAsync("k")).toEqual({ a: [1, "x", null, true] });
  });

  it("a stale value of the second level is served while one load renews it", async () => {
    const { cache, one, clock } = make({ ttl: 100, staleWhileRevalidateMillis: 100 });
    cache.set("k", "old");
    await cache.flush();
    clock.now += 150;
    const other = one();
    expect(await other.getOrSet("k", () => "new")).toBe("old");
    await vi.waitFor(() => expect(other.get("k")).toBe("new"));
    await other.flush();
    expect(await one().getAsync("k")).toBe("new");
    other.check();
  });
});

describe("several processes", () => {
  it("C32: four with 25 misses each are one load", async () => {
    const { one, backend } = make();
    const caches = [one(), one(), one(), one()];
    let loads = 0;
    const load = async () => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return `v${loads}`;
    };
    const all = await Promise.all(
      caches.flatMap((cache) => Array.from({ length: 25 }, () => cache.getOrSet("k", load))),
    );
    expect([loads, new Set(all)]).toEqual([1, new Set(["v1"])]);
    await vi.waitFor(() => expect(backend.leases.size).toBe(0));
    for (const cache of caches) await cache.shutdown();
  });

  it("a failure frees the lease, so that another may try", async () => {
    const { one, backend } = make();
    const [a, b] = [one(), one()];
    const failing = a.getOrSet("k", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toEqual(code("LOAD_FAILED"));
    await vi.waitFor(() => expect(backend.leases.size).toBe(0));
    expect(await b.getOrSet("k", () => "v")).toBe("v");
  });

  it("a lease whose holder died is waited for so long and no longer", async () => {
    vi.useFakeTimers();
    const { cache, backend } = make({ leaseMillis: 500 });
    backend.leases.set("k", -1);
    const waiting = cache.getOrSet("k", () => "own");
    await vi.advanceTimersByTimeAsync(400);
    expect(cache.stats().loads).toMatchObject({ started: 0, leaseWaits: 1 });
    await vi.advanceTimersByTimeAsync(400);
    expect(await waiting).toBe("own");
    vi.useRealTimers();
  });

  it("who waits for another's lease can give up", async () => {
    const { cache, backend } = make();
    backend.leases.set("k", -1);
    const stop = new AbortController();
    const waiting = cache.getOrSet("k", () => "own", { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("bored")), 5);
    await expect(waiting).rejects.toThrow("bored");
    await vi.waitFor(() => expect(cache.stats().loads).toMatchObject({ inFlight: 0, started: 0 }));
  });
});

describe("C33: a backend that fails", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("costs no answer: memory and loaders go on, and it is counted and told", async () => {
    const told: { what: string }[] = [];
    const listen = (message: unknown) => told.push(message as { what: string });
    subscribe(TROUBLE_CHANNEL, listen);
    const { cache, backend } = make();
    backend.isBroken = true;
    cache.set("a", 1);
    expect(await cache.getOrSet("a", () => 2)).toBe(1);
    expect(await cache.getOrSet("b", () => 2)).toBe(2);
    expect(await cache.getAsync("c")).toBeUndefined();
    await expect(cache.flush()).rejects.toEqual(code("BACKEND_UNAVAILABLE"));
    await cache.flush(); // told once
    unsubscribe(TROUBLE_CHANNEL, listen);
    expect(cache.stats().backend?.errors).toBeGreaterThanOrEqual(5);
    expect(new Set(told.map((one) => one.what))).toEqual(new Set(["backend read", "backend write", "backend lease"]));
    expect(await cache.shutdown()).toMatchObject({ abortedLoads: 0 });
  });

  it("nothing deleted comes back from it: deletions are tried again, and until then it is not read", async () => {
    const { cache, backend } = make({ max: 1 });
    cache.set("k", "old");
    cache.set("tagged", "old", { tags: ["t"] });
    await cache.flush();
    backend.isBroken = true;
    cache.delete("k");
    await cache.flush().catch(() => undefined);
    backend.isBroken = false;
    expect(await cache.getAsync("k")).toBeUndefined();
    expect(await cache.getAsync("tagged")).toBe("old");
    await vi.advanceTimersByTimeAsync(300);
    await cache.flush();
    expect([...backend.entries.keys()]).toEqual(["tagged"]);

    backend.isBroken = true;
    cache.deleteTag("t");
    await cache.flush().catch(() => undefined);
    backend.isBroken = false;
    expect(await cache.getAsync("tagged")).toBeUndefined();
    await vi.advanceTimersByTimeAsync(10_000);
    await cache.flush();
    expect(backend.entries.size).toBe(0);
    cache.set("k", "new");
    await cache.flush();
    cache.set("other", 1);
    expect(await cache.getAsync("k")).toBe("new");
    await cache.shutdown();
  });

  it("a replacement that could not be written hides the old value", async () => {
    const { cache, backend } = make({ max: 1 });
    cache.set("k", "old");
    await cache.flush();
    backend.isBroken = true;
    cache.set("k", "new");
    await cache.flush().catch(() => undefined);
    cache.set("other", 1);
    backend.isBroken = false;
    expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
    await cache.flush();
    await vi.advanceTimersByTimeAsync(300);
    await cache.flush();
    expect(backend.entries.has("k")).toBe(true);
    await cache.shutdown();
  });

  it("more writes than may wait are dropped, and their old values with them", async () => {
    const { cache, backend } = make({ maxPendingWrites: 3 });
    cache.set("k4", "old");
    await cache.flush();
    for (let i = 0; i < 6; i++) cache.set(`k${i}`, i);
    expect(cache.stats().backend?.writesPending).toBe(3);
    await cache.flush();
    await vi.advanceTimersByTimeAsync(300);
    await cache.flush();
    expect([...backend.entries.keys()].sort()).toEqual(["k0", "k1", "k2"]);
    expect(cache.stats().backend?.writesDropped).toBe(3);
    await cache.shutdown();
  });

  it("what it holds and cannot be read is a miss, and is deleted", async () => {
    const { cache, backend } = make();
    const entry = { storedAtMillis: 0, expiresAtMillis: Infinity, keepUntilMillis: Infinity, tags: [] };
    backend.entries.set("k", { ...entry, bytes: new Uint8Array([1, 2, 3]) });
    expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
    expect(cache.stats().backend?.undecodable).toBe(1);
    await cache.flush();
    expect(backend.entries.get("k")?.bytes.length).not.toBe(3);
    await cache.shutdown();
  });

  it("C18: shutdown writes what was set before it closes the backend", async () => {
    const { cache, backend } = make();
    backend.delay = 3;
    cache.set("k", 1);
    expect(await cache.shutdown()).toEqual({ abortedLoads: 0, isFlushed: true });
    expect([backend.entries.has("k"), backend.isClosed]).toEqual([true, true]);
    const broken = make();
    broken.cache.set("k", 1);
    broken.backend.isBroken = true;
    expect(await broken.cache.shutdown()).toEqual({ abortedLoads: 0, isFlushed: false });
  });

  it("a set, a delete or a clear while the second level answers is not undone by its answer", async () => {
    for (const act of ["set", "delete", "clear", "deleteTag"] as const) {
      const { cache, backend, one } = make();
      cache.set("k", "old", { tags: ["t"] });
      await cache.flush();
      backend.delay = 4;
      const other = one();
      const waiting = [other.getOrSet("k", () => "loaded"), other.getAsync("k")];
      if (act === "set") other.set("k", "set");
      else if (act === "delete") other.delete("k");
      else if (act === "clear") other.clear();
      else other.deleteTag("t");
      await Promise.all(waiting);
      // After the deletion of a tag the load itself is newer than it, and is kept.
      const expected = { set: "set", delete: undefined, clear: undefined, deleteTag: "loaded" }[act];
      expect([act, other.peek("k")]).toEqual([act, expected]);
      await other.shutdown();
    }
  });
});
