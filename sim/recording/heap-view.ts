// The heap of a recording at any moment: each block, each granule's state, and the counts up to then. Going on costs the events
// in between; going back begins at the last of a row of copies that are made on the way, so that a scrub to anywhere costs a few
// thousand events at most. A contradiction in the recording (two blocks in one place, a block that is not there) is an error:
// a picture that is wrong is worse than none.

import { MempredError } from "../../core/errors.ts";
import { nearestRank } from "../response-meter.ts";
import { OWN_BLOCK_ID } from "../run-recorder.ts";
import * as column from "./columns.ts";
import type { Recording } from "./recording.ts";

/** States of a granule. */
export const CELL_FREE = 0;
export const CELL_USED = 1;
export const CELL_PINNED = 2;
export const CELL_CACHE = 3;
export const CELL_OWN = 4;
export const CELL_NAMES = ["free", "used", "pinned", "cache", "predictor"] as const;

/** In `owners`: nobody. Not an id, and not the policy's own block. */
export const FREE_ID = -2;

export interface BlockView {
  readonly id: number;
  readonly at: number;
  /** With header and rounding. */
  readonly length: number;
  readonly cell: number;
  readonly requestClass: number;
  /** When it was placed; moves and resizes keep that. */
  readonly placedMicros: number;
}

/** Counts from the beginning up to the moment. */
export interface ViewCounts {
  ooms: number;
  /** By cause, as OOM_CAUSES. */
  oomsByCause: number[];
  deniedBytes: number;
  runs: number;
  proactiveRuns: number;
  movedBytes: number;
  /** Requests placed or resized. */
  served: number;
  /** Of them those that were not placed on arrival. */
  waited: number;
  longestWaitMicros: number;
  watchdogTrips: number;
  shedBlocks: number;
}

interface Keyframe {
  readonly events: number;
  readonly blocks: ReadonlyMap<number, BlockView>;
  readonly counts: ViewCounts;
}

/** A copy is made after at least so many events, and no sooner than after four times as many as there are blocks. */
const KEYFRAME_EVENTS = 4096;

export class HeapView {
  readonly recording: Recording;
  readonly granuleCount: number;
  /** State of each granule. */
  readonly cells: Uint8Array;
  /** When each granule last got another block, µs; −Infinity: never. */
  readonly changedMicros: Float64Array;
  /** Id of the block in each granule; FREE_ID where none is. */
  readonly owners: Int32Array;
  #blocks = new Map<number, BlockView>();
  #counts = emptyCounts();
  #events = 0;
  #micros = 0;
  readonly #keyframes: Keyframe[] = [];
  /** How long each waited, in the order of events: those up to the moment are the first so many. */
  #waits = new Float64Array(256);
  #sortedWaits = new Float64Array(0);

  constructor(recording: Recording) {
    const { capacityBytes, granuleBytes } = recording.header;
    this.recording = recording;
    this.granuleCount = capacityBytes / granuleBytes;
    this.cells = new Uint8Array(this.granuleCount);
    this.changedMicros = new Float64Array(this.granuleCount).fill(-Infinity);
    this.owners = new Int32Array(this.granuleCount).fill(FREE_ID);
    this.#keyframes.push({ events: 0, blocks: new Map(), counts: emptyCounts() });
  }

  /** The moment that is shown, µs. */
  get micros(): number {
    return this.#micros;
  }

  get counts(): Readonly<ViewCounts> {
    return this.#counts;
  }

  get blocks(): ReadonlyMap<number, BlockView> {
    return this.#blocks;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const block of this.#blocks.values()) bytes += block.length;
    return bytes;
  }

