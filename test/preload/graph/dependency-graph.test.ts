import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { ConflictRules } from "../../../preload/graph/conflict-rules.ts";
import { DependencyGraph } from "../../../preload/graph/dependency-graph.ts";
import { planLoads } from "../../../preload/graph/plan-loads.ts";

function graphOf(dependencies: Record<string, string[]>): DependencyGraph {
  const graph = new DependencyGraph();
  for (const [component, needed] of Object.entries(dependencies)) graph.add(component, needed);
  return graph;
}

const names = (levels: readonly (readonly { component: string }[])[]) =>
  levels.map((level) => level.map(({ component }) => component));

describe("DependencyGraph", () => {
  it("P21 P22 P23: what a page needs, in levels", () => {
    const graph = graphOf({
      page: ["chart", "table"],
      chart: ["theme", "scales"],
      table: ["theme"],
      scales: [],
      theme: [],
    });
    expect(graph.closure(["page"])).toEqual(["page", "chart", "table", "theme", "scales"]);
    expect(graph.levels(["page"])).toEqual([["theme", "scales"], ["table", "chart"], ["page"]]);
    expect(graph.dependantClosure(["theme"])).toEqual(["chart", "table", "page"]);
  });

  it("P24: a cycle is named in order, from its smallest name, however it was declared", () => {
    const cycle = "components that need each other: a → b → c → a";
    expect(() => graphOf({ c: ["a"], a: ["b"], b: ["c"], z: ["c"] }).levels(["z"])).toThrow(
      expect.objectContaining({
        code: "DEPENDENCY_CYCLE",
        message: cycle,
        details: expect.objectContaining({ cycle: ["a", "b", "c", "a"] }),
      }),
    );
    expect(() => graphOf({ b: ["c"], z: ["b"], c: ["a"], a: ["b"] }).levels(["z"])).toThrow(cycle);
    expect(() => graphOf({ self: ["self"] }).levels(["self"])).toThrow("each other: self → self");
    expect(graphOf({ c: ["a"], a: ["b"], b: ["c"] }).findCycle()).toEqual(["a", "b", "c", "a"]);
  });

  it("P24: a cycle that nothing wanted needs is no error, and a corrected declaration is none", () => {
    const graph = graphOf({ a: ["b"], b: ["a"], other: ["leaf"] });
    expect(graph.levels(["other"])).toEqual([["leaf"], ["other"]]);
    graph.add("b", []);
    expect(graph.levels(["a"])).toEqual([["b"], ["a"]]);
  });

  it("an unknown component is a leaf, or an error that says who needs it", () => {
    expect(graphOf({ a: ["elsewhere"] }).levels(["a"])).toEqual([["elsewhere"], ["a"]]);
    const strict = new DependencyGraph({ unknown: "error" });
    strict.add("a", ["b"]);
    expect(() => strict.levels(["a"])).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", message: 'there is no component "b", which "a" needs' }),
    );
    expect(() => strict.levels(["c"])).toThrow('there is no component "c"');
    strict.add("b");
    expect(strict.levels(["a"])).toEqual([["b"], ["a"]]);
    strict.remove("b");
    expect(() => strict.levels(["a"])).toThrow('"b"');
  });
});

