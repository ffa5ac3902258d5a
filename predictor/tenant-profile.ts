// What each tenant is like (K75): sizes, rate, lifetimes and live bytes in a sketch of fixed size a tenant, and what it has
// announced. A profile is learned from requests and frees; a hint is told, by a program that knows what it is about to do, and
// counts until its time is over. `expectedGrowthBytes` joins both: how many bytes more will be held in a while.
//
// Tenants from MOST_TENANTS − 1 on share the last profile, so that memory is bounded whatever a demand names.

import { assert } from "../core/errors.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import { LogHistogram } from "./log-histogram.ts";
import { WorkloadClassifier, type WorkloadName } from "./workload-class.ts";

export const MOST_TENANTS = 16;
export const MOST_HINTS = 32;
const RATE_MEMORY_MICROS = 10 * MICROS_PER_SECOND;
const LEAST_LENGTH_BYTES = 16;
const LEAST_AGE_MICROS = 1000;

/** What a tenant says it will do. */
export interface TenantHint {
  readonly tenant: number;
  /** Bytes that it is about to hold, > 0, or to let go, < 0. */
  readonly bytes: number;
  /** When it begins, and when it is over: by then the bytes have been asked for, or the hint was wrong. */
  readonly fromMicros: number;
  readonly untilMicros: number;
}

/** A tenant as learned so far. Lengths are block lengths. */
export interface TenantProfile {
  readonly tenant: number;
  readonly requests: number;
  /** Faded over 10 s. */
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Growth of live bytes, faded over 10 s; negative while it lets go. */
  readonly netBytesPerSecond: number;
  readonly medianLengthBytes: number;
  readonly lengthBytesP95: number;
  /** Of blocks that were freed; 0 before the first. Those that live on are not in it. */
  readonly medianLifetimeMicros: number;
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly workload: WorkloadName;
}

const REQUESTS = 0;
const RATE = 1; // requests, bytes and net bytes a µs
const BYTE_RATE = 2;
const NET_RATE = 3;
const LIVE = 4;
const PEAK = 5;
const SINCE = 6; // since the last tick: requests, bytes, live bytes at it
const FIELDS = SINCE + 3;

export class TenantProfiles {
  readonly tenantCount: number;
  readonly #state: Float64Array;
  readonly #lengths: readonly LogHistogram[];
  readonly #ages: readonly LogHistogram[];
  readonly #classifiers: readonly WorkloadClassifier[];
  readonly #hints: TenantHint[] = [];
  #tickAtMicros = -1;

  /** @param tenantCount 1..255; those beyond MOST_TENANTS share the last profile */
  constructor(tenantCount: number) {
    assert(tenantCount >= 1 && tenantCount <= 255, "there are 1 to 255 tenants");
    this.tenantCount = Math.min(tenantCount, MOST_TENANTS);
    this.#state = new Float64Array(this.tenantCount * FIELDS);
    const each = <T>(make: () => T): T[] => Array.from({ length: this.tenantCount }, make);
    this.#lengths = each(() => new LogHistogram(LEAST_LENGTH_BYTES));
    this.#ages = each(() => new LogHistogram(LEAST_AGE_MICROS));
    this.#classifiers = each(() => new WorkloadClassifier());
  }

  /** Bytes of all profiles; hints, at most MOST_HINTS, are apart. */
  get stateBytes(): number {
    const sketches = 2 * LogHistogram.stateBytes + WorkloadClassifier.stateBytes;
    return this.#state.byteLength + this.tenantCount * sketches;
  }

  /** A request, served or not. Hot. */
  observeRequest(tenant: number, lengthBytes: number, requestClass: number): void {
    const t = this.#placeOf(tenant);
    const at = t * FIELDS;
    this.#state[at + REQUESTS]++;
    this.#state[at + SINCE]++;
    this.#state[at + SINCE + 1] += lengthBytes;
    this.#lengths[t].add(lengthBytes);
    this.#classifiers[t].observeRequest(lengthBytes, requestClass);
  }