  /**
   * The response time, µs, that a share `q` of those served up to the moment did not exceed; 0 where nobody was. What waited is
   * sorted when another one has.
   */
  responsePercentile(q: number): number {
    const { served, waited } = this.#counts;
    if (this.#sortedWaits.length !== waited) this.#sortedWaits = this.#waits.slice(0, waited).sort();
    return nearestRank(served, this.#sortedWaits, q);
  }

  /** The block at this address; undefined: it is free there. */
  blockAt(address: number): BlockView | undefined {
    const owner = this.owners[Math.floor(address / this.recording.header.granuleBytes)];
    return owner === undefined || owner === FREE_ID ? undefined : this.#blocks.get(owner);
  }

  /** Shows the heap after everything up to and with this moment. Errors: INVALID_RESULT, the recording contradicts itself. */
  seek(micros: number): void {
    this.seekEvent(this.recording.eventsUntil(micros));
    this.#micros = micros;
  }

  /** Shows the heap after the first `count` events. */
  seekEvent(count: number): void {
    if (count < this.#events) this.#restore(count);
    const { events } = this.recording;
    for (let row = this.#events; row < count; row++) {
      this.#apply(row);
      this.#events = row + 1;
      this.#keepFrame();
    }
    this.#micros = count === 0 ? 0 : events.micros[count - 1]!;
  }

  #keepFrame(): void {
    const last = this.#keyframes.at(-1)!;
    const distance = Math.max(KEYFRAME_EVENTS, 4 * this.#blocks.size);
    if (this.#events - last.events < distance) return;
    this.#keyframes.push({ events: this.#events, blocks: new Map(this.#blocks), counts: copyCounts(this.#counts) });
  }

  #restore(count: number): void {
    let at = this.#keyframes.length - 1;
    while (this.#keyframes[at]!.events > count) at--;
    const frame = this.#keyframes[at]!;
    this.#blocks = new Map(frame.blocks);
    this.#counts = copyCounts(frame.counts);
    this.#events = frame.events;
    this.cells.fill(CELL_FREE);
    this.owners.fill(FREE_ID);
    this.changedMicros.fill(-Infinity);
    for (const block of this.#blocks.values()) this.#fill(block, block.placedMicros);
  }

  #apply(row: number): void {
    const { events } = this.recording;
    const [micros, id, flags, size] = [events.micros[row]!, events.id[row]!, events.flags[row]!, events.size[row]!];
    const counts = this.#counts;
    switch (events.kind[row]) {
      case column.EVENT_PLACE: {
        const cell = cellOf(id, flags);
        const requestClass = flags & column.FLAG_CLASS_MASK;
        if (this.#blocks.has(id)) throw contradiction(row, `block ${id} is placed twice`);
        this.#put({ id, at: events.to[row]!, length: size, cell, requestClass, placedMicros: micros }, micros, row);
        if (id !== OWN_BLOCK_ID) this.#serve(events.from[row]!);
        break;
      }
      case column.EVENT_RESIZE: {
        const block = this.#take(id, row, micros);
        this.#put({ ...block, at: events.to[row]!, length: size }, micros, row);
        this.#serve(events.from[row]!);
        break;
      }
      case column.EVENT_FREE:
        this.#take(id, row, micros);
        if ((flags & column.FLAG_IS_SHED) !== 0) counts.shedBlocks++;
        break;
      case column.EVENT_MOVE: {
        const block = this.#take(id, row, micros);
        if (block.at !== events.from[row]) throw contradiction(row, `block ${id} moves from where it is not`);
        this.#put({ ...block, at: events.to[row]! }, micros, row);
        counts.movedBytes += block.length;
        break;
      }
      case column.EVENT_DENY:
        counts.ooms++;
        counts.oomsByCause[events.to[row]!]!++;
        counts.deniedBytes += size;
        break;
      case column.EVENT_COMPACT_END:
        counts.runs++;
        if ((flags & column.FLAG_IS_PROACTIVE) !== 0) counts.proactiveRuns++;
        break;
      case column.EVENT_WATCHDOG:
        counts.watchdogTrips++;
        break;
    }
  }

  #serve(waitedMicros: number): void {
    const counts = this.#counts;
    counts.served++;
    if (waitedMicros <= 0) return;
    if (waitedMicros > counts.longestWaitMicros) counts.longestWaitMicros = waitedMicros;
    if (counts.waited === this.#waits.length) this.#waits = column.doubled(this.#waits);
    this.#waits[counts.waited++] = waitedMicros;
  }

  #take(id: number, row: number, micros: number): BlockView {
    const block = this.#blocks.get(id);
    if (block === undefined) throw contradiction(row, `block ${id} is not there`);
    this.#blocks.delete(id);
    const [first, end] = this.#range(block);
    this.cells.fill(CELL_FREE, first, end);
    this.owners.fill(FREE_ID, first, end);
    this.changedMicros.fill(micros, first, end);
    return block;
  }

  #put(block: BlockView, micros: number, row: number): void {
    const [first, end] = this.#range(block);
    if (!(first >= 0 && end <= this.granuleCount && first < end))
      throw contradiction(row, `block ${block.id} is outside`);
    for (let cell = first; cell < end; cell++)
      if (this.owners[cell] !== FREE_ID) throw contradiction(row, `block ${block.id} lies on another`);
    this.#fill(block, micros);
    this.#blocks.set(block.id, block);
  }

  #fill(block: BlockView, micros: number): void {
    const [first, end] = this.#range(block);
    this.cells.fill(block.cell, first, end);
    this.owners.fill(block.id, first, end);
    this.changedMicros.fill(micros, first, end);
  }

  #range({ at, length }: BlockView): [number, number] {
    const { granuleBytes } = this.recording.header;
    return [at / granuleBytes, (at + length) / granuleBytes];
  }
}

function cellOf(id: number, flags: number): number {
  if (id === OWN_BLOCK_ID) return CELL_OWN;
  if ((flags & column.FLAG_IS_PINNED) !== 0) return CELL_PINNED;
  return (flags & column.FLAG_IS_RECLAIMABLE) !== 0 ? CELL_CACHE : CELL_USED;
}

function emptyCounts(): ViewCounts {
  return {
    ooms: 0,
    oomsByCause: [0, 0, 0, 0, 0],
    deniedBytes: 0,
    runs: 0,
    proactiveRuns: 0,
    movedBytes: 0,
    served: 0,
    waited: 0,
    longestWaitMicros: 0,
    watchdogTrips: 0,
    shedBlocks: 0,
  };
}

function copyCounts(counts: ViewCounts): ViewCounts {
  return { ...counts, oomsByCause: [...counts.oomsByCause] };
}

function contradiction(row: number, what: string): MempredError {
  return new MempredError("INVALID_RESULT", `event ${row + 1} of the recording: ${what}`, { line: row + 2 });
}
