// Between one source of pressure and those who hold memory: asks the source, lets the governor judge, and passes its orders on.
// Whoever drives it calls `tick` (live/pressure/attach.ts by a timer, a simulation by its own clock). A source that throws
// and a tenant that throws are counted and stop nobody else.

import type { PressureReading, PressureSource, PressureTenant } from "../core/pressure.ts";
import { PressureGovernor } from "./pressure-governor.ts";

export class PressureLink {
  readonly source: PressureSource;
  readonly governor: PressureGovernor;
  /** Bytes that tenants gave back when asked, and calls to tenants that threw. */
  shedBytes = 0;
  tenantErrors = 0;
  /** The last reading that could be had. */
  lastReading: PressureReading | null = null;

  readonly #tenants: PressureTenant[] = [];

  constructor(source: PressureSource, tenants: Iterable<PressureTenant>, governor = new PressureGovernor()) {
    this.source = source;
    this.governor = governor;
    for (const tenant of tenants) this.add(tenant);
  }

  get tenants(): readonly PressureTenant[] {
    return this.#tenants;
  }

  /** A further tenant, which gets its orders at once. */
  add(tenant: PressureTenant): void {
    this.#tenants.push(tenant);
    this.#order(tenant);
  }

  /** Lets a tenant go: it may fill its limit again, and loading ahead costs nothing. */
  remove(tenant: PressureTenant): void {
    const at = this.#tenants.indexOf(tenant);
    if (at < 0) return;
    this.#tenants.splice(at, 1);
    this.#try(() => {
      tenant.setBudgetRatio(1);
      tenant.setPrefetchPrice(0);
      tenant.setLevel?.("LOW");
    });
  }

  /** One round at `nowMillis` of the source's clock. Cost: a reading and a few calls a tenant. */
  tick(nowMillis: number): void {
    const { governor } = this;
    let reading: PressureReading | null = null;
    try {
      reading = this.source.read();
    } catch {
      governor.fail(nowMillis);
    }
    if (reading !== null) {
      this.lastReading = reading;
      governor.update(reading, nowMillis);
    }
    for (const tenant of this.#tenants) this.#order(tenant);
    if (governor.shedBytes > 0) this.#shed(governor.shedBytes);
  }

  /** Lets all tenants go. */
  close(): void {
    for (const tenant of [...this.#tenants]) this.remove(tenant);
  }

  #order(tenant: PressureTenant): void {
    this.#try(() => {
      tenant.setBudgetRatio(this.governor.budgetRatio);
      tenant.setPrefetchPrice(this.governor.prefetchPrice);
      tenant.setLevel?.(this.governor.level);
    });
  }

  /** Asks each for its share of what all hold; what one cannot give the next ones are asked for. */
  #shed(bytes: number): void {
    const held = this.#tenants.map((tenant) => this.#try(() => tenant.countBytes()) ?? 0);
    let left = held.reduce((sum, one) => sum + one, 0);
    let wanted = Math.min(bytes, left);
    for (let i = 0; i < held.length && wanted > 0; i++) {
      const own = held[i]!;
      if (!(own > 0)) continue;
      const share = Math.min(own, Math.ceil((wanted * own) / left));
      const given = this.#try(() => this.#tenants[i]!.shed(share)) ?? 0;
      if (given > 0) {
        this.shedBytes += given;
        wanted -= given;
      }
      left -= own;
    }
  }

  #try<T>(call: () => T): T | null {
    try {
      return call();
    } catch {
      this.tenantErrors++;
      return null;
    }
  }
}
