// What the tenants of a demand announce (K75), for want of programs that could be asked: every 5 s each says by how many bytes
// what it holds will change in the 5 s after next, rounded to KiB. This is TOLD information. It is read off the demand ahead of
// time, one stretch early and a hundredth of a default arena coarse, as a program knows the next phase of its work and not
// its every request; what a forecaster makes of it is no measure of forecasting, but of what being told is worth.

import { type Demand, OP_FREE } from "../core/demand.ts";
import { blockLength, HORIZON_MICROS } from "../core/units.ts";
import type { Announcer } from "../predictor/tenant-growth.ts";
import type { TenantHint } from "../predictor/tenant-profile.ts";

const STRETCH_MICROS = HORIZON_MICROS;
const ROUNDING_BYTES = 1024;

export class TenantHints implements Announcer {
  readonly #tenants: number;
  readonly #stretches: number;
  /** By stretch, then by tenant. */
  readonly #changeBytes: Float64Array;
  #told = 0;

  /** Cost: one pass over the demand. */
  constructor(demand: Demand) {
    const { length, timeMicros, kind, id, tenant, sizeBytes } = demand;
    this.#tenants = Math.max(1, demand.tenants.length);
    this.#stretches = Math.ceil(demand.durationMicros / STRETCH_MICROS);
    this.#changeBytes = new Float64Array(this.#stretches * this.#tenants);
    const lengths = new Float64Array(demand.idCount);
    const owners = new Uint8Array(demand.idCount);
    for (let row = 0; row < length; row++) {
      const at = id[row]!;
      const isFree = kind[row] === OP_FREE;
      if (!isFree && lengths[at] === 0) owners[at] = tenant[row]!;
      const now = isFree ? 0 : blockLength(sizeBytes[row]!);
      const stretch = Math.min(this.#stretches - 1, Math.floor(timeMicros[row]! / STRETCH_MICROS));
      this.#changeBytes[stretch * this.#tenants + owners[at]!]! += now - lengths[at]!;
      lengths[at] = now;
    }
  }

  announce(nowMicros: number, tell: (hint: TenantHint) => void): void {
    const known = Math.min(this.#stretches, Math.floor(nowMicros / STRETCH_MICROS) + 2);
    for (; this.#told < known; this.#told++) {
      const fromMicros = this.#told * STRETCH_MICROS;
      for (let tenant = 0; tenant < this.#tenants; tenant++) {
        const exact = this.#changeBytes[this.#told * this.#tenants + tenant]!;
        const bytes = Math.round(exact / ROUNDING_BYTES) * ROUNDING_BYTES;
        tell({ tenant, bytes, fromMicros, untilMicros: fromMicros + STRETCH_MICROS });
      }
    }
  }
}
