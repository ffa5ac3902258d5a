// A burst put into a demand by hand: so many blocks at one moment, each freed some seconds later. The demand is then no longer
// the scenario's, and its digest no longer the command line's.

import { type Demand, OP_ALLOCATE, OP_FREE } from "../../core/demand.ts";
import { MICROS_PER_SECOND } from "../../core/units.ts";

export interface Burst {
  /** Integer µs from the beginning of the run. */
  readonly atMicros: number;
  /** How many blocks, ≥ 1. */
  readonly blocks: number;
  /** Bytes asked for by each, ≥ 1. */
  readonly sizeBytes: number;
}

/** How long the blocks of a burst live. */
export const BURST_LIFE_MICROS = 5 * MICROS_PER_SECOND;

type Row = readonly [micros: number, kind: number, id: number, size: number, requestClass: number];

/** The demand with the bursts in it; new ids follow the old ones. What would end after the run is left to its end. */
export function withBursts(demand: Demand, bursts: readonly Burst[]): Demand {
  if (bursts.length === 0) return demand;
  const rows: Row[] = [];
  let idCount = demand.idCount;
  for (const { atMicros, blocks, sizeBytes } of bursts) {
    if (!(atMicros >= 0 && atMicros < demand.durationMicros)) continue;
    for (let i = 0; i < blocks; i++) {
      const id = idCount++;
      rows.push([atMicros, OP_ALLOCATE, id, sizeBytes, i % 3]);
      const endMicros = atMicros + BURST_LIFE_MICROS;
      if (endMicros <= demand.durationMicros) rows.push([endMicros, OP_FREE, id, 0, 0]);
    }
  }
  rows.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return merged(demand, rows, idCount);
}

function merged(demand: Demand, rows: readonly Row[], idCount: number): Demand {
  const length = demand.length + rows.length;
  const columns = {
    timeMicros: new Float64Array(length),
    kind: new Uint8Array(length),
    id: new Uint32Array(length),
    sizeBytes: new Uint32Array(length),
    alignLog2: new Uint8Array(length).fill(4),
    requestClass: new Uint8Array(length),
    tenant: new Uint8Array(length),
    flags: new Uint8Array(length),
  };
  let old = 0;
  let next = 0;
  for (let to = 0; to < length; to++) {
    const row = rows[next];
    if (row !== undefined && (old === demand.length || row[0] < demand.timeMicros[old]!)) {
      [columns.timeMicros[to], columns.kind[to], columns.id[to], columns.sizeBytes[to], columns.requestClass[to]] = row;
      next++;
    } else {
      for (const name of Object.keys(columns) as (keyof typeof columns)[]) columns[name][to] = demand[name][old]!;
      old++;
    }
  }
  return { ...demand, ...columns, length, idCount };
}
