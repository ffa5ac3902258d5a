// A bounded queue that any number of threads push to and pop from without a lock, on a SharedArrayBuffer: Dmitry Vyukov's bounded
// MPMC queue (1024cores.net), with runs. Each slot has a sequence number that says whose turn it is: `position` when the slot is
// free for the push at that position, `position + 1` when it holds what was pushed there, `position + capacity` when it was popped
// and is free for the next round. A thread claims positions by moving a cursor with one compare-and-exchange, fills or empties
// their slots at leisure, and hands them over through their sequence numbers; the two cursors are never compared with each other.
//
// What is claimed in one go is handed over in one go, as a run: each slot also says how many slots of its run begin with it, and
// only the first slot's sequence number is stored atomically, after everything else was written. Whoever claims looks at the
// sequence number at the cursor and at those where a run ends, and takes the rest of a run on its word. That costs four atomic
// operations a run instead of four an item (in V8 of Node 20 each is a call of 10 to 20 ns), and it is no data race: the cursor stands
// inside a run only after somebody claimed its beginning, so after he saw that run's sequence number; whoever reads the cursor
// sees what he saw. And a slot at the cursor that is not handed over yet is the first of whatever run it will be handed over in,
// since the one before it already was.
//
// A thread that was overtaken after reading the cursor may read slots that are being written. Whatever it makes of them, its
// exchange fails.
//
// Layout, in 32-bit words; cursors have 128 bytes each (two cache lines, as processors fetch lines in pairs):
//
//      0  magic, format, capacity (a power of two), words a slot, payload kind      written once
//     32  next position to push at
//     64  next position to pop from
//     96  slots: sequence number, slots left of its run, then the payload
//
// Positions and sequence numbers are 32-bit and wrap: only differences are looked at, as signed numbers, which is right as long as
// they are under 2³¹, and a capacity is 2²⁴ at most. What remains is that a thread stands still between reading a cursor and
// exchanging it while exactly a multiple of 2³² items pass; at 10 million a second that is a stop of 429 s, to the item.
//
// "Lock-free" is said of the cursors: nobody waits to claim. A thread that is stopped after claiming and before handing over
// holds up the slots behind its own for the other side until it goes on: pops say empty there, pushes a round later say full.

import { assert } from "../../core/errors.ts";

export const PUSH_CURSOR = 32;
export const POP_CURSOR = 64;
export const FIRST_SLOT = 96;
/** Words of a slot before its payload. */
export const SLOT_HEAD = 2;
/** Place of the run in a slot. */
const RUN = 1;

/** Which payload the slots have. */
export type PayloadKind = 1 | 2;

const MAGIC = 0x6d70_7269; // "mpri"
const FORMAT = 1;
const MOST_CAPACITY = 1 << 24;

export interface RingShape {
  /** Slots, a power of two from 2 to 2²⁴. */
  readonly capacity: number;
  /** 32-bit words of payload in a slot. */
  readonly payloadWords: number;
  readonly kind: PayloadKind;
}

