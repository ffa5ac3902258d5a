// What the page and its simulation workers say to each other. Plain data, and typed arrays that change hands.

import type { ScenarioSpec } from "../../scenarios/spec.ts";
import type { ForecastColumns, RecordedForecast } from "../../sim/recording/recorded-forecast.ts";
import type { RecordingHeader } from "../../sim/recording/recording.ts";
import type { Decision, RunResult } from "../../sim/result.ts";
import type { Limits } from "../../sim/simulate-types.ts";
import type { World } from "../options.ts";
import type { Burst } from "./burst.ts";

/** Where the demand comes from. */
export type Source =
  | { readonly kind: "scenario"; readonly id: string }
  | { readonly kind: "spec"; readonly spec: ScenarioSpec }
  | { readonly kind: "trace"; readonly file: string; readonly text: string };

/** All that a run depends on. */
export interface RunRequest {
  readonly source: Source;
  readonly pressureRatio: number;
  readonly seed: number;
  readonly durationSeconds: number;
  readonly policy: string;
  /** The policies of the page: a paired one copies the amount of work of its partner among them. */
  readonly policies: readonly string[];
  readonly isAutonomyOn: boolean;
  readonly isWatchdogOn: boolean;
  readonly limits: Partial<Limits>;
  readonly tuning: Readonly<Record<string, number>>;
  readonly bursts: readonly Burst[];
  readonly world: World;
  /** Whether chunks of a recording are wanted, or the result alone. */
  readonly isRecorded: boolean;
}

/** Rows of a recording since the chunk before. */
export interface Chunk {
  /** With the first. */
  readonly header: RecordingHeader | null;
  readonly endMicros: number;
  readonly words: readonly string[];
  readonly events: readonly (Float64Array | Int32Array | Uint8Array)[];
  readonly ticks: readonly Float64Array[];
  /** Whole rows of weights and inputs. */
  readonly networks: Float32Array;
}

export type WorkerMessage =
  | { readonly job: number; readonly kind: "chunk"; readonly chunk: Chunk }
  | {
      readonly job: number;
      readonly kind: "done";
      readonly result: RunResult;
      readonly decisions: readonly Decision[];
      /** Wall-clock milliseconds of the whole job. */
      readonly tookMillis: number;
    }
  | { readonly job: number; readonly kind: "scored"; readonly scores: RecordedForecast | null }
  | { readonly job: number; readonly kind: "error"; readonly message: string };

export type WorkerRequest =
  | { readonly kind: "run"; readonly job: number; readonly request: RunRequest }
  | { readonly kind: "score"; readonly job: number; readonly recording: ForecastColumns }
  /** The first part of the recording has been drawn. */
  | { readonly kind: "seen" };
