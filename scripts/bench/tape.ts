// A tape of allocations and frees that every allocator replays alike: ids and sizes are drawn beforehand, so that no
// random draw is timed and no allocator's refusals change what the next one is asked for.

import { RandomStream } from "../../core/random.ts";
import { blockLength } from "../../core/units.ts";

export interface Tape {
  /** Sizes of ids 0, 1, 2, ... that fill the empty heap to the level. */
  readonly fill: Int32Array;
  /** Then pairs: free `victims[i]`, allocate `sizes[i]` bytes under the same id. */
  readonly victims: Int32Array;
  readonly sizes: Int32Array;
  /** Mean level over the pairs after the allocation, headers and rounding included, were everything served. */
  readonly meanLevelRatio: number;
}

const DRAWS = 8;

/**
 * Fills up to `levelRatio` of the capacity, then keeps that level: frees a random live block and allocates a new one whose size
 * is the last of up to eight draws, the first that brings the level within half a percent below the mark, else the one that
 * comes nearest without passing it. Sizes are 8 to 1,023 bytes, uniform in the exponent.
 */
export function levelTape(capacityBytes: number, levelRatio: number, pairs: number, seed: number): Tape {
  const random = new RandomStream(seed, "bench");
  const levelBytes = levelRatio * capacityBytes;
  const lengths: number[] = [];
  const fill: number[] = [];
  let liveBytes = 0;
  for (;;) {
    const size = drawSize(random);
    if (liveBytes + blockLength(size) > levelBytes) break;
    fill.push(size);
    lengths.push(blockLength(size));
    liveBytes += blockLength(size);
  }
  const victims = new Int32Array(pairs);
  const sizes = new Int32Array(pairs);
  let area = 0;
  for (let i = 0; i < pairs; i++) {
    const id = random.integer(fill.length);
    liveBytes -= lengths[id]!;
    let chosen = 8; // 16 bytes of block always fit: what was freed had as many
    for (let draw = 0; draw < DRAWS; draw++) {
      const size = drawSize(random);
      const after = liveBytes + blockLength(size);
      if (after > levelBytes) continue;
      if (size > chosen) chosen = size;
      if (after > levelBytes - 0.005 * capacityBytes) {
        chosen = size;
        break;
      }
    }
    victims[i] = id;
    sizes[i] = chosen;
    lengths[id] = blockLength(chosen);
    liveBytes += lengths[id]!;
    area += liveBytes;
  }
  return { fill: Int32Array.from(fill), victims, sizes, meanLevelRatio: area / pairs / capacityBytes };
}

/** 8 · 2^u bytes, u uniform in [0, 7), linear within a doubling. */
function drawSize(random: RandomStream): number {
  const u = random.next() * 7;
  const doubling = Math.floor(u);
  return Math.floor(8 * (1 << doubling) * (1 + (u - doubling)));
}
