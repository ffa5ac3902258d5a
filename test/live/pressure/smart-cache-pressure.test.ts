// An example of the whole: a SmartCache under a scripted source shrinks before the memory runs out, what was loaded on speculation
// first, and grows again (K19, P28).

import { describe, expect, it } from "vitest";
import type { PressureSource } from "../../../core/pressure.ts";
import { attachPressure } from "../../../live/pressure/attach.ts";
import { SmartCache } from "../../../live/smart-cache.ts";

describe("a SmartCache under a scripted source", () => {
  it("K19, P28: gives back ahead of the peak, holds no more than its budget, and fills up again", () => {
    let now = 0;
    const cache = new SmartCache<string>({
      maxSize: 100_000,
      sizeCalculation: (value) => value.length,
      nowMillis: () => now,
    });
    /** Of 200,000 bytes the rest of the program holds 60,000, at the peak 170,000; the forecast says so 5 s before. */
    const restAt = (millis: number) => (millis >= 20_000 && millis < 30_000 ? 170_000 : 60_000);
    const ratioAt = (millis: number) => (restAt(millis) + cache.countBytes()) / 200_000;
    const source: PressureSource = {
      id: "script",
      read: () => ({
        atMillis: now,
        usedBytes: restAt(now) + cache.countBytes(),
        limitBytes: 200_000,
        pressureRatio: ratioAt(now),
        forecastRatio: ratioAt(now + 5000),
        upperRatio: ratioAt(now + 5000),
        confidence: 0.9,
        horizonMillis: 5000,
      }),
    };
    const timers = { setInterval: () => ({}), clearInterval() {} };
    const { governor, link, tick, close } = attachPressure({ tenants: [cache], source, clock: () => now, timers });
    const heldAt = new Map<number, number>();
    let next = 0;
    for (; now <= 90_000; now += 500) {
      tick();
      heldAt.set(now, cache.countBytes());
      expect(restAt(now) + cache.countBytes(), `at ${now} ms`).toBeLessThanOrEqual(200_000);
      expect(cache.countBytes()).toBeLessThanOrEqual(governor.budgetRatio * 100_000);
      for (let k = 0; k < 20; k++) cache.set(`key ${next++}`, "x".repeat(250));
    }
    expect(heldAt.get(14_500)).toBeGreaterThan(80_000);
    expect(heldAt.get(19_500)).toBeLessThan(30_000); // the peak is still to come
    expect(link.shedBytes).toBeGreaterThan(0);
    expect(link.tenantErrors).toBe(0);
    expect(heldAt.get(90_000)).toBeGreaterThan(80_000);
    close();
  });
});
