// Tenants made ready for the generator: each belongs to the ordinary pool, whose live bytes follow the level, or has a pool
// to itself, whose live bytes wander between the bounds that it occupies.

import { LifetimeSampler } from "./lifetime-law.ts";
import { largestRequestBytes } from "./request-limit.ts";
import type { ScenarioOptions } from "./scenario.ts";
import { SizeSampler } from "./size-law.ts";
import type { ScenarioSpec, TenantSpec } from "./spec.ts";

export interface TenantPlan {
  readonly name: string;
  /** Share of the requests while all tenants are at work; relative. */
  readonly share: number;
  /** 0 = the ordinary pool. */
  readonly pool: number;
  readonly isReclaimable: boolean;
  readonly sizes: SizeSampler;
  readonly lifetimes: LifetimeSampler;
  /** 0 = always at work. */
  readonly everyMicros: number;
  readonly forMicros: number;
}

/** One tenant where the scenario names none. @param sizes the scenario's own law. */
export function planTenants(
  spec: ScenarioSpec,
  sizes: SizeSampler,
  largestBytes: number,
  options: ScenarioOptions,
): TenantPlan[] {
  const lifetimes = new LifetimeSampler(spec.lifetimes);
  const tenants: readonly TenantSpec[] = spec.tenants ?? [{ name: spec.id, share: 1 }];
  let pools = 0;
  return tenants.map((tenant) => {
    const { occupies, active } = tenant;
    const limit =
      occupies === undefined
        ? largestBytes
        : largestRequestBytes(options.pressureRatio, options.capacityBytes * occupies.lowRatio, largestBytes);
    return {
      name: tenant.name,
      share: tenant.share,
      pool: occupies === undefined ? 0 : ++pools,
      isReclaimable: tenant.isReclaimable === true,
      sizes:
        tenant.sizes === undefined && limit === largestBytes
          ? sizes
          : new SizeSampler(tenant.sizes ?? spec.sizes, limit),
      lifetimes: tenant.lifetimes === undefined ? lifetimes : new LifetimeSampler(tenant.lifetimes),
      everyMicros: Math.floor((active?.everySeconds ?? 0) * 1e6),
      forMicros: Math.floor((active?.forSeconds ?? 0) * 1e6),
    };
  });
}

/** Whether a tenant works at the moment, in µs since the end of the fill. */
export function isAtWork(tenant: TenantPlan, sinceFillMicros: number): boolean {
  return tenant.everyMicros === 0 || sinceFillMicros % tenant.everyMicros < tenant.forMicros;
}

/** Share of the requests that are for reclaimable blocks, averaged over so many µs in steps of `stepMicros`. */
export function reclaimableRequestShare(tenants: readonly TenantPlan[], micros: number, stepMicros: number): number {
  if (!tenants.some((tenant) => tenant.isReclaimable)) return 0;
  let sum = 0;
  let steps = 0;
  for (let t = 0; t < micros; t += stepMicros) {
    let total = 0;
    let reclaimable = 0;
    for (const tenant of tenants) {
      if (!isAtWork(tenant, t)) continue;
      total += tenant.share;
      if (tenant.isReclaimable) reclaimable += tenant.share;
    }
    if (total > 0) sum += reclaimable / total;
    steps++;
  }
  return sum / steps;
}
