// A forecaster under watch: what it says is what the guarded one says while the watchdog trusts it, else what the fallback
// says. Both are fed all the time, so that the fallback is warm when it is needed and the guarded one can prove itself in
// the shadow.

import type { Forecaster } from "../core/forecaster.ts";
import { Persistence } from "./baselines/persistence.ts";
import { type Trip, Watchdog, type WatchdogParameters, type WatchdogState, watchdogStateBytes } from "./watchdog.ts";

/** A forecaster whose weights can be put back. */
export interface WeightedForecaster extends Forecaster {
  readonly weights?: Float64Array | undefined;
}

export interface GuardedForecasterOptions {
  /** Used while tripped; persistence when absent. */
  readonly fallback?: Forecaster | undefined;
  readonly parameters?: Partial<WatchdogParameters> | undefined;
}

export class GuardedForecaster implements Forecaster {
  readonly id: string;
  readonly stateBytes: number;
  readonly guarded: WeightedForecaster;
  readonly fallback: Forecaster;
  readonly watchdog: Watchdog;
  readonly #result = new Float64Array(1);

  constructor(guarded: WeightedForecaster, options: GuardedForecasterOptions = {}) {
    this.guarded = guarded;
    this.fallback = options.fallback ?? new Persistence();
    this.watchdog = new Watchdog(guarded.weights, options.parameters);
    this.id = guarded.id;
    this.stateBytes = guarded.stateBytes + this.fallback.stateBytes + watchdogStateBytes;
  }

  get isTripped(): boolean {
    return this.watchdog.isTripped;
  }

  get state(): WatchdogState {
    return this.watchdog.state;
  }

  get trips(): readonly Trip[] {
    return this.watchdog.trips;
  }

  observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    this.guarded.observe(nowMicros, occupancyRatio, pressureRatio);
    this.fallback.observe(nowMicros, occupancyRatio, pressureRatio);
  }

  observeRequest(nowMicros: number, lengthBytes: number, requestClass: number, tenant: number): void {
    this.guarded.observeRequest?.(nowMicros, lengthBytes, requestClass, tenant);
    this.fallback.observeRequest?.(nowMicros, lengthBytes, requestClass, tenant);
  }

  sampleHeap(largestHoleBytes: number, holeCount: number, referenceBytes: number): void {
    this.guarded.sampleHeap?.(largestHoleBytes, holeCount, referenceBytes);
    this.fallback.sampleHeap?.(largestHoleBytes, holeCount, referenceBytes);
  }

  noteCompaction(nowMicros: number): void {
    this.guarded.noteCompaction(nowMicros);
    this.fallback.noteCompaction(nowMicros);
  }

  /**
   * The guarded forecast, always a finite ratio when the fallback's is. The result is read back from a typed array, so that
   * it is known to be a double whichever branch it took, and is not boxed.
   */
  forecast(nowMicros: number): number {
    const result = this.#result;
    result[0] = this.guarded.forecast(nowMicros);
    if (!this.watchdog.admits(nowMicros, result[0])) result[0] = this.fallback.forecast(nowMicros);
    return result[0];
  }

  tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    this.guarded.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
    this.fallback.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
    this.watchdog.tick(nowMicros, this.guarded.forecast(nowMicros), pressureRatio, isLabelMasked);
  }

  /** Of whichever of the two is in use. */
  upperMargin(): number {
    return this.watchdog.isTripped ? this.fallback.upperMargin() : this.guarded.upperMargin();
  }

  /** Of whichever of the two is in use. */
  confidence(): number {
    return this.watchdog.isTripped ? this.fallback.confidence() : this.guarded.confidence();
  }
}
