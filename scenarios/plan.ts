// From a declared scenario and the options of a run to everything that the generator needs at hand: tables over time
// (level, rate), schedules, samplers. Nothing here depends on the course of the demand.

import type { RequestMix } from "../core/demand.ts";
import { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import { buildLevelTables, type LevelTables } from "./level-table.ts";
import { LifetimeSampler } from "./lifetime-law.ts";
import { buildRateTable } from "./rate-table.ts";
import { fillEndMicros, PEAK_RATIO, type ScenarioOptions } from "./scenario.ts";
import { type EventSchedule, type RegimeSchedule, scheduleEvents, scheduleRegimes } from "./schedule.ts";
import { SizeSampler } from "./size-law.ts";
import type { ScenarioSpec, TenantSpec } from "./spec.ts";
import { cycleStarts } from "./wave.ts";

/** Resolution of the tables over time. */
export const CELL_MICROS = 100_000;
const DEFAULT_LARGEST_BYTES = 4096;
const DEFAULT_SHED_BYTES_PER_SECOND = 8192;

export interface TenantPlan {
  readonly name: string;
  /** Share of the requests while all tenants are at work; relative. */
  readonly share: number;
  /** 0 = the ordinary pool. */
  readonly pool: number;
  readonly sizes: SizeSampler;
  readonly lifetimes: LifetimeSampler;
  /** 0 = always at work. */
  readonly everyMicros: number;
  readonly forMicros: number;
}

export interface RegimePlan {
  readonly sizes: SizeSampler | undefined;
  readonly lifetimes: LifetimeSampler | undefined;
  readonly freesEverySecond: boolean;
}

/** Probabilities that draw the classes: see `classShares`. */
export interface ClassShares {
  readonly atomic: number;
  readonly atomicOrDeadline: number;
  readonly herdAtomic: number;
  readonly herdAtomicOrDeadline: number;
}

export interface Plan {
  readonly spec: ScenarioSpec;
  readonly options: ScenarioOptions;
  readonly mix: RequestMix;
  readonly fillEndMicros: number;
  readonly expectedRequests: number;
  readonly peakBytes: number;
  readonly heldPeakBytes: number;
  readonly ratePerMicro: Float64Array;
  readonly level: LevelTables;
  readonly cycleStarts: Float64Array;
  readonly tenants: readonly TenantPlan[];
  readonly isPoolReclaimable: readonly boolean[];
  readonly regimes: readonly RegimePlan[];
  readonly regimeSchedule: RegimeSchedule | undefined;
  readonly events: EventSchedule | undefined;
  readonly eventSizes: SizeSampler;
  readonly eventMeanLength: number;
  /** Share of the arrivals during an event that are the event's own. */
  readonly eventShare: number;
  readonly eventLifeMicros: number;
  /** Share of the ordinary arrivals that leak, in each cycle of the level. */
  readonly leakShares: Float64Array;
  readonly classShares: ClassShares;
  readonly pinnedShare: number;
  readonly shedBytesPerSecond: number;
}

/**
 * The largest request of a level, in payload bytes: half of what is free at the level, so that a request stays possible
 * when the heap is as full as it is on average; a quarter of the live bytes; the scenario's own limit, 4 KiB unless told
 * otherwise.
 */
export function largestRequestBytes(pressureRatio: number, capacityBytes: number, limitBytes: number): number {
  const free = Math.floor(((1 - pressureRatio) * capacityBytes) / 2);
  const live = Math.floor((pressureRatio * capacityBytes) / 4);
  return Math.max(16, Math.min(limitBytes, free, live));
}

/** Prepares a run. Options must have been checked. Cost: linear in duration / 100 ms. */
export function planScenario(spec: ScenarioSpec, options: ScenarioOptions): Plan {
  const { durationMicros, capacityBytes, seed, pressureRatio } = options;
  const fillEnd = fillEndMicros(durationMicros);
  const activeSeconds = (durationMicros - fillEnd) / MICROS_PER_SECOND;
  const cells = Math.ceil(durationMicros / CELL_MICROS);
  const largest = largestRequestBytes(pressureRatio, capacityBytes, spec.largestBytes ?? DEFAULT_LARGEST_BYTES);
  const mix = options.mix ?? spec.mix;

  const sizes = new SizeSampler(spec.sizes, largest);
  const lifetimes = new LifetimeSampler(spec.lifetimes);
  const regimes = (spec.regimes ?? []).map((regime) => ({
    sizes: regime.sizes === undefined ? undefined : new SizeSampler(regime.sizes, largest),
    lifetimes: regime.lifetimes === undefined ? undefined : new LifetimeSampler(regime.lifetimes),
    freesEverySecond: regime.freesEverySecond ?? false,
  }));
  const tenantSpecs: readonly TenantSpec[] = spec.tenants ?? [{ name: spec.id, share: 1 }];
  const pools = tenantSpecs.filter((tenant) => tenant.occupies !== undefined);
  const tenants = tenantSpecs.map((tenant) => ({
    name: tenant.name,
    pool: tenant.occupies === undefined ? 0 : 1 + pools.indexOf(tenant),
    share: tenant.share,
    sizes:
      tenant.sizes === undefined && tenant.occupies === undefined
        ? sizes
        : new SizeSampler(tenant.sizes ?? spec.sizes, poolLargest(tenant, largest, options)),
    lifetimes: tenant.lifetimes === undefined ? lifetimes : new LifetimeSampler(tenant.lifetimes),
    everyMicros: Math.floor((tenant.active?.everySeconds ?? 0) * MICROS_PER_SECOND),
    forMicros: Math.floor((tenant.active?.forSeconds ?? 0) * MICROS_PER_SECOND),
  }));

  const events =
    spec.events && scheduleEvents(spec.events, fillEnd, durationMicros, CELL_MICROS, new RandomStream(seed, "events"));
  const regimeSchedule =
    spec.regimes && spec.regimes.length > 0
      ? scheduleRegimes(
          spec.regimes,
          spec.regimeOrder ?? "cycle",
          fillEnd,
          durationMicros,
          new RandomStream(seed, "regimes"),
        )
      : undefined;
  const cycles = cycleStarts(spec.level, fillEnd, durationMicros, new RandomStream(seed, "cycles")).map((start) =>
    start === fillEnd ? start : Math.round(start / CELL_MICROS) * CELL_MICROS,
  );

  const herdRequests = events?.herdMicros.length ?? 0;
  const plannedRequests = options.ratePerSecond * activeSeconds;
  const arrivals = Math.max(plannedRequests - herdRequests, plannedRequests / 2);
  const ratePerMicro = buildRateTable({
    spec,
    cells,
    cellMicros: CELL_MICROS,
    fromMicros: fillEnd,
    durationMicros,
    arrivals,
    events,
    regimes: regimeSchedule,
  });

  const { meanLength, meanSquare } = meanMoments(spec, sizes, regimes, tenants);
  const eventSizes = spec.events?.sizes === undefined ? sizes : new SizeSampler(spec.events.sizes, largest);
  const eventMeanLength = spec.events?.sizes === undefined ? meanLength : eventSizes.meanLength;
  const rateFactor = Math.max(1, spec.events?.rateFactor ?? 1);
  const surplusPerSecond = events === undefined ? 0 : options.ratePerSecond * (rateFactor - 1);
  const bytesPerMicro = (options.ratePerSecond * meanLength) / MICROS_PER_SECOND;
  const level = buildLevelTables({
    spec,
    options,
    cells,
    cellMicros: CELL_MICROS,
    fromMicros: fillEnd,
    cycleStarts: cycles,
    events,
    eventBytes: eventLiveBytes(spec, surplusPerSecond, eventMeanLength),
    bytesPerMicro,
    slackBytes: meanSquare / meanLength / 2 + meanLength / 2,
  });
  // A burst's blocks live as long as it takes for them to make up the lift, and no longer than declared.
  const liftSeconds = surplusPerSecond > 0 ? (0.9 * level.liftBytes) / (surplusPerSecond * eventMeanLength) : Infinity;
  const isPoolReclaimable = [false, ...pools.map((tenant) => tenant.isReclaimable === true)];
  const reclaimableShare = isPoolReclaimable.includes(true)
    ? reclaimableRequestShare(tenants, isPoolReclaimable, durationMicros - fillEnd)
    : 0;

  return {
    spec,
    options,
    mix,
    fillEndMicros: fillEnd,
    expectedRequests: Math.ceil(plannedRequests + (pressureRatio * capacityBytes) / meanLength) + herdRequests,
    // Under, not at, the peak.
    peakBytes: Math.ceil((spec.peakRatio ?? PEAK_RATIO) * capacityBytes) - 1,
    heldPeakBytes: Math.ceil(PEAK_RATIO * capacityBytes) - 1,
    ratePerMicro,
    level,
    cycleStarts: cycles,
    tenants,
    isPoolReclaimable,
    regimes,
    regimeSchedule,
    events,
    eventSizes,
    eventMeanLength,
    eventShare: 1 - 1 / rateFactor,
    eventLifeMicros: Math.min(spec.events?.lifeSeconds ?? 0, liftSeconds) * MICROS_PER_SECOND,
    leakShares: leakShares(spec, cycles, level.swingBytes, bytesPerMicro),
    classShares: classShares(mix, spec.events?.isAtomic === true ? herdRequests / (arrivals + herdRequests) : 0),
    // Reclaimable blocks are never pinned; the others make up for it, so that the share of all blocks is the mix's.
    pinnedShare: reclaimableShare < 1 ? Math.min(1, mix.pinned / (1 - reclaimableShare)) : 0,
    shedBytesPerSecond: reclaimableShare > 0 ? (spec.shedBytesPerSecond ?? DEFAULT_SHED_BYTES_PER_SECOND) : 0,
  };
}

/**
 * Herds are atomic, yet the shares of the whole demand are the mix's: other arrivals are atomic that much more rarely. A
 * mix with fewer atomic requests than herds have (none, at the extreme) wins over the herds.
 */
function classShares(mix: RequestMix, herdShare: number): ClassShares {
  const herdAtomic = herdShare > 0 ? Math.min(1, mix.atomic / herdShare) : mix.atomic;
  const atomic = herdShare > 0 ? Math.max(0, (mix.atomic - herdShare) / (1 - herdShare)) : mix.atomic;
  const patient = mix.deadline + mix.wait;
  const deadlineShare = patient > 0 ? mix.deadline / patient : 0;
  return {
    atomic,
    atomicOrDeadline: atomic + (1 - atomic) * deadlineShare,
    herdAtomic,
    herdAtomicOrDeadline: herdAtomic + (1 - herdAtomic) * deadlineShare,
  };
}

/** What the level climbs in a cycle, as a share of what arrives in it; at most 0.6, as in level-table.ts. */
function leakShares(spec: ScenarioSpec, starts: Float64Array, swingBytes: number, bytesPerMicro: number): Float64Array {
  const shares = new Float64Array(Math.max(1, starts.length - 1));
  if (spec.level.leaks !== true) return shares;
  for (let i = 0; i + 1 < starts.length; i++)
    shares[i] = Math.min(0.6, (2 * swingBytes) / ((starts[i + 1]! - starts[i]!) * bytesPerMicro));
  return shares;
}

function poolLargest(tenant: TenantSpec, largest: number, options: ScenarioOptions): number {
  if (tenant.occupies === undefined) return largest;
  return largestRequestBytes(options.pressureRatio, options.capacityBytes * tenant.occupies.lowRatio, largest);
}

function eventLiveBytes(spec: ScenarioSpec, surplusPerSecond: number, meanLength: number): number {
  if (spec.events === undefined) return 0;
  const { herd, lowSeconds, highSeconds, lifeSeconds } = spec.events;
  const herdBytes = herd === undefined ? 0 : ((herd.lowRequests + herd.highRequests) / 2) * meanLength;
  return herdBytes + surplusPerSecond * meanLength * Math.min(lifeSeconds, (lowSeconds + highSeconds) / 2);
}

/**
 * Mean and mean square of the block lengths of ordinary arrivals: over regimes (weighted by time and rate) or over the
 * tenants of the ordinary pool (by share).
 */
function meanMoments(
  spec: ScenarioSpec,
  sizes: SizeSampler,
  regimes: readonly RegimePlan[],
  tenants: readonly TenantPlan[],
): { meanLength: number; meanSquare: number } {
  const weighted =
    spec.regimes !== undefined && spec.regimes.length > 0
      ? spec.regimes.map((regime, i) => ({
          sampler: regimes[i]!.sizes ?? sizes,
          weight: regime.seconds * (regime.rateFactor ?? 1),
        }))
      : tenants.map((tenant, i) => ({
          sampler: tenant.sizes,
          weight: tenant.pool === 0 ? (spec.tenants?.[i]?.share ?? 1) : 0,
        }));
  let total = 0;
  let length = 0;
  let square = 0;
  for (const { sampler, weight } of weighted) {
    total += weight;
    length += weight * sampler.meanLength;
    square += weight * sampler.meanSquare;
  }
  return { meanLength: length / total, meanSquare: square / total };
}

/** Share of the requests that are for reclaimable blocks, over the time that tenants are at work. */
function reclaimableRequestShare(
  tenants: readonly TenantPlan[],
  isPoolReclaimable: readonly boolean[],
  micros: number,
) {
  let reclaimable = 0;
  for (let t = CELL_MICROS / 2; t < micros; t += CELL_MICROS) {
    let total = 0;
    let counted = 0;
    for (const tenant of tenants) {
      const share = isAtWork(tenant, t) ? tenant.share : 0;
      total += share;
      if (isPoolReclaimable[tenant.pool]) counted += share;
    }
    if (total > 0) reclaimable += counted / total;
  }
  return reclaimable / Math.ceil(micros / CELL_MICROS);
}

/** Whether a tenant works at the moment, in µs since the end of the fill. */
export function isAtWork(tenant: TenantPlan, sinceFillMicros: number): boolean {
  return tenant.everyMicros === 0 || sinceFillMicros % tenant.everyMicros < tenant.forMicros;
}
