// Graph and plan against naive ones on random graphs, with and without cycles, conflicts and slots. fast-check prints seed and path.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { ConflictRules } from "../../../preload/graph/conflict-rules.ts";
import { DependencyGraph } from "../../../preload/graph/dependency-graph.ts";
import { type LoadPlan, planLoads, type WantedComponent } from "../../../preload/graph/plan-loads.ts";
import { runs } from "../../runs.ts";
import {
  falseReasons,
  hasRivals,
  isOnCycle,
  type NaiveGraph,
  naiveClosure,
  naiveLevel,
  naiveTaken,
  needsCycle,
} from "./naive-plan.ts";

// Names that are properties of every object are names like others.
const NAMES = ["a", "b", "c", "d", "e", "f", "g", "__proto__", "constructor", ""];
const name = fc.constantFrom(...NAMES);
const few = fc.array(name, { maxLength: 3 });

/** With `isAcyclic` everything needs later names only. */
function graphOf(isAcyclic: boolean): fc.Arbitrary<NaiveGraph> {
  return fc.array(fc.tuple(name, few), { maxLength: 14 }).map((adds) => {
    const edges = adds.map(([from, to]): [string, string[]] => [
      from,
      [...new Set(to)].filter((one) => !isAcyclic || NAMES.indexOf(one) > NAMES.indexOf(from)),
    ]);
    return new Map(edges);
  });
}

const wanted: fc.Arbitrary<WantedComponent> = fc.record(
  {
    component: name,
    isRequired: fc.boolean(),
    priority: fc.constantFrom(-1, 0, 2),
    confidence: fc.constantFrom(0.5, 0.9),
    step: fc.constantFrom(1, 2, 3),
  },
  { requiredKeys: ["component"] },
);

const rulesOf = fc
  .record({
    pairs: fc.array(fc.tuple(name, name), { maxLength: 4 }),
    slots: fc.array(fc.tuple(name, fc.constantFrom("x", "y")), { maxLength: 6 }),
  })
  .map(({ pairs, slots }) => {
    const rules = new ConflictRules();
    for (const [one, other] of pairs) if (one !== other) rules.exclude(one, other);
    for (const [component, slot] of slots) rules.putInSlot(component, slot);
    return rules;
  });

function declare(naive: NaiveGraph): DependencyGraph {
  const graph = new DependencyGraph();
  for (const [component, dependencies] of naive) graph.add(component, dependencies);
  graph.check();
  return graph;
}

function checkCycle(naive: NaiveGraph, cycle: readonly string[]): void {
  expect(cycle.length).toBeGreaterThan(1);
  expect(cycle.at(-1)).toBe(cycle[0]);
  const members = cycle.slice(0, -1);
  expect(new Set(members).size).toBe(members.length);
  expect([...members].sort()[0]).toBe(cycle[0]);
  members.forEach((from, i) => {
    expect(naive.get(from)).toContain(cycle[i + 1]);
  });
}

const componentsOf = (plan: LoadPlan) => plan.levels.flat().map(({ component }) => component);

describe("dependency graph against a naive one", () => {
  it("P21 P22 P23 P24: closure, dependants, levels, cycles", () => {
    let cycles = 0;
    fc.assert(
      fc.property(fc.boolean().chain(graphOf), fc.array(name, { maxLength: 4 }), (naive, from) => {
        const graph = declare(naive);
        expect([...graph.closure(from)].sort()).toEqual([...naiveClosure(naive, from)].sort());
        const needers = NAMES.filter((one) => from.some((of) => one !== of && naiveClosure(naive, [one]).has(of)));
        expect(graph.dependantClosure(from).sort()).toEqual(needers.filter((one) => !from.includes(one)).sort());
        expect(graph.findCycle() !== undefined).toBe(NAMES.some((one) => isOnCycle(naive, one)));
        if (from.some((one) => needsCycle(naive, one))) {
          cycles++;
          const error = caught(() => graph.levels(from));
          expect(error.code).toBe("DEPENDENCY_CYCLE");
          const cycle = error.details["cycle"] as string[];
          checkCycle(naive, cycle);
          expect(naiveClosure(naive, from)).toContain(cycle[0]);
          expect(error.message).toContain(cycle.join(" → "));
        } else {
          const levels = graph.levels(from);
          levels.forEach((level, number) => {
            for (const component of level) expect(naiveLevel(naive, component)).toBe(number);
          });
          expect(levels.flat().sort()).toEqual([...naiveClosure(naive, from)].sort());
        }
      }),
      { numRuns: runs(250) },
    );
    expect(cycles).toBeGreaterThan(5);
  });

  it("any sequence of declarations and removals leaves the graph that the last of each says", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add"), component: name, to: few }),
      fc.record({ kind: fc.constant("link"), component: name, to: few }),
      fc.record({ kind: fc.constant("remove"), component: name, to: few }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const naive = new Map<string, string[]>();
        const graph = new DependencyGraph();
        for (const { kind, component, to } of steps) {
          if (kind === "add") {
            naive.set(component, [...new Set(to)]);
            graph.add(component, to);
          } else if (kind === "link") {
            for (const one of to) {
              naive.set(component, [...new Set([...(naive.get(component) ?? []), one])]);
              graph.addDependency(component, one);
            }
          } else expect(graph.remove(component)).toBe(naive.delete(component));
          graph.check();
          expect(graph.count).toBe(naive.size);
          for (const one of NAMES) {
            expect(graph.dependenciesOf(one)).toEqual(naive.get(one) ?? []);
            const dependants = NAMES.filter((other) => naive.get(other)?.includes(one));
            expect(graph.dependantsOf(one).sort()).toEqual(dependants.sort());
          }
        }
      }),
      { numRuns: runs(100) },
    );
  });
});

