// Facts about a demand that every run on it needs and none changes: its levels, the block length of each row, and for each
// tick the reference request (95th percentile of the last 512 lengths) and the largest of them. They depend on arrivals
// alone, never on a policy, so they are found once per demand and shared by all runs on it.

import { type Demand, type DemandLevels, measureDemand, OP_FREE } from "../core/demand.ts";
import { blockLength, TICK_MICROS } from "../core/units.ts";

const WINDOW = 512;
/** Until this many sizes are known the reference is the default. */
const LEAST_SIZES = 32;
const DEFAULT_REFERENCE_BYTES = 1024;

export interface DemandFacts {
  readonly levels: DemandLevels;
  /** Block length of each row, 0 for a free. */
  readonly lengthBytes: Uint32Array;
  /** Reference length from tick k on, k = 0 at time 0. */
  readonly referenceBytes: Uint32Array;
  /** Largest length among the last 512 requests at tick k. */
  readonly largestBytes: Uint32Array;
  readonly requests: { readonly total: number; readonly byClass: readonly [number, number, number] };
}

const known = new WeakMap<Demand, DemandFacts>();

/** The facts of a demand; found on first use, one pass and one selection among 512 a tick. */
export function demandFacts(demand: Demand): DemandFacts {
  let facts = known.get(demand);
  if (facts === undefined) {
    facts = findFacts(demand);
    known.set(demand, facts);
  }
  return facts;
}

function findFacts(demand: Demand): DemandFacts {
  const ticks = Math.floor(demand.durationMicros / TICK_MICROS) + 1;
  const lengthBytes = new Uint32Array(demand.length);
  const referenceBytes = new Uint32Array(ticks);
  const largestBytes = new Uint32Array(ticks);
  const ring = new Uint32Array(WINDOW);
  const sorted = new Uint32Array(WINDOW);
  let seen = 0;
  let tick = 0;
  const byClass: [number, number, number] = [0, 0, 0];

  const closeTick = (): void => {
    const n = Math.min(seen, WINDOW);
    if (n < LEAST_SIZES) {
      referenceBytes[tick] = DEFAULT_REFERENCE_BYTES;
      largestBytes[tick] = DEFAULT_REFERENCE_BYTES;
    } else {
      const view = sorted.subarray(0, n);
      view.set(ring.subarray(0, n));
      view.sort();
      referenceBytes[tick] = view[Math.ceil(0.95 * n) - 1]!;
      largestBytes[tick] = view[n - 1]!;
    }
    tick++;
  };

  for (let i = 0; i < demand.length; i++) {
    while (tick < ticks && tick * TICK_MICROS <= demand.timeMicros[i]!) closeTick();
    if (demand.kind[i] === OP_FREE) continue;
    const length = blockLength(demand.sizeBytes[i]!);
    lengthBytes[i] = length;
    ring[seen++ % WINDOW] = length;
    byClass[demand.requestClass[i]!]!++;
  }
  while (tick < ticks) closeTick();
  return {
    levels: measureDemand(demand),
    lengthBytes,
    referenceBytes,
    largestBytes,
    requests: { total: byClass[0] + byClass[1] + byClass[2], byClass },
  };
}
