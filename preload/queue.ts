// What waits to be loaded: three queues of a stated number of places, one entry a component over all of them. It is ordered by
// priority, then confidence, then step (P20), and by age where all are equal. Arrays kept in order: a queue is dozens long, and an
// insertion by bisection moves fewer bytes than a heap's bookkeeping costs.
//
// A full queue says so, unless what comes is ordered before its last speculative entry: that one then makes way. Required entries
// make way for nobody: one that comes takes the place of the last speculative entry or, where all are required, one over the limit.

import { assert } from "../core/errors.ts";
import { QUEUE_NAMES, type QueueName } from "./contract.ts";

/** Places of each queue (P01 to P03). */
export const DEFAULT_PLACES: Readonly<Record<QueueName, number>> = { immediate: 10, delayed: 20, background: 50 };

/** A component to be loaded. */
export interface PreloadRequest {
  readonly component: string;
  /** It is needed, not only expected: never dropped. */
  readonly isRequired: boolean;
  /** Any number; higher goes first. */
  readonly priority: number;
  /** That it is asked for, 0..1. */
  readonly confidence: number;
  /** In how many requests, 1 to 3. */
  readonly step: number;
  /** Who proposes it. */
  readonly source: string;
  /** Whose expectation it is. */
  readonly user: string;
  /** What it is expected to take. */
  readonly bytes: number;
  /** Of this load against an average one. */
  readonly loadRatio: number;
}

/** A request with its place. */
export interface PreloadEntry extends PreloadRequest {
  readonly queue: QueueName;
  /** When it was first offered, ms. */
  readonly atMillis: number;
  /** Order of arrival: ties are broken by it. */
  readonly sequence: number;
}

/** "rank": priority, confidence, step. "benefit": required first, then what a byte is expected to bring (P41). */
export type QueueOrder = "rank" | "benefit";

export type OfferAnswer =
  | {
      readonly accepted: true;
      /** New; moved to a more urgent queue; or there already, with the better of both ranks. */
      readonly how: "added" | "promoted" | "merged";
      readonly entry: PreloadEntry;
      /** The speculative entry that made way. */
      readonly displaced: PreloadEntry | undefined;
    }
  | { readonly accepted: false; readonly reason: "full" };

const FULL: OfferAnswer = { accepted: false, reason: "full" };

export class PreloadQueues {
  readonly #queues: Record<QueueName, PreloadEntry[]> = { immediate: [], delayed: [], background: [] };
  readonly #entries = new Map<string, PreloadEntry>();
  readonly #places: Record<QueueName, number>;
  #order: QueueOrder = "rank";
  #sequence = 0;

  /** @param places of each queue, whole numbers ≥ 0 */
  constructor(places: Readonly<Record<QueueName, number>> = DEFAULT_PLACES) {
    this.#places = { ...places };
    for (const name of QUEUE_NAMES) assert(isPlaces(places[name]), "queues: places are a whole number, 0 or more");
  }

  /** Entries in all queues. */
  get count(): number {
    return this.#entries.size;
  }

  get order(): QueueOrder {
    return this.#order;
  }

  countOf(queue: QueueName): number {
    return this.#queues[queue].length;
  }

  placesOf(queue: QueueName): number {
    return this.#places[queue];
  }

  find(component: string): PreloadEntry | undefined {
    return this.#entries.get(component);
  }

