// The preloader by a clock of the test's own: requests, what is loaded ahead of them and what comes of it, scheduling, closing.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { ComponentPreloader } from "../../../live/preload/component-preloader.ts";
import { PRELOAD_OUTCOME_CHANNEL, PRELOAD_REQUEST_CHANNEL } from "../../../live/preload/preload-events.ts";
import type { ComponentPreloaderOptions } from "../../../live/preload/preloader-options.ts";
import { DependencyGraph } from "../../../preload/graph/dependency-graph.ts";
import { expectedOf, FixedRouter, HeldLoader, ScriptedModel } from "./fakes.ts";

const flush = () => vi.advanceTimersByTimeAsync(0);

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
    max: 20,
    ...options,
  });
  /** Asks, and ends the load if there is one. */
  const ask = async (component: string, user = "") => {
    const answer = preloader.get(component, { user });
    await flush();
    const load = loader.of(component);
    if (load !== undefined && !preloader.has(component)) load.resolve();
    const value = await answer;
    await flush();
    return value;
  };
  return { loader, model, router, preloader, ask };
}

const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(async () => {
  vi.useRealTimers();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

describe("requests", () => {
  it("a miss is loaded at once, beside the queues; a hit is answered from memory", async () => {
    const { loader, preloader } = setUp();
    const first = preloader.get("a");
    await flush();
    expect(loader.names).toEqual(["a"]);
    expect(loader.of("a").isSpeculative).toBe(false);
    loader.of("a").resolve("apple");
    expect(await first).toBe("apple");
    expect(await preloader.get("a")).toBe("apple");
    expect(loader.names).toEqual(["a"]);
    expect(preloader.peek("a")).toBe("apple");
    expect(preloader.statistics()).toMatchObject({ requests: 2, hits: 1, misses: 1, hitRatio: 0.5, entries: 1 });
    preloader.check();
  });

  it("P27: all who ask meanwhile wait for one load", async () => {
    const { loader, preloader } = setUp();
    const answers = [preloader.get("a"), preloader.get("a", { user: "bob" }), preloader.get("a")];
    await flush();
    expect(loader.names).toEqual(["a"]);
    loader.of("a").resolve();
    expect(await Promise.all(answers)).toEqual(["value of a", "value of a", "value of a"]);
  });

  it("a load that fails rejects with its cause, and is not kept", async () => {
    const { loader, preloader } = setUp();
    const answer = preloader.get("a");
    answer.catch(() => undefined);
    await flush();
    loader.of("a").reject(new Error("no network"));
    await expect(answer).rejects.toMatchObject({ code: "LOAD_FAILED", cause: new Error("no network") });
    const again = preloader.get("a");
    await flush();
    loader.of("a").resolve();
    expect(await again).toBe("value of a");
    preloader.check();
    expect(preloader.statistics().memory.leasedBytes).toBe(0);
  });

  it("a loader that throws at once rejects like one that rejects", async () => {
    const preloader = new ComponentPreloader<string>({
      load: () => {
        throw new TypeError("oops");
      },
    });
    await expect(preloader.get("a")).rejects.toMatchObject({ code: "LOAD_FAILED" });
  });

  it("who gives up gets his reason; the load goes on while another waits, else it is aborted", async () => {
    const { loader, preloader } = setUp();
    const [first, second] = [new AbortController(), new AbortController()];
    const one = preloader.get("a", { signal: first.signal });
    const two = preloader.get("a", { signal: second.signal });
    await flush();
    first.abort("tired");
    await expect(one).rejects.toBe("tired");
    expect(loader.of("a").signal.aborted).toBe(false);
    second.abort("tired too");
    await expect(two).rejects.toBe("tired too");
    expect(loader.of("a").signal.aborted).toBe(true);
    await expect(preloader.get("b", { signal: first.signal })).rejects.toBe("tired");
    expect(loader.names).toEqual(["a"]);
    await preloader.idle();
    preloader.check();
  });

  it("a load that hangs ends at its time limit, and a later request loads anew", async () => {
    const { loader, preloader } = setUp({ loadTimeoutMillis: 500 });
    const answer = preloader.get("a");
    answer.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(500);
    await expect(answer).rejects.toMatchObject({ code: "LOAD_FAILED", details: { reason: "timeout" } });
    expect(loader.of("a").signal.aborted).toBe(true);
    const late = loader.of("a");
    const again = preloader.get("a");
    await flush();
    late.resolve("too late");
    await flush();
    expect(preloader.has("a")).toBe(false);
    loader.of("a").resolve("in time");
    expect(await again).toBe("in time");
  });

  it("undefined is handed out and not kept", async () => {
    const preloader = new ComponentPreloader<string | undefined>({ load: () => undefined });
    expect(await preloader.get("a")).toBeUndefined();
    expect(preloader.has("a")).toBe(false);
  });

  it("what has passed its time to live is loaded anew", async () => {
    const { loader, preloader, ask } = setUp({ ttl: 1000 });
    await ask("a");
    await vi.advanceTimersByTimeAsync(1000);
    await ask("a");
    expect(loader.names).toEqual(["a", "a"]);
    expect(preloader.delete("a")).toBe(true);
    expect(preloader.has("a")).toBe(false);
  });

  it("names, sizes and options that cannot be are told", async () => {
    const { preloader } = setUp({ estimateBytes: () => -1 });
    await expect(preloader.get(7 as unknown as string)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
    const sized = new ComponentPreloader<string>({ load: () => "x", estimateBytes: () => -1 });
    await expect(sized.get("a")).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
    for (const wrong of [
      { max: 0 },
      { loadTimeoutMillis: 0 },
      { places: { delayed: -1 } },
      { workers: { immediate: 0.5 } },
    ]) {
      expect(() => setUp(wrong)).toThrow(MempredError);
    }
    expect(() => setUp({ policy: "no such" })).toThrow(expect.objectContaining({ code: "UNKNOWN_POLICY" }));
    expect(() => preloader.schedule("a", { confidence: 2 })).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT" }),
    );
    expect(() => preloader.schedule("a", { priority: Number.NaN })).toThrow(MempredError);
  });
});

describe("loading ahead", () => {
  it("a request is answered before it is learned from", async () => {
    const { model, preloader, ask } = setUp();
    await ask("a");
    expect(model.observed).toHaveLength(1);
    const value = preloader.get("a", { user: "ada", isFirst: true });
    expect(model.observed).toHaveLength(1);
    await value;
    expect(model.observed).toHaveLength(1);
    await flush();
    expect(model.observed[1]).toEqual({ component: "a", user: "ada", atMillis: Date.now(), isFirst: true });
  });

  it("P46: what is expected is loaded ahead and found: in time", async () => {
    const { loader, model, router, preloader, ask } = setUp();
    model.after("a", "b");
    const outcomes: unknown[] = [];
    const requests: unknown[] = [];
    preloader.onOutcome((...told) => outcomes.push(told));
    const forget = preloader.onRequest((...told) => requests.push(told));
    await ask("a", "ada");
    expect(loader.names).toEqual(["a", "b"]);
    expect(loader.of("b").isSpeculative).toBe(true);
    loader.of("b").resolve();
    await vi.advanceTimersByTimeAsync(2000);
    await ask("b", "ada");
    forget();
    await ask("b", "ada");
    expect(loader.names).toEqual(["a", "b"]);
    expect(outcomes).toEqual([["b", "scripted", "in-time", 2]]);
    expect(router.settled).toEqual([["b", "in-time", 2, 100]]);
    expect(requests).toEqual([
      ["a", "ada", "miss"],
      ["b", "ada", "preloaded"],
    ]);
    const { preloads, preloadHits, preloadHitRatio, bySource } = preloader.statistics();
    expect([preloadHits, preloadHitRatio]).toEqual([1, 0.5]);
    expect(preloads).toMatchObject({ begun: 1, inTime: 1, late: 0, wasted: 0, failed: 0, wastedShare: 0 });
    expect(bySource).toEqual({ scripted: preloads });
    preloader.check();
  });

  it("asked for while it is loaded ahead: late, one load for both, and no speculation any more", async () => {
    const { loader, model, router, preloader, ask } = setUp();
    model.after("a", "b");
    await ask("a");
    const answer = preloader.get("b");
    expect(router.settled).toEqual([["b", "late", 0, 0]]);
    preloader.setLevel("EMERGENCY");
    await flush();
    expect(loader.of("b").signal.aborted).toBe(false);
    loader.of("b").resolve();
    expect(await answer).toBe("value of b");
    expect(loader.names).toEqual(["a", "b"]);
    const { preloads, memory, responses } = preloader.statistics();
    expect(preloads).toMatchObject({ begun: 1, late: 1, underWay: 0, held: 0, bytes: 100 });
    expect(memory).toMatchObject({ speculativeBytes: 0, leasedBytes: 0, heldBytes: 200 });
    expect(responses.lateMillis).toBeGreaterThanOrEqual(0);
    preloader.check();
  });

  it("asked for while it waits for its turn: whoever asks loads it, and the expectation was right", async () => {
    const { loader, model, router, preloader, ask } = setUp({ workers: { immediate: 0 } });
    model.after("a", "b");
    await ask("a");
    expect(preloader.statistics().queues.immediate.waiting).toBe(1);
    await ask("b");
    expect(loader.of("b").isSpeculative).toBe(false);
    expect(router.settled).toEqual([["b", "late", 0, 0]]);
    expect(preloader.statistics()).toMatchObject({ dropped: { asked: 1 }, preloads: { begun: 0 } });
  });

  it("P47: what leaves without having been asked for is wasted", async () => {
    const { loader, model, router, preloader, ask } = setUp({ max: 5, protectMillis: 0, policy: "lru" });
    model.after("a", "b");
    await ask("a");
    loader.of("b").resolve();
    await flush();
    for (const name of ["c", "d", "e", "f", "g", "h"]) await ask(name);
    expect(preloader.has("b")).toBe(false);
    expect(router.settled).toEqual([["b", "wasted", 0, 100]]);
    expect(preloader.statistics().preloads).toMatchObject({ wasted: 1, wastedShare: 1, wastedBytes: 100 });
    preloader.check();
  });

  it("a load ahead that fails hurts nobody", async () => {
    const { loader, model, router, preloader, ask } = setUp();
    model.after("a", "b", "c");
    await ask("a");
    loader.of("b").reject(new Error("broken"));
    loader.of("c").resolve();
    await flush();
    expect(router.settled).toEqual([["b", "failed", 0, 0]]);
    expect(await ask("b")).toBe("value of b");
    expect(preloader.statistics()).toMatchObject({ preloads: { failed: 1, held: 1 }, memory: { leasedBytes: 0 } });
    preloader.check();
  });

  it("what is no longer expected of a user gives up its place; another's stays", async () => {
    const { model, preloader, ask } = setUp({ workers: { immediate: 0 } });
    model.after("a", "x").after("b", "y");
    await ask("a", "ada");
    await ask("b", "bob");
    model.after("c", "z");
    await ask("c", "ada");
    const { queues, dropped } = preloader.statistics();
    expect(queues.immediate.waiting).toBe(2);
    expect(dropped.obsolete).toBe(1);
  });

  it("promotion: what is expected sooner moves up", async () => {
    const { model, router, preloader, ask } = setUp({ workers: { immediate: 0, delayed: 0, background: 0 } });
    router.queue = "background";
    model.after("a", expectedOf("z", { step: 3, confidence: 0.3 }));
    model.after("b", expectedOf("z", { step: 1, confidence: 0.95 }));
    await ask("a");
    router.queue = "immediate";
    await ask("b");
    const { queues } = preloader.statistics();
    expect([queues.background.waiting, queues.immediate.waiting]).toEqual([0, 1]);
  });

  it("P16: what is expected later waits where there is time, and is loaded now where there is not", async () => {
    for (const [isPatient, loadMillis, isLoadedNow] of [
      [true, 10, false],
      [true, 900, true],
      [false, 10, true],
    ] as const) {
      const model = new ScriptedModel();
      model.after("f", expectedOf("later", { step: 2 }));
      const loaded: string[] = [];
      const preloader = new ComponentPreloader<string>({
        model,
        router: new FixedRouter(),
        isPatient,
        nowMillis: () => Date.now(),
        durationMillis: () => Date.now(),
        load: async (component) => {
          loaded.push(component);
          await new Promise((resolve) => setTimeout(resolve, loadMillis));
          return component;
        },
      });
      for (const name of ["a", "b", "c", "d", "e", "f"]) {
        const answer = preloader.get(name);
        await vi.advanceTimersByTimeAsync(loadMillis);
        await answer;
        await vi.advanceTimersByTimeAsync(100);
      }
      expect(loaded.includes("later"), `${isPatient} ${loadMillis}`).toBe(isLoadedNow);
      expect(preloader.statistics().expectedLater).toBe(isLoadedNow ? 0 : 1);
    }
  });

  it("several users in one go are each planned for, once", async () => {
    const { model, preloader } = setUp();
    const expectSpy = vi.spyOn(model, "expect");
    for (const user of ["ada", "bob", "ada", "ada"]) void preloader.get("a", { user }).catch(() => undefined);
    await flush();
    expect(expectSpy.mock.calls.map(([user]) => user)).toEqual(["ada", "bob"]);
  });

  it("off, it learns and counts and loads nothing ahead", async () => {
    const { loader, model, preloader, ask } = setUp({ isPreloading: false });
    model.after("a", "b");
    await ask("a");
    expect(model.observed).toHaveLength(1);
    expect(loader.names).toEqual(["a"]);
    preloader.isPreloading = true;
    await ask("a");
    expect(loader.names).toEqual(["a", "b"]);
  });

  it("leases: loads ahead under way count before their bytes exist", async () => {
    const { loader, model, router, preloader, ask } = setUp({ inFlightBytes: 1750, estimateBytes: () => 400 });
    await ask("a"); // 400 bytes are expected from now on; speculation may take up to 1,400 of 1,750
    model.after("b", "p", "q", "r");
    await ask("b");
    expect(loader.names).toEqual(["a", "b", "p", "q"]);
    expect(preloader.statistics()).toMatchObject({ memory: { leasedBytes: 800 }, dropped: { memory: 1 } });
    const needed = preloader.get("needed"); // beyond the budget, and not refused
    expect(preloader.statistics().memory.leasedBytes).toBe(1200);
    await flush();
    preloader.setBudgetRatio(0.6);
    expect(loader.of("q").signal.aborted).toBe(true); // the youngest first
    expect(loader.of("needed").signal.aborted).toBe(false);
    loader.of("needed").resolve();
    await needed;
    loader.of("p").resolve();
    await flush();
    expect(router.settled.map(([name, outcome]) => [name, outcome])).toContainEqual(["q", "wasted"]);
    expect(preloader.statistics().memory).toMatchObject({ leasedBytes: 0, peakLeasedBytes: 4096 });
    preloader.check();
  });

  it("a model, a router or a listener that throws hurts nobody", async () => {
    const { model, router, preloader, ask } = setUp();
    const broken = () => {
      throw new Error("broken");
    };
    preloader.onRequest(broken);
    preloader.onOutcome(broken);
    vi.spyOn(model, "observe").mockImplementation(broken);
    expect(await ask("a")).toBe("value of a");
    vi.spyOn(router, "route").mockImplementation(broken);
    vi.spyOn(model, "expect").mockImplementation(() => [expectedOf("b")]);
    expect(await ask("c")).toBe("value of c");
    expect(preloader.statistics().troubles).toBe(5);
  });

  it("channels tell of requests and outcomes", async () => {
    const { loader, model, ask } = setUp({ name: "shop" });
    model.after("a", "b");
    const told: unknown[] = [];
    const listen = (message: unknown) => void told.push(message);
    for (const name of [PRELOAD_REQUEST_CHANNEL, PRELOAD_OUTCOME_CHANNEL]) subscribe(name, listen);
    await ask("a");
    loader.of("b").resolve();
    await flush();
    await ask("b");
    for (const name of [PRELOAD_REQUEST_CHANNEL, PRELOAD_OUTCOME_CHANNEL]) unsubscribe(name, listen);
    expect(told).toEqual([
      { preloader: "shop", component: "a", user: "", outcome: "miss" },
      { preloader: "shop", component: "b", source: "scripted", step: 1, outcome: "in-time", heldSeconds: 0 },
      { preloader: "shop", component: "b", user: "", outcome: "preloaded" },
    ]);
  });
});

describe("dependencies", () => {
  const graph = new DependencyGraph();
  graph.add("page", ["layout", "data"]);
  graph.add("layout", ["theme"]);
  graph.add("loop", ["loop 2"]);
  graph.add("loop 2", ["loop"]);

  it("P26: what a component needs is loaded first, in parallel, and handed to it", async () => {
    const seen: string[] = [];
    const preloader = new ComponentPreloader<string>({
      dependencies: graph,
      load: async (component, { dependencies }) => {
        seen.push(component);
        return `${component}(${[...dependencies.values()].join(",")})`;
      },
    });
    expect(await preloader.get("page")).toBe("page(layout(theme()),data())");
    expect(seen.slice(0, 2).sort()).toEqual(["data", "theme"]);
    preloader.delete("page");
    preloader.delete("theme"); // needed by nothing that is not there
    await preloader.get("page");
    expect(seen).toHaveLength(5);
    preloader.check();
  });

  it("P19: a component is loaded ahead with all it needs, which stays speculative until it is asked for", async () => {
    const { loader, model, router, preloader, ask } = setUp({ dependencies: graph });
    model.after("a", "page");
    await ask("z"); // what is not known is expected to be as large
    await ask("a");
    expect(loader.names).toEqual(["z", "a", "data", "theme"]);
    expect(loader.of("theme").isSpeculative).toBe(true);
    expect(router.costs[0]![1].bytes).toBe(400);
    for (const name of ["theme", "data"]) loader.of(name).resolve();
    await flush();
    loader.of("layout").resolve();
    await flush();
    loader.of("page").resolve();
    await flush();
    expect(preloader.statistics().memory.speculativeBytes).toBe(400);
    await ask("page");
    expect(preloader.statistics()).toMatchObject({ preloadHits: 1, memory: { speculativeBytes: 300 } });
    preloader.check();
  });

  it("a failure is told to what needs it, with its cause; a cycle is named", async () => {
    const { loader, preloader } = setUp({ dependencies: graph });
    const answer = preloader.get("page");
    answer.catch(() => undefined);
    await flush();
    loader.of("theme").reject(new Error("no theme"));
    loader.of("data").resolve();
    await expect(answer).rejects.toMatchObject({
      code: "DEPENDENCY_FAILED",
      cause: { code: "LOAD_FAILED", cause: new Error("no theme") },
    });
    await expect(preloader.get("loop")).rejects.toMatchObject({ code: "DEPENDENCY_CYCLE" });
    expect(preloader.has("data")).toBe(true);
    expect(preloader.statistics().memory.leasedBytes).toBe(0);
    preloader.check();
  });

  it("a cycle that is only expected hurts nobody", async () => {
    const { model, router, preloader, ask } = setUp({ dependencies: graph });
    model.after("a", "loop");
    await ask("a");
    expect(router.settled).toEqual([["loop", "failed", 0, 0]]);
    preloader.check();
  });
});

describe("scheduling", () => {
  it("P06: by priority; a full queue says so; what is there or on its way says so", async () => {
    const { loader, preloader, ask } = setUp({ places: { background: 2 }, workers: { background: 1 } });
    expect(preloader.schedule("low")).toEqual({ accepted: true, queue: "background", how: "added" });
    expect(preloader.schedule("high", { priority: 5 })).toMatchObject({ accepted: true });
    expect(preloader.schedule("one more")).toEqual({ accepted: false, reason: "full" });
    expect(preloader.schedule("low", { priority: 1 })).toMatchObject({ how: "merged" });
    expect(loader.names).toEqual([]); // not before what is being done now
    await flush();
    expect(loader.names).toEqual(["high"]);
    expect(preloader.schedule("high")).toEqual({ accepted: false, reason: "loading" });
    loader.of("high").resolve();
    await flush();
    expect(preloader.schedule("high")).toEqual({ accepted: false, reason: "present" });
    await ask("high");
    expect(preloader.statistics().bySource["schedule"]).toMatchObject({ begun: 2, inTime: 1 });
  });

  it("can be cancelled, waiting or under way", async () => {
    const { loader, preloader } = setUp({ workers: { background: 1 } });
    preloader.schedule("a");
    preloader.schedule("b");
    await flush();
    expect(preloader.cancel("b")).toBe(true);
    expect(preloader.cancel("a")).toBe(true);
    expect(preloader.cancel("a")).toBe(false);
    await flush();
    expect(loader.of("a").signal.aborted).toBe(true);
    expect(loader.names).toEqual(["a"]);
    expect(preloader.statistics().memory.leasedBytes).toBe(0);
    preloader.check();
  });

  it("cancelling does not end a load that somebody waits for", async () => {
    const { loader, preloader } = setUp();
    preloader.schedule("a");
    await flush();
    const answer = preloader.get("a");
    expect(preloader.cancel("a")).toBe(true);
    await flush();
    loader.of("a").resolve();
    expect(await answer).toBe("value of a");
    preloader.check();
  });

  it("what is required is loaded although whoever asked for it too gives up", async () => {
    const { loader, preloader } = setUp({ workers: { immediate: 0 } });
    const controller = new AbortController();
    const answer = preloader.get("a", { signal: controller.signal });
    expect(preloader.schedule("a", { isRequired: true })).toMatchObject({ accepted: true, queue: "immediate" });
    controller.abort("tired");
    await expect(answer).rejects.toBe("tired");
    preloader.resize("immediate", { workers: 1 });
    await flush();
    loader.of("a").resolve();
    await flush();
    expect(preloader.has("a")).toBe(true);
    expect(preloader.statistics().memory.speculativeBytes).toBe(0);
  });

  it("queues and workers are resized; what falls out is dropped", async () => {
    const { loader, preloader } = setUp({ workers: { background: 0 } });
    for (const name of ["a", "b", "c"]) preloader.schedule(name);
    preloader.resize("background", { places: 2 });
    expect(preloader.statistics().queues.background).toMatchObject({ waiting: 2, places: 2, workers: 0 });
    preloader.resize("background", { workers: 2 });
    await flush();
    expect(loader.names).toEqual(["a", "b"]);
    expect(() => preloader.resize("background", { places: -1 })).toThrow(MempredError);
  });
});

describe("closing", () => {
  it("drains what is required, gives up speculation, and is idempotent", async () => {
    const { loader, model, preloader, ask } = setUp({ workers: { immediate: 1 } });
    model.after("a", "guess");
    await ask("a");
    const waiting = preloader.get("b");
    preloader.schedule("needed", { isRequired: true });
    const closing = preloader.close();
    expect(preloader.close()).toBe(closing);
    expect(preloader.isClosed).toBe(true);
    await flush();
    expect(loader.of("guess").signal.aborted).toBe(true);
    await expect(preloader.get("c")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect(() => preloader.schedule("c")).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
    loader.of("b").resolve();
    loader.of("needed").resolve();
    expect(await waiting).toBe("value of b");
    expect(await closing).toEqual({ aborted: 0, dropped: 0 });
    expect(preloader.peek("needed")).toBe("value of needed");
    expect(preloader.statistics().memory.leasedBytes).toBe(0);
    preloader.check();
  });

  it("loads that hang are aborted after the grace, and whoever waits is told", async () => {
    const { loader, preloader } = setUp({ workers: { immediate: 1 }, loadTimeoutMillis: Infinity });
    const answer = preloader.get("hangs");
    answer.catch(() => undefined);
    preloader.schedule("needed 1", { isRequired: true });
    preloader.schedule("needed 2", { isRequired: true });
    const closing = preloader.close({ graceMillis: 100 });
    await vi.advanceTimersByTimeAsync(100);
    expect(await closing).toEqual({ aborted: 2, dropped: 1 });
    await expect(answer).rejects.toMatchObject({ code: "CANCELLED" });
    expect(loader.calls.every((call) => call.signal.aborted)).toBe(true);
    expect(preloader.statistics()).toMatchObject({ memory: { leasedBytes: 0 }, loads: { inFlight: 0 } });
    for (const call of loader.calls) call.reject(new Error("after the end"));
    await flush();
    preloader.check();
  });

  it("idle and unused it closes at once", async () => {
    const { preloader } = setUp();
    await preloader.idle();
    expect(await preloader.close()).toEqual({ aborted: 0, dropped: 0 });
  });
});
