// Units of the world. Time is integer microseconds of virtual time; a day fits in a double many times over.

export const MICROS_PER_MILLI = 1_000;
export const MICROS_PER_SECOND = 1_000_000;

/** The default arena: 100 KiB. */
export const DEFAULT_CAPACITY_BYTES = 102_400;
/** Every block length and address is a multiple of this. */
export const GRANULE_BYTES = 16;
/** The header that precedes the payload of each block, inside the arena. */
export const HEADER_BYTES = 8;

/** The length of the block that holds `sizeBytes`: header included, rounded up to the granule. */
export function blockLength(sizeBytes: number): number {
  return Math.ceil((sizeBytes + HEADER_BYTES) / GRANULE_BYTES) * GRANULE_BYTES;
}

/** The forecast: a tick each 500 ms, 5 s ahead, so 10 samples until a label matures. */
export const TICK_MICROS = 500_000;
export const HORIZON_TICKS = 10;
export const HORIZON_MICROS = TICK_MICROS * HORIZON_TICKS;
