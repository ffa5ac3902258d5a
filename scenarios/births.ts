// What the next block is like: tenant, size, and how it dies. A regime's laws go before a tenant's, a tenant's before the
// scenario's; blocks of an event, leaked blocks and a checkerboard's odd blocks die by the clock, the others when the
// level needs their room. The result is left in fields: nothing is allocated for a draw.

import { RandomStream } from "../core/random.ts";
import { MICROS_PER_MILLI } from "../core/units.ts";
import type { Plan } from "./plan.ts";
import { isAtWork } from "./tenant-plan.ts";

/** Frees that belong to one moment (a restart, a checkerboard, the end of an event) are spread over so many µs. */
const RELEASE_MICROS = 50 * MICROS_PER_MILLI;
const LEAST_HERD_BYTES = 16;
const ANY_POOL = -1;

export class Births {
  /** Index of the tenant. */
  tenant = 0;
  /** Payload bytes. */
  sizeBytes = 0;
  /** Life in mean lives of the pool, where the block does not die by the clock. */
  life = 0;
  /** The moment of death in integer µs, or 0. */
  dueMicros = 0;

  readonly #plan: Plan;
  readonly #sizes: RandomStream;
  readonly #lifetimes: RandomStream;
  readonly #tenantDraws: RandomStream;
  readonly #kinds: RandomStream;
  #cycle = 0;
  #event = 0;
  #regime = 0;
  #bornInRegime = 0;

  constructor(plan: Plan) {
    const { seed } = plan.options;
    this.#plan = plan;
    this.#sizes = new RandomStream(seed, "sizes");
    this.#lifetimes = new RandomStream(seed, "lifetimes");
    this.#tenantDraws = new RandomStream(seed, "tenants");
    this.#kinds = new RandomStream(seed, "kinds");
  }

  /** A block of the initial population of a pool. */
  drawInitial(pool: number): void {
    this.tenant = this.#drawTenant(this.#plan.fillEndMicros, pool);
    this.#drawOrdinary();
  }

  /** A block that arrives at `nowMicros`, never decreasing. */
  draw(nowMicros: number): void {
    const { tenants, events, regimeSchedule, regimes, level, spec } = this.#plan;
    if (events !== undefined && events.share > 0 && this.#isInEvent(nowMicros) && this.#kinds.chance(events.share)) {
      this.tenant = this.#drawTenant(nowMicros, 0);
      this.sizeBytes = events.sizes.draw(this.#sizes);
      this.dueMicros = this.#eventDue(nowMicros, this.#event);
      return;
    }
    this.tenant = this.#drawTenant(nowMicros, ANY_POOL);
    const own = tenants[this.tenant]!;
    if (regimeSchedule !== undefined && own.pool === 0) {
      const { startMicros, regime } = regimeSchedule;
      while (this.#regime + 1 < startMicros.length && nowMicros >= startMicros[this.#regime + 1]!) {
        this.#regime++;
        this.#bornInRegime = 0;
      }
      const now = regimes[regime[this.#regime]!]!;
      this.sizeBytes = (now.sizes ?? own.sizes).draw(this.#sizes);
      this.life = (now.lifetimes ?? own.lifetimes).draw(this.#lifetimes);
      this.dueMicros = 0;
      if (
        now.freedShare > 0 &&
        this.#bornInRegime++ % 2 === 1 &&
        this.#regime + 1 < startMicros.length &&
        this.#kinds.chance(now.freedShare)
      )
        this.dueMicros = startMicros[this.#regime + 1]! + this.#kinds.integer(RELEASE_MICROS);
      return;
    }
    this.#drawOrdinary();
    if (spec.level.leaks === true && level.swingBytes > 0 && own.pool === 0) this.#maybeLeak(nowMicros);
  }

  /** One of a herd. Sizes shrink so that the herd fits into the lift of its event. */
  drawHerdMember(nowMicros: number, event: number): void {
    const { herdBytes, herdSize, sizes } = this.#plan.events!;
    this.tenant = this.#drawTenant(nowMicros, 0);
    const scale = Math.min(1, herdBytes / (herdSize[event]! * sizes.meanLength));
    this.sizeBytes = Math.max(LEAST_HERD_BYTES, Math.floor(sizes.draw(this.#sizes) * scale));
    this.dueMicros = this.#eventDue(nowMicros, event);
  }

  #drawOrdinary(): void {
    const own = this.#plan.tenants[this.tenant]!;
    this.sizeBytes = own.sizes.draw(this.#sizes);
    this.life = own.lifetimes.draw(this.#lifetimes);
    this.dueMicros = 0;
  }

  /** A tenant by share among those that are at work, of one pool or of any. One draw where there is more than one tenant. */
  #drawTenant(nowMicros: number, pool: number): number {
    const { tenants, fillEndMicros } = this.#plan;
    if (tenants.length === 1) return 0;
    const u = this.#tenantDraws.next();
    let total = 0;
    let only = 0;
    for (let i = 0; i < tenants.length; i++) {
      const tenant = tenants[i]!;
      if (pool !== ANY_POOL && tenant.pool !== pool) continue;
      only = i;
      if (isAtWork(tenant, nowMicros - fillEndMicros)) total += tenant.share;
    }
    let left = u * total;
    for (let i = 0; i < tenants.length; i++) {
      const tenant = tenants[i]!;
      if ((pool !== ANY_POOL && tenant.pool !== pool) || !isAtWork(tenant, nowMicros - fillEndMicros)) continue;
      only = i;
      left -= tenant.share;
      if (left < 0) break;
    }
    return only;
  }

  #isInEvent(nowMicros: number): boolean {
    const { startMicros, endMicros } = this.#plan.events!;
    while (this.#event < endMicros.length && nowMicros >= endMicros[this.#event]!) this.#event++;
    return this.#event < endMicros.length && nowMicros >= startMicros[this.#event]!;
  }

  #eventDue(nowMicros: number, event: number): number {
    const life = this.#lifetimes.exponential(this.#plan.events!.lifeMicros);
    const last = this.#plan.events!.endMicros[event]! - this.#kinds.integer(RELEASE_MICROS);
    return Math.ceil(Math.min(nowMicros + life, last));
  }

  /** A leaked block lives until its cycle ends. */
  #maybeLeak(nowMicros: number): void {
    const { cycleStarts, leakShares } = this.#plan;
    while (this.#cycle + 2 < cycleStarts.length && nowMicros >= cycleStarts[this.#cycle + 1]!) this.#cycle++;
    if (this.#kinds.chance(leakShares[this.#cycle]!))
      this.dueMicros = cycleStarts[this.#cycle + 1]! - this.#kinds.integer(RELEASE_MICROS);
  }
}
