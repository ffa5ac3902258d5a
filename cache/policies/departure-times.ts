// When keys that left were last asked for: a table of two places an entry, four bytes each. A key belongs to a pair of places; the
// newcomer takes the one that holds itself, else the empty or the older one. A place holds 12 bits of the key's hash and 20 bits of
// the time, which runs in a circle of at least 64 requests an entry. What the table forgets or mistakes (1 lookup in 2,000) costs
// one wrong placing of one entry.

import { mix } from "./hash-index.ts";

const PLACES_PER_ENTRY = 2;
const TIME_BITS = 20;
const TIME_MASK = (1 << TIME_BITS) - 1;
const HALF_CIRCLE = 1 << (TIME_BITS - 1);
const TAG_MASK = 0xfff;
/** Up to 2^14 entries a time is one request; above, 64 requests an entry have to fit the circle. */
const ENTRIES_OF_EXACT_TIME = 1 << (TIME_BITS - 6);
const EMPTY = 0;
/** Hashes are below it: 2^32. */
const HASHES = 0x100000000;

export class DepartureTimes {
  /** tag << 20 | time, 0 where the place is empty. */
  #places: Uint32Array;
  #shift = 0;

  /** @param entryCount entries of the cache, ≥ 1 */
  constructor(entryCount: number) {
    this.#places = new Uint32Array(PLACES_PER_ENTRY * entryCount);
    while (entryCount / (1 << this.#shift) > ENTRIES_OF_EXACT_TIME) this.#shift++;
  }

  /** Is the key remembered, and was it last asked for after `request`? Requests count modulo 2^32. */
  isLater(hash: number, request: number): boolean {
    const mixed = mix(hash);
    const pair = this.#pairOf(mixed);
    const first = this.#places[pair] as number;
    const second = this.#places[pair + 1] as number;
    const tag = tagOf(mixed);
    const found = first >>> TIME_BITS === tag ? first : second >>> TIME_BITS === tag ? second : EMPTY;
    return found !== EMPTY && isAfter(found & TIME_MASK, request >>> this.#shift);
  }

  /** The key left; it was last asked for at `request`. */
  put(hash: number, request: number): void {
    const mixed = mix(hash);
    const pair = this.#pairOf(mixed);
    const tag = tagOf(mixed);
    const time = (request >>> this.#shift) & TIME_MASK;
    const first = this.#places[pair] as number;
    const second = this.#places[pair + 1] as number;
    const isSecond =
      first !== EMPTY &&
      first >>> TIME_BITS !== tag &&
      (second === EMPTY || second >>> TIME_BITS === tag || isAfter(first & TIME_MASK, second & TIME_MASK));
    this.#places[isSecond ? pair + 1 : pair] = ((tag << TIME_BITS) | time) >>> 0;
  }

  /** There are `entryCount` entries now. A table that becomes larger starts empty. */
  fit(entryCount: number): void {
    if (PLACES_PER_ENTRY * entryCount <= this.#places.length) return;
    const larger = new DepartureTimes(entryCount);
    this.#places = larger.#places;
    this.#shift = larger.#shift;
  }

  get stateBytes(): number {
    return this.#places.byteLength;
  }

  /** The pair is chosen by the upper bits of the hash, the tag by the lower ones. */
  #pairOf(mixed: number): number {
    return 2 * Math.floor(((this.#places.length / 2) * mixed) / HASHES);
  }
}

/** Never 0, so that no used place reads as empty. */
function tagOf(mixed: number): number {
  return mixed & TAG_MASK || 1;
}

function isAfter(a: number, b: number): boolean {
  const ahead = (a - b) & TIME_MASK;
  return ahead !== 0 && ahead < HALF_CIRCLE;
}
