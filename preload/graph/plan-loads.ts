// From components that are wanted or expected to the order in which they and all that they need are loaded: levels, each of which
// needs only what is in those before it, and inside a level the most urgent first (P20). What cannot be loaded together is
// decided here (P25): required before speculative, then by priority, confidence and step, then by name, so that the order in which
// things were asked for makes no difference.

import { assert } from "../../core/errors.ts";
import { ConflictRules } from "./conflict-rules.ts";
import type { DependencyGraph } from "./dependency-graph.ts";
import { type LeftOut, resolveConflicts } from "./resolve-conflicts.ts";
import { cycleAmong, cycleError, levelsOf, type Subgraph } from "./subgraph.ts";

/** How urgent a component is. */
export interface Urgency {
  /** Somebody waits for it, or will not do without it; else it is speculative. */
  readonly isRequired: boolean;
  /** Any number; higher goes first. */
  readonly priority: number;
  /** Probability that it is asked for, 0..1. */
  readonly confidence: number;
  /** How far ahead it is expected, 1 is next. */
  readonly step: number;
}

export interface WantedComponent {
  readonly component: string;
  /** Default false. */
  readonly isRequired?: boolean | undefined;
  /** Default 0. */
  readonly priority?: number | undefined;
  /** Default 1. */
  readonly confidence?: number | undefined;
  /** Default 1. */
  readonly step?: number | undefined;
}

/** A load of a plan. A dependency is as urgent as the most urgent of those that need it, in each respect. */
export interface PlannedLoad extends Urgency {
  readonly component: string;
  readonly level: number;
  /** It was asked for by name. */
  readonly isWanted: boolean;
  readonly dependencies: readonly string[];
}

export interface LoadPlan {
  readonly levels: readonly (readonly PlannedLoad[])[];
  /** Wanted ones that are not in the plan, and what only they need, each with the reason. */
  readonly leftOut: readonly LeftOut[];
  /** Nodes and edges that were looked at for conflicts. */
  readonly looks: number;
}

export interface PlanOptions {
  readonly conflicts?: ConflictRules | undefined;
  /** What is wanted and needs a cycle: DEPENDENCY_CYCLE, or left out with that reason. Default "error". */
  readonly cycles?: "error" | "leave-out" | undefined;
}

/**
 * Plans what it takes to load `wanted`. A component that is wanted twice is as urgent as the more urgent of the two.
 * Errors: DEPENDENCY_CYCLE, INVALID_INPUT (an unknown component, where the graph says so). O(n log n) in wanted ones and in those
 * of a level, else nodes and edges of what they need; see resolve-conflicts.ts for the one exception.
 */
export function planLoads(
  graph: DependencyGraph,
  wanted: readonly WantedComponent[],
  { conflicts = new ConflictRules(), cycles = "error" }: PlanOptions = {},
): LoadPlan {
  const ranked = wanted.map(rankedOf).sort(compareUrgency);
  const names = [...new Set(ranked.map(({ component }) => component))];
  const subgraph = graph.subgraph(names);
  const { levels, rest } = levelsOf(subgraph);
  if (rest.length > 0 && cycles === "error") throw cycleError(cycleAmong(subgraph, rest));
  const roots = names.map((name) => subgraph.indexes.get(name) as number);
  const { isTaken, leftOut, looks } = resolveConflicts(subgraph, conflicts, roots, waysToCycles(subgraph, rest));
  const urgencies = spreadUrgency(subgraph, levels, ranked, isTaken);
  const wantedNames = new Set(names);
  const planned = levels.map((level, number) =>
    level
      .filter((index) => isTaken[index])
      .map((index): PlannedLoad & Ranked => {
        const component = subgraph.names[index] as string;
        const dependencies = (subgraph.dependencies[index] as readonly number[]).map(
          (dependency) => subgraph.names[dependency] as string,
        );
        const urgency = urgencies[index] as Urgency;
        return { component, ...urgency, level: number, isWanted: wantedNames.has(component), dependencies };
      })
      .sort(compareUrgency),
  );
  // What is taken is closed under dependencies, so a level without loads has none above it.
  return { levels: planned.filter((level) => level.length > 0), leftOut, looks };
}

type Ranked = Urgency & { readonly component: string };

/** Negative: the first is more urgent. Total over different names. */
function compareUrgency(a: Ranked, b: Ranked): number {
  if (a.isRequired !== b.isRequired) return a.isRequired ? -1 : 1;
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.confidence !== b.confidence) return b.confidence - a.confidence;
  if (a.step !== b.step) return a.step - b.step;
  if (a.component === b.component) return 0;
  return a.component < b.component ? -1 : 1;
}

/** Each of the rest with the smallest of its dependencies that is of the rest as well: followed up, they end in a cycle. */
function waysToCycles({ names, dependencies }: Subgraph, rest: readonly number[]): Map<number, number> {
  const isInRest = new Set(rest);
  const ways = new Map<number, number>();
  for (const index of rest) {
    let way = -1;
    for (const one of dependencies[index] as readonly number[]) {
      if (isInRest.has(one) && (way < 0 || (names[one] as string) < (names[way] as string))) way = one;
    }
    ways.set(index, way);
  }
  return ways;
}

/** From the wanted ones down to what they need: a level's urgencies are known before the level below is looked at. */
function spreadUrgency(
  { names, indexes, dependencies }: Subgraph,
  levels: readonly (readonly number[])[],
  ranked: readonly Ranked[],
  isTaken: readonly boolean[],
): (Urgency | undefined)[] {
  const urgencies: (Urgency | undefined)[] = names.map(() => undefined);
  const raise = (index: number, { isRequired, priority, confidence, step }: Urgency): void => {
    const before = urgencies[index];
    urgencies[index] = {
      isRequired: isRequired || before?.isRequired === true,
      priority: Math.max(priority, before?.priority ?? -Infinity),
      confidence: Math.max(confidence, before?.confidence ?? 0),
      step: Math.min(step, before?.step ?? Infinity),
    };
  };
  for (const one of ranked) {
    const index = indexes.get(one.component) as number;
    if (isTaken[index]) raise(index, one);
  }
  for (const level of [...levels].reverse()) {
    for (const index of level) {
      if (!isTaken[index]) continue;
      for (const dependency of dependencies[index] as readonly number[]) raise(dependency, urgencies[index] as Urgency);
    }
  }
  return urgencies;
}

function rankedOf({ component, isRequired = false, priority = 0, confidence = 1, step = 1 }: WantedComponent): Ranked {
  assert(!Number.isNaN(priority) && !Number.isNaN(confidence) && !Number.isNaN(step), "plan: an urgency is no number");
  return { component, isRequired, priority, confidence, step };
}
