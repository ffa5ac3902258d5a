// What the simulator knows of a forecaster: the network and the simple baselines stand behind this one interface, so that
// they are consulted, trained and scored alike.

export interface Forecaster {
  readonly id: string;
  /** Bytes of state that it needs, weights and history included. */
  readonly stateBytes: number;

  /**
   * Takes in one allocation: hot, makes no garbage.
   * @param nowMicros time of the allocation, never decreasing
   * @param occupancyRatio U, 0..1, after it
   * @param pressureRatio effective pressure P, 0..1, after it
   */
  observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void;

  /** Takes in the end of one compaction run. */
  noteCompaction(nowMicros: number): void;

  /**
   * Optional: one allocation request, called right before the `observe` that follows it, whether it was served or not. Hot.
   * A forecaster that has it must also work, less well, where nobody calls it.
   * @param lengthBytes block length, header and rounding included
   * @param requestClass CLASS_*
   * @param tenant index of the tenant
   */
  observeRequest?(nowMicros: number, lengthBytes: number, requestClass: number, tenant: number): void;

  /**
   * Optional: what a tick knows of the heap beyond U and P. Called right before `tick`, with the values of that moment; a
   * forecaster that has it must also work, less well, where nobody calls it.
   * @param largestHoleBytes 0 without a hole
   * @param holeCount holes of any length
   * @param referenceBytes the reference request n of the effective pressure
   */
  sampleHeap?(largestHoleBytes: number, holeCount: number, referenceBytes: number): void;

  /** The forecast of P at `nowMicros` + 5 s, from what was observed so far. Not clamped, not guarded: a watchdog looks at it. */
  forecast(nowMicros: number): number;

  /**
   * The decision tick, each 500 ms: takes the sample (t, P), lets the forecast of 10 ticks ago mature against it and learns.
   * `isLabelMasked` keeps a label that an intervention has changed from being learned.
   */
  tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void;

  /** Half width above the forecast such that the share of labels over forecast + it is near the stated miss rate; earned from matured errors. */
  upperMargin(): number;

  /** 0..1 from recent calibrated error; 0 until enough labels matured. */
  confidence(): number;
}
