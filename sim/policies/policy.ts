// What a policy is: when to compact, shed or hold back, on what signal. The arena serves the demand and keeps the limits;
// a policy only wishes. Each policy is one file that exports a PolicyDefinition, and a line in registry.ts.

import type { CompactorKind } from "../../allocator/compactor.ts";
import type { Demand } from "../../core/demand.ts";
import type { Forecaster } from "../../core/forecaster.ts";
import type { RandomStream } from "../../core/random.ts";
import type { Arena } from "../arena.ts";
import type { DecisionLog } from "../decisions.ts";

/** A forecaster with its watchdog, if it has one. */
export interface GuardedSignal extends Forecaster {
  /** The forecaster itself; its weights, where it has some, are live. */
  readonly guarded: Forecaster & { readonly weights?: Float64Array | undefined };
  /** True while the watchdog does not let it through. */
  readonly isTripped: boolean;
  /** The trips so far, in order. */
  readonly trips: readonly { readonly atMicros: number; readonly reason: string }[];
}

/** What a policy may see and use. */
export interface PolicyWorld {
  readonly arena: Arena;
  readonly demand: Demand;
  /** Null for a policy that forecasts nothing. */
  readonly signal: GuardedSignal | null;
  /** The policy's own random stream. */
  readonly random: RandomStream;
  readonly log: DecisionLog;
  /** Largest block length among the last 512 requests, as of the last tick. */
  largestRecentBytes: number;
  readonly isAutonomyOn: boolean;
  readonly reserveBytes: number | null;
  readonly placeboRuns: number;
}

export interface Policy {
  /** Each 500 ms, after the forecaster learned. */
  onTick(nowMicros: number): void;
  /** After each allocation or resize was taken in. Hot. */
  onAllocation(nowMicros: number): void;
}

export interface PolicyDefinition {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Starts runs of its own accord: a shadow arena is kept to judge them. */
  readonly isProactive: boolean;
  /** A pending request may start a run. */
  readonly compactsOnDemand: boolean;
  /** Has the network, and its block in the arena. */
  readonly usesNetwork: boolean;
  /** How many runs it makes is taken from this policy's run on the same demand. */
  readonly pairedWith: string | null;
  /** The compactor when the id names none: of runs for a pending request, and of proactive runs. */
  readonly compactor: CompactorKind;
  readonly proactiveCompactor: CompactorKind;
  /** What can be tuned, by name with its default; each name ends in its unit. */
  readonly parameters?: Readonly<Record<string, number>>;
  create(world: PolicyWorld): Policy;
}

/** For policies that do nothing by themselves. */
export const PASSIVE_POLICY: Policy = {
  onTick() {},
  onAllocation() {},
};
