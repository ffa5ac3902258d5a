// From a declared scenario and the options of a run to everything that the generator needs at hand: tables over time
// (level, rate), schedules, samplers. Nothing here depends on the course of the demand.

import type { RequestMix } from "../core/demand.ts";
import { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import { type ClassShares, classShares } from "./labels.ts";
import { buildLevelTables, type LevelTables } from "./level-table.ts";
import { buildRateTable } from "./rate-table.ts";
import { planRegimes, type RegimePlan, regimeMoments, weightedMoments } from "./regime-plan.ts";
import { largestRequestBytes } from "./request-limit.ts";
import { fillEndMicros, PEAK_RATIO, type ScenarioOptions } from "./scenario.ts";
import { type EventSchedule, type RegimeSchedule, scheduleEvents, scheduleRegimes } from "./schedule.ts";
import { SizeSampler } from "./size-law.ts";
import type { ScenarioSpec } from "./spec.ts";
import { planTenants, reclaimableRequestShare, type TenantPlan } from "./tenant-plan.ts";
import { cycleStarts } from "./wave.ts";

/** Resolution of the tables over time. */
export const CELL_MICROS = 100_000;
const DEFAULT_LARGEST_BYTES = 4096;
const DEFAULT_SHED_BYTES_PER_SECOND = 8192;
/** What an event brings is fitted to this share of its lift. */
const LIFT_USE = 0.9;
/** No more than this share of the ordinary arrivals leaks; as much as level-table.ts lets the level climb. */
const MOST_LEAK_SHARE = 0.6;

export interface Plan {
  readonly spec: ScenarioSpec;
  readonly options: ScenarioOptions;
  readonly mix: RequestMix;
  readonly fillEndMicros: number;
  /** About how many requests there will be, for the sizes of tables. */
  readonly expectedRequests: number;
  /** All demanded bytes stay under the one, those that no shrinker can free under the other. */
  readonly peakBytes: number;
  readonly heldPeakBytes: number;
  /** Arrivals/µs in each cell. */
  readonly ratePerMicro: Float64Array;
  readonly level: LevelTables;
  readonly cycleStarts: Float64Array;
  /** Share of the ordinary arrivals that leak, in each cycle of the level. */
  readonly leakShares: Float64Array;
  readonly tenants: readonly TenantPlan[];
  readonly regimes: readonly RegimePlan[];
  readonly regimeSchedule: RegimeSchedule | undefined;
  readonly events: EventPlan | undefined;
  readonly classShares: ClassShares;
  /** Share of pinned blocks among those that are not reclaimable. */
  readonly pinnedShare: number;
  readonly shedBytesPerSecond: number;
}

export interface EventPlan extends EventSchedule {
  readonly sizes: SizeSampler;
  /** Share of the arrivals during an event that are the event's own. */
  readonly share: number;
  /** Mean life of its blocks. */
  readonly lifeMicros: number;
  /** A herd whose blocks would come to more than this is made of smaller ones. */
  readonly herdBytes: number;
}

/** Prepares a run. Options must have been checked. Cost: linear in duration / 100 ms. */
export function planScenario(spec: ScenarioSpec, options: ScenarioOptions): Plan {
  const { durationMicros, capacityBytes, seed, pressureRatio, ratePerSecond } = options;
  const fillEnd = fillEndMicros(durationMicros);
  const span = { cells: Math.ceil(durationMicros / CELL_MICROS), cellMicros: CELL_MICROS, fromMicros: fillEnd };
  const largest = largestRequestBytes(pressureRatio, capacityBytes, spec.largestBytes ?? DEFAULT_LARGEST_BYTES);
  const mix = options.mix ?? spec.mix;
  const sizes = new SizeSampler(spec.sizes, largest);
  const regimes = planRegimes(spec, sizes, largest, options);
  const tenants = planTenants(spec, sizes, largest, options);

  const schedule =
    spec.events && scheduleEvents(spec.events, fillEnd, durationMicros, CELL_MICROS, new RandomStream(seed, "events"));
  const regimeSchedule =
    spec.regimes &&
    scheduleRegimes(
      spec.regimes,
      spec.regimeOrder ?? "cycle",
      fillEnd,
      durationMicros,
      new RandomStream(seed, "regimes"),
    );
  const cycles = cycleStarts(spec.level, fillEnd, durationMicros, new RandomStream(seed, "cycles")).map((start) =>
    start === fillEnd ? start : Math.round(start / CELL_MICROS) * CELL_MICROS,
  );
  const herdRequests = schedule?.herdMicros.length ?? 0;
  const planned = (ratePerSecond * (durationMicros - fillEnd)) / MICROS_PER_SECOND;
  // Herds count towards the rate, though at most half of it is theirs to take.
  const arrivals = Math.max(planned - herdRequests, planned / 2);
  const ratePerMicro = buildRateTable({
    ...span,
    spec,
    durationMicros,
    arrivals,
    events: schedule,
    regimes: regimeSchedule,
  });

  const { meanLength, meanSquare } =
    regimes.length > 0
      ? regimeMoments(spec, regimes, sizes)
      : weightedMoments(
          tenants.map((tenant) => tenant.sizes),
          tenants.map((tenant) => (tenant.pool === 0 ? tenant.share : 0)),
        );
  const bytesPerMicro = (ratePerSecond * meanLength) / MICROS_PER_SECOND;
  const eventSizes = spec.events?.sizes === undefined ? sizes : new SizeSampler(spec.events.sizes, largest);
  const rateFactor = Math.max(1, spec.events?.rateFactor ?? 1);
  const surplusPerSecond = ratePerSecond * (rateFactor - 1) * eventSizes.meanLength; // bytes
  const level = buildLevelTables({
    ...span,
    spec,
    options,
    cycleStarts: cycles,
    events: schedule,
    eventBytes: eventLiveBytes(spec, surplusPerSecond, eventSizes.meanLength),
    bytesPerMicro,
    slackBytes: meanSquare / meanLength / 2 + meanLength / 2,
  });
  // A burst's blocks live as long as it takes for them to make up the lift, and no longer than declared.
  const liftSeconds = surplusPerSecond > 0 ? (LIFT_USE * level.liftBytes) / surplusPerSecond : Infinity;
  const reclaimableShare = reclaimableRequestShare(tenants, durationMicros - fillEnd, CELL_MICROS);

  return {
    spec,
    options,
    mix,
    fillEndMicros: fillEnd,
    expectedRequests: Math.ceil(planned + (pressureRatio * capacityBytes) / meanLength) + herdRequests,
    // Under, not at, the peak.
    peakBytes: Math.ceil((spec.peakRatio ?? PEAK_RATIO) * capacityBytes) - 1,
    heldPeakBytes: Math.ceil(PEAK_RATIO * capacityBytes) - 1,
    ratePerMicro,
    level,
    cycleStarts: cycles,
    leakShares: leakShares(spec, cycles, level.swingBytes, bytesPerMicro),
    tenants,
    regimes,
    regimeSchedule,
    events: schedule && {
      ...schedule,
      sizes: eventSizes,
      share: 1 - 1 / rateFactor,
      lifeMicros: Math.min(spec.events!.lifeSeconds, liftSeconds) * MICROS_PER_SECOND,
      herdBytes: LIFT_USE * level.liftBytes,
    },
    classShares: classShares(mix, spec.events?.isAtomic === true ? herdRequests / (arrivals + herdRequests) : 0),
    // Reclaimable blocks are never pinned; the others make up for it, so that the share of all blocks is the mix's.
    pinnedShare: reclaimableShare < 1 ? Math.min(1, mix.pinned / (1 - reclaimableShare)) : 0,
    shedBytesPerSecond: reclaimableShare > 0 ? (spec.shedBytesPerSecond ?? DEFAULT_SHED_BYTES_PER_SECOND) : 0,
  };
}

/** Live bytes that an event brings by itself, as declared. */
function eventLiveBytes(spec: ScenarioSpec, surplusPerSecond: number, meanLength: number): number {
  if (spec.events === undefined) return 0;
  const { herd, lowSeconds, highSeconds, lifeSeconds } = spec.events;
  const herdBytes = herd === undefined ? 0 : ((herd.lowRequests + herd.highRequests) / 2) * meanLength;
  return herdBytes + surplusPerSecond * Math.min(lifeSeconds, (lowSeconds + highSeconds) / 2);
}

/** What the level climbs in a cycle, as a share of what arrives in it. */
function leakShares(spec: ScenarioSpec, starts: Float64Array, swingBytes: number, bytesPerMicro: number): Float64Array {
  const shares = new Float64Array(Math.max(1, starts.length - 1));
  if (spec.level.leaks !== true) return shares;
  for (let i = 0; i + 1 < starts.length; i++)
    shares[i] = Math.min(MOST_LEAK_SHARE, (2 * swingBytes) / ((starts[i + 1]! - starts[i]!) * bytesPerMicro));
  return shares;
}
