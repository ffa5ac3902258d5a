// What the page runs, as one value: it is what the URL holds, what the controls change and what a worker is asked for.

import type { Limits } from "../sim/simulate-types.ts";
import type { Burst } from "./worker/burst.ts";
import type { RunRequest, Source } from "./worker/protocol.ts";

export interface RunOptions {
  readonly source: Source;
  /** 0..1. */
  readonly pressureRatio: number;
  readonly seed: number;
  readonly durationSeconds: number;
  /** A and B; differences are B − A. */
  readonly policies: readonly [string, string];
  readonly isAutonomyOn: boolean;
  readonly isWatchdogOn: boolean;
  readonly limits: Partial<Limits>;
  /** Parameters that differ from their defaults, for each policy that has them. */
  readonly tuning: Readonly<Record<string, number>>;
  readonly bursts: readonly Burst[];
}

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

export function nameOf({ source }: RunOptions): string {
  return source.kind === "scenario" ? source.id : source.file;
}

/** The command that makes the same runs in a terminal. */
export function commandOf(options: RunOptions): string {
  const { source, pressureRatio, seed, policies, durationSeconds } = options;
  const minutes = durationSeconds % 60 === 0 ? `${durationSeconds / 60}m` : `${durationSeconds}s`;
  const what = source.kind === "scenario" ? `stress --scenario ${source.id}` : `replay ${source.file}`;
  return [
    `mempred ${what} --pressure ${percent(pressureRatio)} --seed ${seed} --policy ${[...new Set(policies)].join(",")}`,
    ...(source.kind === "scenario" ? [`--duration ${minutes}`] : []),
    ...(options.isAutonomyOn ? [] : ["--no-autonomy"]),
    ...(options.isWatchdogOn ? [] : ["--no-watchdog"]),
  ].join(" ");
}

export function percent(ratio: number): string {
  return String(Math.round(ratio * 1e6) / 1e4);
}
