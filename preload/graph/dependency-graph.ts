// Which components need which. Declared in any order and changed at any time; a cycle is found when something on it is wanted, not
// when it is declared, since a declaration may be corrected by the next one.

import { assert, MempredError } from "../../core/errors.ts";
import { cycleAmong, cycleError, levelsOf, type Subgraph, subgraphOf } from "./subgraph.ts";

export interface DependencyGraphOptions {
  /** What a name is that was never added: a component that needs nothing, or INVALID_INPUT when it is needed. Default "leaf". */
  readonly unknown?: "leaf" | "error" | undefined;
}

const NOTHING: readonly string[] = [];

export class DependencyGraph {
  readonly #unknown: "leaf" | "error";
  readonly #dependencies = new Map<string, readonly string[]>();
  /** Of added components and of unknown names that somebody needs. Never empty. */
  readonly #dependants = new Map<string, Set<string>>();

  constructor({ unknown = "leaf" }: DependencyGraphOptions = {}) {
    this.#unknown = unknown;
  }

  /** Components that were added. */
  get count(): number {
    return this.#dependencies.size;
  }

  has(component: string): boolean {
    return this.#dependencies.has(component);
  }

  /** Adds a component, or replaces what it needs. A dependency need not be there yet; naming it twice is naming it once. */
  add(component: string, dependencies: Iterable<string> = NOTHING): void {
    this.#unlink(component);
    const own = [...new Set(dependencies)];
    this.#dependencies.set(component, own);
    for (const dependency of own) this.#link(component, dependency);
  }

  /** Adds to what a component needs; adds the component where it was not. */
  addDependency(component: string, dependency: string): void {
    const own = this.#dependencies.get(component) ?? NOTHING;
    if (this.has(component) && own.includes(dependency)) return;
    this.#dependencies.set(component, [...own, dependency]);
    this.#link(component, dependency);
  }

  /** Whoever needs it still does, and finds it unknown. @returns whether it was there */
  remove(component: string): boolean {
    this.#unlink(component);
    return this.#dependencies.delete(component);
  }

  /** Direct dependencies, in the order of their declaration. */
  dependenciesOf(component: string): readonly string[] {
    return this.#dependencies.get(component) ?? NOTHING;
  }

  /** What needs it directly. */
  dependantsOf(component: string): string[] {
    return [...(this.#dependants.get(component) ?? NOTHING)];
  }

  /**
   * `wanted` and everything that it needs, however far (P21); the wanted ones first. A cycle does no harm here.
   * Errors: INVALID_INPUT for an unknown component where those are errors. O(nodes + edges) of the result.
   */
  closure(wanted: Iterable<string>): string[] {
    return [...this.subgraph(wanted).names];
  }

  /** Everything that needs one of these, however far: what is stale or cannot be loaded when they are. Without these themselves. */
  dependantClosure(components: Iterable<string>): string[] {
    const from = [...new Set(components)];
    return subgraphOf(from, (component) => this.dependantsOf(component)).names.slice(from.length);
  }

  /**
   * `wanted` and everything that it needs in levels: the first needs nothing, each further one only what is before it (P22, P23).
   * Errors: DEPENDENCY_CYCLE (P24), INVALID_INPUT. O(nodes + edges) of the result.
   */
  levels(wanted: Iterable<string>): string[][] {
    const subgraph = this.subgraph(wanted);
    const { levels, rest } = levelsOf(subgraph);
    if (rest.length > 0) throw cycleError(cycleAmong(subgraph, rest));
    return levels.map((level) => level.map((index) => subgraph.names[index] as string));
  }

  /** A cycle anywhere among the added components, its first name again at the end; undefined without one. */
  findCycle(): string[] | undefined {
    const subgraph = subgraphOf(this.#dependencies.keys(), (component) => this.dependenciesOf(component));
    const { rest } = levelsOf(subgraph);
    return rest.length === 0 ? undefined : cycleAmong(subgraph, rest);
  }

  /** The closure by number, for whoever works on it. Errors: INVALID_INPUT. */
  subgraph(wanted: Iterable<string>): Subgraph {
    return subgraphOf(wanted, (component, neededBy) => {
      if (this.#unknown === "error" && !this.has(component)) throw unknownError(component, neededBy);
      return this.dependenciesOf(component);
    });
  }

  /** Recounts everything. Throws AssertionError. */
  check(): void {
    let edges = 0;
    for (const [component, own] of this.#dependencies) {
      assert(new Set(own).size === own.length, "dependency graph: a dependency is named twice");
      edges += own.length;
      for (const dependency of own) {
        assert(this.#dependants.get(dependency)?.has(component) === true, "dependency graph: a dependant is missing");
      }
    }
    for (const dependants of this.#dependants.values()) {
      assert(dependants.size > 0, "dependency graph: an empty set of dependants is kept");
      edges -= dependants.size;
    }
    assert(edges === 0, "dependency graph: a dependant needs nothing");
  }

  #link(component: string, dependency: string): void {
    const dependants = this.#dependants.get(dependency);
    if (dependants === undefined) this.#dependants.set(dependency, new Set([component]));
    else dependants.add(component);
  }

  #unlink(component: string): void {
    for (const dependency of this.dependenciesOf(component)) {
      const dependants = this.#dependants.get(dependency) as Set<string>;
      dependants.delete(component);
      if (dependants.size === 0) this.#dependants.delete(dependency);
    }
  }
}

function unknownError(component: string, neededBy: string | undefined): MempredError {
  const needer = neededBy === undefined ? "" : `, which "${neededBy}" needs`;
  return new MempredError("INVALID_INPUT", `there is no component "${component}"${needer}`, {
    component,
    neededBy,
    expected: "a component that was added to the graph",
  });
}
