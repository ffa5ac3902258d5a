// What effective pressure is going to be: P of the passive arena at every tick of a demand, found by letting the demand run
// through it once. It is the series that forecasts are scored against, so whoever reads it ahead forecasts without error.

import type { Demand } from "../core/demand.ts";
import { TICK_MICROS } from "../core/units.ts";
import { Arena, type ArenaOptions } from "./arena.ts";

/** What the passive arena of a run is made of, and the reference length where it is fixed. */
export interface PassiveArenaOptions {
  readonly arena: ArenaOptions;
  readonly referenceLengthBytes: number | null;
  /** The block that the policy takes for itself; 0: none. */
  readonly ownBytes: number;
}

const known = new WeakMap<Demand, Map<string, Float64Array>>();

/**
 * P at tick k, k = 0 at time 0, in an arena that compacts on demand only. Found on first use for a demand and options, at the
 * cost of one passive run, and kept as long as the demand is.
 */
export function shadowPressure({ arena, referenceLengthBytes, ownBytes }: PassiveArenaOptions): Float64Array {
  const { fit, compactor, compactsOnDemand, limits, cost, retries } = arena;
  const key = JSON.stringify(
    [fit, compactor, compactsOnDemand, retries, referenceLengthBytes, ownBytes, limits, cost],
    spellInfinity,
  );
  let runs = known.get(arena.demand);
  if (runs === undefined) {
    runs = new Map();
    known.set(arena.demand, runs);
  }
  let series = runs.get(key);
  if (series === undefined) {
    const passive = new Arena({ ...arena, isMeasured: false, verify: false, recorder: null });
    if (ownBytes > 0) passive.placeOwnBlock(ownBytes);
    series = runThrough(passive, arena, referenceLengthBytes);
    runs.set(key, series);
  }
  return series;
}

function runThrough(arena: Arena, { demand, facts }: ArenaOptions, fixedReferenceBytes: number | null): Float64Array {
  const ticks = Math.floor(demand.durationMicros / TICK_MICROS) + 1;
  const series = new Float64Array(ticks);
  let tick = 0;
  const closeTick = (): void => {
    const now = tick * TICK_MICROS;
    if (arena.nextEventMicros <= now) arena.advanceTo(now);
    arena.setReferenceLength(fixedReferenceBytes ?? facts.referenceBytes[tick]!);
    series[tick++] = arena.pressureRatio();
  };
  for (let row = 0; row < demand.length; row++) {
    const now = demand.timeMicros[row]!;
    while (tick < ticks && tick * TICK_MICROS <= now) closeTick();
    if (arena.nextEventMicros <= now) arena.advanceTo(now);
    arena.apply(row, now);
  }
  while (tick < ticks) closeTick();
  return series;
}

/** JSON has no Infinity; without this all limits that are off would look like null. */
function spellInfinity(_key: string, value: unknown): unknown {
  return value === Infinity ? "Infinity" : value;
}
