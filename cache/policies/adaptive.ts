// Adaptive, the default: runs as LRU, as W-TinyLFU or as LIRS, whichever does best on what is asked for. Three shadow caches, keys
// only and over a sample of the keys, have each always run one way; a request that one finds and another does not counts for the
// one. The cache changes its way when another leads by a fifth of what it holds: about what a change costs, since what the new way
// would have kept has to be loaded again (as in ski rental: pay for waiting until it has cost as much as the purchase). It changes
// without losing an entry (see reuse-core.ts).
//
// It starts as W-TinyLFU, which does passably on every stream, and becomes LIRS, which does best on most, as soon as something was
// found at all and LIRS does no worse than the others beyond chance. LRU being one of the three is the guard: where LRU is best it
// becomes LRU, and falls behind by about one filling of the cache.
//
// While nothing changes the shadows rest: after so many turns without a change they are left as they are, for longer each time, and
// look again for some turns, the first of them only to catch up. They are woken at once when the cache's own misses become more or
// fewer than chance explains. So a hit on a settled cache costs what its one structure costs.
//
// Neighbours: ARC and the hill climber of Caffeine (Einziger, Eytan, Friedman and Manes, "Adaptive software cache management",
// Middleware 2018) turn one knob and feel only the slope where they are. Choosing among policies by ghosts: Ari et al., "ACME", 2002;
// Gramacy et al., "Adaptive caching by refetching", NIPS 2002. Sampled shadows: Waldspurger et al., USENIX ATC 2017.

import { mix } from "./hash-index.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_KEY } from "./policy.ts";
import { ReuseCore, type ReuseMode } from "./reuse-core.ts";
import { ShadowCache } from "./shadow-cache.ts";

const RECENCY = 0;
const FREQUENCY = 1;
const DISTANCE = 2;
const MODES: readonly ReuseMode[] = [
  { id: "lru", rule: "recency", windowShare: 1, windowUnitsLeast: 1 },
  { id: "w-tinylfu", rule: "frequency", windowShare: 0.2, windowUnitsLeast: 1 },
  { id: "lirs", rule: "distance", windowShare: 0.01, windowUnitsLeast: 2 },
];
/** Entries of a shadow at most: a larger cache is sampled. */
const SHADOW_ENTRIES_MOST = 1024;
/** Requests by which another way has to lead, as a share of the entries. */
const LEAD_SHARE = 0.2;
/** And on top, so that small caches do not follow chance: a few requests and one standard deviation of the difference. */
const LEAD_REQUESTS_LEAST = 4;
/** Found requests, as a share of the entries, after which the start is over. */
const START_SHARE = 0.25;
/** What was counted fades with this many requests of the sample an entry. */
const HORIZON_REQUESTS_PER_ENTRY = 20;
/** Decisions while as many requests of the sample pass as there are entries. */
const DECISIONS_PER_TURN = 32;
/** Turns without a change after which the shadows rest; how long at first, in turns, and at most; for how long they look then. */
const SETTLED_TURNS = 48;
const REST_TURNS_LEAST = 8;
const REST_TURNS_MOST = 64;
const LOOK_TURNS = 5;
/** The first of them bring the shadows up to date and are not counted. */
const CATCH_UP_TURNS = 2;
/** Misses of a turn that wake them: this many standard deviations from what was usual, and this share of the turn. */
const WAKING_DEVIATIONS = 4;
const WAKING_SHARE = 0.02;
const NOBODY = -2;

export class Adaptive implements CachePolicy {
  readonly id = "adaptive";
  readonly #core: ReuseCore;
  #shadows: ShadowCache[] = [];
  /** A key is in the sample when its mixed hash has these bits clear. */
  #sampleMask = 0;
  /** Requests of the sample, faded, by the set of shadows that found them: a bit each. */
  readonly #requestsByFinders = new Float64Array(1 << MODES.length);
  #decisionIn = 1;
  /** The way that others have to beat. */
  #favourite = DISTANCE;
  /** Still W-TinyLFU, whatever the favourite. */
  #isStarting = true;
  /** The newcomer whose request was observed. */
  #observed = NOBODY;
  #slotCount: number;
  #changes = 0;
  // Resting. A turn is as many requests as there are entries.
  #isResting = false;
  #turnRequests = 0;
  #turnMisses = 0;
  /** Misses a request, as it was before they went to rest. */
  #usualMissRatio = 0;
  /** Turns until they rest, or until they look again. */
  #turnsLeft = SETTLED_TURNS;
  #catchUpTurns = 0;
  #restTurns = REST_TURNS_LEAST;

