// The cache itself, synchronous and pure: until when a value is good, what fits, and who leaves. Time comes from an injected
// clock and randomness from a seed, so that a test or a simulation replays it to the bit. Entries live in slots with parallel
// typed columns (`entry-table.ts`, after lru-cache); the order among slots is a policy's (`policies/policy.ts`). Promises, timers
// and processes are the business of live/smart-cache.ts.
//
// A value is fresh before `expiresAt`, stale before `keepUntil`, then dead. What is pinned is outside of the policy, which gets
// the rest of the capacity. Who leaves is chosen in `victims.ts`.

import { assert } from "../core/errors.ts";
import { logDeterministic } from "../core/math.ts";
import type { PressureTenant } from "../core/pressure.ts";
import { RandomStream } from "../core/random.ts";
import { PINNED, SPECULATIVE, USED } from "./entry-columns.ts";
import { type EntryAttributes, EntryTable } from "./entry-table.ts";
import { hashKey } from "./key-hash.ts";
import type { KeySpace } from "./key-spaces.ts";
import { type CachePolicy, NO_KEY, NO_SLOT } from "./policies/policy.ts";
import type { StoredValue, StoreOptions } from "./store-options.ts";
import { type RefusalReason, type RemovalReason, StoreStatistics } from "./store-statistics.ts";
import { Victims } from "./victims.ts";

/** How a request ended, for `demand`: not there. */
export const ABSENT = 0;
/** It is there, past its time, and may not be served. */
export const EXPIRED = 1;
/** It is past its time and may be served. */
export const STALE = 2;
export const HIT = 3;
/** The first request for what was put in on speculation. */
export const FIRST_HIT = 4;

const FIRST_SLOTS = 1024;
/** A weight fits the policies' Uint32 columns. */
const LARGEST_WEIGHT = 4_294_967_295;
const SAMPLED_ENTRIES = 32;
/** Slots looked at for dead entries in each `put`: the dead go even where nobody asks for them. */
const SWEPT_SLOTS = 2;
/** −ln of the smallest number that the stream gives, 2^−32: no draw reaches further ahead. */
const LONGEST_DRAW = 22.2;

interface Removal<V> {
  readonly key: string;
  readonly value: V;
  readonly reason: RemovalReason;
  readonly context: string;
}

export class CacheStore<V> implements PressureTenant {
  readonly id = "store";
  readonly statistics = new StoreStatistics();
  /** What a byte held for a second costs, as last told. Whoever prefetches looks at it. */
  prefetchPrice = 0;
  /** Slot of the last `demand` or `find` that found something; −1 otherwise. */
  slot = NO_SLOT;

  readonly #options: StoreOptions<V>;
  readonly #table: EntryTable<V>;
  readonly #policy: CachePolicy;
  readonly #now: () => number;
  readonly #random: RandomStream;
  readonly #isWeighed: boolean;
  readonly #keepsSizes: boolean;
  readonly #maxEntrySize: number;
  readonly #victims: Victims<V>;
  readonly #removals: Removal<V>[] = [];
  #isTelling = false;
  #entryLimit: number;
  #sizeLimit: number;
  #budgetRatio = 1;
  #hand = 0;

  constructor(options: StoreOptions<V>) {
    const maxSize = options.maxSize ?? Infinity;
    assert(isLimit(options.maxEntries) && isLimit(maxSize), "store: a limit is a whole number of 1 or more");
    assert(options.maxEntries < Infinity || maxSize < Infinity, "store: one limit must be finite");
    this.#options = options;
    this.#now = options.nowMillis;
    this.#entryLimit = options.maxEntries;
    this.#sizeLimit = maxSize;
    this.#isWeighed = maxSize < Infinity;
    this.#keepsSizes = this.#isWeighed || options.keepsSizes === true;
    this.#maxEntrySize = Math.min(options.maxEntrySize ?? maxSize, maxSize, LARGEST_WEIGHT);
    const seed = options.seed ?? 1;
    const slotCount = Math.min(options.maxEntries, FIRST_SLOTS);
    this.#random = new RandomStream(seed, "early-refresh");
    this.#table = new EntryTable(slotCount, this.#keepsSizes, Math.imul(seed, 0x9e3779b1));
    this.#policy = options.policy.create({ slotCount, capacity: this.#policyCapacity, seed });
    this.#victims = new Victims(this.#table, this.#policy, this.#now, (slot) => this.#weightAt(slot));
  }

