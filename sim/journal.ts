// The journal, `mempred.journal/1`: JSON Lines from which the position of every block at every moment can be rebuilt.
// Times in µs, never decreasing; `at`, `from`, `to`, `len` in bytes, `len` with header and rounding.

import { CLASS_NAMES, type Demand } from "../core/demand.ts";
import { GRANULE_BYTES } from "../core/units.ts";
import { OOM_CAUSES } from "./result.ts";
import type { JournalSink } from "./simulate-types.ts";

export const JOURNAL_SCHEMA = "mempred.journal/1";

export class Journal {
  readonly #sink: JournalSink;

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
    id: number | string,
    size: number,
    at: number,
    len: number,
    requestClass: number,
    pinned: boolean,
    waitedMicros: number,
  ): void {
    this.#write({ t, e: "place", id, size, at, len, class: CLASS_NAMES[requestClass], pinned, waitedMicros });
  }

  resize(t: number, id: number, size: number, at: number, len: number, waitedMicros: number): void {
    this.#write({ t, e: "resize", id, size, at, len, waitedMicros });
  }

  free(t: number, id: number, isShed: boolean): void {
    this.#write(isShed ? { t, e: "free", id, shed: true } : { t, e: "free", id });
  }

  move(t: number, id: number | string, from: number, to: number): void {
    this.#write({ t, e: "move", id, from, to });
  }

  deny(t: number, id: number, size: number, requestClass: number, cause: number): void {
    this.#write({ t, e: "deny", id, size, class: CLASS_NAMES[requestClass], cause: OOM_CAUSES[cause] });
  }

  compact(t: number, run: number, kind: string, trigger: string, phase: "start" | "end", movedBytes: number): void {
    this.#write({ t, e: "compact", run, kind, trigger, phase, movedBytes });
  }

  forecast(t: number, pressure: number, forecast: number, upper: number, confidence: number): void {
    this.#write({ t, e: "forecast", pressure, forecast, upper, confidence });
  }

  watchdog(t: number, reason: string): void {
    this.#write({ t, e: "watchdog", reason });
  }

  #write(event: Readonly<Record<string, unknown>>): void {
    this.#sink(JSON.stringify(event));
  }
}
