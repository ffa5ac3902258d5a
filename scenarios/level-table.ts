// The level over time. The declared shape (wave + wander + lifts of events) says how demand moves; here it is fitted:
// its mean over the run becomes exactly the level asked for, it is made flatter until its top leaves room under the peak,
// and it never climbs faster than the arrivals can fill it.

import { RandomStream } from "../core/random.ts";
import { sumOver } from "./rate-table.ts";
import { PEAK_RATIO, type ScenarioOptions } from "./scenario.ts";
import type { EventSchedule } from "./schedule.ts";
import type { ScenarioSpec } from "./spec.ts";
import { addWander, addWave } from "./wave.ts";

/** The lowest point of the level, as a share of its mean: a swing never empties the heap. */
const LEAST_SHARE = 0.4;
/** Climbs use at most this share of the bytes that arrive; the rest is turnover. */
const CLIMB_SHARE = 0.6;
/** Pools apart from the ordinary one take at most this share of the level. */
const MOST_POOL_SHARE = 0.5;

export interface LevelTableInput {
  readonly spec: ScenarioSpec;
  readonly options: ScenarioOptions;
  readonly cells: number;
  readonly cellMicros: number;
  readonly fromMicros: number;
  readonly cycleStarts: Float64Array;
  readonly events: EventSchedule | undefined;
  /** Live bytes that an event brings by itself. */
  readonly eventBytes: number;
  /** Mean inflow. */
  readonly bytesPerMicro: number;
  /** How far demand is under its ceiling on average. */
  readonly slackBytes: number;
}

export interface LevelTables {
  /** Bytes that are to be live in each cell: of the ordinary pool, then of each pool with `occupies`. */
  readonly poolBytes: readonly Float64Array[];
  /** Their means over the run. */
  readonly meanBytes: Float64Array;
  /** Half the swing of the wave as fitted, and how much events lift the level. */
  readonly swingBytes: number;
  readonly liftBytes: number;
  readonly slackBytes: number;
}

/** Fits the level. Cost: a few passes over the cells. */
export function buildLevelTables(input: LevelTableInput): LevelTables {
  const { spec, options, cells, cellMicros, bytesPerMicro, slackBytes } = input;
  const { capacityBytes, pressureRatio, seed } = options;
  const levelBytes = pressureRatio * capacityBytes;
  const pools = buildPools(input, levelBytes);

  const wave = new Float64Array(cells);
  addWave(wave, cellMicros, spec.level, input.cycleStarts, spec.level.swingRatio * capacityBytes);
  const wander = spec.level.wanderRatio ?? 0;
  if (wander > 0)
    addWander(
      wave,
      cellMicros,
      spec.level.wanderSeconds ?? 6,
      wander * capacityBytes,
      new RandomStream(seed, "wander"),
    );
  const lift = new Float64Array(cells);
  const liftBytes = Math.min((spec.events?.liftRatio ?? 0) * capacityBytes, input.eventBytes);
  if (input.events !== undefined) addLifts(lift, input.events, cellMicros, liftBytes);

  const ordinaryBytes = levelBytes - pools.meanBytes;
  const heldBytes = ordinaryBytes + pools.heldPeakBytes;
  const room = Math.max(
    0,
    Math.min(
      PEAK_RATIO * capacityBytes - heldBytes,
      (spec.peakRatio ?? PEAK_RATIO) * capacityBytes - ordinaryBytes - pools.peakBytes,
    ) -
      1.2 * slackBytes,
  );
  const depth = (1 - LEAST_SHARE) * ordinaryBytes;

  const table = sumOf(wave, lift);
  centre(table, input);
  const scale = fitFactor(table, room, depth);
  for (let i = 0; i < cells; i++) wave[i]! *= scale;
  limitClimb(wave, CLIMB_SHARE * bytesPerMicro * cellMicros);
  for (let i = 0; i < cells; i++) table[i] = wave[i]! + scale * lift[i]!;
  centre(table, input);
  const rescale = fitFactor(table, room, depth);
  for (let i = 0; i < cells; i++) table[i] = ordinaryBytes + rescale * table[i]!;

  return {
    poolBytes: [table, ...pools.tables],
    meanBytes: Float64Array.from([ordinaryBytes, ...pools.tables.map((pool) => meanOf(pool, input))]),
    swingBytes: scale * rescale * spec.level.swingRatio * capacityBytes,
    liftBytes: scale * rescale * liftBytes,
    slackBytes,
  };
}

