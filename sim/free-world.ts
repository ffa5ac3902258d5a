// A world in which compaction costs nothing, nothing limits it, caches are shed at once, and every request may have all that
// before it is denied. The demand itself, ids, sizes, times and pins, is what it was.

import { CLASS_WAIT, type Demand } from "../core/demand.ts";
import type { Limits } from "./simulate-types.ts";

/** No limit on compaction at all. */
export const NO_LIMITS: Limits = {
  runsPerSecond: Infinity,
  movedBytesPerSecond: Infinity,
  movedBytesBurst: Infinity,
  proactiveBytesPerSecond: Infinity,
  proactiveCooldownMicros: 0,
};

/** The demand as the free world sees it: everyone may wait, though nobody has to. Shares all other columns. */
export function freeDemand(demand: Demand): Demand {
  return {
    ...demand,
    requestClass: new Uint8Array(demand.requestClass.length).fill(CLASS_WAIT),
    shedBytesPerSecond: Infinity,
  };
}