  /** A block was placed. Hot. */
  notePlaced(tenant: number, lengthBytes: number): void {
    const at = this.#placeOf(tenant) * FIELDS;
    const live = this.#state[at + LIVE] + lengthBytes;
    this.#state[at + LIVE] = live;
    if (live > this.#state[at + PEAK]) this.#state[at + PEAK] = live;
  }

  /** A block was freed that lived `ageMicros`. Hot. */
  noteFreed(tenant: number, lengthBytes: number, ageMicros: number): void {
    const t = this.#placeOf(tenant);
    this.#state[t * FIELDS + LIVE] -= lengthBytes;
    this.#ages[t].add(ageMicros);
    this.#classifiers[t].observeFree(lengthBytes, ageMicros);
  }

  /** Each 500 ms: moves the rates on and drops hints whose time is over. */
  tick(nowMicros: number): void {
    const elapsed = this.#tickAtMicros < 0 ? 0 : nowMicros - this.#tickAtMicros;
    this.#tickAtMicros = nowMicros;
    const state = this.#state;
    for (let t = 0; t < this.tenantCount; t++) {
      const at = t * FIELDS;
      if (elapsed > 0) {
        const share = elapsed / (RATE_MEMORY_MICROS + elapsed);
        state[at + RATE] += share * (state[at + SINCE] / elapsed - state[at + RATE]);
        state[at + BYTE_RATE] += share * (state[at + SINCE + 1] / elapsed - state[at + BYTE_RATE]);
        const net = (state[at + LIVE] - state[at + SINCE + 2]) / elapsed;
        state[at + NET_RATE] += share * (net - state[at + NET_RATE]);
      }
      state[at + SINCE] = 0;
      state[at + SINCE + 1] = 0;
      state[at + SINCE + 2] = state[at + LIVE];
      this.#classifiers[t].tick();
    }
    for (let i = this.#hints.length - 1; i >= 0; i--) {
      if (this.#hints[i].untilMicros < nowMicros) this.#hints.splice(i, 1);
    }
  }

  /** Takes down what a tenant announces. Returns false when there are MOST_HINTS already. */
  hint(hint: TenantHint): boolean {
    assert(hint.untilMicros >= hint.fromMicros, "a hint does not end before it begins");
    if (this.#hints.length === MOST_HINTS) return false;
    this.#hints.push(hint);
    return true;
  }

  /**
   * Bytes by which what is held will have grown in `horizonMicros`: hints that fall into it, in proportion to their overlap
   * with it, and for tenants without one the net rate lately.
   */
  expectedGrowthBytes(nowMicros: number, horizonMicros: number): number {
    let growth = 0;
    for (let t = 0; t < this.tenantCount; t++) {
      const hinted = this.#hintedBytes(t, nowMicros, nowMicros + horizonMicros);
      growth += hinted ?? this.#state[t * FIELDS + NET_RATE] * horizonMicros;
    }
    return growth;
  }

  /** The profile of a tenant. Cold. */
  profile(tenant: number): TenantProfile {
    const t = this.#placeOf(tenant);
    const at = t * FIELDS;
    const state = this.#state;
    return {
      tenant: t,
      requests: state[at + REQUESTS],
      requestsPerSecond: state[at + RATE] * MICROS_PER_SECOND,
      bytesPerSecond: state[at + BYTE_RATE] * MICROS_PER_SECOND,
      netBytesPerSecond: state[at + NET_RATE] * MICROS_PER_SECOND,
      medianLengthBytes: this.#lengths[t].quantile(0.5),
      lengthBytesP95: this.#lengths[t].quantile(0.95),
      medianLifetimeMicros: this.#ages[t].quantile(0.5),
      liveBytes: state[at + LIVE],
      peakBytes: state[at + PEAK],
      workload: this.#classifiers[t].name,
    };
  }

  #hintedBytes(tenant: number, fromMicros: number, untilMicros: number): number | null {
    let bytes: number | null = null;
    for (const hint of this.#hints) {
      if (this.#placeOf(hint.tenant) !== tenant) continue;
      const overlap = Math.min(untilMicros, hint.untilMicros) - Math.max(fromMicros, hint.fromMicros);
      const length = hint.untilMicros - hint.fromMicros;
      if (overlap < 0) continue;
      bytes = (bytes ?? 0) + hint.bytes * (length === 0 ? 1 : overlap / length);
    }
    return bytes;
  }

  #placeOf(tenant: number): number {
    return tenant < this.tenantCount ? tenant : this.tenantCount - 1;
  }
}
