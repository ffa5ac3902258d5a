// Adaptive: runs the way that does best on what is asked for.

import { assert } from "../../core/errors.ts";
import { mix } from "./hash-index.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_KEY } from "./policy.ts";
import { ReuseCore, type ReuseMode } from "./reuse-core.ts";
import { ShadowCache } from "./shadow-cache.ts";

export const ADAPTIVE_MODES: readonly ReuseMode[] = [
  { id: "lru", windowShare: 1, windowUnitsLeast: 1, rule: "frequency" },
  { id: "frequency", windowShare: 0.2, windowUnitsLeast: 1, rule: "frequency" },
  { id: "distance", windowShare: 0.01, windowUnitsLeast: 2, rule: "distance" },
];
const NOBODY = -2;

export interface AdaptiveTuning {
  readonly shadowEntries: number;
  readonly horizon: number;
  readonly z: number;
  readonly margin: number;
  readonly batch: number;
  readonly start: number;
  readonly modes: readonly ReuseMode[];
}

export const TUNING: AdaptiveTuning = {
  shadowEntries: 2048,
  horizon: 8,
  z: 2,
  margin: 4,
  batch: 16,
  start: 1,
  modes: ADAPTIVE_MODES,
};

export class Adaptive implements CachePolicy {
  readonly id = "adaptive";
  readonly core: ReuseCore;
  readonly #tuning: AdaptiveTuning;
  #shadows: ShadowCache[] = [];
  /** Keys whose mixed hash has these bits clear are sampled. */
  #sampleMask = 0;
  /** By which shadows hit (a bit each): requests, discounted. */
  readonly #hitsBySet: Float64Array;
  #batchLeft = 0;
  #batchSize = 1;
  #decay = 1;
  #running: number;
  #observed = NOBODY;
  #slotCount: number;
  switches = 0;

  constructor(options: CachePolicyOptions, tuning: AdaptiveTuning = TUNING) {
    this.#tuning = tuning;
    this.#running = tuning.start;
    this.core = new ReuseCore(options, tuning.modes[tuning.start] as ReuseMode);
    this.#hitsBySet = new Float64Array(1 << tuning.modes.length);
    this.#slotCount = options.slotCount;
    this.#sample(options.slotCount);
  }

  hit(slot: number): void {
    const { core } = this;
    core.hit(slot);
    const hash = core.hashOf(slot);
    if ((mix(hash) & this.#sampleMask) === 0) this.#observe(hash, core.lists.weight[slot] as number);
  }

  evict(keyHash: number, weight: number): number {
    if (keyHash !== NO_KEY) this.#see(keyHash, weight);
    return this.core.evict(keyHash, weight);
  }

  insert(slot: number, keyHash: number, weight: number): void {
    this.#see(keyHash, weight);
    this.#observed = NOBODY;
    this.core.insert(slot, keyHash, weight);
  }

  remove(slot: number): void {
    this.core.remove(slot);
  }

  resize(capacity: number): void {
    this.core.resize(capacity);
    this.#sample(this.#slotCount);
  }

  growSlots(slotCount: number): void {
    this.#slotCount = slotCount;
    this.core.growSlots(slotCount);
    this.#sample(slotCount);
  }

  candidates(out: Int32Array): number {
    return this.core.candidates(out);
  }

  get stateBytes(): number {
    let bytes = this.core.stateBytes + this.#hitsBySet.byteLength;
    for (const shadow of this.#shadows) bytes += shadow.stateBytes;
    return bytes;
  }

  check(residents: ReadonlySet<number>): void {
    this.core.check(residents);
    for (const shadow of this.#shadows) shadow.check();
  }

  #see(keyHash: number, weight: number): void {
    if (this.#observed === keyHash) return;
    this.#observed = keyHash;
    if ((mix(keyHash) & this.#sampleMask) === 0) this.#observe(keyHash, weight);
  }

  #observe(hash: number, weight: number): void {
    let set = 0;
    for (let k = 0; k < this.#shadows.length; k++)
      if ((this.#shadows[k] as ShadowCache).request(hash, weight)) set |= 1 << k;
    this.#hitsBySet[set] = (this.#hitsBySet[set] as number) + 1;
    if (--this.#batchLeft <= 0) this.#decide();
  }

  #decide(): void {
    this.#batchLeft = this.#batchSize;
    const count = this.#shadows.length;
    let best = this.#running;
    let bestLead = 0;
    for (let k = 0; k < count; k++) {
      if (k === this.#running) continue;
      let mine = 0;
      let theirs = 0;
      for (let set = 0; set < this.#hitsBySet.length; set++) {
        const n = this.#hitsBySet[set] as number;
        const isMine = (set >> k) & 1;
        const isTheirs = (set >> this.#running) & 1;
        if (isMine > isTheirs) mine += n;
        else if (isTheirs > isMine) theirs += n;
      }
      const lead = mine - theirs;
      if (lead > bestLead && lead > this.#tuning.margin + this.#tuning.z * Math.sqrt(mine + theirs)) {
        best = k;
        bestLead = lead;
      }
    }
    for (let set = 0; set < this.#hitsBySet.length; set++)
      this.#hitsBySet[set] = (this.#hitsBySet[set] as number) * this.#decay;
    if (best === this.#running) return;
    this.#running = best;
    this.switches++;
    this.core.setMode(this.#tuning.modes[best] as ReuseMode);
  }

  #sample(slotCount: number): void {
    let mask = 0;
    let share = 1;
    while (slotCount * share > this.#tuning.shadowEntries) {
      mask = mask * 2 + 1;
      share /= 2;
    }
    this.#sampleMask = mask;
    const slots = Math.max(1, Math.ceil(slotCount * share));
    const capacity = Math.max(1, Math.round(this.core.capacity * share));
    this.#shadows = this.#tuning.modes.map((mode) => new ShadowCache(slots, capacity, mode));
    this.#hitsBySet.fill(0);
    this.#batchSize = Math.max(1, Math.ceil(slots / this.#tuning.batch));
    this.#batchLeft = this.#batchSize;
    this.#decay = 1 - this.#batchSize / (this.#tuning.horizon * slots);
    assert(this.#decay > 0 && this.#decay < 1, "adaptive: the horizon is longer than a batch");
  }
}

export const ADAPTIVE: CachePolicyDefinition = {
  id: "adaptive",
  title: "Adaptive: LRU, W-TinyLFU or LIRS, whichever a shadow shows to be best",
  source: "own; shadows after Waldspurger et al., USENIX ATC 2017",
  create: (options) => new Adaptive(options),
};
