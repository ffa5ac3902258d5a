// Tenants in step with a source: an example of a cache that shrinks before memory runs out and grows again (K19, P28), and
// what happens when sources and tenants fail.

import { afterEach, describe, expect, it, vi } from "vitest";
import { PressureGovernor } from "../../../cache/pressure-governor.ts";
import { MempredError } from "../../../core/errors.ts";
import type { PressureReading, PressureSource, PressureTenant } from "../../../core/pressure.ts";
import { attachPressure } from "../../../live/pressure/attach.ts";
import type { MemoryLimit } from "../../../live/pressure/memory-limit.ts";
import { ProcessSource, processLimits } from "../../../live/pressure/process-source.ts";

/** A cache of so many bytes at most, entries of 100 bytes; what is speculative goes first. */
class FakeCache implements PressureTenant {
  readonly id: string;
  readonly limitBytes: number;
  heldBytes = 0;
  budget = 1;
  price = 0;
  largestBytes = 0;
  constructor(id: string, limitBytes: number) {
    this.id = id;
    this.limitBytes = limitBytes;
  }
  fill(bytes: number): void {
    this.heldBytes = Math.min(this.budget * this.limitBytes, this.heldBytes + bytes);
    this.largestBytes = Math.max(this.largestBytes, this.heldBytes);
  }
  countBytes(): number {
    return this.heldBytes;
  }
  shed(bytes: number): number {
    const given = Math.min(this.heldBytes, Math.ceil(bytes / 100) * 100);
    this.heldBytes -= given;
    return given;
  }
  setBudgetRatio(ratio: number): void {
    this.budget = ratio;
    this.heldBytes = Math.min(this.heldBytes, ratio * this.limitBytes);
  }
  setPrefetchPrice(price: number): void {
    this.price = price;
  }
}

/** Timers that run when told to. */
function handTimers() {
  let callback: (() => void) | null = null;
  let isUnrefed = false;
  return {
    timers: {
      setInterval(run: () => void) {
        callback = run;
        return {
          unref: () => {
            isUnrefed = true;
          },
        };
      },
      clearInterval() {
        callback = null;
      },
    },
    fire: () => callback?.(),
    get isRunning() {
      return callback !== null;
    },
    get isUnrefed() {
      return isUnrefed;
    },
  };
}

const limit = (id: string, read: () => { usedBytes: number; limitBytes: number }): MemoryLimit => ({ id, read });

describe("a cache under a process whose other memory comes and goes", () => {
  /** Of 10,000 bytes the rest of the process holds `rest(t)`, the cache what it has; it loads 400 bytes a round. */
  function run(isAttached: boolean, forecaster: string | null) {
    const cache = new FakeCache("cache", 5000);
    let now = 0;
    const rest = () => (now < 60_000 ? 2000 + (now / 60_000) * 6500 : Math.max(2000, 8500 - (now - 60_000) / 4));
    const figures = () => ({ usedBytes: rest() + cache.heldBytes, limitBytes: 10_000 });
    const clock = () => now;
    const hand = handTimers();
    const source = new ProcessSource({ limits: [limit("heap", figures)], forecaster, clock });
    const attached = isAttached ? attachPressure({ tenants: [cache], source, clock, timers: hand.timers }) : null;
    let overruns = 0;
    let highMillis = Infinity;
    attached?.governor.onChange(({ to, atMillis }) => {
      if (to === "HIGH") highMillis = Math.min(highMillis, atMillis);
    });
    let leastBytes = Infinity;
    for (; now <= 150_000; now += 500) {
      hand.fire();
      if (now > 20_000) leastBytes = Math.min(leastBytes, cache.heldBytes);
      cache.fill(400);
      if (rest() + cache.heldBytes > 10_000) overruns++;
    }
    return { cache, attached, overruns, highMillis, leastBytes, hand };
  }

  it("K19, P28: it shrinks before memory runs out, and grows again", () => {
    expect(run(false, null).overruns).toBeGreaterThan(50); // nobody told it
    const { cache, attached, overruns, highMillis, leastBytes, hand } = run(true, "damped-holt");
    expect(overruns).toBe(0);
    expect(leastBytes).toBeLessThan(2000);
    expect(cache.heldBytes).toBe(5000);
    expect([attached!.governor.level, cache.budget, cache.price]).toEqual(["LOW", 1, 0]);
    expect(attached!.link.shedBytes).toBeGreaterThan(0);
    expect(attached!.link.tenantErrors).toBe(0);
    // The forecast is ahead of the reading.
    expect(highMillis).toBeLessThan(run(true, null).highMillis);
    expect([hand.isRunning, hand.isUnrefed]).toEqual([true, true]);
    cache.setBudgetRatio(0.3);
    attached!.close();
    expect([hand.isRunning, cache.budget]).toEqual([false, 1]);
  });
});

