// A recording that is handed on while the run goes: what was added since the last time. The first part is asked for, the others
// go as they are large enough.

import { MICROS_PER_SECOND } from "../../core/units.ts";
import { PARAMETER_COUNT } from "../../predictor/network.ts";
import { NETWORK_INPUTS, Recording, type RecordingHeader } from "../../sim/recording/recording.ts";
import type { Chunk } from "./protocol.ts";

const PART_MICROS = 100 * MICROS_PER_SECOND;

export class StreamRecorder extends Recording {
  readonly #send: (chunk: Chunk) => void;
  #events = 0;
  #ticks = 0;
  #networks = 0;
  #nextMicros = Infinity;
  #isFirst = true;

  constructor(header: RecordingHeader, send: (chunk: Chunk) => void) {
    super(header);
    this.#send = send;
  }

  override sample(micros: number, occupancyRatio: number, pressureRatio: number): void {
    // Before the new row: its forecast is still to come.
    if (micros >= this.#nextMicros) this.flush();
    super.sample(micros, occupancyRatio, pressureRatio);
  }

  /** Hands on what is new. */
  flush(): void {
    const { events, ticks, networks } = this;
    const [from, to] = [this.#events, events.count];
    const [first, last] = [this.#ticks, ticks.count];
    const width = PARAMETER_COUNT + NETWORK_INPUTS;
    this.#send({
      header: this.#isFirst ? this.header : null,
      endMicros: this.endMicros,
      words: [...this.words],
      events: [events.micros, events.kind, events.flags, events.id, events.to, events.from, events.size].map((column) =>
        column.slice(from, to),
      ),
      ticks: [
        ...[ticks.micros, ticks.occupancy, ticks.pressure, ticks.watched],
        ...[ticks.forecast, ticks.upper, ticks.confidence],
      ].map((column) => column.slice(first, last)),
      networks: networks.slice(this.#networks * width, this.networkCount * width),
    });
    this.#events = to;
    this.#ticks = last;
    this.#networks = this.networkCount;
    this.#isFirst = false;
    this.#nextMicros = this.endMicros + PART_MICROS;
  }
}
