// A run taken down in columns: every event, a row each 500 ms, and the network as it was at each of them. From it the heap at
// any moment can be rebuilt (heap-view.ts), drawn, and carried to another thread or into a file. It is what pictures are made
// from; the counts of a result are not.
//
// Events, by column:      id        to            from         size              flags
//   place                 block     address       waited µs    length            class, pinned, reclaimable
//   resize                block     address       waited µs    length
//   free                  block                                                  shed
//   move                  block     new address   old address
//   deny                  request   cause                      bytes asked for   class
//   start, end            run       trigger                    bytes moved       proactive
//   watchdog                        reason
// Triggers and reasons are indices into `words`. Sizes of blocks are lengths, header and rounding included.

import type { Demand } from "../../core/demand.ts";
import { GRANULE_BYTES } from "../../core/units.ts";
import { PARAMETER_COUNT } from "../../predictor/network.ts";
import type { RunRecorder } from "../run-recorder.ts";
import * as column from "./columns.ts";

export interface RecordingHeader {
  readonly capacityBytes: number;
  readonly granuleBytes: number;
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly seed: number;
  readonly policy: string;
}

export function recordingHeader(demand: Demand, policy: string, seed: number): RecordingHeader {
  const { capacityBytes, name: scenario, pressureRatio } = demand;
  return { capacityBytes, granuleBytes: GRANULE_BYTES, scenario, pressureRatio, seed, policy };
}

/** Whether two runs had the same demand, as far as their headers tell: only then differences between them mean anything. */
export function isOneDemand(one: RecordingHeader, other: RecordingHeader): boolean {
  return (["scenario", "pressureRatio", "seed", "capacityBytes"] as const).every((name) => one[name] === other[name]);
}

/** Inputs of the network that are kept at each tick: four features and the anchor. */
export const NETWORK_INPUTS = 5;

export class Recording implements RunRecorder {
  readonly header: RecordingHeader;
  readonly events = column.newEvents();
  readonly ticks = column.newTicks();
  /** Texts of triggers and reasons. */
  readonly words: string[] = [];
  /** Of each tick with a network: PARAMETER_COUNT weights, then NETWORK_INPUTS inputs; empty without one. */
  networks = new Float32Array(0);
  /** The end of the run, µs. */
  endMicros = 0;
  #networkCount = 0;

  constructor(header: RecordingHeader) {
    this.header = header;
  }

  /** Ticks whose network was kept: the first so many, or none. */
  get networkCount(): number {
    return this.#networkCount;
  }

  /** Bytes of all columns. */
  get stateBytes(): number {
    const { events, ticks } = this;
    return events.micros.length * 38 + ticks.micros.length * 56 + this.networks.byteLength;
  }

  place(
    micros: number,
    id: number,
    _size: number,
    at: number,
    length: number,
    requestClass: number,
    isPinned: boolean,
    isReclaimable: boolean,
    waitedMicros: number,
  ): void {
    const pinned = isPinned ? column.FLAG_IS_PINNED : 0;
    const flags = requestClass | pinned | (isReclaimable ? column.FLAG_IS_RECLAIMABLE : 0);
    this.#add(micros, column.EVENT_PLACE, flags, id, at, waitedMicros, length);
  }

  resize(micros: number, id: number, _size: number, at: number, length: number, waitedMicros: number): void {
    this.#add(micros, column.EVENT_RESIZE, 0, id, at, waitedMicros, length);
  }

  free(micros: number, id: number, isShed: boolean): void {
    this.#add(micros, column.EVENT_FREE, isShed ? column.FLAG_IS_SHED : 0, id, 0, 0, 0);
  }

  move(micros: number, id: number, from: number, to: number): void {
    this.#add(micros, column.EVENT_MOVE, 0, id, to, from, 0);
  }

  deny(micros: number, id: number, size: number, requestClass: number, cause: number): void {
    this.#add(micros, column.EVENT_DENY, requestClass, id, cause, 0, size);
  }

  compact(
    micros: number,
    run: number,
    isProactive: boolean,
    trigger: string,
    phase: "start" | "end",
    movedBytes: number,
  ): void {
    const kind = phase === "start" ? column.EVENT_COMPACT_START : column.EVENT_COMPACT_END;
    const flags = isProactive ? column.FLAG_IS_PROACTIVE : 0;
    this.#add(micros, kind, flags, run, this.#wordIndex(trigger), 0, movedBytes);
  }

  sample(micros: number, occupancyRatio: number, pressureRatio: number): void {
    const { ticks } = this;
    column.reserveRow(ticks);
    const row = ticks.count++;
    ticks.micros[row] = micros;
    ticks.occupancy[row] = occupancyRatio;
    ticks.pressure[row] = pressureRatio;
    ticks.watched[row] = NaN;
    ticks.forecast[row] = NaN;
    ticks.upper[row] = NaN;
    ticks.confidence[row] = NaN;
    if (micros > this.endMicros) this.endMicros = micros;
  }

  forecast(_micros: number, watched: number, forecast: number, upper: number, confidence: number): void {
    const { ticks } = this;
    const row = ticks.count - 1;
    if (row < 0) return; // a journal of before there were samples
    ticks.watched[row] = watched;
    ticks.forecast[row] = forecast;
    ticks.upper[row] = upper;
    ticks.confidence[row] = confidence;
  }

  network(_micros: number, weights: Float64Array, inputs: Float64Array): void {
    const at = this.#networkCount * (PARAMETER_COUNT + NETWORK_INPUTS);
    while (at + PARAMETER_COUNT + NETWORK_INPUTS > this.networks.length) this.networks = column.doubled(this.networks);
    this.networks.set(weights, at);
    this.networks.set(inputs, at + PARAMETER_COUNT);
    this.#networkCount++;
  }

  watchdog(micros: number, reason: string): void {
    this.#add(micros, column.EVENT_WATCHDOG, 0, 0, this.#wordIndex(reason), 0, 0);
  }

  /** The number of events up to and with this moment. Logarithmic. */
  eventsUntil(micros: number): number {
    return countUntil(this.events.micros, this.events.count, micros);
  }

  /** The number of ticks up to and with this moment. */
  ticksUntil(micros: number): number {
    return countUntil(this.ticks.micros, this.ticks.count, micros);
  }

  #add(micros: number, kind: number, flags: number, id: number, to: number, from: number, size: number): void {
    const { events } = this;
    column.reserveRow(events);
    const row = events.count++;
    events.micros[row] = micros;
    events.kind[row] = kind;
    events.flags[row] = flags;
    events.id[row] = id;
    events.to[row] = to;
    events.from[row] = from;
    events.size[row] = size;
    if (micros > this.endMicros) this.endMicros = micros;
  }

  #wordIndex(word: string): number {
    const found = this.words.indexOf(word);
    return found >= 0 ? found : this.words.push(word) - 1;
  }
}

function countUntil(sorted: Float64Array, count: number, micros: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= micros) low = middle + 1;
    else high = middle;
  }
  return low;
}
