// Demand: what is asked of the heap and when, the same for every policy (open loop). Columns of typed arrays, one row an
// operation, ordered by time, ties in row order. Scenarios and trace readers make it, the simulator only reads it.

import { blockLength } from "./units.ts";

/** Request classes, after Linux's GFP flags. */
export const CLASS_ATOMIC = 0; // may not wait, may dip into the reserve
export const CLASS_DEADLINE = 1; // may wait 500 µs
export const CLASS_WAIT = 2; // may wait 1 s
export const CLASS_NAMES = ["atomic", "deadline", "wait"] as const;
export type RequestClassName = (typeof CLASS_NAMES)[number];
/** How long a request of each class may wait, in µs, indexed by class. */
export const CLASS_BUDGET_MICROS = [0, 500, 1_000_000] as const;

/** Kinds of operation. */
export const OP_ALLOCATE = 0;
export const OP_FREE = 1;
export const OP_RESIZE = 2;

/** Flags of an allocation. */
export const FLAG_PINNED = 1; // never moved by a compactor
export const FLAG_RECLAIMABLE = 2; // a cache's block: a shrinker may free it at any time

/** What is asked of a tenant that is a cache: lookups of keys, ordered by time (scenarios/lookups.ts, sim/cache-tenant.ts). */
export interface Lookups {
  /** Index of the tenant; its blocks are reclaimable. */
  readonly tenant: number;
  readonly length: number;
  /** Keys are 0 … keyCount − 1. */
  readonly keyCount: number;
  /** What is asked for earlier warms the cache and is not counted. */
  readonly countedFromMicros: number;
  /** Integer µs, never decreasing. */
  readonly timeMicros: Float64Array;
  readonly key: Uint32Array;
}

/** Shares of the classes and of pinned blocks; `atomic + deadline + wait = 1`. */
export interface RequestMix {
  readonly atomic: number;
  readonly deadline: number;
  readonly wait: number;
  readonly pinned: number;
}
export const DEFAULT_MIX: RequestMix = { atomic: 0.15, deadline: 0.15, wait: 0.7, pinned: 0.03 };

export interface Demand {
  /** Scenario id or the name of the trace. */
  readonly name: string;
  /** Number of operations; each column has at least this length. */
  readonly length: number;
  /** Number of ids: every `id` is in [0, idCount), allocated at most once before it is freed (an id may come back). */
  readonly idCount: number;
  /** Arrival in µs, integer, ≥ 0, never decreasing. */
  readonly timeMicros: Float64Array;
  /** OP_ALLOCATE, OP_FREE or OP_RESIZE. */
  readonly kind: Uint8Array;
  readonly id: Uint32Array;
  /** Bytes asked for, ≥ 1, < 2^31; 0 for OP_FREE. */
  readonly sizeBytes: Uint32Array;
  /** Alignment of the payload as a power of two exponent: 4 = 16 bytes, the least. */
  readonly alignLog2: Uint8Array;
  /** CLASS_*; 0 for OP_FREE. */
  readonly requestClass: Uint8Array;
  /** Index into `tenants`. */
  readonly tenant: Uint8Array;
  /** FLAG_* of an allocation. */
  readonly flags: Uint8Array;
  readonly tenants: readonly string[];
  /** The run ends here; ≥ the last arrival. */
  readonly durationMicros: number;
  readonly capacityBytes: number;
  /** The level asked for, 0..1; what it came to is in `levels`. */
  readonly pressureRatio: number;
  readonly mix: RequestMix;
  /** How times came about: "scenario", "real time", "stretched x 12.3", "logical time, 100 requests/s". Printed with results. */
  readonly timing: string;
  /** Bytes/s at which the shrinker of this demand's reclaimable blocks works. */
  readonly shedBytesPerSecond: number;
  /** What is asked of the cache among the tenants, where the scenario says. The heap's demand does not depend on it. */
  readonly lookups?: Lookups;
}

/** A growing Demand. Rows must be pushed in time order (asserted by `finish`). */
export class DemandBuilder {
  length = 0;
  #rows = 1024;
  #timeMicros = new Float64Array(1024);
  #kind = new Uint8Array(1024);
  #id = new Uint32Array(1024);
  #sizeBytes = new Uint32Array(1024);
  #alignLog2 = new Uint8Array(1024);
  #requestClass = new Uint8Array(1024);
  #tenant = new Uint8Array(1024);
  #flags = new Uint8Array(1024);
  #maxId = -1;

  /** Appends an allocation. */
  allocate(
    timeMicros: number,
    id: number,
    sizeBytes: number,
    requestClass: number,
    flags = 0,
    tenant = 0,
    alignLog2 = 4,
  ): void {
    this.#push(timeMicros, OP_ALLOCATE, id, sizeBytes, requestClass, flags, tenant, alignLog2);
  }

