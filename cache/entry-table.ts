// The entries of a store by slot: keys, values, columns, contexts, tags, and sums over them. It knows nothing of limits, of time
// passing or of who should leave.

import { assert } from "../core/errors.ts";
import { EntryColumns, PINNED, SPECULATIVE, TAGGED, USED } from "./entry-columns.ts";
import { type KeySpace, KeySpaces } from "./key-spaces.ts";
import { NO_SLOT } from "./policies/policy.ts";
import { TagIndex } from "./tag-index.ts";

/** What is known of a value that is put in. One object may be used for many calls: nothing keeps it. */
export interface EntryAttributes {
  /** Units, a whole number ≥ 1; of no matter where sizes are not kept. */
  size: number;
  /** Infinity: never. */
  expiresAt: number;
  /** ≥ expiresAt. */
  keepUntil: number;
  /** How long loading it took, for early refreshes; 0: unknown. */
  loadMillis: number;
  /** −100..100; higher stays longer. */
  priority: number;
  isPinned: boolean;
  /** Nobody has asked for it yet. */
  isSpeculative: boolean;
  /** Until when an unused speculation is protected. */
  protectUntil: number;
  /** Replacing a value is no use of it: a refresh. */
  isQuiet: boolean;
  tags: readonly string[] | undefined;
}

/** Attributes to begin with: no time, no size, nothing special. */
export function plainAttributes(): EntryAttributes {
  return {
    size: 1,
    expiresAt: Infinity,
    keepUntil: Infinity,
    loadMillis: 0,
    priority: 0,
    isPinned: false,
    isSpeculative: false,
    protectUntil: 0,
    isQuiet: false,
    tags: undefined,
  };
}

export class EntryTable<V> {
  readonly columns: EntryColumns;
  readonly spaces: KeySpaces;
  readonly tags = new TagIndex();
  /** Slots of unused speculations, the oldest first, and until when each is protected. */
  readonly speculative = new Map<number, number>();
  readonly keysMap: Map<string, number>;
  readonly values: (V | undefined)[] = [];
  readonly #keys: (string | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #keepsSizes: boolean;
  /** Slots 0 … slotsUsed − 1 have been in use. */
  slotsUsed = 0;
  count = 0;
  /** Units held; entries where sizes are not kept. */
  size = 0;
  pinnedCount = 0;
  pinnedSize = 0;
  /** Units of the speculations. */
  speculativeSize = 0;
  /** Entries whose priority is not 0, and of them those below. */
  prioritizedCount = 0;
  lowPriorityCount = 0;

  constructor(slotCount: number, keepsSizes: boolean, seed: number) {
    this.columns = new EntryColumns(slotCount);
    this.spaces = new KeySpaces(seed);
    this.keysMap = this.spaces.root.slots;
    this.#keepsSizes = keepsSizes;
  }

  /** The slot of a key, −1 without. */
  find(key: string, context: string): number {
    return this.spaces.find(context)?.slots.get(key) ?? NO_SLOT;
  }

  keyAt(slot: number): string {
    return this.#keys[slot] as string;
  }

  spaceAt(slot: number): KeySpace {
    return this.spaces.at(this.columns.contextOf(slot));
  }

  has(slot: number, flag: number): boolean {
    return ((this.columns.flags[slot] as number) & flag) !== 0;
  }

  sizeAt(slot: number): number {
    return this.#keepsSizes ? (this.columns.size[slot] as number) : 1;
  }

  /** True where the next `insert` needs more slots than there are columns for. */
  get isFull(): boolean {
    return this.#freeSlots.length === 0 && this.slotsUsed === this.columns.slotCount;
  }

