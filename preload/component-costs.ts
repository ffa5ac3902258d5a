// What loading a component costs and how large it is, as seen lately: fading means for each of the last components loaded, and one
// over all for those that were not. What routes and leases are decided on before anything is there.

import { assert } from "../core/errors.ts";
import type { ComponentCost } from "./contract.ts";

export interface ComponentCostsOptions {
  /** Components remembered; those not loaded for longest are forgotten. Default 4,096. */
  readonly componentCount?: number | undefined;
  /** Taken until anything was loaded. Default 4,096. */
  readonly firstBytes?: number | undefined;
}

/** Weight of the latest against a component's mean, and against the mean of all. */
const OWN_STEP = 1 / 4;
const SHARED_STEP = 1 / 32;
/** A load costs at most so many average ones, and at least one in so many: one slow load proves little. */
const MOST_RATIO = 16;
/** An entry of the map, its numbers and its name, about. */
const ENTRY_BYTES = 120;

interface Seen {
  bytes: number;
  millis: number;
}

export class ComponentCosts {
  readonly #components = new Map<string, Seen>();
  readonly #componentCount: number;
  #meanBytes: number;
  #meanMillis = 0;
  #loads = 0;

  constructor(options: ComponentCostsOptions = {}) {
    this.#componentCount = options.componentCount ?? 4096;
    this.#meanBytes = options.firstBytes ?? 4096;
    assert(this.#componentCount >= 1 && this.#meanBytes >= 0, "component costs: room for one, a size of 0 or more");
  }

  /** About how much memory it takes itself. */
  get stateBytes(): number {
    return this.#components.size * ENTRY_BYTES;
  }

  /** It was loaded: so many bytes, in so many milliseconds without what it needed. */
  observe(component: string, bytes: number, millis: number): void {
    assert(bytes >= 0 && millis >= 0, "component costs: a size and a time are not negative");
    const step = Math.max(SHARED_STEP, 1 / ++this.#loads);
    this.#meanBytes += (bytes - this.#meanBytes) * step;
    this.#meanMillis += (millis - this.#meanMillis) * step;
    const seen = this.#components.get(component);
    if (seen !== undefined) {
      seen.bytes += (bytes - seen.bytes) * OWN_STEP;
      seen.millis += (millis - seen.millis) * OWN_STEP;
      this.#components.delete(component); // to the end of the order
      this.#components.set(component, seen);
      return;
    }
    if (this.#components.size >= this.#componentCount) {
      for (const oldest of this.#components.keys()) {
        this.#components.delete(oldest);
        break;
      }
    }
    this.#components.set(component, { bytes, millis });
  }

  /** How long loading it is expected to take, ms, without what it needs. */
  millisOf(component: string): number {
    return this.#components.get(component)?.millis ?? this.#meanMillis;
  }

  /** What it is expected to cost. Bytes are a whole number of 1 or more. */
  of(component: string): ComponentCost {
    const seen = this.#components.get(component);
    const bytes = Math.max(1, Math.ceil(seen?.bytes ?? this.#meanBytes));
    if (seen === undefined || this.#meanMillis === 0) return { loadRatio: 1, bytes };
    const ratio = seen.millis / this.#meanMillis;
    return { loadRatio: Math.min(MOST_RATIO, Math.max(1 / MOST_RATIO, ratio)), bytes };
  }
}