describe("planLoads against a naive plan", () => {
  it("P20 P25: who is in, who is out and why, in what order, whatever the order they were asked for in", () => {
    const reasons = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }).chain((draw) => graphOf(draw > 0)),
        fc.array(wanted, { maxLength: 8 }),
        rulesOf,
        (naive, asked, rules) => {
          const plan = planLoads(declare(naive), asked, { conflicts: rules, cycles: "leave-out" });
          const loaded = componentsOf(plan);
          expect([...loaded].sort()).toEqual([...naiveTaken(naive, asked, rules)].sort());
          expect(hasRivals(rules, loaded)).toBe(false);
          const all = naiveClosure(
            naive,
            asked.map(({ component }) => component),
          );
          const out = plan.leftOut.map(({ component }) => component);
          expect([...loaded, ...out].sort()).toEqual([...all].sort());
          expect(falseReasons(naive, plan, rules)).toEqual([]);
          for (const { reason } of plan.leftOut) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);

          plan.levels.forEach((level, number) => {
            expect(level.length).toBeGreaterThan(0);
            for (const load of level) {
              expect([load.level, naiveLevel(naive, load.component)]).toEqual([number, number]);
              expect(load.dependencies).toEqual(naive.get(load.component) ?? []);
              // As urgent as the most urgent of those in the plan that need it.
              const needers = asked.filter(
                ({ component }) => loaded.includes(component) && naiveClosure(naive, [component]).has(load.component),
              );
              expect(load.isRequired).toBe(needers.some(({ isRequired = false }) => isRequired));
              expect(load.priority).toBe(Math.max(...needers.map(({ priority = 0 }) => priority)));
              expect(load.confidence).toBe(Math.max(...needers.map(({ confidence = 1 }) => confidence)));
              expect(load.step).toBe(Math.min(...needers.map(({ step = 1 }) => step)));
              expect(load.isWanted).toBe(asked.some(({ component }) => component === load.component));
            }
            const keys = level.map((one) => [one.isRequired ? 0 : 1, -one.priority, -one.confidence, one.step]);
            for (let i = 1; i < keys.length; i++) expect(isAscending(keys[i - 1]!, keys[i]!)).toBe(true);
          });

          const turned = planLoads(declare(naive), [...asked].reverse(), { conflicts: rules, cycles: "leave-out" });
          expect(turned.levels).toEqual(plan.levels);
          expect(new Set(turned.leftOut.map(({ component }) => component))).toEqual(new Set(out));
        },
      ),
      { numRuns: runs(300) },
    );
    // Each reason was given, and so checked.
    for (const reason of ["excluded", "needs-excluded", "needs-both", "cycle", "unneeded"])
      expect(reasons.get(reason) ?? 0, reason).toBeGreaterThan(1);
  });
});

function isAscending(left: readonly number[], right: readonly number[]): boolean {
  const i = left.findIndex((value, place) => value !== right[place]);
  return i < 0 || (left[i] as number) < (right[i] as number);
}

function caught(act: () => unknown): MempredError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    return error as MempredError;
  }
  throw new Error("nothing was thrown");
}
