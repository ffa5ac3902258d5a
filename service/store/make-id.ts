// Ids that sort by when they were made, so that "the newest first" is the order of the key and new rows go to the end of an index:
// 13 digits of time and a counter within the millisecond, 13 of chance (65 bits), in Crockford's base 32. After the ULID, whose
// order within a millisecond comes from adding 1 to the random part; here that part is drawn anew, so that an id tells nothing
// about its neighbour.

import { randomFillSync } from "node:crypto";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const COUNTS_PER_MILLI = 1024;
const POOL_BYTES = 13 * 256;

/** What ids look like, wherever they come from. */
export const ID_PATTERN = /^[a-z0-9-]{1,64}$/;

/** Ids of 26 letters and digits, each larger than the one before, whatever the clock does. */
export function idMaker(now: () => number): () => string {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.floor(now()) * COUNTS_PER_MILLI); // < 2^53 until the year 2248
    if (used === POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    let id = "";
    for (let rest = last, i = 0; i < 13; i++, rest = Math.floor(rest / 32)) id = DIGITS[rest % 32] + id;
    for (let i = 0; i < 13; i++) id += DIGITS[pool[used++]! & 31];
    return id;
  };
}
