// What is asked of a cache tenant beside its blocks: lookups of keys. They are drawn after the demand and from streams of
// their own, so that the demand is what it would be without them, and they are the same for every policy.
//
// Keys have Zipf popularity (the key of rank r is asked for in proportion to 1 / r^skew; Breslau et al., "Web caching and
// Zipf-like distributions", INFOCOM 1999), and now and then two keys exchange ranks. How many lookups and keys there are
// is stated against the tenant's own insertions and blocks, so that rate and capacity do not change what the cache is worth.

import { type Demand, type Lookups, OP_ALLOCATE, OP_FREE } from "../core/demand.ts";
import { expDeterministic, logDeterministic } from "../core/math.ts";
import { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { LookupSpec } from "./spec.ts";

/**
 * The lookups of tenant `tenant` of the demand. Those before `fromMicros` warm the cache and are not counted.
 * Cost: two passes and a logarithm a lookup.
 * @param seed of the run; streams "lookups", "lookup keys" and "lookup drift"
 */
export function drawLookups(
  spec: LookupSpec,
  demand: Demand,
  tenant: number,
  fromMicros: number,
  seed: number,
): Lookups {
  const { insertions, meanHeld } = populationOf(demand, tenant, fromMicros);
  const keys = new KeyStream(spec, Math.max(2, Math.round(spec.keysPerBlock * meanHeld)), seed);
  const gaps = new RandomStream(seed, "lookups");
  const meanGapMicros = (demand.durationMicros - fromMicros) / (insertions * spec.perInsertion);
  const timeMicros: number[] = [];
  const key: number[] = [];
  for (let t = 0; insertions > 0; ) {
    t += gaps.exponential(meanGapMicros);
    if (t >= demand.durationMicros) break;
    timeMicros.push(Math.floor(t));
    key.push(keys.at(t));
  }
  return {
    tenant,
    length: key.length,
    keyCount: keys.count,
    countedFromMicros: fromMicros,
    timeMicros: Float64Array.from(timeMicros),
    key: Uint32Array.from(key),
  };
}

class KeyStream {
  readonly count: number;
  readonly #draws: RandomStream;
  readonly #drift: RandomStream;
  readonly #driftMicros: number;
  #nextDriftMicros: number;
  /** Shares of the ranks, added up. */
  readonly #cumulative: Float64Array;
  readonly #keyOfRank: Uint32Array;

  constructor(spec: LookupSpec, count: number, seed: number) {
    this.count = count;
    this.#draws = new RandomStream(seed, "lookup keys");
    this.#drift = new RandomStream(seed, "lookup drift");
    this.#driftMicros = spec.driftSeconds * MICROS_PER_SECOND;
    this.#nextDriftMicros = this.#drift.exponential(this.#driftMicros);
    this.#cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += expDeterministic(-spec.skew * logDeterministic(rank + 1));
      this.#cumulative[rank] = sum;
    }
    this.#keyOfRank = Uint32Array.from({ length: count }, (_, rank) => rank);
  }

  /** The key asked for at `micros`, never decreasing. */
  at(micros: number): number {
    const keyOfRank = this.#keyOfRank;
    while (this.#nextDriftMicros <= micros) {
      const a = this.#drift.integer(this.count);
      const b = this.#drift.integer(this.count);
      const key = keyOfRank[a]!;
      keyOfRank[a] = keyOfRank[b]!;
      keyOfRank[b] = key;
      this.#nextDriftMicros += this.#drift.exponential(this.#driftMicros);
    }
    const cumulative = this.#cumulative;
    const share = this.#draws.next() * cumulative[this.count - 1]!;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! > share) high = middle;
      else low = middle + 1;
    }
    return keyOfRank[low]!;
  }
}

/** The tenant's insertions after the fill, and how many blocks it holds on average, were everything served. */
function populationOf(demand: Demand, tenant: number, fromMicros: number): { insertions: number; meanHeld: number } {
  const isHeld = new Uint8Array(demand.idCount);
  let insertions = 0;
  let held = 0;
  let area = 0;
  let last = fromMicros;
  for (let row = 0; row < demand.length; row++) {
    const now = demand.timeMicros[row]!;
    if (now > last) {
      area += held * (now - last);
      last = now;
    }
    const id = demand.id[row]!;
    if (demand.kind[row] === OP_FREE) {
      held -= isHeld[id]!;
      isHeld[id] = 0;
    } else if (demand.kind[row] === OP_ALLOCATE && demand.tenant[row] === tenant) {
      isHeld[id] = 1;
      held++;
      if (now >= fromMicros) insertions++;
    }
  }
  area += held * (demand.durationMicros - last);
  return { insertions, meanHeld: area / Math.max(1, demand.durationMicros - fromMicros) };
}
