// When keys that left were last asked for: a table of two places a key, in which the older one is written over. So it remembers about
// the last two entries for each one that the cache holds, and a key that it has lost is only taken for a new one. 16 bytes an entry.

import { mix, powerOfTwoFrom } from "./hash-index.ts";

const PLACES_PER_ENTRY = 2;

export class DepartureTimes {
  #hash: Uint32Array;
  #time: Uint32Array;
  #isSet: Uint8Array;
  /** The time that `has` found. */
  found = 0;

  constructor(entryCount: number) {
    const places = Math.max(4, powerOfTwoFrom(PLACES_PER_ENTRY * entryCount));
    this.#hash = new Uint32Array(places);
    this.#time = new Uint32Array(places);
    this.#isSet = new Uint8Array(places);
  }

  /** Is the key remembered? Its time is then in `found`. */
  has(hash: number): boolean {
    const place = mix(hash) & (this.#hash.length - 2);
    for (let way = place; way <= place + 1; way++) {
      if (this.#isSet[way] === 1 && this.#hash[way] === hash) {
        this.found = this.#time[way] as number;
        return true;
      }
    }
    return false;
  }

  put(hash: number, time: number): void {
    const place = mix(hash) & (this.#hash.length - 2);
    let way = place;
    if (this.#isSet[place] === 1 && this.#hash[place] !== hash) {
      const other = place + 1;
      const isOtherOlder =
        this.#isSet[other] === 0 || (((this.#time[other] as number) - (this.#time[place] as number)) | 0) < 0;
      if (isOtherOlder || this.#hash[other] === hash) way = other;
    }
    this.#hash[way] = hash;
    this.#time[way] = time;
    this.#isSet[way] = 1;
  }

  fit(entryCount: number): void {
    while (this.#hash.length < PLACES_PER_ENTRY * entryCount) {
      const before = this.#hash.length;
      const larger = new DepartureTimes(before);
      for (let place = 0; place < before; place++) {
        if (this.#isSet[place] === 1) larger.put(this.#hash[place] as number, this.#time[place] as number);
      }
      this.#hash = larger.#hash;
      this.#time = larger.#time;
      this.#isSet = larger.#isSet;
    }
  }

  get stateBytes(): number {
    return this.#hash.byteLength + this.#time.byteLength + this.#isSet.byteLength;
  }
}
