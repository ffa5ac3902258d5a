// The graph and the plan once more, as plainly as they can be said: recursion, whole sets, every pair.

import type { ConflictRules } from "../../../preload/graph/conflict-rules.ts";
import type { LoadPlan, WantedComponent } from "../../../preload/graph/plan-loads.ts";

export type NaiveGraph = ReadonlyMap<string, readonly string[]>;

export function naiveClosure(graph: NaiveGraph, from: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const dependency of graph.get(name) ?? []) visit(dependency);
  };
  for (const name of from) visit(name);
  return found;
}

/** Whether a component needs itself. */
export function isOnCycle(graph: NaiveGraph, name: string): boolean {
  return naiveClosure(graph, graph.get(name) ?? []).has(name);
}

export function needsCycle(graph: NaiveGraph, name: string): boolean {
  return [...naiveClosure(graph, [name])].some((one) => isOnCycle(graph, one));
}

/** Of a component that needs no cycle. */
export function naiveLevel(graph: NaiveGraph, name: string): number {
  return Math.max(-1, ...(graph.get(name) ?? []).map((one) => naiveLevel(graph, one))) + 1;
}

export function hasRivals(rules: ConflictRules, names: Iterable<string>): boolean {
  const all = [...names];
  return all.some((one, i) => all.slice(i + 1).some((other) => rules.areRivals(one, other)));
}

/** What is loaded: each wanted one in its turn, with all that it needs or not at all. */
export function naiveTaken(graph: NaiveGraph, wanted: readonly WantedComponent[], rules: ConflictRules): Set<string> {
  const key = ({ isRequired = false, priority = 0, confidence = 1, step = 1 }: WantedComponent) =>
    [isRequired ? 0 : 1, -priority, -confidence, step] as const;
  const turns = [...wanted].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    const i = left.findIndex((value, place) => value !== right[place]);
    if (i >= 0) return (left[i] as number) - (right[i] as number);
    return a.component < b.component ? -1 : 1;
  });
  let taken = new Set<string>();
  for (const { component } of turns) {
    if (needsCycle(graph, component)) continue;
    const together = new Set([...taken, ...naiveClosure(graph, [component])]);
    if (!hasRivals(rules, together)) taken = together;
  }
  return taken;
}

/** Every reason of the plan must be true. @returns those that are not */
export function falseReasons(graph: NaiveGraph, plan: LoadPlan, rules: ConflictRules): string[] {
  const loaded = new Set(plan.levels.flat().map(({ component }) => component));
  const isTrue: Record<string, (one: LoadPlan["leftOut"][number]) => boolean> = {
    excluded: ({ component, winner }) => loaded.has(winner as string) && rules.areRivals(component, winner as string),
    "needs-excluded": ({ component, dependency, loser, winner }) =>
      (graph.get(component) ?? []).includes(dependency as string) &&
      naiveClosure(graph, [dependency as string]).has(loser as string) &&
      loaded.has(winner as string) &&
      rules.areRivals(loser as string, winner as string),
    "needs-both": ({ component, dependency, loser, winner }) => {
      const needed = naiveClosure(graph, [dependency ?? component]);
      return needed.has(loser as string) && needed.has(winner as string) && rules.areRivals(loser!, winner!);
    },
    cycle: ({ component, dependency }) =>
      (graph.get(component) ?? []).includes(dependency as string) && needsCycle(graph, dependency as string),
    unneeded: ({ component }) => ![...loaded].some((one) => naiveClosure(graph, [one]).has(component)),
  };
  return plan.leftOut
    .filter((one) => loaded.has(one.component) || isTrue[one.reason]?.(one) !== true)
    .map((one) => JSON.stringify(one));
}
