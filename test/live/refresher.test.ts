// Background refresh and warm-up on clocks of the test's own.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SmartCache } from "../../live/smart-cache.ts";
import { warmUp } from "../../live/warm-up.ts";

describe("background refresh", () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000_000;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => vi.useRealTimers());

  /** Lets time pass, timers and what they start included. */
  async function pass(millis: number): Promise<void> {
    for (let left = millis; left > 0; left -= 1000) {
      now += Math.min(1000, left);
      await vi.advanceTimersByTimeAsync(Math.min(1000, left));
    }
  }

  function cacheOf(load: (key: string) => string, ttl = 100_000): SmartCache<string> {
    const cache = new SmartCache<string>({ ttl, refresh: true, nowMillis: () => now, earlyRefreshBeta: 0 });
    cache.registerLoader("", (key) => load(key));
    return cache;
  }

  it("C17: renewed at 0.8 of the time to live, by the registered loader, and no request ever misses", async () => {
    let loads = 0;
    const cache = cacheOf((key) => `${key} ${++loads}`);
    await cache.initialize();
    await cache.getOrSet("a");
    expect(loads).toBe(1);
    await pass(79_000);
    expect(loads).toBe(1);
    await pass(62_000); // a tick is at most 60 s away
    expect(loads).toBe(2);
    for (let i = 0; i < 600; i++) {
      await pass(1000);
      expect(cache.get("a")).toBeDefined();
    }
    expect(loads).toBeGreaterThanOrEqual(7);
    expect(loads).toBeLessThanOrEqual(10);
    expect(cache.stats().misses).toBe(1);
    expect(cache.stats().refreshes).toEqual({ refreshed: loads - 1, failed: 0 });
    await cache.shutdown();
    const before = loads;
    await pass(200_000);
    expect(loads).toBe(before);
  });

  it("C17: while loading and where it fails the old value stays, and a failing key is tried again later and later", async () => {
    let attempts = 0;
    let isBroken = false;
    let release: (() => void) | undefined;
    const refresh = { tickMillis: 1000 };
    const cache = new SmartCache<string>({
      ttl: 1_000_000,
      refresh,
      nowMillis: () => now,
      loadTimeoutMillis: Infinity,
    });
    cache.registerLoader("", async (_key) => {
      attempts++;
      if (isBroken) throw new Error("broken");
      if (attempts > 1) await new Promise<void>((resolve) => (release = resolve));
      return `value ${attempts}`;
    });
    await cache.initialize();
    await cache.getOrSet("a");
    isBroken = true;
    await pass(801_000);
    const early = attempts;
    expect(early).toBeGreaterThan(1);
    await pass(60_000);
    expect(cache.get("a")).toBe("value 1");
    expect(attempts - early).toBeLessThanOrEqual(7); // after 2, 4, 8, 16, 32 seconds
    expect(cache.stats().refreshes.failed).toBe(attempts - 1);
    isBroken = false;
    await pass(70_000);
    expect(release).toBeDefined();
    expect(cache.get("a")).toBe("value 1"); // still loading
    release?.();
    await pass(1000);
    expect(cache.get("a")).toMatch(/^value [2-9]|^value 1\d/);
    await cache.shutdown();
  });

  it("refresh() renews what is due, or the keys given; what nothing loads is left alone", async () => {
    let loads = 0;
    const cache = new SmartCache<string>({ ttl: 100_000, refresh: { ratio: 0.5 }, nowMillis: () => now });
    cache.registerLoader("db:", () => `row ${++loads}`);
    await cache.getOrSet("db:1");
    cache.set("plain", "x");
    cache.set("db:for ever", "y", { ttl: 0 });
    cache.set("db:pinned", "z", { isPinned: true });
    expect(await cache.refresh()).toEqual({ refreshed: 0, failed: 0, postponed: 0 });
    now += 60_000;
    expect(await cache.refresh()).toEqual({ refreshed: 2, failed: 0, postponed: 0 });
    expect(cache.peek("db:1")).not.toBe("row 1");
    expect(cache.peek("plain")).toBe("x");
    expect(await cache.refresh(["db:1", "plain"])).toEqual({ refreshed: 1, failed: 1, postponed: 0 });
    expect(cache.stats().requests).toBe(1);
    cache.check();
  });
});

describe("warm-up", () => {
  it("C04: a few at a time, in order, with everything counted", async () => {
    let [running, most] = [0, 0];
    const done: string[] = [];
    const host = {
      has: (key: string) => key === "there",
      isPressed: () => false,
      load: async (key: string) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        done.push(key);
        return key !== "bad";
      },
    };
    const keys = ["a", "there", "b", "bad", "c", "d"];
    expect(await warmUp(host, keys, { concurrency: 2 })).toEqual({ loaded: 4, present: 1, failed: 1, skipped: 0 });
    expect(most).toBe(2);
    expect(done[0]).toBe("a");
    expect(await warmUp(host, [])).toEqual({ loaded: 0, present: 0, failed: 0, skipped: 0 });
  });

  it("waits while memory is short, goes on when it is free, gives up when its patience ends", async () => {
    let looks = 0;
    const host = { has: () => false, isPressed: () => looks++ < 3, load: () => Promise.resolve(true) };
    expect(await warmUp(host, ["a", "b"], { concurrency: 1, pauseMillis: 1 })).toMatchObject({ loaded: 2, skipped: 0 });
    expect(looks).toBeGreaterThan(3);
    const short = { ...host, isPressed: () => true };
    expect(await warmUp(short, ["a", "b"], { pauseMillis: 1, patienceMillis: 3 })).toMatchObject({
      loaded: 0,
      skipped: 2,
    });
    const controller = new AbortController();
    const stop = async () => {
      controller.abort();
      return true;
    };
    const ended = { ...host, isPressed: () => false, load: () => stop() };
    expect(await warmUp(ended, ["a", "b", "c"], { concurrency: 1, signal: controller.signal })).toMatchObject({
      loaded: 1,
      skipped: 2,
    });
  });
});
