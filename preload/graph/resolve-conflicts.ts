// Which of the wanted components a plan can have together with all that they need. The most urgent ones choose first: each is taken
// with everything that it needs if that goes together with what was taken before, and else is left out as a whole. So a loser's
// dependants are out as well, nothing is loaded that only a loser would have needed, and nobody is left out because of something
// that is not loaded either.
//
// When a component is taken, its rivals are out, and so is all that needs them; each component goes out once, so the whole costs
// nodes and edges. Only a component that needs two rivals itself costs its own closure in vain.

import { assert } from "../../core/errors.ts";
import type { ConflictRules } from "./conflict-rules.ts";
import type { Subgraph } from "./subgraph.ts";

/**
 * Why a component is not in a plan.
 * - `excluded`: it cannot be loaded together with `winner`, which is in the plan.
 * - `needs-excluded`: it needs `loser`, by way of `dependency`, and that cannot be loaded together with `winner`.
 * - `needs-both`: it needs `loser` and `winner`, which cannot be loaded together; it may be one of them itself.
 *   With a `dependency`: that needs them.
 * - `cycle`: it is part of a cycle, or needs by way of `dependency` something that is.
 * - `unneeded`: only what was left out needs it.
 */
export type LeftOutReason = "excluded" | "needs-excluded" | "needs-both" | "cycle" | "unneeded";

export interface LeftOut {
  readonly component: string;
  readonly reason: LeftOutReason;
  readonly dependency?: string | undefined;
  readonly loser?: string | undefined;
  readonly winner?: string | undefined;
}

export interface Resolution {
  /** By index of the subgraph. */
  readonly isTaken: readonly boolean[];
  /** Everything else, in the order of the subgraph. */
  readonly leftOut: readonly LeftOut[];
  /** Nodes and edges that were looked at. */
  readonly looks: number;
}

/**
 * @param roots indexes of what is wanted, the most urgent first; each once
 * @param blocked indexes that are out from the beginning, as they need a cycle, by the index of the dependency it is because of
 */
export function resolveConflicts(
  subgraph: Subgraph,
  rules: ConflictRules,
  roots: readonly number[],
  blocked: ReadonlyMap<number, number>,
): Resolution {
  return new Resolver(subgraph, rules).run(roots, blocked);
}

class Resolver {
  readonly #graph: Subgraph;
  readonly #rules: ConflictRules;
  readonly #isTaken: boolean[];
  readonly #reasons: (LeftOut | undefined)[];
  /** Indexes by slot. */
  readonly #slots = new Map<string, number[]>();
  #looks = 0;

  constructor(graph: Subgraph, rules: ConflictRules) {
    this.#graph = graph;
    this.#rules = rules;
    this.#isTaken = graph.names.map(() => false);
    this.#reasons = graph.names.map(() => undefined);
    graph.names.forEach((name, index) => {
      const slot = rules.slotOf(name);
      if (slot === undefined) return;
      const members = this.#slots.get(slot);
      if (members === undefined) this.#slots.set(slot, [index]);
      else members.push(index);
    });
  }

  run(roots: readonly number[], blocked: ReadonlyMap<number, number>): Resolution {
    for (const [index, dependency] of blocked) {
      this.#reasons[index] = { component: this.#name(index), reason: "cycle", dependency: this.#name(dependency) };
    }
    for (const root of roots) {
      if (this.#isTaken[root] || this.#reasons[root] !== undefined) continue;
      const wanted = this.#closureOf(root);
      const pair = this.#rivalsAmong(wanted);
      if (pair === undefined) this.#take(wanted);
      else this.#leaveOut(root, { reason: "needs-both", loser: pair[0], winner: pair[1] });
    }
    const leftOut: LeftOut[] = [];
    this.#isTaken.forEach((isTaken, index) => {
      assert(!isTaken || this.#reasons[index] === undefined, "plan: a component is taken and left out");
      if (!isTaken) leftOut.push(this.#reasons[index] ?? { component: this.#name(index), reason: "unneeded" });
    });
    return { isTaken: this.#isTaken, leftOut, looks: this.#looks };
  }

  /** What comes with a root and was not taken yet. Nothing of it is out: then the root would be, too. */
  #closureOf(root: number): number[] {
    const found = [root];
    const isFound = new Set(found);
    for (const index of found) {
      for (const dependency of this.#graph.dependencies[index] as readonly number[]) {
        this.#looks++;
        if (this.#isTaken[dependency] || isFound.has(dependency)) continue;
        isFound.add(dependency);
        found.push(dependency);
      }
    }
    return found;
  }

  /** The names of two that cannot be together. */
  #rivalsAmong(indexes: readonly number[]): [string, string] | undefined {
    const bySlot = new Map<string, string>();
    const names = new Set<string>();
    for (const index of indexes) {
      const name = this.#name(index);
      const slot = this.#rules.slotOf(name);
      const other = slot === undefined ? undefined : bySlot.get(slot);
      if (other !== undefined) return [name, other];
      if (slot !== undefined) bySlot.set(slot, name);
      for (const rival of this.#rules.excludedBy(name)) {
        this.#looks++;
        if (names.has(rival)) return [name, rival];
      }
      names.add(name);
    }
    return undefined;
  }

  #take(indexes: readonly number[]): void {
    for (const index of indexes) this.#isTaken[index] = true;
    for (const index of indexes) {
      const winner = this.#name(index);
      for (const rival of this.#rivalsOf(index)) {
        this.#looks++;
        if (this.#reasons[rival] === undefined) this.#leaveOut(rival, { reason: "excluded", winner });
      }
    }
  }

  /** In the subgraph, by name and by slot. */
  *#rivalsOf(index: number): Generator<number> {
    const name = this.#name(index);
    for (const rival of this.#rules.excludedBy(name)) {
      const found = this.#graph.indexes.get(rival);
      if (found !== undefined) yield found;
    }
    const slot = this.#rules.slotOf(name);
    // One of a slot is taken at most, so each slot is walked through once.
    if (slot !== undefined) for (const rival of this.#slots.get(slot) as number[]) if (rival !== index) yield rival;
  }

  /** It is out, and so is all that needs it. */
  #leaveOut(index: number, why: Omit<LeftOut, "component">): void {
    this.#reasons[index] = { component: this.#name(index), ...why };
    const loser = why.reason === "excluded" ? this.#name(index) : why.loser;
    const reason = why.reason === "excluded" ? "needs-excluded" : why.reason;
    const reached = [index];
    for (const one of reached) {
      for (const dependant of this.#graph.dependants[one] as readonly number[]) {
        this.#looks++;
        if (this.#reasons[dependant] !== undefined) continue;
        const component = this.#name(dependant);
        this.#reasons[dependant] = { component, reason, dependency: this.#name(one), loser, winner: why.winner };
        reached.push(dependant);
      }
    }
  }

  #name(index: number): string {
    return this.#graph.names[index] as string;
  }
}
