// Growth as tenant profiles know it (K75): learned from the requests and frees of each tenant, and, where tenants announce what
// they are about to do, told. It counts what is asked for and not what was served: a request that is denied would have grown the
// heap, and its free comes all the same. Some 660 bytes a tenant, so it runs beside a small arena and not in it.

import { MICROS_PER_MILLI } from "../core/units.ts";
import type { GrowthSource } from "./growth-forecaster.ts";
import { type TenantHint, TenantProfiles } from "./tenant-profile.ts";

/** Who announces: called each tick, it hands over what has become known since the last. */
export interface Announcer {
  announce(nowMicros: number, tell: (hint: TenantHint) => void): void;
}

export class TenantGrowth implements GrowthSource {
  readonly profiles: TenantProfiles;
  readonly #announcer: Announcer | null;
  readonly #tell = (hint: TenantHint) => {
    this.profiles.hint(hint);
  };

  /** @param tenantCount 1..255 */
  constructor(tenantCount: number, announcer: Announcer | null = null) {
    this.profiles = new TenantProfiles(tenantCount);
    this.#announcer = announcer;
  }

  get stateBytes(): number {
    return this.profiles.stateBytes;
  }

  tick(nowMicros: number): void {
    this.profiles.tick(nowMicros);
    this.#announcer?.announce(nowMicros, this.#tell);
  }

  expectedGrowthBytes(nowMicros: number, horizonMicros: number): number {
    return this.profiles.expectedGrowthBytes(nowMicros, horizonMicros);
  }

  observeRequest(lengthBytes: number, requestClass: number, tenant: number): void {
    this.profiles.observeRequest(tenant, lengthBytes, requestClass);
    this.profiles.notePlaced(tenant, lengthBytes);
  }

  observeFree(lengthBytes: number, ageMicros: number, tenant: number): void {
    this.profiles.noteFreed(tenant, lengthBytes, ageMicros);
  }
}

/** Bytes of ToldGrowth. */
export const TOLD_GROWTH_BYTES = 24;

/** What tenants announce, added up over all of them, and nothing that is learned: for an arena that has no bytes to spare. */
export class ToldGrowth {
  readonly #announcer: Announcer;
  /** Begin and end, ms, and bytes of the last two stretches that were announced, the earlier first. */
  readonly #told = new Float32Array(TOLD_GROWTH_BYTES / 4);
  readonly #tell = (hint: TenantHint) => this.#add(hint);

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  /** Each 500 ms: hears what is announced by now. */
  tick(nowMicros: number): void {
    this.#announcer.announce(nowMicros, this.#tell);
  }

  /** Bytes that will be held more in `horizonMicros`, as far as it was announced. Hot. */
  expectedGrowthBytes(nowMicros: number, horizonMicros: number): number {
    const told = this.#told;
    const now = nowMicros / MICROS_PER_MILLI;
    const end = now + horizonMicros / MICROS_PER_MILLI;
    let growth = 0;
    for (let at = 0; at < told.length; at += 3) {
      const overlap = Math.min(told[at + 1], end) - Math.max(told[at], now);
      if (overlap > 0) growth += (told[at + 2] * overlap) / (told[at + 1] - told[at]);
    }
    return growth;
  }

  #add({ fromMicros, untilMicros, bytes }: TenantHint): void {
    const told = this.#told;
    const from = Math.fround(fromMicros / MICROS_PER_MILLI);
    if (told[3] !== from || told[4] === 0) {
      told.copyWithin(0, 3);
      told[3] = from;
      told[4] = untilMicros / MICROS_PER_MILLI;
      told[5] = 0;
    }
    told[5] += bytes;
  }
}
