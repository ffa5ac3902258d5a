// The cache among the tenants, as its callers see it: lookups of keys, each a hit where the block that holds the key is in the
// arena. What shedding and denial cost in hits is the other half of what they save in OOMs.
//
// Demand stays open loop: ids, sizes, arrivals and lives of the cache's blocks are the demand's, whatever is missed. Only what
// a block holds is the cache's own: the key that it missed last, as a cache loads what it was asked for, and, where no miss is
// pending, the one asked for most that it does not hold, on speculation. So a key whose block was shed is missed, and the next
// insertion of the demand brings it back at the cost of another key. A key whose insertion is denied stays away until it
// is missed again. With the order `oldest` all of this is accounting beside the heap and changes nothing in it.

import { type Demand, type Lookups, OP_ALLOCATE, OP_FREE } from "../core/demand.ts";
import { expDeterministic } from "../core/math.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { CacheReport } from "./result.ts";

/** A miss is worth loading for so long. */
const PENDING_MICROS = 2 * MICROS_PER_SECOND;
/** What was asked for this long ago counts 1/e. */
const MEMORY_MICROS = 60 * MICROS_PER_SECOND;
const NO_BLOCK = 0xffff_ffff;
const NO_KEY = 0xffff_ffff;

/** What tells which blocks are there. */
export interface BlockTable {
  isLive(id: number): boolean;
}

export class CacheTenant {
  readonly #lookups: Lookups;
  readonly #blocks: BlockTable;
  readonly #kind: Uint8Array;
  readonly #tenant: Uint8Array;
  readonly #id: Uint32Array;
  readonly #keyOfId: Uint32Array;
  readonly #wasShed: Uint8Array;
  /** The block that was to hold each key last. */
  readonly #holder: Uint32Array;
  /** When each key was missed last, −Infinity: not since it was loaded; and the keys missed, the last at the end. */
  readonly #missedMicros: Float64Array;
  readonly #pending: number[] = [];
  /** How often each key was asked for, decayed to the moment beside it. */
  readonly #counts: Float64Array;
  readonly #countedMicros: Float64Array;
  #next = 0;
  #counted = 0;
  #hits = 0;
  #missesAfterShedding = 0;

  constructor(demand: Demand, lookups: Lookups, blocks: BlockTable) {
    this.#lookups = lookups;
    this.#blocks = blocks;
    this.#kind = demand.kind;
    this.#tenant = demand.tenant;
    this.#id = demand.id;
    this.#keyOfId = new Uint32Array(demand.idCount).fill(NO_KEY);
    this.#wasShed = new Uint8Array(demand.idCount);
    this.#holder = new Uint32Array(lookups.keyCount).fill(NO_BLOCK);
    this.#missedMicros = new Float64Array(lookups.keyCount).fill(-Infinity);
    this.#counts = new Float64Array(lookups.keyCount);
    this.#countedMicros = new Float64Array(lookups.keyCount);
  }

  /** Row `row` of the demand arrives: what was asked for before it is answered, and an insertion is given its key. */
  arrive(row: number, nowMicros: number): void {
    this.advanceTo(nowMicros);
    if (this.#kind[row] !== OP_ALLOCATE || this.#tenant[row] !== this.#lookups.tenant) return;
    const id = this.#id[row]!;
    const key = this.#keyToLoad(nowMicros);
    this.#keyOfId[id] = key;
    this.#wasShed[id] = 0;
    this.#holder[key] = id;
    this.#missedMicros[key] = -Infinity;
  }

  /** Answers the lookups up to and including `nowMicros`. */
  advanceTo(nowMicros: number): void {
    const { length, timeMicros, key, countedFromMicros } = this.#lookups;
    for (; this.#next < length && timeMicros[this.#next]! <= nowMicros; this.#next++) {
      const asked = key[this.#next]!;
      const now = timeMicros[this.#next]!;
      const decay = expDeterministic((this.#countedMicros[asked]! - now) / MEMORY_MICROS);
      this.#counts[asked] = this.#counts[asked]! * decay + 1;
      this.#countedMicros[asked] = now;
      const isCounted = now >= countedFromMicros;
      if (isCounted) this.#counted++;
      if (this.#isHeld(asked)) {
        if (isCounted) this.#hits++;
        continue;
      }
      const holder = this.#holder[asked]!;
      if (isCounted && holder !== NO_BLOCK && this.#wasShed[holder] === 1) this.#missesAfterShedding++;
      this.#missedMicros[asked] = now;
      this.#pending.push(asked);
    }
  }

  /** The block of `id` was shed. */
  noteShed(id: number): void {
    this.#wasShed[id] = 1;
  }

  /** How often the key in block `id` is asked for, decayed to `nowMicros`; 0 for a copy that is out of date. */
  demandFor(id: number, nowMicros: number): number {
    const key = this.#keyOfId[id]!;
    if (key === NO_KEY || this.#holder[key] !== id) return 0;
    return this.#counts[key]! * expDeterministic((this.#countedMicros[key]! - nowMicros) / MEMORY_MICROS);
  }

  /** @param hitRatioUnshed of the world in which everything is served and nothing shed (`unshedHitRatio`) */
  report(hitRatioUnshed: number | null): CacheReport {
    return {
      lookups: this.#counted,
      hits: this.#hits,
      hitRatio: this.hitRatio(),
      hitRatioUnshed,
      missesAfterShedding: this.#missesAfterShedding,
    };
  }

  /** Null before the first lookup. */
  hitRatio(): number | null {
    return this.#counted === 0 ? null : this.#hits / this.#counted;
  }

  #isHeld(key: number): boolean {
    const holder = this.#holder[key]!;
    return holder !== NO_BLOCK && this.#blocks.isLive(holder);
  }

  /** The key that was missed last and is still wanted, else the one asked for most that is not held. */
  #keyToLoad(nowMicros: number): number {
    const pending = this.#pending;
    while (pending.length > 0) {
      const key = pending.pop()!;
      const missed = this.#missedMicros[key]!;
      if (missed === -Infinity) continue; // loaded since
      if (missed < nowMicros - PENDING_MICROS)
        pending.length = 0; // and what is below it is older still
      else return key;
    }
    let best = 0;
    let most = -1;
    for (let key = 0; key < this.#counts.length; key++) {
      const count = this.#counts[key]!;
      if (count > most && !this.#isHeld(key)) {
        most = count;
        best = key;
      }
    }
    return best;
  }
}

const known = new WeakMap<Demand, number | null>();

/**
 * The hit ratio of the demand's cache, were every request served and nothing shed; null where nothing is asked of it.
 * Found once per demand, in one pass.
 */
export function unshedHitRatio(demand: Demand): number | null {
  let ratio = known.get(demand);
  if (ratio === undefined) {
    ratio = demand.lookups === undefined ? null : walkUnshed(demand, demand.lookups);
    known.set(demand, ratio);
  }
  return ratio;
}

function walkUnshed(demand: Demand, lookups: Lookups): number | null {
  const isHeld = new Uint8Array(demand.idCount);
  const cache = new CacheTenant(demand, lookups, { isLive: (id) => isHeld[id] === 1 });
  for (let row = 0; row < demand.length; row++) {
    cache.arrive(row, demand.timeMicros[row]!);
    isHeld[demand.id[row]!] = demand.kind[row] === OP_FREE ? 0 : 1;
  }
  cache.advanceTo(demand.durationMicros);
  return cache.hitRatio();
}
