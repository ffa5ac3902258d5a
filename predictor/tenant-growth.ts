// Growth as tenant profiles know it (K75): learned from the requests and frees of each tenant, and, where tenants announce what
// they are about to do, told. It counts what is asked for and not what was served: a request that is denied would have grown the
// heap, and its free comes all the same. Some 660 bytes a tenant, so it runs beside a small arena and not in it.

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

/** What tenants announce, added up over all of them, and nothing that is learned: for an arena that has no bytes to spare. */
export class ToldGrowth implements GrowthSource {
  readonly #announcer: Announcer;
  /** Begin, end and bytes of the last two stretches that were announced, the earlier first. */
  readonly #told = new Float64Array(6);
  readonly #tell = (hint: TenantHint) => this.#add(hint);

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  get stateBytes(): number {
    return this.#told.byteLength;
  }

  tick(nowMicros: number): void {
    this.#announcer.announce(nowMicros, this.#tell);
  }

  expectedGrowthBytes(nowMicros: number, horizonMicros: number): number {
    const told = this.#told;
    let growth = 0;
    for (let at = 0; at < told.length; at += 3) {
      const [from, until] = [told[at], told[at + 1]];
      const overlap = Math.min(until, nowMicros + horizonMicros) - Math.max(from, nowMicros);
      if (overlap > 0) growth += (told[at + 2] * overlap) / (until - from);
    }
    return growth;
  }

  #add({ fromMicros, untilMicros, bytes }: TenantHint): void {
    const told = this.#told;
    if (told[3] !== fromMicros || told[4] !== untilMicros) {
      told.copyWithin(0, 3);
      told[3] = fromMicros;
      told[4] = untilMicros;
      told[5] = 0;
    }
    told[5] += bytes;
  }
}
