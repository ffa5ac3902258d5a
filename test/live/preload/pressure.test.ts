// The preloader as a tenant of memory, driven by a source of pressure through the governor: what stops at which level, that it is the
// forecast that stops it, and that all of it comes back slowly (P11 to P13, P41 to P45, P48, K19).

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PressureGovernor } from "../../../cache/pressure-governor.ts";
import { PRESSURE_LEVELS, type PressureLevel, type PressureReading } from "../../../core/pressure.ts";
import { ComponentPreloader } from "../../../live/preload/component-preloader.ts";
import { PRELOAD_PRESSURE_CHANNEL } from "../../../live/preload/preload-events.ts";
import type { ComponentPreloaderOptions } from "../../../live/preload/preloader-options.ts";
import { attachPressure } from "../../../live/pressure/attach.ts";
import { FixedRouter, HeldLoader, ScriptedModel } from "./fakes.ts";

const flush = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A preloader on a memory whose pressure, and what is foreseen of it, the test sets. Rounds are every 500 ms. */
function setUp(options: Partial<ComponentPreloaderOptions<string>> = {}) {
  const loader = new HeldLoader();
  const model = new ScriptedModel();
  const router = new FixedRouter();
  const preloader = new ComponentPreloader<string>({
    load: loader.load,
    model,
    router,
    nowMillis: () => Date.now(),
    estimateBytes: () => 100,
    max: 100,
    ...options,
  });
  const memory = { now: 0.3, upper: Number.NaN, confidence: 0 };
  const read = (): PressureReading => ({
    atMillis: Date.now(),
    usedBytes: memory.now * 1e6,
    limitBytes: 1e6,
    pressureRatio: memory.now,
    forecastRatio: memory.upper,
    upperRatio: memory.upper,
    confidence: memory.confidence,
    horizonMillis: 5000,
  });
  const governor = new PressureGovernor();
  const pressure = attachPressure({
    tenants: [preloader],
    source: { id: "test", read },
    governor,
    clock: () => Date.now(),
  });
  const round = () => vi.advanceTimersByTimeAsync(500);
  /** Asks for a component and ends its load. */
  const ask = async (component: string) => {
    const answer = preloader.get(component);
    await flush();
    if (!preloader.has(component)) loader.of(component).resolve();
    expect(await answer).toBe(`value of ${component}`);
    await flush();
  };
  return { loader, model, router, preloader, memory, governor, pressure, round, ask };
}

const PRESSURE_OF: Readonly<Record<PressureLevel, number>> = {
  LOW: 0.3,
  MEDIUM: 0.78,
  HIGH: 0.87,
  CRITICAL: 0.94,
  EMERGENCY: 0.99,
};