  constructor(options: CachePolicyOptions) {
    this.#core = new ReuseCore(options, MODES[FREQUENCY] as ReuseMode);
    this.#slotCount = options.slotCount;
    this.#fitShadows();
  }

  /** The id of the way that it runs now: lru, w-tinylfu or lirs. */
  get mode(): string {
    return this.#core.mode.id;
  }

  /** Whether the shadows are left as they are, since nothing has changed for long. */
  get isResting(): boolean {
    return this.#isResting;
  }

  /** How often it has changed its way. */
  get changes(): number {
    return this.#changes;
  }

  hit(slot: number): void {
    const core = this.#core;
    core.hit(slot);
    if (++this.#turnRequests >= this.#slotCount) this.#endTurn();
    if (this.#isResting) return;
    const hash = core.hashOf(slot);
    if ((mix(hash) & this.#sampleMask) === 0) this.#observe(hash, core.weightOf(slot));
  }

  evict(keyHash: number, weight: number): number {
    if (keyHash !== NO_KEY) this.#meet(keyHash, weight);
    return this.#core.evict(keyHash, weight);
  }

  insert(slot: number, keyHash: number, weight: number): void {
    this.#meet(keyHash, weight);
    this.#observed = NOBODY;
    this.#core.insert(slot, keyHash, weight);
  }

  remove(slot: number): void {
    this.#core.remove(slot);
  }

  resize(capacity: number): void {
    this.#core.resize(capacity);
    this.#fitShadows();
  }

  growSlots(slotCount: number): void {
    this.#slotCount = slotCount;
    this.#core.growSlots(slotCount);
    this.#fitShadows();
  }

  candidates(out: Int32Array): number {
    return this.#core.candidates(out);
  }

  get stateBytes(): number {
    let bytes = this.#core.stateBytes + this.#requestsByFinders.byteLength;
    for (const shadow of this.#shadows) bytes += shadow.stateBytes;
    return bytes;
  }

  check(residents: ReadonlySet<number>): void {
    this.#core.check(residents);
    for (const shadow of this.#shadows) shadow.check();
  }

  /** A request of a newcomer, once for all calls that make room for it. */
  #meet(keyHash: number, weight: number): void {
    if (this.#observed === keyHash) return;
    this.#observed = keyHash;
    this.#turnMisses++;
    if (++this.#turnRequests >= this.#slotCount) this.#endTurn();
    if (this.#isResting) return;
    if ((mix(keyHash) & this.#sampleMask) === 0) this.#observe(keyHash, weight);
  }

  #observe(hash: number, weight: number): void {
    let finders = 0;
    for (let mode = 0; mode < MODES.length; mode++) {
      if ((this.#shadows[mode] as ShadowCache).request(hash, weight)) finders |= 1 << mode;
    }
    if (this.#catchUpTurns > 0) return;
    this.#requestsByFinders[finders] = (this.#requestsByFinders[finders] as number) + 1;
    if (--this.#decisionIn <= 0) this.#decide();
  }

  #decide(): void {
    const entries = Math.max(1, (this.#shadows[RECENCY] as ShadowCache).count);
    this.#decisionIn = Math.ceil(entries / DECISIONS_PER_TURN);
    const before = this.#favourite;
    let bestLead = 0;
    for (let mode = 0; mode < MODES.length; mode++) {
      const lead = this.#lead(mode, before) - LEAD_SHARE * entries;
      if (mode === before || lead <= bestLead) continue;
      bestLead = lead;
      this.#favourite = mode;
    }
    const isChanged = this.#favourite !== before;
    if (isChanged || (this.#isStarting && this.#isStartOver(entries))) {
      this.#isStarting = false;
      const mode = MODES[this.#favourite] as ReuseMode;
      if (mode !== this.#core.mode) this.#changes++;
      this.#core.setMode(mode);
      this.#restTurns = REST_TURNS_LEAST;
      this.#turnsLeft = SETTLED_TURNS;
    }
    const requests = this.#requestsByFinders;
    const fading = 1 - this.#decisionIn / (HORIZON_REQUESTS_PER_ENTRY * entries);
    for (let finders = 0; finders < requests.length; finders++) {
      requests[finders] = (requests[finders] as number) * fading;
    }
  }

  /** As many requests as there are entries have passed. */
  #endTurn(): void {
    const requests = this.#turnRequests;
    const misses = this.#turnMisses;
    this.#turnRequests = 0;
    this.#turnMisses = 0;
    if (this.#isResting) {
      const usual = this.#usualMissRatio;
      const deviation = Math.sqrt(requests * usual * (1 - usual));
      const isUnusual = Math.abs(misses - usual * requests) > WAKING_DEVIATIONS * deviation + WAKING_SHARE * requests;
      if (!isUnusual && --this.#turnsLeft > 0) return;
      this.#isResting = false;
      this.#catchUpTurns = CATCH_UP_TURNS;
      this.#restTurns = isUnusual ? REST_TURNS_LEAST : Math.min(2 * this.#restTurns, REST_TURNS_MOST);
      this.#turnsLeft = isUnusual ? SETTLED_TURNS : LOOK_TURNS;
      return;
    }
    if (this.#catchUpTurns > 0) this.#catchUpTurns--;
    this.#usualMissRatio += (misses / requests - this.#usualMissRatio) / 4;
    if (this.#isStarting || --this.#turnsLeft > 0) return;
    this.#isResting = true;
    this.#turnsLeft = this.#restTurns;
  }

  #isStartOver(entries: number): boolean {
    let found = 0;
    for (let finders = 0; finders < this.#requestsByFinders.length; finders++) {
      if (((finders >> DISTANCE) & 1) === 1) found += this.#requestsByFinders[finders] as number;
    }
    return found > START_SHARE * entries || this.#lead(DISTANCE, RECENCY) > 0;
  }

  /** Requests that `mode` found and `other` did not, less those of the opposite kind and what chance may account for. */
  #lead(mode: number, other: number): number {
    let won = 0;
    let lost = 0;
    for (let finders = 0; finders < this.#requestsByFinders.length; finders++) {
      const difference = ((finders >> mode) & 1) - ((finders >> other) & 1);
      if (difference > 0) won += this.#requestsByFinders[finders] as number;
      else if (difference < 0) lost += this.#requestsByFinders[finders] as number;
    }
    return won - lost - Math.sqrt(won + lost) - LEAD_REQUESTS_LEAST;
  }

  /** Shadows at a sample that fits the slots; where it changes they start anew, all empty. */
  #fitShadows(): void {
    let share = 1;
    while (this.#slotCount * share > SHADOW_ENTRIES_MOST) share /= 2;
    const capacity = Math.max(1, Math.round(this.#core.capacity * share));
    if (this.#shadows.length > 0 && this.#sampleMask === 1 / share - 1) {
      for (const shadow of this.#shadows) shadow.resize(capacity);
      return;
    }
    this.#sampleMask = 1 / share - 1;
    const slots = Math.max(1, Math.ceil(this.#slotCount * share));
    this.#shadows = MODES.map((mode) => new ShadowCache(slots, capacity, mode));
    this.#requestsByFinders.fill(0);
    this.#isResting = false;
    this.#turnsLeft = SETTLED_TURNS;
  }
}

export const ADAPTIVE: CachePolicyDefinition = {
  id: "adaptive",
  title: "Adaptive: LRU, W-TinyLFU or LIRS, whichever its shadows show to be best",
  source: "own; after Ari et al. (ACME), 2002, and Waldspurger et al., USENIX ATC 2017",
  create: (options) => new Adaptive(options),
};
