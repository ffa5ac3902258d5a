// What a component is expected to cost together with what it needs and is not there: bytes and loads of all of them.

import type { ComponentCosts } from "../../preload/component-costs.ts";
import type { ComponentCost } from "../../preload/contract.ts";
import type { DependencyGraph } from "../../preload/graph/dependency-graph.ts";

export class ExpectedCosts {
  readonly #costs: ComponentCosts;
  readonly #graph: DependencyGraph | undefined;
  readonly #has: (component: string) => boolean;

  constructor(costs: ComponentCosts, graph: DependencyGraph | undefined, has: (component: string) => boolean) {
    this.#costs = costs;
    this.#graph = graph;
    this.#has = has;
  }

  of(component: string): ComponentCost {
    const needed = this.#needed(component);
    if (needed.length === 1) return this.#costs.of(component);
    let [bytes, loadRatio] = [0, 0];
    for (const one of needed) {
      const cost = this.#costs.of(one);
      bytes += cost.bytes;
      loadRatio += cost.loadRatio;
    }
    return { bytes, loadRatio };
  }

  /** How long it takes, ms, one after the other: no less than it does in parallel. */
  millisOf(component: string): number {
    return this.#needed(component).reduce((sum, one) => sum + this.#costs.millisOf(one), 0);
  }

  #needed(component: string): readonly string[] {
    const graph = this.#graph;
    if (graph === undefined || graph.dependenciesOf(component).length === 0) return [component];
    try {
      return graph.closure([component]).filter((one) => one === component || !this.#has(one));
    } catch {
      return [component]; // something unknown: loading it will say so
    }
  }
}
