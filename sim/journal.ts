// The journal, `mempred.journal/1`: JSON Lines from which the position of every block at every moment can be rebuilt.
// Times in µs, never decreasing; `at`, `from`, `to`, `len` in bytes, `len` with header and rounding.

import { CLASS_NAMES, type Demand } from "../core/demand.ts";
import { GRANULE_BYTES } from "../core/units.ts";
import { OOM_CAUSES } from "./result.ts";
import { OWN_BLOCK_ID, type RunRecorder } from "./run-recorder.ts";
import type { JournalSink } from "./simulate-types.ts";

export const JOURNAL_SCHEMA = "mempred.journal/1";

export class Journal implements RunRecorder {
  readonly #sink: JournalSink;
  /** Goes into the line of the forecast that follows. */
  #network: { readonly weights: number[]; readonly inputs: number[] } | null = null;

  constructor(sink: JournalSink, demand: Demand, seed: number, policy: string) {
    this.#sink = sink;
    this.#write({
      schema: JOURNAL_SCHEMA,
      capacityBytes: demand.capacityBytes,
      granuleBytes: GRANULE_BYTES,
      scenario: demand.name,
      pressureRatio: demand.pressureRatio,
      seed,
      policy,
    });
  }

  place(
    t: number,
    id: number,
    size: number,
    at: number,
    len: number,
    requestClass: number,
    pinned: boolean,
    isReclaimable: boolean,
    waitedMicros: number,
  ): void {
    const block = { t, e: "place", id: nameOf(id), size, at, len, class: CLASS_NAMES[requestClass], pinned };
    this.#write(isReclaimable ? { ...block, waitedMicros, reclaimable: true } : { ...block, waitedMicros });
  }

  resize(t: number, id: number, size: number, at: number, len: number, waitedMicros: number): void {
    this.#write({ t, e: "resize", id, size, at, len, waitedMicros });
  }

  free(t: number, id: number, isShed: boolean): void {
    this.#write(isShed ? { t, e: "free", id, shed: true } : { t, e: "free", id });
  }

  move(t: number, id: number, from: number, to: number): void {
    this.#write({ t, e: "move", id: nameOf(id), from, to });
  }

  deny(t: number, id: number, size: number, requestClass: number, cause: number): void {
    this.#write({ t, e: "deny", id, size, class: CLASS_NAMES[requestClass], cause: OOM_CAUSES[cause] });
  }

  compact(
    t: number,
    run: number,
    isProactive: boolean,
    trigger: string,
    phase: "start" | "end",
    movedBytes: number,
  ): void {
    const kind = isProactive ? "proactive" : "reactive";
    this.#write({ t, e: "compact", run, kind, trigger, phase, movedBytes });
  }

  sample(t: number, occupancy: number, pressure: number): void {
    this.#write({ t, e: "sample", occupancy, pressure });
  }

  forecast(t: number, pressure: number, forecast: number, upper: number, confidence: number): void {
    this.#write({ t, e: "forecast", pressure, forecast, upper, confidence, ...this.#network });
    this.#network = null;
  }

  /** Some 650 bytes a tick, where a forecast without them has 110. */
  network(_t: number, weights: Float64Array, inputs: Float64Array): void {
    this.#network = { weights: Array.from(weights, singlePrecision), inputs: Array.from(inputs, singlePrecision) };
  }

  watchdog(t: number, reason: string): void {
    this.#write({ t, e: "watchdog", reason });
  }

  #write(event: Readonly<Record<string, unknown>>): void {
    this.#sink(JSON.stringify(event));
  }
}

/** Nine digits: as many as tell one float32 from the next, which is what a recording keeps. */
function singlePrecision(value: number): number {
  return Number(Math.fround(value).toPrecision(9));
}

function nameOf(id: number): number | string {
  return id === OWN_BLOCK_ID ? "predictor" : id;
}
