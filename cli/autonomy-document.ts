// What `mempred autonomy` comes to, as data: `mempred.autonomy/1`. Each subsystem's part is a run as in a result file.

import type { AttackKind } from "../sim/attacks.ts";
import type { RunResult } from "../sim/result.ts";

export const AUTONOMY_SCHEMA = "mempred.autonomy/1";

/** Who starts runs: requests alone, each subsystem's controller for itself, one loop for all. */
export type AutonomyMode = "reactive" | "uncoordinated" | "coordinated";

export interface AutonomyRun {
  readonly mode: AutonomyMode;
  readonly seed: number;
  readonly hash: string;
  /** Of all subsystems together. */
  readonly compactionRuns: number;
  readonly maxRunsInAnySecond: number;
  readonly zones: readonly RunResult[];
}

export interface AutonomyDocument {
  readonly schema: typeof AUTONOMY_SCHEMA;
  readonly version: string;
  /** The scenario of each. */
  readonly subsystems: readonly string[];
  readonly pressureRatio: number;
  readonly seeds: readonly number[];
  readonly durationSeconds: number;
  readonly ratePerSecond: number;
  readonly policy: string;
  readonly attacks: readonly AttackKind[];
  readonly runs: readonly AutonomyRun[];
}
