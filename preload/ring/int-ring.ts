// A bounded queue of 32-bit integers between threads: numbers of components, of jobs, of places in another shared buffer. How it
// works is said in ring-slots.ts.

import { assert } from "../../core/errors.ts";
import { RingSlots } from "./ring-slots.ts";

const KIND = 1;

export class IntRing {
  readonly #slots: RingSlots;
  readonly #words: Int32Array;

  private constructor(slots: RingSlots) {
    this.#slots = slots;
    this.#words = slots.words;
  }

  /** @param capacity items, a power of two from 2 to 2²⁴; 12 bytes each @param firstPosition for tests of the wrap at 2³² */
  static create(capacity: number, firstPosition = 0): IntRing {
    return new IntRing(RingSlots.create({ capacity, payloadWords: 1, kind: KIND }, firstPosition));
  }

  /** The ring of a buffer that another thread created. Throws AssertionError when it is none. */
  static attach(buffer: SharedArrayBuffer): IntRing {
    return new IntRing(RingSlots.attach(buffer, KIND));
  }

  /** What another thread attaches to. */
  get buffer(): SharedArrayBuffer {
    return this.#slots.buffer;
  }

  get capacity(): number {
    return this.#slots.capacity;
  }

  /** Items at a moment that is over when this returns. */
  countAbout(): number {
    return this.#slots.countAbout();
  }

  /** @returns false: full, and nothing changed */
  tryPush(value: number): boolean {
    const slots = this.#slots;
    if (slots.claimPush(1) === 0) return false;
    const { position } = slots;
    this.#words[slots.payloadOf(position)] = value;
    slots.publish(position, 1);
    return true;
  }

  /** The oldest item; undefined: empty. */
  tryPop(): number | undefined {
    const slots = this.#slots;
    if (slots.claimPop(1) === 0) return undefined;
    const { position } = slots;
    const value = this.#words[slots.payloadOf(position)] as number;
    slots.recycle(position, 1);
    return value;
  }

  /**
   * Pushes values[start] … values[end − 1], as many as there is room for, in this order and with nothing of others between them.
   * @returns how many, from the start on; 0: full
   */
  pushMany(values: Int32Array, start = 0, end: number = values.length): number {
    assert(start >= 0 && start <= end && end <= values.length, "ring: a range of the values");
    if (start === end) return 0;
    const slots = this.#slots;
    const count = slots.claimPush(end - start);
    const { position } = slots;
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) this.#words[slots.payloadOf((position + i) | 0)] = values[start + i] as number;
    slots.publish(position, count);
    return count;
  }

  /** Pops into out[start] … out[end − 1], as many as there are in a row. @returns how many; 0: empty */
  popMany(out: Int32Array, start = 0, end: number = out.length): number {
    assert(start >= 0 && start <= end && end <= out.length, "ring: a range of the output");
    if (start === end) return 0;
    const slots = this.#slots;
    const count = slots.claimPop(end - start);
    const { position } = slots;
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) out[start + i] = this.#words[slots.payloadOf((position + i) | 0)] as number;
    slots.recycle(position, count);
    return count;
  }

  /** Walks all slots. Only while no thread pushes or pops. Throws AssertionError. */
  check(): void {
    this.#slots.check();
  }
}