/** The shared part of both rings: slots by position, and claims of them. One object a thread; the buffer is what is shared. */
export class RingSlots {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly capacity: number;
  readonly slotWords: number;
  readonly #mask: number;
  /** The first position of the last claim. */
  position = 0;

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.capacity = this.words[2] as number;
    this.slotWords = this.words[3] as number;
    this.#mask = this.capacity - 1;
  }

  /** @param firstPosition where both cursors begin; for tests of their wrapping */
  static create({ capacity, payloadWords, kind }: RingShape, firstPosition = 0): RingSlots {
    assert(
      Number.isInteger(capacity) && capacity >= 2 && capacity <= MOST_CAPACITY && (capacity & (capacity - 1)) === 0,
      "ring: a capacity is a power of two from 2 to 2^24",
    );
    const slotWords = SLOT_HEAD + payloadWords;
    const words = new Int32Array(new SharedArrayBuffer(4 * (FIRST_SLOT + capacity * slotWords)));
    words.set([MAGIC, FORMAT, capacity, slotWords, kind]);
    words[PUSH_CURSOR] = firstPosition;
    words[POP_CURSOR] = firstPosition;
    const slots = new RingSlots(words.buffer as SharedArrayBuffer);
    slots.#handOver(firstPosition | 0, capacity, 0);
    return slots;
  }

  /** A ring of another thread. Throws AssertionError when the buffer is no ring of this kind. */
  static attach(buffer: SharedArrayBuffer, kind: PayloadKind): RingSlots {
    assert(
      buffer.byteLength >= 4 * FIRST_SLOT && buffer.byteLength % 4 === 0,
      "ring: the buffer is too short for a ring",
    );
    const words = new Int32Array(buffer);
    assert(words[0] === MAGIC && words[1] === FORMAT, "ring: the buffer is no ring");
    assert(words[4] === kind, "ring: the buffer is a ring of another payload");
    const slots = new RingSlots(buffer);
    assert(
      words.length === FIRST_SLOT + slots.capacity * slots.slotWords,
      "ring: the buffer is not as long as its ring",
    );
    return slots;
  }

  /** The first word of a position's slot, which has its sequence number. */
  wordOf(position: number): number {
    return FIRST_SLOT + (position & this.#mask) * this.slotWords;
  }

  /** Where a position's payload begins, in words. */
  payloadOf(position: number): number {
    return this.wordOf(position) + SLOT_HEAD;
  }

  /**
   * Claims up to `most` ≥ 1 free slots in a row for a push; `position` is the first. All have to be filled and handed over by
   * `publish`. @returns how many; 0: full
   */
  claimPush(most: number): number {
    return this.#claim(PUSH_CURSOR, 0, most);
  }

  /**
   * Claims up to `most` ≥ 1 filled slots in a row for a pop; `position` is the first. All have to be read and handed over by
   * `recycle`. @returns how many; 0: empty
   */
  claimPop(most: number): number {
    return this.#claim(POP_CURSOR, 1, most);
  }

  /** The slots of a whole claim are filled. */
  publish(position: number, count: number): void {
    this.#handOver(position, count, 1);
  }

  /** The slots of a whole claim are read. */
  recycle(position: number, count: number): void {
    this.#handOver(position, count, this.capacity);
  }

  /** Items at a moment that is over when this returns, those that are being pushed or popped included; 0 to capacity. */
  countAbout(): number {
    const popAt = Atomics.load(this.words, POP_CURSOR);
    const count = (Atomics.load(this.words, PUSH_CURSOR) - popAt) | 0;
    return count < 0 ? 0 : count > this.capacity ? this.capacity : count;
  }

  /** Walks all slots. Only while no thread pushes or pops. Throws AssertionError. */
  check(): void {
    const [pushAt, popAt] = [this.words[PUSH_CURSOR] as number, this.words[POP_CURSOR] as number];
    const count = (pushAt - popAt) | 0;
    assert(count >= 0 && count <= this.capacity, "ring: there are more or fewer items than can be");
    for (let i = 0; i < this.capacity; i++) {
      const position = (popAt + i) | 0;
      const word = this.wordOf(position);
      const isFilled = i < count;
      assert(this.words[word] === (isFilled ? (position + 1) | 0 : position), "ring: a slot is not handed over");
      const run = this.words[word + RUN] as number;
      assert(run >= 1 && run <= (isFilled ? count : this.capacity) - i, "ring: a run is longer than what is there");
    }
  }

  #claim(cursor: number, ready: number, most: number): number {
    const { words } = this;
    for (;;) {
      const position = Atomics.load(words, cursor);
      let count = 0;
      let ahead = 0;
      do {
        const at = (position + count) | 0;
        const word = this.wordOf(at);
        ahead = (Atomics.load(words, word) - at - ready) | 0;
        if (ahead !== 0) break;
        count += words[word + RUN] as number;
      } while (count < most);
      if (count > 0) {
        if (count > most) count = most;
        if (Atomics.compareExchange(words, cursor, position, (position + count) | 0) === position) {
          this.position = position;
          return count;
        }
      } else if (ahead < 0) return 0;
      // Else somebody else was faster: the cursor has moved on.
    }
  }

  /** Everything of a run is written when the sequence number of its first slot is. */
  #handOver(position: number, count: number, step: number): void {
    const { words } = this;
    for (let i = 1; i < count; i++) {
      const at = (position + i) | 0;
      const word = this.wordOf(at);
      words[word] = (at + step) | 0;
      words[word + RUN] = count - i;
    }
    const first = this.wordOf(position);
    words[first + RUN] = count;
    Atomics.store(words, first, (position + step) | 0);
  }
}
