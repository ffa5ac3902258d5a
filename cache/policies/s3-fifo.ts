// S3-FIFO: three FIFO queues. Most objects are asked for once, so a small queue (10 %) shows them out quickly; who was asked for
// twice in it moves to the main queue, who leaves it is remembered (as many as the main queue holds) and enters main directly when
// it comes back. Main is a CLOCK with counts up to 3. Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.

import { Ghosts } from "./ghosts.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_KEY, NO_SLOT } from "./policy.ts";
import { checkResidents, grownUint8, grownUint32, NONE, SlotLists } from "./slot-lists.ts";

const SMALL = 0;
const MAIN = 1;
const SMALL_SHARE = 0.1;
const HITS_TO_MOVE = 2;
const HITS_MAX = 3;
const GHOST = 0;

class S3Fifo implements CachePolicy {
  readonly id = "s3-fifo";
  readonly #lists: SlotLists;
  readonly #ghosts = new Ghosts(1);
  #hashOf: Uint32Array;
  #hits: Uint8Array;
  #capacity: number;
  #smallTarget = 0;

  constructor(options: CachePolicyOptions) {
    this.#lists = new SlotLists(2, options.slotCount);
    this.#hashOf = new Uint32Array(options.slotCount);
    this.#hits = new Uint8Array(options.slotCount);
    this.#capacity = options.capacity;
    this.#aim();
  }

  hit(slot: number): void {
    const hits = this.#hits[slot] as number;
    if (hits < HITS_MAX) this.#hits[slot] = hits + 1;
  }

  evict(keyHash: number, _weight: number): number {
    const { total, tail } = this.#lists;
    // Ends: each turn evicts, shortens the small queue or lowers a count.
    for (;;) {
      const small = tail[SMALL] as number;
      const main = tail[MAIN] as number;
      if (small === NONE && main === NONE) return NO_SLOT;
      if (small !== NONE && ((total[SMALL] as number) >= this.#smallTarget || main === NONE)) {
        if ((this.#hits[small] as number) >= HITS_TO_MOVE) {
          this.#hits[small] = 0;
          this.#lists.move(MAIN, small);
          continue;
        }
        this.#lists.take(small);
        this.#remember(small, keyHash);
        return small;
      }
      const hits = this.#hits[main] as number;
      if (hits === 0) {
        this.#lists.take(main);
        return main;
      }
      this.#hits[main] = hits - 1;
      this.#lists.move(MAIN, main);
    }
  }

  insert(slot: number, keyHash: number, weight: number): void {
    this.#hashOf[slot] = keyHash;
    this.#hits[slot] = 0;
    const ghost = this.#ghosts.find(keyHash);
    if (ghost !== NONE) this.#ghosts.drop(ghost);
    this.#lists.push(ghost === NONE ? SMALL : MAIN, slot, weight);
    this.#trim();
  }

  remove(slot: number): void {
    this.#lists.take(slot);
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#aim();
    this.#trim();
  }

  growSlots(slotCount: number): void {
    this.#lists.grow(slotCount);
    this.#hashOf = grownUint32(this.#hashOf, slotCount);
    this.#hits = grownUint8(this.#hits, slotCount);
  }

  candidates(out: Int32Array): number {
    const first = (this.#lists.total[SMALL] as number) >= this.#smallTarget ? SMALL : MAIN;
    return this.#lists.copyFromTail(1 - first, out, this.#lists.copyFromTail(first, out, 0));
  }

  get stateBytes(): number {
    return this.#lists.stateBytes + this.#hashOf.byteLength + this.#hits.byteLength + this.#ghosts.stateBytes;
  }

  check(residents: ReadonlySet<number>): void {
    checkResidents(this.#lists, residents);
    this.#ghosts.check();
  }

  #aim(): void {
    this.#smallTarget = Math.max(1, Math.floor(this.#capacity * SMALL_SHARE));
  }

  #remember(slot: number, keyHash: number): void {
    const isNewcomerGhost = keyHash !== NO_KEY && this.#ghosts.find(keyHash) !== NONE;
    this.#ghosts.add(GHOST, this.#hashOf[slot] as number, this.#lists.weight[slot] as number);
    // A newcomer that is a ghost has to be found as one when it enters: trim after that.
    if (!isNewcomerGhost) this.#trim();
  }

  #trim(): void {
    this.#ghosts.trim(GHOST, this.#capacity - this.#smallTarget);
  }
}

export const S3_FIFO: CachePolicyDefinition = {
  id: "s3-fifo",
  title: "S3-FIFO, small queue 10 %",
  source: "Yang et al., SOSP 2023",
  create: (options) => new S3Fifo(options),
};
