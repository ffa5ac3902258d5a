// Pressure over time: means are integrals of a step function, exact to the microsecond; the critical state has a dwell to
// enter and one to leave (DESIGN section 2), so that one unlucky allocation is not an emergency.

import { MICROS_PER_SECOND } from "../core/units.ts";

const ENTER_DWELL_MICROS = 250_000;
const EXIT_DWELL_MICROS = MICROS_PER_SECOND;

/** The threshold of a run at level L: max(0.95, (1 + L) / 2). */
export function criticalThreshold(levelRatio: number): number {
  return Math.max(0.95, (1 + levelRatio) / 2);
}

/** Where the critical state ends: 0.93 for the threshold 0.95; above it, two thirds of the way from the level to the threshold. */
export function criticalExit(levelRatio: number): number {
  const threshold = criticalThreshold(levelRatio);
  return threshold === 0.95 ? 0.93 : levelRatio + ((threshold - levelRatio) * 2) / 3;
}

export class PressureMeter {
  readonly threshold: number;
  readonly exit: number;
  peakAllocatedBytes = 0;
  leastUsableBytes: number;
  episodes = 0;
  isCritical = false;
  #criticalMicros = 0;
  #lastMicros = 0;
  #allocatedArea = 0;
  #usableArea = 0;
  #aboveSinceMicros = -1;
  #belowSinceMicros = -1;
  readonly #capacityBytes: number;
  /** P ≥ threshold ⟺ usable ≤ this. */
  readonly #enterUsableBytes: number;
  readonly #exitUsableBytes: number;

  constructor(capacityBytes: number, levelRatio: number) {
    this.#capacityBytes = capacityBytes;
    this.threshold = criticalThreshold(levelRatio);
    this.exit = criticalExit(levelRatio);
    this.#enterUsableBytes = (1 - this.threshold) * capacityBytes;
    this.#exitUsableBytes = (1 - this.exit) * capacityBytes;
    this.leastUsableBytes = capacityBytes;
  }

  /** The state that held from the last call until now: call before each change. Hot. */
  hold(nowMicros: number, allocatedBytes: number, usableBytes: number): void {
    const dt = nowMicros - this.#lastMicros;
    if (dt <= 0) return;
    this.#allocatedArea += allocatedBytes * dt;
    this.#usableArea += usableBytes * dt;
    if (allocatedBytes > this.peakAllocatedBytes) this.peakAllocatedBytes = allocatedBytes;
    if (usableBytes < this.leastUsableBytes) this.leastUsableBytes = usableBytes;
    if (this.isCritical) {
      this.#criticalMicros += dt;
      if (usableBytes > this.#exitUsableBytes) {
        if (this.#belowSinceMicros < 0) this.#belowSinceMicros = this.#lastMicros;
        if (nowMicros - this.#belowSinceMicros >= EXIT_DWELL_MICROS) {
          // It ended in the middle of this interval; what lies behind that moment was not critical.
          this.#criticalMicros -= nowMicros - (this.#belowSinceMicros + EXIT_DWELL_MICROS);
          this.isCritical = false;
          this.#belowSinceMicros = -1;
          this.#aboveSinceMicros = -1;
        }
      } else this.#belowSinceMicros = -1;
    } else if (usableBytes <= this.#enterUsableBytes) {
      if (this.#aboveSinceMicros < 0) this.#aboveSinceMicros = this.#lastMicros;
      if (nowMicros - this.#aboveSinceMicros >= ENTER_DWELL_MICROS) {
        this.#criticalMicros += nowMicros - (this.#aboveSinceMicros + ENTER_DWELL_MICROS);
        this.#enter();
      }
    } else this.#aboveSinceMicros = -1;
    this.#lastMicros = nowMicros;
  }

  /** A fragmentation OOM is critical at once. */
  noteFragmentationOom(): void {
    if (!this.isCritical) this.#enter();
  }

  meanOccupancyRatio(): number {
    return this.#lastMicros === 0 ? 0 : this.#allocatedArea / this.#lastMicros / this.#capacityBytes;
  }

  meanEffectiveRatio(): number {
    return this.#lastMicros === 0 ? 0 : 1 - this.#usableArea / this.#lastMicros / this.#capacityBytes;
  }

  criticalRatio(): number {
    return this.#lastMicros === 0 ? 0 : this.#criticalMicros / this.#lastMicros;
  }

  #enter(): void {
    this.isCritical = true;
    this.episodes++;
    this.#belowSinceMicros = -1;
  }
}
