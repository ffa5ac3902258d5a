// Loading plans with loaders that end when the test says so.

import { afterAll, describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { type ComponentContext, DependencyLoader, type LoadOutcome } from "../../../live/preload/dependency-loader.ts";
import { DependencyGraph } from "../../../preload/graph/dependency-graph.ts";
import { planLoads } from "../../../preload/graph/plan-loads.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
process.on("unhandledRejection", note);
afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

function graphOf(dependencies: Record<string, string[]>): DependencyGraph {
  const graph = new DependencyGraph();
  for (const [component, needed] of Object.entries(dependencies)) graph.add(component, needed);
  return graph;
}

const planOf = (dependencies: Record<string, string[]>, ...wanted: string[]) =>
  planLoads(
    graphOf(dependencies),
    wanted.map((component) => ({ component })),
  );

/** Loads that stand still until they are told how to end. */
class Bench {
  readonly begun: string[] = [];
  readonly contexts = new Map<string, ComponentContext<string>>();
  readonly #ends = new Map<string, { resolve(value: string): void; reject(error: unknown): void }>();

  readonly load = (component: string, context: ComponentContext<string>): Promise<string> => {
    this.begun.push(component);
    this.contexts.set(component, context);
    return new Promise((resolve, reject) => this.#ends.set(component, { resolve, reject }));
  };

  async end(component: string, error?: unknown): Promise<void> {
    const end = this.#ends.get(component);
    if (end === undefined) throw new Error(`${component} is not being loaded`);
    this.#ends.delete(component);
    if (error === undefined) end.resolve(component.toUpperCase());
    else end.reject(error);
    await settled();
  }
}

/** All that can go on has gone on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const statuses = (outcomes: Map<string, LoadOutcome<string>>) =>
  Object.fromEntries([...outcomes].map(([component, { status }]) => [component, status]));
const errorOf = (outcomes: Map<string, LoadOutcome<string>>, component: string): MempredError =>
  (outcomes.get(component) as { error: MempredError }).error;

describe("DependencyLoader", () => {
  it("P26: a level is loaded in parallel, and nothing before what it needs", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load });
    const end = loader.loadPlan(planOf({ page: ["a", "b"], a: ["c"], b: ["c"] }, "page"));
    await settled();
    expect(bench.begun).toEqual(["c"]);
    await bench.end("c");
    expect(bench.begun).toEqual(["c", "a", "b"]);
    await bench.end("b");
    expect(bench.begun).toHaveLength(3);
    await bench.end("a");
    expect(bench.begun.at(-1)).toBe("page");
    expect(bench.contexts.get("page")?.dependencies).toEqual(
      new Map([
        ["a", "A"],
        ["b", "B"],
      ]),
    );
    await bench.end("page");
    const outcomes = await end;
    expect([...outcomes.keys()]).toEqual(["c", "a", "b", "page"]);
    expect(outcomes.get("page")).toEqual({ status: "loaded", value: "PAGE" });
    expect([loader.inFlightCount, loader.runningCount]).toEqual([0, 0]);
  });

  it("P26: so many at once over all plans, and a slow one holds up only what needs it", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load, concurrency: 2 });
    const ends = [
      loader.loadPlan(planOf({ top: ["quick"] }, "top", "slow")),
      loader.loadPlan(planOf({}, "other", "another")),
    ];
    await settled();
    expect(bench.begun).toEqual(["quick", "slow"]);
    await bench.end("quick");
    await bench.end("another");
    await bench.end("other");
    expect(bench.begun).toEqual(["quick", "slow", "another", "other", "top"]);
    expect(loader.runningCount).toBe(2);
    await bench.end("top");
    await bench.end("slow");
    for (const outcomes of await Promise.all(ends))
      expect(new Set(Object.values(statuses(outcomes)))).toEqual(new Set(["loaded"]));
    expect(loader.runningCount).toBe(0);
  });

  it("P27: plans that want the same component load it once, and again only when it is gone", async () => {
    const bench = new Bench();
    const cache = new Map<string, string>();
    const loader = new DependencyLoader({ load: bench.load, find: (component) => cache.get(component) });
    const ends = Array.from({ length: 5 }, (_, i) => loader.loadPlan(planOf({ [`page${i}`]: ["shared"] }, `page${i}`)));
    await settled();
    expect(bench.begun).toEqual(["shared"]);
    cache.set("shared", "SHARED");
    await bench.end("shared");
    for (let i = 0; i < 5; i++) await bench.end(`page${i}`);
    const all = (await Promise.all(ends)).map((outcomes) => outcomes.get("shared")?.status);
    expect(all).toEqual(["loaded", "joined", "joined", "joined", "joined"]);
    expect(bench.begun.filter((one) => one === "shared")).toHaveLength(1);

    const late = loader.loadPlan(planOf({}, "shared"));
    expect((await late).get("shared")).toEqual({ status: "found", value: "SHARED" });
    cache.clear();
    const again = loader.loadPlan(planOf({}, "shared"));
    await settled();
    await bench.end("shared");
    expect(statuses(await again)).toEqual({ shared: "loaded" });
  });

  it("P27: what is there needs no dependencies", async () => {
    const loader = new DependencyLoader<string>({
      find: (component) => (component === "page" ? "kept" : undefined),
      load: () => {
        throw new Error("gone");
      },
    });
    const outcomes = await loader.loadPlan(planOf({ page: ["part"] }, "page"));
    expect(statuses(outcomes)).toEqual({ part: "failed", page: "found" });
  });

  it("a failure is reported to each dependant with its cause and the way to it; other branches go on", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load });
    const graph = { app: ["panel", "menu"], panel: ["chart"], chart: ["data"], menu: ["icons"], data: [], icons: [] };
    const end = loader.loadPlan(planOf(graph, "app"));
    await settled();
    const disk = new Error("no such file");
    await bench.end("data", disk);
    await bench.end("icons");
    await bench.end("menu");
    const outcomes = await end;
    expect(statuses(outcomes)).toEqual({
      data: "failed",
      icons: "loaded",
      chart: "failed",
      menu: "loaded",
      panel: "failed",
      app: "failed",
    });
    const first = errorOf(outcomes, "data");
    expect([first.code, first.cause]).toEqual(["LOAD_FAILED", disk]);
    const app = errorOf(outcomes, "app");
    expect(app.code).toBe("DEPENDENCY_FAILED");
    expect(app.cause).toBe(first);
    expect(app.details["path"]).toEqual(["app", "panel", "chart", "data"]);
    expect(app.message).toBe(
      '"app" needs what could not be loaded (app → panel → chart → data): "data" could not be loaded: no such file',
    );
    expect(errorOf(outcomes, "chart").details["path"]).toEqual(["chart", "data"]);
    expect(bench.begun).toEqual(["data", "icons", "menu"]);
  });

  it("a failure in one plan is told to the other that joined, and the next plan tries again", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load });
    const ends = [loader.loadPlan(planOf({ a: ["x"] }, "a")), loader.loadPlan(planOf({ b: ["x"] }, "b"))];
    await settled();
    const known = new MempredError("NOT_FOUND", "x is not there");
    await bench.end("x", known);
    const [a, b] = (await Promise.all(ends)) as [Map<string, LoadOutcome<string>>, Map<string, LoadOutcome<string>>];
    expect(errorOf(a, "x")).toBe(known);
    expect([errorOf(a, "a").cause, errorOf(b, "b").cause]).toEqual([known, known]);
    const again = loader.loadPlan(planOf({}, "x"));
    await settled();
    await bench.end("x");
    expect(statuses(await again)).toEqual({ x: "loaded" });
  });

  it("whatever a loader or a look-up throws is an outcome; a way of a hundred names is shortened", async () => {
    const loader = new DependencyLoader<string>({
      load: (component) => {
        if (component === "c0") throw "a string";
        return component;
      },
      find: (component) => {
        if (component === "odd") throw new Error("the cache is broken");
        return undefined;
      },
    });
    const chain = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c${i + 1}`, [`c${i}`]]));
    const outcomes = await loader.loadPlan(planOf(chain, "c100", "odd"));
    expect(errorOf(outcomes, "odd").message).toContain("the cache is broken");
    expect(errorOf(outcomes, "c0").cause).toBe("a string");
    const path = errorOf(outcomes, "c100").details["path"] as string[];
    expect(path).toHaveLength(32);
    expect([path[0], path[14], path[15], path[16], path[31]]).toEqual(["c100", "c86", "…", "c15", "c0"]);
    expect(errorOf(outcomes, "c100").message).toContain("(c100 → c99 → c98 → … → c3 → c2 → c1 → c0)");
  });

  it("a plan that is given up stops its loads, begins no more and tells each component", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load, concurrency: 1 });
    const stop = new AbortController();
    const end = loader.loadPlan(planOf({ top: ["a", "b"] }, "top"), stop.signal);
    await settled();
    expect(bench.begun).toEqual(["a"]);
    stop.abort(new Error("enough"));
    const outcomes = await end;
    expect(bench.contexts.get("a")?.signal.aborted).toBe(true);
    expect(statuses(outcomes)).toEqual({ a: "cancelled", b: "cancelled", top: "cancelled" });
    expect(errorOf(outcomes, "b")).toMatchObject({ code: "CANCELLED", cause: stop.signal.reason });
    await settled();
    expect([loader.inFlightCount, loader.runningCount, bench.begun.length]).toEqual([0, 0, 1]);
    expect(statuses(await loader.loadPlan(planOf({}, "a"), stop.signal))).toEqual({ a: "cancelled" });
    expect(bench.begun).toHaveLength(1);
  });

  it("P27: a load goes on while another plan waits for it, and a new plan does not join what is being stopped", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = loader.loadPlan(planOf({}, "x"), one.signal);
    const second = loader.loadPlan(planOf({}, "x"), two.signal);
    await settled();
    one.abort();
    expect(statuses(await first)).toEqual({ x: "cancelled" });
    const { signal } = bench.contexts.get("x") as ComponentContext<string>;
    expect(signal.aborted).toBe(false);
    two.abort();
    const third = loader.loadPlan(planOf({}, "x"));
    expect(statuses(await second)).toEqual({ x: "cancelled" });
    expect(signal.aborted).toBe(true);
    await settled();
    expect(bench.begun).toEqual(["x", "x"]);
    await bench.end("x");
    expect(statuses(await third)).toEqual({ x: "loaded" });
  });

  it("P45: required loads go before speculative ones, also when somebody requires what already waits", async () => {
    const bench = new Bench();
    const loader = new DependencyLoader({ load: bench.load, concurrency: 1 });
    const speculative = loader.loadPlan(planOf({}, "a", "b", "c"));
    await settled();
    const graph = new DependencyGraph();
    const required = loader.loadPlan(
      planLoads(graph, [
        { component: "now", isRequired: true },
        { component: "c", isRequired: true },
      ]),
    );
    await settled();
    for (const component of ["a", "c", "now", "b"]) await bench.end(component);
    expect(bench.begun).toEqual(["a", "c", "now", "b"]);
    expect(statuses(await required)).toEqual({ c: "joined", now: "loaded" });
    expect(statuses(await speculative)).toEqual({ a: "loaded", b: "loaded", c: "loaded" });
  });

  it("a load that takes too long has failed, and its place is free", async () => {
    const loader = new DependencyLoader<string>({
      load: (component) => (component === "never" ? new Promise(() => {}) : component),
      concurrency: 1,
      loadTimeoutMillis: 10,
    });
    const outcomes = await loader.loadPlan(planOf({ top: ["never"] }, "top", "z"));
    expect(statuses(outcomes)).toEqual({ never: "failed", z: "loaded", top: "failed" });
    expect(errorOf(outcomes, "never")).toMatchObject({ code: "LOAD_FAILED", details: { reason: "timeout" } });
    expect(loader.runningCount).toBe(0);
  });
});
