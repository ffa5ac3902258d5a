// A bounded queue of short byte strings between threads, such as names of components in UTF-8: each slot has room for so many bytes
// and their count. How it works is said in ring-slots.ts.

import { assert } from "../../core/errors.ts";
import { RingSlots, SLOT_HEAD } from "./ring-slots.ts";

const KIND = 2;
const LONG_ITEM = 128;

export class ByteRing {
  readonly #slots: RingSlots;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  /** Most bytes of an item: what was asked for, rounded up to a multiple of 4. */
  readonly itemBytes: number;

  private constructor(slots: RingSlots) {
    this.#slots = slots;
    this.#words = slots.words;
    this.#bytes = new Uint8Array(slots.buffer);
    this.itemBytes = 4 * (slots.slotWords - SLOT_HEAD - 1);
  }

  /**
   * @param capacity items, a power of two from 2 to 2²⁴ @param itemBytes most bytes of an item, 1 to 65,536
   * @param firstPosition for tests of the wrap at 2³²
   */
  static create(capacity: number, itemBytes: number, firstPosition = 0): ByteRing {
    assert(Number.isInteger(itemBytes) && itemBytes >= 1 && itemBytes <= 65_536, "ring: items have 1 to 65,536 bytes");
    const payloadWords = 1 + Math.ceil(itemBytes / 4);
    return new ByteRing(RingSlots.create({ capacity, payloadWords, kind: KIND }, firstPosition));
  }

  /** The ring of a buffer that another thread created. Throws AssertionError when it is none. */
  static attach(buffer: SharedArrayBuffer): ByteRing {
    return new ByteRing(RingSlots.attach(buffer, KIND));
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

  /** @param item at most itemBytes, none is an item too @returns false: full, and nothing changed */
  tryPush(item: Uint8Array): boolean {
    assert(item.length <= this.itemBytes, "ring: an item is longer than a slot");
    const slots = this.#slots;
    if (slots.claimPush(1) === 0) return false;
    const { position } = slots;
    this.#fill(position, item);
    slots.publish(position, 1);
    return true;
  }

  /** The oldest item goes to the start of `out`, which has room for itemBytes. @returns its length; −1: empty */
  tryPop(out: Uint8Array): number {
    assert(out.length >= this.itemBytes, "ring: the output is shorter than an item may be");
    const slots = this.#slots;
    if (slots.claimPop(1) === 0) return -1;
    const { position } = slots;
    const length = this.#drain(position, out, 0);
    slots.recycle(position, 1);
    return length;
  }

  /**
   * Pushes as many of the items as there is room for, in this order and with nothing of others between them.
   * @returns how many, from the first on; 0: full
   */
  pushMany(items: readonly Uint8Array[]): number {
    for (const item of items) assert(item.length <= this.itemBytes, "ring: an item is longer than a slot");
    if (items.length === 0) return 0;
    const count = this.#slots.claimPush(items.length);
    const { position } = this.#slots;
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) this.#fill((position + i) | 0, items[i] as Uint8Array);
    this.#slots.publish(position, count);
    return count;
  }

  /**
   * Pops as many as there are in a row and `lengths` has room for: item i is in `out` from i · itemBytes on and has lengths[i] bytes.
   * @returns how many; 0: empty
   */
  popMany(out: Uint8Array, lengths: Int32Array): number {
    assert(out.length >= lengths.length * this.itemBytes, "ring: the output is shorter than so many items may be");
    if (lengths.length === 0) return 0;
    const count = this.#slots.claimPop(lengths.length);
    const { position } = this.#slots;
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) lengths[i] = this.#drain((position + i) | 0, out, i * this.itemBytes);
    this.#slots.recycle(position, count);
    return count;
  }

  /** Walks all slots. Only while no thread pushes or pops. Throws AssertionError. */
  check(): void {
    this.#slots.check();
  }

  #fill(position: number, item: Uint8Array): void {
    const word = this.#slots.payloadOf(position);
    this.#words[word] = item.length;
    this.#bytes.set(item, 4 * (word + 1));
  }

  #drain(position: number, out: Uint8Array, start: number): number {
    const word = this.#slots.payloadOf(position);
    const length = this.#words[word] as number;
    const from = 4 * (word + 1);
    // For a short item a loop costs less than a view.
    if (length > LONG_ITEM) out.set(this.#bytes.subarray(from, from + length), start);
    else for (let i = 0; i < length; i++) out[start + i] = this.#bytes[from + i] as number;
    return length;
  }
}