  /** Entries, the dead that were not met yet included. */
  get count(): number {
    return this.#table.count;
  }

  /** Units of size held; entries where sizes are not kept. */
  get size(): number {
    return this.#table.size;
  }

  get speculativeCount(): number {
    return this.#table.speculative.size;
  }

  /** Units of the speculations; their number where sizes are not kept. */
  get speculativeSize(): number {
    return this.#table.speculativeSize;
  }

  get pinnedCount(): number {
    return this.#table.pinnedCount;
  }

  get policyId(): string {
    return this.#policy.id;
  }

  get budgetRatio(): number {
    return this.#budgetRatio;
  }

  /** Bytes of the columns and of the policy, without the map, the keys and the values. */
  get stateBytes(): number {
    return this.#table.columns.stateBytes + this.#policy.stateBytes;
  }

  /**
   * A request for a key: counts it and tells the policy. Hot: makes no garbage. The value is `valueAt(store.slot)`.
   * @param staleMillis how long past its time a value may be served, 0: not at all
   * @returns ABSENT, EXPIRED, STALE, HIT or FIRST_HIT
   */
  demand(key: string, context: string, staleMillis: number): number {
    const table = this.#table;
    const slot = context === "" ? table.keysMap.get(key) : table.spaces.find(context)?.slots.get(key);
    if (slot === undefined) {
      this.slot = NO_SLOT;
      this.statistics.absentMisses++;
      return ABSENT;
    }
    const { expiresAt, flags } = table.columns;
    if (expiresAt.length !== 0) {
      const expiry = expiresAt[slot] as number;
      if (expiry !== Infinity) {
        const now = this.#now();
        if (now >= expiry) return this.#demandExpired(slot, now, expiry + staleMillis);
      }
    }
    this.slot = slot;
    this.statistics.hits++;
    if (flags[slot] !== USED) return this.#demandMarked(slot, HIT);
    this.#policy.hit(slot);
    return HIT;
  }

  /** Where a live value is, fresh or stale; −1 without. Changes nothing but `slot`. */
  find(key: string, context: string): number {
    const slot = this.#table.find(key, context);
    this.slot = slot === NO_SLOT || this.#table.columns.keepUntilOf(slot) <= this.#now() ? NO_SLOT : slot;
    return this.slot;
  }

  isFresh(slot: number): boolean {
    return this.#now() < this.#table.columns.expiresAtOf(slot);
  }

  valueAt(slot: number): V {
    return this.#table.values[slot] as V;
  }

  /** ms on the store's clock; Infinity: never. */
  expiresAt(slot: number): number {
    return this.#table.columns.expiresAtOf(slot);
  }

  keepUntil(slot: number): number {
    return this.#table.columns.keepUntilOf(slot);
  }

  /** It was used: its time begins anew. Where `isAgeRenewed` is not set it does nothing. */
  renewAge(slot: number): void {
    const { columns } = this.#table;
    const life = columns.lifeMillis[slot];
    if (life === undefined || life === Infinity) return;
    const expiresAt = this.#now() + life;
    columns.setTimes(slot, expiresAt, expiresAt + (columns.keepUntilOf(slot) - columns.expiresAtOf(slot)));
  }

  isSpeculative(slot: number): boolean {
    return this.#table.has(slot, SPECULATIVE);
  }

  tagsOf(slot: number): readonly string[] {
    return this.#table.tags.tagsOf(slot);
  }