  /** Takes a free slot for a key that is not there. */
  insert(space: KeySpace, key: string, value: V, attributes: EntryAttributes): number {
    const slot = this.#freeSlots.pop() ?? this.slotsUsed++;
    assert(slot < this.columns.slotCount, "entries: there is no free slot");
    if (slot === this.values.length) {
      this.values.push(value);
      this.#keys.push(key);
    } else {
      this.values[slot] = value;
      this.#keys[slot] = key;
    }
    space.slots.set(key, slot);
    this.columns.flags[slot] = USED;
    this.columns.setContext(slot, space.id);
    if (this.#keepsSizes) this.columns.setSize(slot, attributes.size);
    this.count++;
    this.size += this.sizeAt(slot);
    if (attributes.isPinned) {
      this.columns.flags[slot] = USED | PINNED;
      this.pinnedCount++;
      this.pinnedSize += this.sizeAt(slot);
    }
    if (attributes.isSpeculative) {
      this.columns.flags[slot] = (this.columns.flags[slot] as number) | SPECULATIVE;
      this.speculative.set(slot, attributes.protectUntil);
      this.speculativeSize += this.sizeAt(slot);
    }
    this.describe(slot, attributes);
    return slot;
  }

  /** Times, priority and tags of the value in the slot. */
  describe(slot: number, attributes: EntryAttributes): void {
    const { columns } = this;
    columns.setTimes(slot, attributes.expiresAt, attributes.keepUntil);
    columns.setLoadMillis(slot, attributes.loadMillis);
    this.#countPriority(columns.priorityOf(slot), -1);
    columns.setPriority(slot, attributes.priority);
    this.#countPriority(attributes.priority, 1);
    const flags = columns.flags[slot] as number;
    if ((flags & TAGGED) !== 0) this.tags.remove(slot);
    const { tags } = attributes;
    if (tags !== undefined && tags.length > 0) {
      this.tags.add(slot, tags);
      columns.flags[slot] = flags | TAGGED;
    } else columns.flags[slot] = flags & ~TAGGED;
  }

  /** It was asked for, or replaced: no speculation any more. */
  endSpeculation(slot: number): void {
    this.speculative.delete(slot);
    this.speculativeSize -= this.sizeAt(slot);
    this.columns.flags[slot] = (this.columns.flags[slot] as number) & ~SPECULATIVE;
  }

  remove(slot: number): void {
    const space = this.spaceAt(slot);
    const size = this.sizeAt(slot);
    space.slots.delete(this.keyAt(slot));
    this.spaces.closeIfEmpty(space);
    if (this.has(slot, SPECULATIVE)) this.endSpeculation(slot);
    if (this.has(slot, TAGGED)) this.tags.remove(slot);
    if (this.has(slot, PINNED)) {
      this.pinnedCount--;
      this.pinnedSize -= size;
    }
    this.#countPriority(this.columns.priorityOf(slot), -1);
    this.columns.setPriority(slot, 0);
    this.columns.flags[slot] = 0;
    this.count--;
    this.size -= size;
    this.#keys[slot] = undefined;
    this.values[slot] = undefined;
    this.#freeSlots.push(slot);
  }

  #countPriority(priority: number, sign: number): void {
    if (priority === 0) return;
    this.prioritizedCount += sign;
    if (priority < 0) this.lowPriorityCount += sign;
  }

  /** Recounts everything; gives the slots that are not pinned. Throws AssertionError. Cost: O(slots). */
  check(): Set<number> {
    const unpinned = new Set<number>();
    let [size, pinnedCount, pinnedSize, speculative, speculativeSize, prioritized, low] = [0, 0, 0, 0, 0, 0, 0];
    let count = 0;
    for (let slot = 0; slot < this.slotsUsed; slot++) {
      if (!this.has(slot, USED)) {
        assert(this.columns.flags[slot] === 0, "entries: a free slot is marked");
        assert(
          this.#keys[slot] === undefined && this.values[slot] === undefined,
          "entries: a free slot holds something",
        );
        continue;
      }
      const own = this.sizeAt(slot);
      count++;
      size += own;
      if (this.has(slot, PINNED)) {
        pinnedCount++;
        pinnedSize += own;
      } else unpinned.add(slot);
      if (this.has(slot, SPECULATIVE)) {
        speculative++;
        speculativeSize += own;
        assert(this.speculative.has(slot), "entries: a speculation is not listed");
      }
      const priority = this.columns.priorityOf(slot);
      if (priority !== 0) prioritized++;
      if (priority < 0) low++;
      assert(this.has(slot, TAGGED) === this.tags.tagsOf(slot).length > 0, "entries: a mark of tags is wrong");
      assert(this.spaceAt(slot).slots.get(this.keyAt(slot)) === slot, "entries: a key leads to another slot");
      assert(this.columns.keepUntilOf(slot) >= this.columns.expiresAtOf(slot), "entries: kept for less than its time");
    }
    let keys = 0;
    for (const space of this.spaces.all()) keys += space.slots.size;
    assert(keys === count && this.count === count, "entries: the count is wrong");
    assert(this.#freeSlots.length === this.slotsUsed - count, "entries: a slot is lost");
    assert(new Set(this.#freeSlots).size === this.#freeSlots.length, "entries: a slot is free twice");
    assert(this.size === size, "entries: the sum of sizes is wrong");
    assert(this.pinnedCount === pinnedCount && this.pinnedSize === pinnedSize, "entries: the pinned are wrong");
    assert(this.speculative.size === speculative, "entries: the list of speculations is wrong");
    assert(this.speculativeSize === speculativeSize, "entries: the size of the speculations is wrong");
    assert(this.prioritizedCount === prioritized && this.lowPriorityCount === low, "entries: priorities are wrong");
    this.spaces.check();
    this.tags.check((slot) => this.has(slot, USED));
    return unpinned;
  }
}