  /** The entries of a queue, first to last. A copy. */
  entriesOf(queue: QueueName): PreloadEntry[] {
    return [...this.#queues[queue]];
  }

  /**
   * Asks for a place. A component that waits already keeps the better of both ranks and moves up if `queue` is more urgent than
   * where it is and has room for it; it never moves down and never loses its place. O(places).
   */
  offer(request: PreloadRequest, queue: QueueName, nowMillis: number): OfferAnswer {
    const { priority, confidence, bytes, loadRatio } = request;
    assert(
      confidence >= 0 && confidence <= 1 && !Number.isNaN(priority),
      "queues: a confidence is 0..1, a priority a number",
    );
    assert(bytes >= 0 && loadRatio >= 0, "queues: a size and a cost are not negative");
    const old = this.#entries.get(request.component);
    if (old !== undefined) return this.#offerAgain(old, request, queue);
    const entry: PreloadEntry = { ...request, queue, atMillis: nowMillis, sequence: this.#sequence++ };
    const room = this.#makeRoom(entry);
    if (!room.isThere) return FULL;
    this.#insert(entry);
    return { accepted: true, how: "added", entry, displaced: room.displaced };
  }

  /** The first of a queue, which stays; undefined: it is empty. */
  first(queue: QueueName): PreloadEntry | undefined {
    return this.#queues[queue][0];
  }

  /** Takes the first of a queue out. */
  take(queue: QueueName): PreloadEntry | undefined {
    const entry = this.#queues[queue].shift();
    if (entry !== undefined) this.#entries.delete(entry.component);
    return entry;
  }

  /** Takes a component out, wherever it is. */
  cancel(component: string): PreloadEntry | undefined {
    const entry = this.#entries.get(component);
    if (entry !== undefined) this.#remove(entry);
    return entry;
  }

  /**
   * Another number of places. What has none any more is returned: speculative entries, the last in order first. Required entries
   * stay, over the limit if need be.
   */
  resize(queue: QueueName, places: number): PreloadEntry[] {
    assert(isPlaces(places), "queues: places are a whole number, 0 or more");
    this.#places[queue] = places;
    const fallen: PreloadEntry[] = [];
    while (this.#queues[queue].length > places) {
      const last = this.#lastSpeculative(queue);
      if (last === undefined) break;
      this.#remove(last);
      fallen.push(last);
    }
    return fallen;
  }

  /** Takes out every speculative entry, or those that `isMeant` names. */
  clearSpeculative(isMeant: (entry: PreloadEntry) => boolean = () => true): PreloadEntry[] {
    const cleared: PreloadEntry[] = [];
    for (const entry of this.#entries.values()) if (!entry.isRequired && isMeant(entry)) cleared.push(entry);
    for (const entry of cleared) this.#remove(entry);
    return cleared;
  }

  /** Orders all queues by another rule, from now on. */
  setOrder(order: QueueOrder): void {
    if (order === this.#order) return;
    this.#order = order;
    for (const name of QUEUE_NAMES) this.#queues[name].sort((a, b) => this.#compare(a, b));
  }

  /** Walks everything. Throws AssertionError. */
  check(): void {
    let count = 0;
    for (const name of QUEUE_NAMES) {
      const queue = this.#queues[name];
      count += queue.length;
      const isOver = queue.length > this.#places[name];
      assert(!isOver || queue.every((entry) => entry.isRequired), "queues: a speculation is over the limit");
      for (let i = 0; i < queue.length; i++) {
        const entry = queue[i]!;
        assert(entry.queue === name && this.#entries.get(entry.component) === entry, "queues: an entry is lost");
        assert(i === 0 || this.#compare(queue[i - 1]!, entry) < 0, "queues: the order is broken");
      }
    }
    assert(count === this.#entries.size, "queues: the counts differ");
  }

  #offerAgain(old: PreloadEntry, request: PreloadRequest, queue: QueueName): OfferAnswer {
    const isSooner = QUEUE_NAMES.indexOf(queue) < QUEUE_NAMES.indexOf(old.queue);
    const isRequired = old.isRequired || request.isRequired;
    const isBetter = request.confidence > old.confidence;
    const better: PreloadEntry = {
      ...(isBetter ? request : old),
      user: request.user,
      isRequired,
      priority: Math.max(old.priority, request.priority),
      step: Math.min(old.step, request.step),
      queue: isSooner ? queue : old.queue,
      atMillis: old.atMillis,
      sequence: old.sequence,
    };
    this.#remove(old);
    const room = isSooner ? this.#makeRoom(better) : undefined;
    const isMoved = room?.isThere === true;
    const entry = isMoved || !isSooner ? better : { ...better, queue: old.queue };
    this.#insert(entry);
    return { accepted: true, how: isMoved ? "promoted" : "merged", entry, displaced: room?.displaced };
  }

  #makeRoom(entry: PreloadEntry): { readonly isThere: boolean; readonly displaced: PreloadEntry | undefined } {
    const { queue, isRequired } = entry;
    if (this.#queues[queue].length < this.#places[queue]) return { isThere: true, displaced: undefined };
    const last = this.#lastSpeculative(queue);
    const makesWay = last !== undefined && (isRequired || this.#compareRank(entry, last) < 0);
    if (makesWay) this.#remove(last);
    return { isThere: makesWay || isRequired, displaced: makesWay ? last : undefined };
  }

  #lastSpeculative(queue: QueueName): PreloadEntry | undefined {
    const entries = this.#queues[queue];
    for (let i = entries.length - 1; i >= 0; i--) if (!entries[i]!.isRequired) return entries[i];
    return undefined;
  }

  #insert(entry: PreloadEntry): void {
    const queue = this.#queues[entry.queue];
    queue.splice(this.#placeOf(queue, entry), 0, entry);
    this.#entries.set(entry.component, entry);
  }

  #remove(entry: PreloadEntry): void {
    const queue = this.#queues[entry.queue];
    queue.splice(this.#placeOf(queue, entry), 1);
    this.#entries.delete(entry.component);
  }

  /** Where it is, or belongs. */
  #placeOf(queue: readonly PreloadEntry[], entry: PreloadEntry): number {
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(queue[middle]!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(a: PreloadEntry, b: PreloadEntry): number {
    return this.#compareRank(a, b) || a.sequence - b.sequence;
  }

  /** Negative: a goes before b; 0: neither has a claim. Infinities compare, so there is no subtraction. */
  #compareRank(a: PreloadEntry, b: PreloadEntry): number {
    if (this.#order === "benefit") {
      if (a.isRequired !== b.isRequired) return a.isRequired ? -1 : 1;
      const first = benefitPerByte(a);
      const second = benefitPerByte(b);
      if (first !== second) return first > second ? -1 : 1;
    }
    if (a.priority !== b.priority) return a.priority > b.priority ? -1 : 1;
    if (a.confidence !== b.confidence) return a.confidence > b.confidence ? -1 : 1;
    return a.step - b.step;
  }
}

/** What a byte of it is expected to save, in average loads. */
export function benefitPerByte(request: Pick<PreloadRequest, "confidence" | "loadRatio" | "bytes">): number {
  return (request.confidence * request.loadRatio) / Math.max(1, request.bytes);
}

function isPlaces(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
