// Who writes down what happens in a run: the journal as lines, a recording as columns. Times are µs and never decrease; ids are
// those of the demand, or OWN_BLOCK_ID for the policy's own block.

/** The block in the arena that belongs to the policy itself. */
export const OWN_BLOCK_ID = -1;

export interface RunRecorder {
  /** @param length with header and rounding @param isReclaimable a cache's block: it may be shed */
  place(
    micros: number,
    id: number,
    size: number,
    at: number,
    length: number,
    requestClass: number,
    isPinned: boolean,
    isReclaimable: boolean,
    waitedMicros: number,
  ): void;
  resize(micros: number, id: number, size: number, at: number, length: number, waitedMicros: number): void;
  free(micros: number, id: number, isShed: boolean): void;
  move(micros: number, id: number, from: number, to: number): void;
  /** @param cause index into OOM_CAUSES */
  deny(micros: number, id: number, size: number, requestClass: number, cause: number): void;
  compact(
    micros: number,
    run: number,
    isProactive: boolean,
    trigger: string,
    phase: "start" | "end",
    movedBytes: number,
  ): void;
  /** Each 500 ms, before the forecast: the acting arena as it is. */
  sample(micros: number, occupancyRatio: number, pressureRatio: number): void;
  /** After the sample and the network, where something forecasts. @param watched pressure of the arena that the forecast is of */
  forecast(micros: number, watched: number, forecast: number, upper: number, confidence: number): void;
  /** Before the forecast, where it is the small network's: what it was made with. The arrays are the predictor's: copy them. */
  network(micros: number, weights: Float64Array, inputs: Float64Array): void;
  watchdog(micros: number, reason: string): void;
}
