// 2Q (the full version): newcomers wait in a FIFO of a quarter of the cache (A1in); who leaves it is remembered by key only (A1out,
// half the cache), and who is asked for while remembered has shown a second use and enters the LRU main queue (Am). A hit in A1in
// moves nothing: several requests at once are one use. Johnson and Shasha, "2Q: a low overhead high performance buffer management
// replacement algorithm", VLDB 1994, with Kin 25 % and Kout 50 %.

import { Ghosts } from "./ghosts.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_KEY, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint32, NONE, SlotLists } from "./slot-lists.ts";

const RECENT = 0;
const MAIN = 1;
const RECENT_SHARE = 0.25;
const GHOST_SHARE = 0.5;
const OUT = 0;

class TwoQ implements CachePolicy {
  readonly id = "2q";
  readonly #lists: SlotLists;
  readonly #ghosts = new Ghosts(1);
  #hashOf: Uint32Array;
  #capacity: number;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(2, options.slotCount);
    this.#hashOf = new Uint32Array(options.slotCount);
    this.#capacity = options.capacity;
  }

  hit(slot: number): void {
    if (this.#lists.listOf[slot] === MAIN) this.#lists.move(MAIN, slot);
  }

  evict(keyHash: number, _weight: number): number {
    const recent = this.#lists.tail[RECENT] as number;
    const main = this.#lists.tail[MAIN] as number;
    const isRecentOver = (this.#lists.total[RECENT] as number) > Math.floor(this.#capacity * RECENT_SHARE);
    if (recent !== NONE && (isRecentOver || main === NONE)) {
      this.#lists.take(recent);
      // The newcomer itself may be the oldest ghost: it is found when it enters, so it must not be pushed out by its victim.
      const own = keyHash === NO_KEY ? NONE : this.#ghosts.find(keyHash);
      this.#ghosts.add(OUT, this.#hashOf[recent] as number, this.#lists.weight[recent] as number);
      if (own === NONE) this.#trim();
      return recent;
    }
    if (main === NONE) return NO_SLOT;
    this.#lists.take(main);
    return main;
  }

  insert(slot: number, keyHash: number, weight: number): void {
    this.#hashOf[slot] = keyHash;
    const ghost = this.#ghosts.find(keyHash);
    if (ghost === NONE) {
      this.#lists.push(RECENT, slot, weight);
    } else {
      this.#ghosts.drop(ghost);
      this.#lists.push(MAIN, slot, weight);
    }
    this.#trim();
  }

  remove(slot: number): void {
    this.#lists.take(slot);
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#trim();
  }

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
    this.#hashOf = grownUint32(this.#hashOf, slotCount);
  }

  candidates(out: Int32Array): number {
    return this.#lists.copyFromTail(MAIN, out, this.#lists.copyFromTail(RECENT, out, 0));
  }

  get stateBytes(): number {
    return this.#lists.stateBytes + this.#hashOf.byteLength + this.#ghosts.stateBytes;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
    this.#ghosts.check();
  }

  #trim(): void {
    this.#ghosts.trim(OUT, Math.floor(this.#capacity * GHOST_SHARE));
  }
}

export const TWO_Q: CachePolicyDefinition = {
  id: "2q",
  title: "2Q, Kin 25 %, Kout 50 %",
  source: "Johnson and Shasha, VLDB 1994",
  create: (options) => new TwoQ(options),
};
