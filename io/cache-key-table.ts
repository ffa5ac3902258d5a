// Numbers of 64 bits to dense ids in order of first appearance: open addressing with linear probing in typed arrays. A Map of
// BigInt does the same at some ten times the cost and memory, and binary traces have millions of requests.

const FIRST_SLOTS = 1_024;

export class KeyTable {
  #low = new Uint32Array(FIRST_SLOTS);
  #high = new Uint32Array(FIRST_SLOTS);
  /** Id + 1 of what is in a slot, 0 for none. */
  #ids = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  /** Distinct numbers so far. */
  get count(): number {
    return this.#count;
  }

  /** The id of a number given as two unsigned halves; `count` as it was before when it is new. O(1) on average. */
  idOf(low: number, high: number): number {
    let slot = this.#slotOf(low, high);
    const known = this.#ids[slot]!;
    if (known !== 0) return known - 1;
    if (2 * (this.#count + 1) > this.#ids.length) {
      this.#grow();
      slot = this.#slotOf(low, high);
    }
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#ids[slot] = ++this.#count;
    return this.#count - 1;
  }

  /** Where it is, or the empty slot where it would go: at most half of the slots are taken, so there is one. */
  #slotOf(low: number, high: number): number {
    const mask = this.#ids.length - 1;
    let slot = mix(low, high) & mask;
    while (this.#ids[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const { length } = this.#ids;
    const [low, high, ids] = [this.#low, this.#high, this.#ids];
    this.#low = new Uint32Array(2 * length);
    this.#high = new Uint32Array(2 * length);
    this.#ids = new Uint32Array(2 * length);
    for (let old = 0; old < length; old++) {
      if (ids[old] === 0) continue;
      const slot = this.#slotOf(low[old]!, high[old]!);
      this.#low[slot] = low[old]!;
      this.#high[slot] = high[old]!;
      this.#ids[slot] = ids[old]!;
    }
  }
}

/** Both halves into 32 bits: multiply and fold, twice (the constants are those of MurmurHash3's finaliser). */
function mix(low: number, high: number): number {
  let h = Math.imul(high ^ (high >>> 15), 0x85ebca6b) ^ low;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
