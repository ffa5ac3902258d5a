// A run made to be looked at: the same simulation as everywhere, taken down in columns.

import type { Demand } from "../core/demand.ts";
import { Recording, recordingHeader } from "../sim/recording/recording.ts";
import type { RunResult } from "../sim/result.ts";
import type { SimulateOptions } from "../sim/simulate-types.ts";
import type { Engine } from "./engine.ts";

export interface RecordedRun {
  readonly recording: Recording;
  readonly result: RunResult;
}

/** Cost: that of the run, and some ten bytes of memory a byte that a journal would have. Errors: those of `simulate`. */
export function recordRun(
  engine: Engine,
  demand: Demand,
  policy: string,
  seed: number,
  more: Partial<SimulateOptions> = {},
): RecordedRun {
  const recorder = new Recording(recordingHeader(demand, policy, seed));
  const { result } = engine.simulate({ ...more, demand, policy, seed, recorder });
  return { recording: recorder, result };
}
