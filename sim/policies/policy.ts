// What a policy is: when to compact, shed or hold back, on what signal. The arena serves the demand and keeps the limits;
// a policy only wishes. Each policy is one file that exports a PolicyDefinition, and a line in registry.ts.

import type { CompactorKind } from "../../allocator/compactor.ts";
import type { Demand } from "../../core/demand.ts";
import type { Forecaster } from "../../core/forecaster.ts";
import type { RandomStream } from "../../core/random.ts";
import type { Arena, Machinery } from "../arena.ts";
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
  /** The row of the demand that comes next: those before it have arrived. */
  nextRow: number;
  /** Largest block length among the last 512 requests, as of the last tick. */
  largestRecentBytes: number;
  readonly isAutonomyOn: boolean;
  readonly reserveBytes: number | null;
  readonly placeboRuns: number;
  /** How many of them pack the whole heap. */
  readonly placeboPacks: number;
  /** The policy's own block in the arena: `stateBytes` of its definition from `byteOffset` on. */
  readonly state: { readonly buffer: ArrayBuffer; readonly byteOffset: number };
  /** Values of the policy's parameters that differ from their defaults. */
  readonly tuning: Readonly<Record<string, number>>;
}

export interface Policy {
  /** Each 500 ms, after the forecaster learned. */
  onTick(nowMicros: number): void;
  /** After each allocation or resize was taken in; `lengthBytes` is what it asked for, header and rounding included. Hot. */
  onAllocation(nowMicros: number, lengthBytes: number): void;
  /** Called before each row of the demand, when all that was due before it has happened. */
  beforeRow?(row: number, nowMicros: number): void;
  /** When `onWake` is to be called, between rows; Infinity: never. Read after each of the calls above and below. */
  readonly wakeMicros?: number;
  /** Called at `wakeMicros`, before the rows of that moment; it must set a later one. */
  onWake?(nowMicros: number): void;
}

export interface PolicyDefinition {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Starts runs of its own accord: a shadow arena is kept to judge them. */
  readonly isProactive: boolean;
  /** A pending request may start a run. */
  readonly compactsOnDemand: boolean;
  /** Id of what it forecasts with (sim/signals.ts), which then has its block in the arena; null: it forecasts nothing. */
  readonly signal: string | null;
  /** Knows or may what no real policy can: a yardstick that does not compete. */
  readonly isBound: boolean;
  /** Its arena lives in a world without cost, limits or classes (sim/free-world.ts): for the bound from below. */
  readonly isFreeOfCost?: boolean;
  /** How many runs it makes is taken from this policy's run on the same demand. */
  readonly pairedWith: string | null;
  /** The compactor when the id names none: of runs for a pending request, and of proactive runs. */
  readonly compactor: Machinery;
  readonly proactiveCompactor: CompactorKind;
  /** Bytes of state beside the signal's; they too lie in the arena that the policy acts in. */
  readonly stateBytes?: number;
  /** What can be tuned, by name with its default; each name ends in its unit. */
  readonly parameters?: Readonly<Record<string, number>>;
  create(world: PolicyWorld): Policy;
}

/** For policies that do nothing by themselves. */
export const PASSIVE_POLICY: Policy = {
  onTick() {},
  onAllocation() {},
};
