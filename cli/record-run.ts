// A run made to be looked at: the same simulation as everywhere, taken down in columns.

import type { Demand } from "../core/demand.ts";
import { GRANULE_BYTES } from "../core/units.ts";
import { Recording } from "../sim/recording/recording.ts";
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
  const { capacityBytes, name: scenario, pressureRatio } = demand;
  const recorder = new Recording({ capacityBytes, granuleBytes: GRANULE_BYTES, scenario, pressureRatio, seed, policy });
  const { result } = engine.simulate({ ...more, demand, policy, seed, recorder });
  return { recording: recorder, result };
}