  /**
   * Puts a value in, in the place of an older one of that key. What is refused as too large evicts nothing; an older value of
   * that key goes all the same, as it is not true any more. May change `isSpeculative` and `protectUntil` of the attributes.
   * @returns whether it is held now
   */
  put(key: string, value: V, context: string, attributes: EntryAttributes): boolean {
    if (this.#table.columns.expiresAt.length !== 0) this.#sweep(SWEPT_SLOTS);
    const isHeld = this.#put(key, value, context, attributes);
    if (this.#removals.length > 0) this.#tellRemovals();
    return isHeld;
  }

  delete(key: string, context: string): boolean {
    const slot = this.#table.find(key, context);
    if (slot === NO_SLOT) return false;
    const isLive = this.#table.columns.keepUntilOf(slot) > this.#now();
    this.#drop(slot, isLive ? "deleted" : "ttl");
    this.#tellRemovals();
    return isLive;
  }

  /** Deletes what carries the tag, in one context or in all. @returns how many */
  deleteTag(tag: string, context?: string): number {
    let count = 0;
    for (const slot of this.#table.tags.slotsOf(tag)) {
      if (context !== undefined && this.#table.spaceAt(slot).name !== context) continue;
      this.#drop(slot, "deleted");
      count++;
    }
    this.#tellRemovals();
    return count;
  }

  /** Empties one context or all. @returns how many left */
  clear(context?: string): number {
    const one = context === undefined ? undefined : this.#table.spaces.find(context);
    const spaces = context === undefined ? [...this.#table.spaces.all()] : one === undefined ? [] : [one];
    let count = 0;
    for (const space of spaces) {
      for (const slot of [...space.slots.values()]) {
        this.#drop(slot, "cleared");
        count++;
      }
    }
    this.#tellRemovals();
    return count;
  }

  /** Removes what is dead. Cost: O(slots). @returns how many */
  purge(): number {
    const before = this.statistics.removed.ttl;
    this.#sweep(this.#table.slotsUsed);
    this.#tellRemovals();
    return this.statistics.removed.ttl - before;
  }

  /**
   * Whether a fresh value should be loaded anew now, before it is stale, so that not all who ask for it miss at once: true with a
   * probability that rises to 1 at its time, the earlier the longer loading took. Vattani, Chierichetti, Lowenstein, "Optimal
   * Probabilistic Cache Stampede Prevention", VLDB 2015. @param beta 1 is their optimum; more is earlier
   */
  isDueEarly(slot: number, beta: number): boolean {
    const reach = this.#table.columns.loadMillisOf(slot) * beta;
    const left = this.#table.columns.expiresAtOf(slot) - this.#now();
    if (reach === 0 || left > reach * LONGEST_DRAW) return false;
    return -reach * logDeterministic(1 - this.#random.next()) >= left;
  }

  /** All live entries, the coldest first, what is pinned last. */
  entries(): StoredValue<V>[] {
    const table = this.#table;
    const now = this.#now();
    const order = new Int32Array(table.count);
    let count = this.#policy.candidates(order.subarray(0, table.count - table.pinnedCount));
    for (let slot = 0; slot < table.slotsUsed; slot++) if (table.has(slot, PINNED)) order[count++] = slot;
    const found: StoredValue<V>[] = [];
    for (const slot of order.subarray(0, count)) {
      if (table.columns.keepUntilOf(slot) > now) found.push(this.#describe(slot));
    }
    return found;
  }

  /**
   * The live entries that have used up `ratio` of their time, the hottest first, and the ms until the next one has. Knows only of
   * entries whose life is kept (`isAgeRenewed`). O(entries).
   */
  due(ratio: number): { entries: { context: string; key: string }[]; nextMillis: number } {
    const { columns } = this.#table;
    const entries: { context: string; key: string }[] = [];
    let nextMillis = Infinity;
    if (columns.lifeMillis.length === 0) return { entries, nextMillis };
    const order = new Int32Array(this.#table.count);
    const count = this.#policy.candidates(order.subarray(0, this.#table.count - this.#table.pinnedCount));
    const now = this.#now();
    const look = (slot: number): void => {
      const life = columns.lifeMillis[slot] as number;
      if (life === Infinity || columns.keepUntilOf(slot) <= now) return;
      const left = columns.expiresAtOf(slot) - (1 - ratio) * life - now;
      if (left > 0) nextMillis = Math.min(nextMillis, left);
      else entries.push({ context: this.#table.spaceAt(slot).name, key: this.#table.keyAt(slot) });
    };
    for (let slot = 0; slot < this.#table.slotsUsed; slot++) if (this.#table.has(slot, PINNED)) look(slot);
    for (let i = count - 1; i >= 0; i--) look(order[i] as number);
    return { entries, nextMillis };
  }

  // As a tenant of memory.

  /** Bytes of what is not pinned; estimated from a sample where sizes are not kept. */
  countBytes(): number {
    const { size, pinnedSize, count, pinnedCount } = this.#table;
    if (this.#keepsSizes) return size - pinnedSize;
    return Math.round(this.#meanEntryBytes() * (count - pinnedCount));
  }

  shed(bytes: number): number {
    const mean = this.#keepsSizes ? 0 : this.#meanEntryBytes();
    let freed = 0;
    while (freed < bytes) {
      const slot = this.#victims.shed();
      if (slot === NO_SLOT) break;
      freed += this.#keepsSizes ? this.#table.sizeAt(slot) : mean;
      this.#release(slot, "pressure");
    }
    this.#tellRemovals();
    return Math.round(freed);
  }

  setBudgetRatio(ratio: number): void {
    assert(ratio >= 0 && ratio <= 1, "store: a budget is a share, 0..1");
    this.#budgetRatio = ratio;
    this.#entryLimit = scaled(this.#options.maxEntries, ratio);
    this.#sizeLimit = scaled(this.#options.maxSize ?? Infinity, ratio);
    this.#policy.resize(this.#policyCapacity);
    while (this.#isOver(0, 0)) {
      const slot = this.#victims.shed();
      if (slot === NO_SLOT) break;
      this.#release(slot, "pressure");
    }
    this.#tellRemovals();
  }

  setPrefetchPrice(price: number): void {
    this.prefetchPrice = price;
  }

  /** Recounts everything and walks the policy. Throws AssertionError. Cost: O(slots). */
  check(): void {
    const unpinned = this.#table.check();
    assert(!this.#isOver(0, 0) || unpinned.size === 0, "store: more is held than allowed");
    this.#policy.check(unpinned);
  }

  #demandExpired(slot: number, now: number, servedUntil: number): number {
    const keepUntil = this.#table.columns.keepUntilOf(slot);
    if (now < keepUntil && now < servedUntil) {
      this.slot = slot;
      this.statistics.staleHits++;
      if (this.#table.columns.flags[slot] !== USED) this.#demandMarked(slot, STALE);
      else this.#policy.hit(slot);
      return STALE;
    }
    this.slot = NO_SLOT;
    this.statistics.expiredMisses++;
    if (now < keepUntil) return EXPIRED;
    this.#drop(slot, "ttl");
    this.#tellRemovals();
    return EXPIRED;
  }

  /** What is not plain: a speculation has come true, a pinned entry is none of the policy's business. */
  #demandMarked(slot: number, outcome: number): number {
    const table = this.#table;
    if (!table.has(slot, PINNED)) this.#policy.hit(slot);
    if (!table.has(slot, SPECULATIVE)) return outcome;
    table.endSpeculation(slot);
    this.statistics.speculativeUsed++;
    return outcome === HIT ? FIRST_HIT : outcome;
  }

  #put(key: string, value: V, context: string, attributes: EntryAttributes): boolean {
    const table = this.#table;
    const size = this.#keepsSizes ? attributes.size : 1;
    assert(Number.isInteger(size) && size >= 1, "store: a size is a whole number of 1 or more");
    const old = table.find(key, context);
    const isOversize = this.#keepsSizes && size > this.#maxEntrySize;
    if (old !== NO_SLOT) {
      const isSameShape = table.sizeAt(old) === size && table.has(old, PINNED) === attributes.isPinned;
      if (isSameShape && !isOversize) return this.#replace(old, value, attributes);
      this.#inheritSpeculation(old, attributes);
      this.#drop(old, "replaced");
    }
    if (isOversize) return this.#refuse("oversize");
    const keyHash = hashKey(key, table.spaces.hashSeedOf(context));
    const refusal = this.#makeRoom(keyHash, size, attributes);
    if (refusal !== undefined) return this.#refuse(refusal);
    // Opened only now: making room may close a context with its last entry.
    this.#insert(table.spaces.open(context), key, value, keyHash, attributes);
    return true;
  }

  #insert(space: KeySpace, key: string, value: V, keyHash: number, attributes: EntryAttributes): void {
    const table = this.#table;
    if (table.isFull) {
      const slotCount = Math.min(table.columns.slotCount * 2, Math.max(this.#options.maxEntries, table.count + 1));
      table.columns.grow(slotCount);
      this.#policy.growSlots(slotCount);
    }
    const slot = table.insert(space, key, value, attributes);
    if (this.#options.isAgeRenewed === true) table.columns.setLifeMillis(slot, attributes.expiresAt - this.#now());
    this.statistics.insertions++;
    if (attributes.isSpeculative) this.statistics.speculativeInsertions++;
    if (attributes.isPinned) this.#policy.resize(this.#policyCapacity);
    else this.#policy.insert(slot, keyHash, this.#weightAt(slot));
  }

  #replace(slot: number, value: V, attributes: EntryAttributes): boolean {
    const table = this.#table;
    const old = table.values[slot] as V;
    table.values[slot] = value;
    if (table.has(slot, SPECULATIVE) && !attributes.isSpeculative && !attributes.isQuiet) {
      table.endSpeculation(slot);
      this.statistics.speculativeWasted++;
    }
    table.describe(slot, attributes);
    if (this.#options.isAgeRenewed === true) table.columns.setLifeMillis(slot, attributes.expiresAt - this.#now());
    if (!attributes.isQuiet && !attributes.isSpeculative && !table.has(slot, PINNED)) this.#policy.hit(slot);
    this.statistics.replacements++;
    this.statistics.removed.replaced++;
    if (this.#options.onRemove !== undefined && old !== value) {
      const context = table.spaceAt(slot).name;
      this.#removals.push({ key: table.keyAt(slot), value: old, reason: "replaced", context });
    }
    return true;
  }

  /** What takes the place of an old value is a speculation only if that was one and nobody has asked since. */
  #inheritSpeculation(old: number, attributes: EntryAttributes): void {
    const table = this.#table;
    const isContinued = table.has(old, SPECULATIVE) && (attributes.isSpeculative || attributes.isQuiet);
    if (isContinued) {
      attributes.protectUntil = table.speculative.get(old) as number;
      table.endSpeculation(old);
      this.statistics.speculativeInsertions--; // the same one, counted again when it is inserted
    }
    attributes.isSpeculative = isContinued;
  }

  /** Evicts until a newcomer fits. @returns why it does not, where it does not */
  #makeRoom(keyHash: number, size: number, attributes: EntryAttributes): RefusalReason | undefined {
    const table = this.#table;
    if (!this.#fitsBesidePinned(size)) return this.#budgetRatio < 1 ? "pressure" : "policy";
    const weight = this.#isWeighed ? size : 1;
    if (attributes.isSpeculative && !attributes.isPinned && !this.#makeSpeculativeRoom(size)) return "speculative";
    // Who is marked as important enters whatever the policy thinks of it.
    const isForced = attributes.priority > 0 || attributes.isPinned;
    while (this.#isOver(1, size)) {
      const reason: RemovalReason = table.count + 1 > this.#entryLimit ? "policy" : "size";
      const slot = isForced ? this.#victims.next(NO_KEY, 0) : this.#victims.next(keyHash, weight);
      if (slot === NO_SLOT) return "policy";
      this.#release(slot, reason);
    }
    return undefined;
  }

  /** Speculations take a share of the room and no more: the oldest make way, protected or not; none where it is not enough. */
  #makeSpeculativeRoom(size: number): boolean {
    const table = this.#table;
    const ratio = this.#options.speculativeRatio ?? 0.2;
    const limit = ratio * (this.#isWeighed ? this.#sizeLimit : this.#entryLimit);
    const units = this.#isWeighed ? size : 1;
    let after = units + (this.#isWeighed ? table.speculativeSize : table.speculative.size);
    if (after <= limit) return true;
    if (units > limit) return false;
    const leaving: number[] = [];
    for (const slot of table.speculative.keys()) {
      if (table.has(slot, PINNED)) continue;
      leaving.push(slot);
      after -= this.#isWeighed ? table.sizeAt(slot) : 1;
      if (after <= limit) break;
    }
    if (after > limit) return false;
    for (const slot of leaving) {
      this.#policy.remove(slot);
      this.#release(slot, this.#isWeighed ? "size" : "policy");
    }
    return true;
  }

  #fitsBesidePinned(size: number): boolean {
    const { pinnedCount, pinnedSize } = this.#table;
    if (pinnedCount + 1 > this.#entryLimit) return false;
    return !this.#isWeighed || pinnedSize + size <= this.#sizeLimit;
  }

  #isOver(moreEntries: number, moreSize: number): boolean {
    const { count, size } = this.#table;
    return count + moreEntries > this.#entryLimit || (this.#isWeighed && size + moreSize > this.#sizeLimit);
  }

  /** Looks at `slots` slots from the hand on and removes what is dead. */
  #sweep(slots: number): void {
    const table = this.#table;
    const now = this.#now();
    for (let i = 0; i < slots && table.slotsUsed > 0; i++) {
      if (this.#hand >= table.slotsUsed) this.#hand = 0;
      const slot = this.#hand++;
      if (table.has(slot, USED) && table.columns.keepUntilOf(slot) <= now) this.#drop(slot, "ttl");
    }
  }

  /** Takes out what the policy still knows. */
  #drop(slot: number, reason: RemovalReason): void {
    const isPinned = this.#table.has(slot, PINNED);
    if (!isPinned) this.#policy.remove(slot);
    this.#release(slot, reason);
    if (isPinned) this.#policy.resize(this.#policyCapacity);
  }

  /** Takes out what the policy has forgotten. */
  #release(slot: number, reason: RemovalReason): void {
    const table = this.#table;
    if (table.has(slot, SPECULATIVE)) this.statistics.speculativeWasted++;
    this.statistics.removed[reason]++;
    if (this.#options.onRemove !== undefined) {
      const context = table.spaceAt(slot).name;
      this.#removals.push({ key: table.keyAt(slot), value: table.values[slot] as V, reason, context });
    }
    table.remove(slot);
  }

  #refuse(reason: RefusalReason): boolean {
    this.statistics.refused[reason]++;
    return false;
  }

  /** Tells whoever listens, in order. A listener that removes more is told of it after what was before. */
  #tellRemovals(): void {
    if (this.#isTelling || this.#removals.length === 0) return;
    this.#isTelling = true;
    for (let i = 0; i < this.#removals.length; i++) {
      const { key, value, reason, context } = this.#removals[i] as Removal<V>;
      this.#options.onRemove?.(key, value, reason, context);
    }
    this.#removals.length = 0;
    this.#isTelling = false;
  }

  get #policyCapacity(): number {
    const pinned = this.#isWeighed ? this.#table.pinnedSize : this.#table.pinnedCount;
    return Math.max(1, (this.#isWeighed ? this.#sizeLimit : this.#entryLimit) - pinned);
  }

  #weightAt(slot: number): number {
    return this.#isWeighed ? this.#table.sizeAt(slot) : 1;
  }

  #meanEntryBytes(): number {
    const { estimateBytes } = this.#options;
    const table = this.#table;
    if (estimateBytes === undefined || table.count === 0) return 1;
    const step = Math.max(1, Math.floor(table.slotsUsed / SAMPLED_ENTRIES));
    let [bytes, sampled] = [0, 0];
    for (let slot = 0; slot < table.slotsUsed; slot += step) {
      if (!table.has(slot, USED)) continue;
      bytes += estimateBytes(table.values[slot] as V, table.keyAt(slot));
      sampled++;
    }
    return sampled === 0 ? 1 : bytes / sampled;
  }

  #describe(slot: number): StoredValue<V> {
    const { columns, tags } = this.#table;
    return {
      context: this.#table.spaceAt(slot).name,
      key: this.#table.keyAt(slot),
      value: this.valueAt(slot),
      size: this.#table.sizeAt(slot),
      expiresAt: columns.expiresAtOf(slot),
      keepUntil: columns.keepUntilOf(slot),
      loadMillis: columns.loadMillisOf(slot),
      priority: columns.priorityOf(slot),
      isPinned: this.#table.has(slot, PINNED),
      isSpeculative: this.#table.has(slot, SPECULATIVE),
      tags: tags.tagsOf(slot),
    };
  }
}

function isLimit(value: number): boolean {
  return value === Infinity || (Number.isInteger(value) && value >= 1);
}

function scaled(limit: number, ratio: number): number {
  return limit === Infinity ? Infinity : Math.floor(limit * ratio);
}