describe("planLoads", () => {
  it("P20: inside a level by priority, then confidence, then step; a dependency is as urgent as what needs it", () => {
    const graph = graphOf({ page: ["late"], late: [] });
    const plan = planLoads(graph, [
      { component: "x", confidence: 0.5, step: 1 },
      { component: "y", confidence: 0.9, step: 2 },
      { component: "z", confidence: 0.9, step: 1 },
      { component: "page", priority: 3, confidence: 0.1, step: 3 },
    ]);
    expect(names(plan.levels)).toEqual([["late", "z", "y", "x"], ["page"]]);
    expect(plan.levels[0]![0]).toMatchObject({ priority: 3, confidence: 0.1, step: 3, isWanted: false, level: 0 });
  });

  it("P25: required goes before speculative, then priority; losers, their dependants and what only they need are out", () => {
    const rules = new ConflictRules();
    rules.putInSlot("ui@1", "ui");
    rules.putInSlot("ui@2", "ui");
    const graph = graphOf({
      old: ["ui@1", "shared"],
      new: ["ui@2", "shared", "extra"],
      top: ["new"],
      "ui@1": [],
      "ui@2": [],
    });
    const plan = planLoads(
      graph,
      [
        { component: "top", priority: 9 },
        { component: "old", isRequired: true },
      ],
      { conflicts: rules },
    );
    expect(names(plan.levels)).toEqual([["shared", "ui@1"], ["old"]]);
    expect(plan.leftOut).toEqual([
      { component: "top", reason: "needs-excluded", dependency: "new", loser: "ui@2", winner: "ui@1" },
      { component: "new", reason: "needs-excluded", dependency: "ui@2", loser: "ui@2", winner: "ui@1" },
      { component: "ui@2", reason: "excluded", winner: "ui@1" },
      { component: "extra", reason: "unneeded" },
    ]);
  });

  it("P25: nobody loses to a loser", () => {
    const rules = new ConflictRules();
    rules.exclude("a", "b");
    rules.exclude("b", "c");
    const wanted = ["a", "b", "c"].map((component, i) => ({ component, priority: 3 - i }));
    const plan = planLoads(new DependencyGraph(), wanted, { conflicts: rules });
    expect(names(plan.levels)).toEqual([["a", "c"]]);
    expect(plan.leftOut).toEqual([{ component: "b", reason: "excluded", winner: "a" }]);
    rules.remove("b");
    expect(planLoads(new DependencyGraph(), wanted, { conflicts: rules }).leftOut).toEqual([]);
  });

  it("P24 P25: who needs two rivals is out by itself; who needs a cycle is an error, or out", () => {
    const rules = new ConflictRules();
    rules.exclude("left", "right");
    const graph = graphOf({ both: ["left", "right"], loop: ["loop"], user: ["loop"], fine: [] });
    const wanted = [{ component: "both" }, { component: "user", isRequired: true }, { component: "fine" }];
    expect(() => planLoads(graph, wanted, { conflicts: rules })).toThrow("loop → loop");
    const plan = planLoads(graph, wanted, { conflicts: rules, cycles: "leave-out" });
    expect(names(plan.levels)).toEqual([["fine"]]);
    expect(plan.leftOut).toEqual([
      { component: "user", reason: "cycle", dependency: "loop" },
      { component: "both", reason: "needs-both", loser: "right", winner: "left" },
      { component: "loop", reason: "cycle", dependency: "loop" },
      { component: "left", reason: "unneeded" },
      { component: "right", reason: "unneeded" },
    ]);
  });

  it.each([1, 2])("P22 P25: 10,000 components cost nodes and edges, seed %i", (seed) => {
    const random = new RandomStream(seed, "plan-loads-large");
    const count = 10_000;
    const graph = new DependencyGraph();
    const rules = new ConflictRules();
    let edges = 0;
    for (let i = 0; i < count; i++) {
      // A hundred packages of a hundred: a chain through each, and edges across it. A few fill the same slot in two packages.
      const [first, place] = [i - (i % 100), i % 100];
      const needed = place === 0 ? [] : [i - 1, ...Array.from({ length: 3 }, () => first + random.integer(place))];
      graph.add(
        `c${i}`,
        needed.map((one) => `c${one}`),
      );
      edges += graph.dependenciesOf(`c${i}`).length;
      if (random.chance(0.01)) rules.putInSlot(`c${i}`, `s${random.integer(50)}`);
    }
    graph.check();
    const wanted = Array.from({ length: count }, (_, i) => ({ component: `c${i}`, priority: random.integer(10) }));
    const plan = planLoads(graph, wanted, { conflicts: rules });
    expect(plan.levels.flat().length + plan.leftOut.length).toBe(count);
    expect(new Set(plan.leftOut.map(({ reason }) => reason))).toContain("needs-excluded");
    expect(plan.levels.flat().length).toBeGreaterThan(count / 3);
    expect(plan.levels).toHaveLength(100);
    // All are wanted, so each closure but the new part of it would be walked again and again.
    expect(plan.looks).toBeLessThan(3 * (count + edges));
  });

  it("P22 P24: a chain of 10,000 does not go too deep", () => {
    const count = 10_000;
    const chain = new DependencyGraph();
    for (let i = 0; i < count; i++) chain.add(`c${i}`, [`c${i + 1}`]);
    expect(chain.levels(["c0"])).toHaveLength(count + 1);
    chain.add(`c${count}`, ["c0"]);
    expect(chain.findCycle()).toHaveLength(count + 2);
  });
});
