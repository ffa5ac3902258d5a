// S20, S22: lists in this process, within a limit of bytes, given back under pressure.

import { describe, expect, it } from "vitest";
import { PressureGovernor } from "../../../cache/pressure-governor.ts";
import type { PressureReading } from "../../../core/pressure.ts";
import { attachPressure } from "../../../live/pressure/attach.ts";
import { EmbeddedPreloadCache } from "../../../service/cache/embedded.ts";
import { entryBytes } from "../../../service/cache/entry-bytes.ts";
import { userKey } from "../../../service/cache/preload-cache.ts";
import { describeCache } from "./contract.ts";

let now = 0;
const nowMillis = () => now;

for (const policy of ["adaptive", "lru"]) {
  describeCache(`embedded, ${policy}`, {
    open: async () => new EmbeddedPreloadCache({ policy, nowMillis }),
    advance: async (millis) => {
      now += millis;
    },
    check: (cache) => (cache as EmbeddedPreloadCache).check(),
  });
}

const listOf = (user: number, length = 1_000) => ({
  key: userKey(`user-${user}`, "recent"),
  value: "x".repeat(length),
  ttlSeconds: 100,
});

describe("embedded", () => {
  it.each(["adaptive", "lru"])("S20: never holds more bytes than its limit (%s)", async (policy) => {
    const cache = new EmbeddedPreloadCache({ limitBytes: 20_000, policy, nowMillis });
    for (let i = 0; i < 200; i++) {
      await cache.write([listOf(i, 100 + ((i * 37) % 2_000))]);
      expect(cache.usage().bytes).toBeLessThanOrEqual(20_000);
      cache.check();
    }
    expect(cache.usage().bytes).toBeGreaterThan(10_000);
  });

  it("does not hold what is larger than the whole, nor what it replaced", async () => {
    const cache = new EmbeddedPreloadCache({ limitBytes: 2_000, nowMillis });
    await cache.write([listOf(1), listOf(1, 5_000)]);
    expect(await cache.read([listOf(1).key])).toEqual([undefined]);
    expect(cache.usage()).toEqual({ keys: 0, bytes: 0 });
  });

  it("counts about what V8 takes: one byte a character of ASCII, two of others", () => {
    const bare = entryBytes("k", "");
    expect(entryBytes("k", "abc") - bare).toBe(3);
    expect(entryBytes("k", "äbc") - bare).toBe(6);
  });

  it("gives memory back when the process is short of it, and fills its limit again afterwards", async () => {
    const cache = new EmbeddedPreloadCache({ limitBytes: 100_000, policy: "lru", nowMillis });
    const entries = Array.from({ length: 80 }, (_, i) => listOf(i));
    await cache.write(entries);
    const full = cache.usage().bytes;
    let ratio = 0.2;
    let at = 0;
    const read = (): PressureReading => ({
      atMillis: at,
      usedBytes: ratio * 1_000_000,
      limitBytes: 1_000_000,
      pressureRatio: ratio,
      forecastRatio: Number.NaN,
      upperRatio: Number.NaN,
      confidence: 0,
      horizonMillis: 0,
    });
    const governor = new PressureGovernor();
    const timers = { setInterval: () => ({}), clearInterval: () => undefined };
    const attached = attachPressure({
      tenants: [cache],
      source: { id: "test", read },
      governor,
      clock: () => at,
      timers,
    });
    expect(cache.usage().bytes).toBe(full);
    ratio = 0.97;
    for (let i = 0; i < 40; i++) {
      at += 500;
      attached.tick();
      cache.check();
    }
    expect(cache.usage().bytes).toBeLessThan(full / 2);
    attached.close();
    await cache.write(entries);
    expect(cache.usage().bytes).toBe(full);
  });

  it("refuses options that make no sense", () => {
    for (const limitBytes of [0, 1.5, -1, Number.NaN, Infinity])
      expect(() => new EmbeddedPreloadCache({ limitBytes })).toThrow(
        expect.objectContaining({ code: "INVALID_INPUT" }),
      );
    expect(() => new EmbeddedPreloadCache({ policy: "opt" })).toThrow(
      expect.objectContaining({ code: "UNKNOWN_POLICY" }),
    );
  });
});
