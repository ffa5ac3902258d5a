// What compaction costs (DESIGN section 1): T = 200 µs + scan + moved / (85 MB/s), in slices of at most 100 µs.

import type { CostModel } from "./simulate-types.ts";

/** A whole slide of a 95 % full default heap comes to about 1.2 ms. */
export const DEFAULT_COST: CostModel = {
  startMicros: 200,
  scanMicrosPerBlock: 0.05,
  copyBytesPerMicro: 85,
  sliceMicros: 100,
};

/** Compaction that costs nothing: for the bound, and for the tests against rigging. */
export const ZERO_COST: CostModel = {
  startMicros: 0,
  scanMicrosPerBlock: 0,
  copyBytesPerMicro: Infinity,
  sliceMicros: 100,
};
