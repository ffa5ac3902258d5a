// Alignments as recordings state them, in bytes, to the exponent that Demand keeps.

import { LEAST_ALIGN_LOG2 } from "./raw-trace.ts";

const MOST_ALIGN_LOG2 = 24;

/** The exponent of the least power of two ≥ `alignBytes`, at least 4; −1 for NaN, negative values and more than 16 MiB. */
export function alignLog2For(alignBytes: number): number {
  if (!(alignBytes >= 0)) return -1;
  let exponent = LEAST_ALIGN_LOG2;
  let bytes = 16;
  while (bytes < alignBytes && exponent <= MOST_ALIGN_LOG2) {
    bytes *= 2;
    exponent++;
  }
  return exponent <= MOST_ALIGN_LOG2 ? exponent : -1;
}