  /** Appends a reallocation of `id` to `sizeBytes`. */
  resize(timeMicros: number, id: number, sizeBytes: number, requestClass: number, flags = 0, tenant = 0): void {
    this.#push(timeMicros, OP_RESIZE, id, sizeBytes, requestClass, flags, tenant, 4);
  }

  /** Appends a free. */
  free(timeMicros: number, id: number, tenant = 0): void {
    this.#push(timeMicros, OP_FREE, id, 0, 0, 0, tenant, 4);
  }

  /** The demand so far, columns cut to length. Throws RangeError when times decrease. Cost: one pass. */
  finish(
    labels: Omit<
      Demand,
      | "length"
      | "idCount"
      | "timeMicros"
      | "kind"
      | "id"
      | "sizeBytes"
      | "alignLog2"
      | "requestClass"
      | "tenant"
      | "flags"
    >,
  ): Demand {
    const n = this.length;
    for (let i = 1; i < n; i++) {
      if (this.#timeMicros[i]! < this.#timeMicros[i - 1]!)
        throw new RangeError(`operation ${i} is earlier than the one before`);
    }
    return {
      ...labels,
      length: n,
      idCount: this.#maxId + 1,
      timeMicros: this.#timeMicros.slice(0, n),
      kind: this.#kind.slice(0, n),
      id: this.#id.slice(0, n),
      sizeBytes: this.#sizeBytes.slice(0, n),
      alignLog2: this.#alignLog2.slice(0, n),
      requestClass: this.#requestClass.slice(0, n),
      tenant: this.#tenant.slice(0, n),
      flags: this.#flags.slice(0, n),
    };
  }

  #push(
    timeMicros: number,
    kind: number,
    id: number,
    sizeBytes: number,
    requestClass: number,
    flags: number,
    tenant: number,
    alignLog2: number,
  ): void {
    if (this.length === this.#rows) this.#grow();
    const i = this.length++;
    this.#timeMicros[i] = timeMicros;
    this.#kind[i] = kind;
    this.#id[i] = id;
    this.#sizeBytes[i] = sizeBytes;
    this.#alignLog2[i] = alignLog2;
    this.#requestClass[i] = requestClass;
    this.#tenant[i] = tenant;
    this.#flags[i] = flags;
    if (id > this.#maxId) this.#maxId = id;
  }

  #grow(): void {
    this.#rows *= 2;
    const grown = <A extends Uint8Array | Uint32Array | Float64Array>(old: A, fresh: A): A => {
      fresh.set(old as never);
      return fresh;
    };
    this.#timeMicros = grown(this.#timeMicros, new Float64Array(this.#rows));
    this.#kind = grown(this.#kind, new Uint8Array(this.#rows));
    this.#id = grown(this.#id, new Uint32Array(this.#rows));
    this.#sizeBytes = grown(this.#sizeBytes, new Uint32Array(this.#rows));
    this.#alignLog2 = grown(this.#alignLog2, new Uint8Array(this.#rows));
    this.#requestClass = grown(this.#requestClass, new Uint8Array(this.#rows));
    this.#tenant = grown(this.#tenant, new Uint8Array(this.#rows));
    this.#flags = grown(this.#flags, new Uint8Array(this.#rows));
  }
}

/** What a demand asks for, were everything served: block lengths with header and rounding, in bytes, averaged over time. */
export interface DemandLevels {
  readonly meanBytes: number;
  readonly peakBytes: number;
  readonly allocations: number;
  readonly resizes: number;
  readonly frees: number;
}

/** Measures the level of a demand in one pass. */
export function measureDemand(demand: Demand): DemandLevels {
  const lengths = new Float64Array(demand.idCount);
  let live = 0;
  let peak = 0;
  let area = 0;
  let last = 0;
  const counts = [0, 0, 0];
  for (let i = 0; i < demand.length; i++) {
    const t = demand.timeMicros[i]!;
    const id = demand.id[i]!;
    const kind = demand.kind[i]!;
    area += live * (t - last);
    last = t;
    counts[kind]!++;
    const length = kind === OP_FREE ? 0 : blockLength(demand.sizeBytes[i]!);
    live += length - lengths[id]!;
    lengths[id] = length;
    if (live > peak) peak = live;
  }
  area += live * (demand.durationMicros - last);
  return {
    meanBytes: demand.durationMicros > 0 ? area / demand.durationMicros : live,
    peakBytes: peak,
    allocations: counts[OP_ALLOCATE]!,
    resizes: counts[OP_RESIZE]!,
    frees: counts[OP_FREE]!,
  };
}
