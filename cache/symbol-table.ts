// Numbers for strings, in bounded memory: the string keys of a model become small integers that fit typed arrays. When all
// numbers are given out, the eighth of the strings that was not seen for longest loses its numbers at once: whoever holds
// numbers must then drop the dead ones, which one pass over a table does for all of them (SequenceModel.purge).

import { assert } from "../core/errors.ts";

/** Strings looked at to find how old the oldest eighth is. */
const SAMPLE_COUNT = 256;
const RETIRED_SHARE = 1 / 8;

export class SymbolTable {
  readonly capacity: number;
  /** By number, 1 = lost its number in the last `retire` or `release`. */
  readonly dead: Uint8Array;
  readonly #numbers = new Map<string, number>();
  readonly #texts: (string | undefined)[];
  readonly #seenAt: Float64Array;
  /** Numbers that are free, the lowest last, so that the next one given out depends on nothing but which are free. */
  #free: number[] = [];
  #tick = 0;

  /** @param capacity strings at a time, ≥ 1 */
  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity >= 1, "a symbol table has room for one string");
    this.capacity = capacity;
    this.dead = new Uint8Array(capacity);
    this.#texts = new Array<string | undefined>(capacity).fill(undefined);
    this.#seenAt = new Float64Array(capacity);
    this.#listFree();
  }

  get count(): number {
    return this.#numbers.size;
  }

  get isFull(): boolean {
    return this.#free.length === 0;
  }

  /** The number of a string, or −1. Does not count as seen. */
  find(text: string): number {
    return this.#numbers.get(text) ?? -1;
  }

  /** The string of a number that is in use. */
  text(number: number): string {
    const text = this.#texts[number];
    assert(text !== undefined, "the number is in use");
    return text;
  }

  has(number: number): boolean {
    return this.#texts[number] !== undefined;
  }

  /** The number of a string, which counts as seen; a new one for a new string. Not while `isFull` and the string is new. */
  intern(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#free.pop();
      assert(number !== undefined, "a full symbol table must retire strings first");
      this.#numbers.set(text, number);
      this.#texts[number] = text;
    }
    this.#seenAt[number] = ++this.#tick;
    return number;
  }

  /** Takes their numbers from about an eighth of the strings, those not seen for longest, at least one; marks them in `dead`. O(capacity). */
  retire(): void {
    this.dead.fill(0);
    const stride = Math.max(1, Math.floor(this.capacity / SAMPLE_COUNT));
    const sample: number[] = [];
    for (let i = 0; i < this.capacity; i += stride) if (this.#texts[i] !== undefined) sample.push(this.#seenAt[i]!);
    sample.sort((a, b) => a - b);
    const oldest = sample[Math.floor(sample.length * RETIRED_SHARE)];
    if (oldest === undefined) return;
    for (let i = 0; i < this.capacity; i++)
      if (this.#texts[i] !== undefined && this.#seenAt[i]! <= oldest) this.#drop(i);
    this.#listFree();
  }

  /** Takes its number from one string; marks it, and it alone, in `dead`. */
  release(number: number): void {
    this.dead.fill(0);
    if (this.#texts[number] !== undefined) this.#drop(number);
    this.#listFree();
  }

  /** [number, string, when seen], by number: what `restore` takes. */
  entries(): [number, string, number][] {
    const found: [number, string, number][] = [];
    this.#texts.forEach((text, number) => {
      if (text !== undefined) found.push([number, text, this.#seenAt[number]!]);
    });
    return found;
  }

  /** Becomes what `entries` told. The numbers are different and in range, the strings different: the caller has checked. */
  restore(entries: readonly (readonly [number, string, number])[]): void {
    this.#numbers.clear();
    this.#texts.fill(undefined);
    this.#seenAt.fill(0);
    this.dead.fill(0);
    this.#tick = 0;
    for (const [number, text, seenAt] of entries) {
      this.#numbers.set(text, number);
      this.#texts[number] = text;
      this.#seenAt[number] = seenAt;
      this.#tick = Math.max(this.#tick, seenAt);
    }
    this.#listFree();
  }

  /** Throws AssertionError when strings and numbers do not agree. Cold. */
  check(): void {
    let used = 0;
    this.#texts.forEach((text, number) => {
      if (text === undefined) return;
      used++;
      assert(this.#numbers.get(text) === number, "a string is found under its number");
    });
    assert(used === this.#numbers.size, "no string without a number");
    assert(used + this.#free.length === this.capacity, "each number is in use or free");
    assert(
      this.#free.every((number) => !this.has(number)),
      "a free number has no string",
    );
  }

  #drop(number: number): void {
    this.#numbers.delete(this.#texts[number]!);
    this.#texts[number] = undefined;
    this.dead[number] = 1;
  }

  #listFree(): void {
    this.#free = [];
    for (let number = this.capacity - 1; number >= 0; number--) {
      if (this.#texts[number] === undefined) this.#free.push(number);
    }
  }
}