describe("faults", () => {
  const calm = (pressureRatio: number, atMillis: number): PressureReading => ({
    atMillis,
    usedBytes: pressureRatio * 1000,
    limitBytes: 1000,
    pressureRatio,
    forecastRatio: Number.NaN,
    upperRatio: Number.NaN,
    confidence: 0,
    horizonMillis: 5000,
  });

  it("a source that throws: the last level for a stated time, then MEDIUM, counted; then it is back", () => {
    let now = 0;
    let isBroken = false;
    const source: PressureSource = {
      id: "script",
      read() {
        if (isBroken) throw new Error("gone");
        return calm(0.2, now);
      },
    };
    const cache = new FakeCache("cache", 1000);
    const governor = new PressureGovernor({ blindMillis: 2000 });
    const hand = handTimers();
    const attached = attachPressure({ tenants: [cache], source, governor, clock: () => now, timers: hand.timers });
    isBroken = true;
    const levels: string[] = [];
    for (now = 500; now <= 3000; now += 500) {
      hand.fire();
      levels.push(governor.level);
    }
    expect(levels).toEqual(["LOW", "LOW", "LOW", "MEDIUM", "MEDIUM", "MEDIUM"]);
    expect([cache.budget, cache.price]).toEqual([0.9, 1]);
    expect(governor.counts).toMatchObject({ failures: 6, blindSpells: 1 });
    isBroken = false;
    for (; now <= 9000; now += 500) attached.tick();
    expect([governor.level, cache.budget]).toEqual(["LOW", 1]);
  });

  it("a tenant that throws is counted, and the others still give what is wanted", () => {
    const broken: PressureTenant = {
      id: "broken",
      countBytes: () => 500,
      shed: () => {
        throw new Error("no");
      },
      setBudgetRatio: () => {
        throw new Error("no");
      },
      setPrefetchPrice() {},
    };
    const cache = new FakeCache("cache", 10_000);
    cache.heldBytes = 500;
    const source: PressureSource = { id: "script", read: () => calm(1, 0) };
    const { link, close } = attachPressure({
      tenants: [broken, cache],
      source,
      clock: () => 0,
      timers: handTimers().timers,
    });
    // Of 200 B over the target the broken one was to give a half; the other makes up for it.
    expect(link.shedBytes).toBe(200);
    expect(cache.heldBytes).toBe(300);
    expect(link.tenantErrors).toBeGreaterThanOrEqual(2);
    link.remove(cache);
    expect([link.tenants.length, cache.budget]).toEqual([1, 1]);
    link.remove(cache);
    close();
    expect(link.tenants.length).toBe(0);
  });
});

describe("the source of a process", () => {
  afterEach(() => vi.restoreAllMocks());

  it("the largest ratio binds; a limit that cannot be read is counted and passed over", () => {
    let isBroken = false;
    const source = new ProcessSource({
      limits: [
        limit("small", () => ({ usedBytes: 50, limitBytes: 100 })),
        limit("large", () => {
          if (isBroken) throw new Error("gone");
          return { usedBytes: 900, limitBytes: 1000 };
        }),
        limit("odd", () => ({ usedBytes: Number.NaN, limitBytes: 1000 })),
        limit("none", () => ({ usedBytes: 5, limitBytes: 0 })),
      ],
      forecaster: null,
      clock: () => 7,
    });
    expect(source.read()).toMatchObject({
      atMillis: 7,
      usedBytes: 900,
      limitBytes: 1000,
      pressureRatio: 0.9,
      confidence: 0,
    });
    expect([source.bindingLimit, source.limitErrors]).toEqual(["large", 2]);
    isBroken = true;
    expect(source.read()).toMatchObject({ pressureRatio: 0.5 });
    expect([source.bindingLimit, source.limitErrors]).toEqual(["small", 5]);
  });

  it("NOT_FOUND when nothing can be read; INVALID_INPUT for a forecaster that there is not", () => {
    const source = new ProcessSource({ limits: [], forecaster: null });
    const code = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        return (error as MempredError).code;
      }
      return null;
    };
    expect(code(() => source.read())).toBe("NOT_FOUND");
    expect(code(() => new ProcessSource({ forecaster: "tea leaves" }))).toBe("INVALID_INPUT");
    expect(new MempredError("NOT_FOUND", "x")).toBeInstanceOf(Error);
  });

  it("foresees a ramp: after a while the forecast is nearer to what comes than the present is, and is trusted", () => {
    let now = 0;
    const at = (millis: number) => Math.min(900, 200 + millis / 200);
    const source = new ProcessSource({
      limits: [limit("ramp", () => ({ usedBytes: at(now), limitBytes: 1000 }))],
      clock: () => now,
    });
    let better = 0;
    let scored = 0;
    let last = source.read();
    for (; now < 100_000; now += 250) {
      last = source.read();
      if (now < 30_000) continue;
      const later = at(now + last.horizonMillis) / 1000;
      scored++;
      if (Math.abs(last.forecastRatio - later) < Math.abs(last.pressureRatio - later)) better++;
    }
    expect(better / scored).toBeGreaterThan(0.95);
    expect(last.confidence).toBeGreaterThan(0.3);
    expect(last.upperRatio).toBeGreaterThanOrEqual(last.forecastRatio);
    now += 3_600_000; // held up for an hour: ticks of the horizon, not of an hour, are made up for
    expect(Number.isFinite(source.read().forecastRatio)).toBe(true);
  });

  it("reads this process: a limit binds, and its ratio is one", () => {
    const source = new ProcessSource();
    const { pressureRatio, usedBytes, limitBytes } = source.read();
    expect(pressureRatio).toBeCloseTo(usedBytes / limitBytes, 12);
    expect(pressureRatio).toBeGreaterThan(0);
    expect(processLimits().map(({ id }) => id)).toContain(source.bindingLimit);
    const attached = attachPressure({ tenants: [] });
    expect(attached.governor.counts.readings).toBe(1);
    attached.close();
  });
});
