// How large a request may be at a level.

/** Also the least, so that tiny heaps and pools still have requests. */
const LEAST_LARGEST_BYTES = 16;

/**
 * The largest request of a level, in payload bytes: half of what is free at the level, so that a request stays possible
 * when the heap is as full as it is on average; a quarter of the live bytes, so that the level can follow its shape; and
 * the limit given.
 */
export function largestRequestBytes(pressureRatio: number, capacityBytes: number, limitBytes: number): number {
  const free = Math.floor(((1 - pressureRatio) * capacityBytes) / 2);
  const live = Math.floor((pressureRatio * capacityBytes) / 4);
  return Math.max(LEAST_LARGEST_BYTES, Math.min(limitBytes, free, live));
}
