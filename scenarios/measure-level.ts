// Measures what a demand came to from a moment on: mean and peaks as ratios of capacity, and the same peak without what a
// shrinker could free. `measureDemand` in core/ measures the whole run, fill included.

import { type Demand, FLAG_RECLAIMABLE, OP_FREE } from "../core/demand.ts";
import { blockLength } from "../core/units.ts";

export interface MeasuredLevel {
  /** Time-mean of demanded block bytes / capacity from the given moment on. */
  readonly meanRatio: number;
  /** Greatest demanded block bytes / capacity, over the whole run. */
  readonly peakRatio: number;
  /** The same without reclaimable blocks. */
  readonly heldPeakRatio: number;
  /** Time-mean of reclaimable block bytes / capacity. */
  readonly reclaimableMeanRatio: number;
}

/** One pass over the demand. @param fromMicros usually `fillEndMicros(demand.durationMicros)`. */
export function measureLevel(demand: Demand, fromMicros: number): MeasuredLevel {
  const lengths = new Float64Array(demand.idCount);
  const isReclaimable = new Uint8Array(demand.idCount);
  let live = 0;
  let reclaimable = 0;
  let peak = 0;
  let heldPeak = 0;
  let area = 0;
  let reclaimableArea = 0;
  let last = fromMicros;
  for (let i = 0; i < demand.length; i++) {
    const t = demand.timeMicros[i]!;
    const id = demand.id[i]!;
    if (t > last) {
      area += live * (t - last);
      reclaimableArea += reclaimable * (t - last);
      last = t;
    }
    const isFree = demand.kind[i] === OP_FREE;
    const length = isFree ? 0 : blockLength(demand.sizeBytes[i]!);
    if (!isFree) isReclaimable[id] = demand.flags[i]! & FLAG_RECLAIMABLE;
    live += length - lengths[id]!;
    if (isReclaimable[id] !== 0) reclaimable += length - lengths[id]!;
    lengths[id] = length;
    if (live > peak) peak = live;
    if (live - reclaimable > heldPeak) heldPeak = live - reclaimable;
  }
  area += live * (demand.durationMicros - last);
  reclaimableArea += reclaimable * (demand.durationMicros - last);
  const span = (demand.durationMicros - fromMicros) * demand.capacityBytes;
  return {
    meanRatio: area / span,
    peakRatio: peak / demand.capacityBytes,
    heldPeakRatio: heldPeak / demand.capacityBytes,
    reclaimableMeanRatio: reclaimableArea / span,
  };
}