describe("pressure", () => {
  it("K19, P13: a forecast of pressure, not pressure itself, stops loading ahead", async () => {
    const { loader, model, preloader, memory, governor, round, ask, router } = setUp();
    model.after("a", "b").after("c", "d").after("e", "f");
    await ask("a");
    expect(loader.names).toEqual(["a", "b"]); // memory is plenty, nothing is foreseen
    memory.upper = 0.9;
    memory.confidence = 1;
    await round();
    expect(memory.now).toBe(0.3); // memory is as plenty as before
    expect(governor.level).toBe("HIGH");
    expect(router.price).toBe(Infinity);
    await ask("c");
    expect(loader.names).toEqual(["a", "b", "c"]); // and what is asked for is loaded all the same
    expect(preloader.statistics().pressure).toMatchObject({ level: "HIGH", prefetchPrice: Infinity });
    // The same forecast, not to be trusted: once the levels have come down, it is loaded ahead again.
    memory.confidence = 0;
    for (let i = 0; i < 20; i++) await round();
    expect(governor.level).toBe("LOW");
    await ask("e");
    expect(loader.names).toEqual(["a", "b", "c", "e", "f"]);
  });

  it("MEDIUM: the price goes to the router, which decides", async () => {
    const { router, memory, round, preloader } = setUp();
    memory.now = PRESSURE_OF.MEDIUM;
    await round();
    expect(router.price).toBe(1);
    expect(preloader.statistics().pressure).toMatchObject({ level: "MEDIUM", queueRatio: 1 });
  });

  it("P41, P42: HIGH halves the queues and keeps the best of what waits by benefit; workers begin nothing of it", async () => {
    const workers = { immediate: 0, delayed: 0, background: 0 };
    const { loader, preloader, memory, round } = setUp({ workers, places: { background: 4 } });
    for (const [name, confidence] of [
      ["a", 0.2],
      ["b", 0.9],
      ["c", 0.6],
      ["d", 0.4],
    ] as const) {
      preloader.schedule(name, { confidence });
    }
    memory.now = PRESSURE_OF.HIGH;
    await round();
    const { queues, dropped } = preloader.statistics();
    expect(queues.background).toMatchObject({ waiting: 2, places: 2 });
    expect([queues.immediate.places, queues.delayed.places]).toEqual([5, 10]);
    expect(dropped.pressure).toBe(2);
    preloader.resize("background", { workers: 3 });
    await flush();
    expect(loader.names).toEqual([]);
    memory.now = PRESSURE_OF.LOW;
    for (let i = 0; i < 20; i++) await round();
    expect(loader.names).toEqual(["b", "c"]);
  });

  it("P43: CRITICAL drops what waits and aborts what is under way, as far as nobody has asked", async () => {
    const { loader, model, router, preloader, memory, round, ask } = setUp({ workers: { immediate: 2 } });
    model.after("a", "b", "c", "d").after("c", "d");
    await ask("a");
    const late = preloader.get("c");
    memory.now = PRESSURE_OF.CRITICAL;
    await round();
    expect(loader.of("b").signal.aborted).toBe(true);
    expect(loader.of("c").signal.aborted).toBe(false);
    loader.of("c").resolve();
    expect(await late).toBe("value of c");
    expect(router.settled.map(([name, outcome]) => [name, outcome])).toEqual([
      ["c", "late"],
      ["b", "wasted"],
    ]);
    expect(preloader.schedule("later")).toEqual({ accepted: false, reason: "pressure" });
    expect(preloader.statistics()).toMatchObject({ dropped: { pressure: 1 }, memory: { leasedBytes: 0 } });
    preloader.check();
  });

  it("P44: EMERGENCY unloads what was loaded for nobody, and nothing else by itself", async () => {
    const { loader, model, preloader, ask } = setUp();
    const told: unknown[] = [];
    const listen = (message: unknown) => void told.push(message);
    subscribe(PRELOAD_PRESSURE_CHANNEL, listen);
    model.after("a", "b", "c");
    await ask("a");
    loader.of("b").resolve();
    loader.of("c").resolve();
    await flush();
    await ask("c");
    preloader.setLevel("EMERGENCY");
    unsubscribe(PRELOAD_PRESSURE_CHANNEL, listen);
    expect(["a", "b", "c"].map((name) => preloader.has(name))).toEqual([true, false, true]);
    expect(told).toEqual([
      { preloader: "default", shedBytes: 100 },
      { preloader: "default", level: "EMERGENCY", queueRatio: 0.5 },
    ]);
    preloader.check();
  });

  it("P44: what is shed is speculation first", async () => {
    const { loader, model, preloader, ask } = setUp();
    model.after("c", "x", "y");
    for (const name of ["a", "b", "c"]) await ask(name);
    loader.of("x").resolve();
    loader.of("y").resolve();
    await flush();
    expect(preloader.countBytes()).toBe(500);
    expect(preloader.shed(150)).toBe(200);
    expect(["a", "b", "c", "x", "y"].map((name) => preloader.has(name))).toEqual([true, true, true, false, false]);
    expect(preloader.shed(100)).toBe(100);
    preloader.check();
  });

  it.each(PRESSURE_LEVELS)(
    "P45: at %s what is required is loaded: asked for, or scheduled, over every limit",
    async (level) => {
      const { loader, preloader, memory, governor, round } = setUp({
        places: { immediate: 2 },
        workers: { immediate: 1 },
        inFlightBytes: 1,
      });
      for (let i = 0; i < 6; i++) preloader.schedule(`guess ${i}`);
      memory.now = PRESSURE_OF[level];
      await round();
      expect(governor.level).toBe(level);
      const names = Array.from({ length: 8 }, (_, i) => `needed ${i}`);
      for (const name of names)
        expect(preloader.schedule(name, { isRequired: true })).toMatchObject({ accepted: true });
      const answer = preloader.get("asked for");
      memory.now = PRESSURE_OF.EMERGENCY;
      await round();
      for (let i = 0; i < 30; i++) {
        for (const call of loader.calls) if (!call.isSpeculative) call.resolve();
        await flush();
      }
      expect(await answer).toBe("value of asked for");
      for (const name of names) expect(loader.names, name).toContain(name);
      expect(loader.calls.some((call) => !call.isSpeculative && call.signal.aborted)).toBe(false);
      expect(preloader.statistics().queues.immediate.waiting).toBe(0);
      preloader.check();
    },
  );

  it("restored with hysteresis: levels step down one at a time, queues grow by 0.1 of their size a second", async () => {
    const { preloader, memory, governor, round } = setUp();
    memory.now = PRESSURE_OF.EMERGENCY;
    await round();
    expect(governor.level).toBe("EMERGENCY");
    memory.now = 0.1;
    const levels: string[] = [];
    const places: number[] = [];
    for (let i = 0; i < 40; i++) {
      await round();
      if (levels.at(-1) !== governor.level) levels.push(governor.level);
      places.push(preloader.statistics().queues.background.places);
    }
    expect(levels).toEqual(["EMERGENCY", "CRITICAL", "HIGH", "MEDIUM", "LOW"]);
    const growth = places.map((now, i) => now - (places[i - 1] ?? 25));
    expect(Math.min(...growth)).toBe(0);
    expect(Math.max(...growth)).toBeLessThanOrEqual(3); // 50 places, 0.1 a second, rounds of half a second
    expect(places.at(-1)).toBe(50);
  });

  it("a price alone, from somebody who knows no levels, stops loading ahead, too", async () => {
    const { loader, model, preloader, ask, pressure } = setUp();
    pressure.close();
    model.after("a", "b");
    preloader.setPrefetchPrice(Infinity);
    await ask("a");
    expect(loader.names).toEqual(["a"]);
    expect(preloader.statistics().pressure.level).toBe("HIGH");
    preloader.setPrefetchPrice(0);
    await ask("a");
    expect(loader.names).toEqual(["a", "b"]);
    expect(() => preloader.setPrefetchPrice(-1)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
    expect(() => preloader.setBudgetRatio(Number.NaN)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });

  it("let go by its source, it is as it was", async () => {
    const { preloader, memory, pressure, round } = setUp();
    memory.now = PRESSURE_OF.EMERGENCY;
    await round();
    pressure.close();
    expect(preloader.statistics().pressure).toMatchObject({ level: "LOW", budgetRatio: 1, prefetchPrice: 0 });
    expect(pressure.link.tenantErrors).toBe(0);
  });
});
