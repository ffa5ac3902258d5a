// Seeded streams of requests that no policy was tuned on, and that need no files: for the committed golden figures and for the
// held-out half of docs/cache-policies.md. Keys are dense.

import { expDeterministic, logDeterministic } from "../../core/math.ts";
import { RandomStream } from "../../core/random.ts";

export interface SyntheticStream {
  readonly id: string;
  readonly what: string;
  readonly sizes: readonly number[];
  keys(): Uint32Array;
}

const REQUESTS = 60_000;

export const SYNTHETIC_STREAMS: readonly SyntheticStream[] = [
  { id: "zipf", what: "Zipf 0.9 over 5,000 keys", sizes: [100, 700], keys: () => fill("zipf", zipf(5_000, 0.9)) },
  { id: "drift", what: "Zipf 0.9, the ranking moves on by one key every 20 requests", sizes: [100, 700], keys: drift },
  {
    id: "stack",
    what: "distance to the last use is short: half below 40 keys, tail to 1,000",
    sizes: [60, 400],
    keys: stack,
  },
  { id: "loop-zipf", what: "a loop over 900 keys, mixed half and half with Zipf", sizes: [300, 700], keys: loopZipf },
  {
    id: "scans",
    what: "Zipf with a scan of 3,000 keys never seen again, every 6,000 requests",
    sizes: [200, 800],
    keys: scans,
  },
  {
    id: "phases",
    what: "5,000 requests of a loop over 600 keys, 5,000 of short distances, in turn",
    sizes: [150, 450],
    keys: phases,
  },
];

/** @param name of the random stream @param next the key of request `index` */
function fill(name: string, next: (random: RandomStream, index: number) => number): Uint32Array {
  const random = new RandomStream(7, `cache-${name}`);
  const keys = new Uint32Array(REQUESTS);
  for (let index = 0; index < REQUESTS; index++) keys[index] = next(random, index);
  return keys;
}

/** Draws ranks 0 … count − 1 by 1 / rank^exponent, from a table of sums. */
function zipf(count: number, exponent: number): (random: RandomStream) => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += expDeterministic(-exponent * logDeterministic(rank + 1));
    sums[rank] = sum;
  }
  return (random) => {
    const aim = random.next() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < aim) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function drift(): Uint32Array {
  const rank = zipf(5_000, 0.9);
  return fill("drift", (random, index) => Math.floor(index / 20) + rank(random));
}

function stack(): Uint32Array {
  const recent: number[] = [];
  let fresh = 0;
  return fill("stack", (random) => {
    const distance = random.chance(0.5) ? random.integer(40) : random.integer(1_000);
    const key = distance < recent.length && random.chance(0.9) ? (recent.splice(distance, 1)[0] as number) : fresh++;
    recent.unshift(key);
    if (recent.length > 1_000) recent.pop();
    return key;
  });
}

function loopZipf(): Uint32Array {
  const rank = zipf(3_000, 0.9);
  let at = 0;
  return fill("loop-zipf", (random) => (random.chance(0.5) ? 3_000 + (at++ % 900) : rank(random)));
}

function scans(): Uint32Array {
  const rank = zipf(3_000, 0.9);
  let fresh = 3_000;
  return fill("scans", (random, index) => (index % 6_000 < 3_000 ? rank(random) : fresh++));
}

function phases(): Uint32Array {
  let at = 0;
  const near = stack();
  return fill("phases", (_random, index) => (index % 10_000 < 5_000 ? at++ % 600 : 600 + (near[index] as number)));
}
