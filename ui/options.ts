// What the page runs, as one value: it is what the URL holds, what the controls change and what a worker is asked for.

import type { RequestMix } from "../core/demand.ts";
import { DEFAULT_CAPACITY_BYTES } from "../core/units.ts";
import type { AttackKind } from "../sim/attacks.ts";
import type { ShedOrderName } from "../sim/shed-order.ts";
import type { Limits } from "../sim/simulate-types.ts";
import { percentText, type Suite } from "../sim/suite/plan.ts";
import { reproduceCommand } from "../sim/suite/reproduce.ts";
import type { Burst } from "./worker/burst.ts";
import type { RunRequest, Source } from "./worker/protocol.ts";

/** What the controls of the page leave alone: it comes from a result file. */
export interface World {
  /** Null: the scenario's own. */
  readonly mix: RequestMix | null;
  readonly ratePerSecond: number;
  /** Null: of a trace, from its peak. */
  readonly capacityBytes: number | null;
  readonly fit: "segregated" | "best";
  readonly isShadowOn: boolean;
  readonly retries: number;
  readonly reserveBytes: number | null;
  readonly shedOrder: ShedOrderName | null;
  readonly attacks: readonly AttackKind[];
  /** Null: the shipped ones. */
  readonly weights: readonly number[] | "cold" | null;
  readonly stretch: number | null;
}

export interface RunOptions {
  readonly source: Source;
  /** 0..1. */
  readonly pressureRatio: number;
  readonly seed: number;
  /** Of a scenario; a trace is as long as it is. */
  readonly durationSeconds: number;
  /** A and B; differences are B − A. */
  readonly policies: readonly [string, string];
  readonly isAutonomyOn: boolean;
  readonly isWatchdogOn: boolean;
  readonly limits: Partial<Limits>;
  /** Parameters that differ from their defaults, for each policy that has them. */
  readonly tuning: Readonly<Record<string, number>>;
  readonly bursts: readonly Burst[];
  readonly world: World;
}

export const DEFAULT_WORLD: World = {
  mix: null,
  ratePerSecond: 100,
  capacityBytes: null,
  fit: "segregated",
  isShadowOn: true,
  retries: 0,
  reserveBytes: null,
  shedOrder: null,
  attacks: [],
  weights: null,
  stretch: null,
};

export const DEFAULT_OPTIONS: RunOptions = {
  source: { kind: "scenario", id: "steady" },
  pressureRatio: 0.95,
  seed: 1,
  durationSeconds: 600,
  policies: ["reactive", "predictive"],
  isAutonomyOn: true,
  isWatchdogOn: true,
  limits: {},
  tuning: {},
  bursts: [],
  world: DEFAULT_WORLD,
};

export function requestOf(options: RunOptions, policy: string, isRecorded: boolean): RunRequest {
  return { ...options, policy, isRecorded };
}

/** What of the run the command line has no flag for; empty: the digest must be the command line's. */
export function alterationsOf({ limits, tuning, bursts }: RunOptions): string[] {
  return [
    ...(bursts.length > 0 ? [bursts.length === 1 ? "a burst" : `${bursts.length} bursts`] : []),
    ...Object.entries(limits).map(([name, value]) => `${name} ${value}`),
    ...Object.entries(tuning).map(([name, value]) => `${name} ${value}`),
  ];
}

/** Whether these are runs of the same suite. Cold. */
export function differsInSeedOnly(one: RunOptions, other: RunOptions): boolean {
  const { source, seed: _, ...rest } = one;
  const { source: otherSource, seed: __, ...otherRest } = other;
  const isSameSource =
    source === otherSource ||
    (source.kind === "scenario" && otherSource.kind === "scenario" && source.id === otherSource.id);
  return isSameSource && JSON.stringify(rest) === JSON.stringify(otherRest);
}

export function nameOf({ source }: RunOptions): string {
  if (source.kind === "scenario") return source.id;
  return source.kind === "spec" ? source.spec.id : source.file;
}

/** The suite that consists of these two runs. */
export function suiteOf(options: RunOptions): Suite {
  const { source, world, policies } = options;
  const name = nameOf(options);
  const isTrace = source.kind === "trace";
  const { mix, ratePerSecond, fit, retries, reserveBytes, shedOrder, attacks, weights, stretch } = world;
  return {
    scenarios: [name],
    pressures: [options.pressureRatio],
    seeds: [options.seed],
    policies: [...new Set(policies)],
    durationSeconds: isTrace ? 0 : options.durationSeconds,
    mix,
    rate: ratePerSecond,
    settings: {
      command: isTrace ? "replay" : "stress",
      capacityBytes: isTrace ? world.capacityBytes : (world.capacityBytes ?? DEFAULT_CAPACITY_BYTES),
      fit,
      autonomy: options.isAutonomyOn,
      watchdog: options.isWatchdogOn,
      shadow: world.isShadowOn,
      weights: weights === null ? "shipped" : weights === "cold" ? "cold" : "given",
      retries,
      ...(reserveBytes === null ? {} : { reserveBytes }),
      ...(shedOrder === null ? {} : { shedOrder }),
      ...(attacks.length === 0 ? {} : { attacks }),
      ...(stretch === null ? {} : { timing: `stretch ${stretch}` }),
      ...(source.kind === "scenario" ? {} : { files: { [name]: isTrace ? name : `${name}.yaml` } }),
    },
  };
}

/** The command that makes the same runs in a terminal. */
export function commandOf(options: RunOptions): string {
  return reproduceCommand(suiteOf(options));
}

export const percent = percentText;
