// Some components of a graph and everything that they need, by number: names and edges in arrays, so that what is worked out over
// them (levels, cycles, conflicts) costs nodes and edges of this part only, however large the rest of the graph is.

import { MempredError } from "../../core/errors.ts";

export interface Subgraph {
  /** The wanted components first, in their order; then what they need, breadth first. */
  readonly names: readonly string[];
  /** By name, the index into `names`. */
  readonly indexes: ReadonlyMap<string, number>;
  /** Direct dependencies and dependants by index; each is named once. */
  readonly dependencies: readonly (readonly number[])[];
  readonly dependants: readonly (readonly number[])[];
}

export interface Levels {
  /** Indexes by level: level 0 needs nothing, level n + 1 needs something of level n and nothing above. */
  readonly levels: readonly (readonly number[])[];
  /** Indexes of what is part of a cycle, or needs something that is; ascending. */
  readonly rest: readonly number[];
}

/**
 * The closure of `wanted` over `dependenciesOf`, which names no dependency of a component twice. O(nodes + edges) of the closure.
 */
export function subgraphOf(
  wanted: Iterable<string>,
  dependenciesOf: (component: string, neededBy: string | undefined) => readonly string[],
): Subgraph {
  const names: string[] = [];
  const neededBy: (string | undefined)[] = [];
  const indexes = new Map<string, number>();
  const dependencies: number[][] = [];
  const dependants: number[][] = [];
  const indexOf = (name: string, needer: string | undefined): number => {
    let index = indexes.get(name);
    if (index === undefined) {
      index = names.push(name) - 1;
      neededBy.push(needer);
      indexes.set(name, index);
      dependants.push([]);
    }
    return index;
  };
  for (const name of wanted) indexOf(name, undefined);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const own = dependenciesOf(name, neededBy[i]).map((dependency) => indexOf(dependency, name));
    dependencies.push(own);
    for (const dependency of own) (dependants[dependency] as number[]).push(i);
  }
  return { names, indexes, dependencies, dependants };
}

/** Topological levels (Kahn, Topological sorting of large networks, CACM 1962). O(nodes + edges). */
export function levelsOf({ names, dependencies, dependants }: Subgraph): Levels {
  const waitsFor = Uint32Array.from(dependencies, ({ length }) => length);
  const levels: number[][] = [];
  let level: number[] = [];
  for (let i = 0; i < names.length; i++) if (waitsFor[i] === 0) level.push(i);
  let done = 0;
  while (level.length > 0) {
    levels.push(level);
    done += level.length;
    const next: number[] = [];
    for (const index of level) {
      for (const dependant of dependants[index] as readonly number[]) {
        if (--waitsFor[dependant] === 0) next.push(dependant);
      }
    }
    level = next;
  }
  const rest: number[] = [];
  if (done < names.length) for (let i = 0; i < names.length; i++) if (waitsFor[i] !== 0) rest.push(i);
  return { levels, rest };
}

/**
 * A cycle among `rest`, the same whatever order things were declared in: found by following the smallest names, written from its
 * smallest name round to that name again. O(edges).
 */
export function cycleAmong({ names, dependencies }: Subgraph, rest: readonly number[]): string[] {
  const isInRest = new Set(rest);
  const smallest = (among: readonly number[]): number => {
    let found = -1;
    for (const index of among) {
      if (isInRest.has(index) && (found < 0 || (names[index] as string) < (names[found] as string))) found = index;
    }
    return found;
  };
  // Each of the rest waits for another of the rest, so the walk goes on until it meets itself.
  const places = new Map<number, number>();
  const walk: number[] = [];
  let at = smallest(rest);
  while (!places.has(at)) {
    places.set(at, walk.push(at) - 1);
    at = smallest(dependencies[at] as readonly number[]);
  }
  const cycle = walk.slice(places.get(at));
  const start = cycle.indexOf(smallest(cycle));
  const turned = [...cycle.slice(start), ...cycle.slice(0, start), cycle[start] as number];
  return turned.map((index) => names[index] as string);
}

/** DEPENDENCY_CYCLE; `details.cycle` has the names, the first again at the end. */
export function cycleError(cycle: readonly string[]): MempredError {
  return new MempredError("DEPENDENCY_CYCLE", `components that need each other: ${cycle.join(" → ")}`, {
    cycle,
    expected: "dependencies that lead back to none of their dependants",
  });
}