interface Pools {
  readonly tables: Float64Array[];
  readonly meanBytes: number;
  readonly peakBytes: number;
  readonly heldPeakBytes: number;
}

/** Tables of the tenants with a share of the heap to themselves, each wandering between its bounds. */
function buildPools(input: LevelTableInput, levelBytes: number): Pools {
  const { spec, options, cells, cellMicros, bytesPerMicro } = input;
  let totalShare = 0;
  for (const tenant of spec.tenants ?? []) totalShare += tenant.share;
  const own = (spec.tenants ?? []).filter((tenant) => tenant.occupies !== undefined);
  let middle = 0;
  for (const { occupies } of own) middle += ((occupies!.lowRatio + occupies!.highRatio) / 2) * options.capacityBytes;
  const fitted = middle > MOST_POOL_SHARE * levelBytes ? (MOST_POOL_SHARE * levelBytes) / middle : 1;
  const tables: Float64Array[] = [];
  let meanBytes = 0;
  let peakBytes = 0;
  let heldPeakBytes = 0;
  for (const tenant of own) {
    const low = tenant.occupies!.lowRatio * options.capacityBytes * fitted;
    const high = tenant.occupies!.highRatio * options.capacityBytes * fitted;
    const table = new Float64Array(cells).fill((low + high) / 2);
    addWander(table, cellMicros, 15, (high - low) / 2, new RandomStream(options.seed, `occupies:${tenant.name}`));
    limitClimb(table, CLIMB_SHARE * bytesPerMicro * cellMicros * (tenant.share / totalShare));
    tables.push(table);
    meanBytes += meanOf(table, input);
    peakBytes += high;
    if (tenant.isReclaimable !== true) heldPeakBytes += high;
  }
  return { tables, meanBytes, peakBytes, heldPeakBytes };
}

function addLifts(table: Float64Array, events: EventSchedule, cellMicros: number, liftBytes: number): void {
  for (let e = 0; e < events.startMicros.length; e++) {
    const last = Math.round(events.endMicros[e]! / cellMicros);
    for (let i = Math.round(events.startMicros[e]! / cellMicros); i < last; i++) table[i]! += liftBytes;
  }
}

function sumOf(a: Float64Array, b: Float64Array): Float64Array {
  const sum = new Float64Array(a.length);
  for (let i = 0; i < sum.length; i++) sum[i] = a[i]! + b[i]!;
  return sum;
}

function meanOf(table: Float64Array, { cellMicros, fromMicros, options }: LevelTableInput): number {
  return sumOver(table, cellMicros, fromMicros, options.durationMicros) / (options.durationMicros - fromMicros);
}

function centre(table: Float64Array, input: LevelTableInput): void {
  const mean = meanOf(table, input);
  for (let i = 0; i < table.length; i++) table[i]! -= mean;
}

/** The greatest factor ≤ 1 with which the table stays in [−depth, room]. */
function fitFactor(table: Float64Array, room: number, depth: number): number {
  let highest = 0;
  let lowest = 0;
  for (let i = 0; i < table.length; i++) {
    highest = Math.max(highest, table[i]!);
    lowest = Math.min(lowest, table[i]!);
  }
  let factor = 1;
  if (highest * factor > room) factor = room / highest;
  if (-lowest * factor > depth) factor = depth / -lowest;
  return factor;
}

function limitClimb(table: Float64Array, mostBytesPerCell: number): void {
  for (let i = 1; i < table.length; i++) table[i] = Math.min(table[i]!, table[i - 1]! + mostBytesPerCell);
}
