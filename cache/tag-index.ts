// Which slots carry a tag. Only entries that have tags cost anything here.

import { assert } from "../core/errors.ts";

/** Tags of slots, both ways. */
export class TagIndex {
  readonly #tagsOf = new Map<number, readonly string[]>();
  readonly #slotsOf = new Map<string, Set<number>>();

  /** The slot, which has no tags, gets these; double ones count once. */
  add(slot: number, tags: readonly string[]): void {
    assert(!this.#tagsOf.has(slot), "tags: the slot has tags already");
    const distinct = [...new Set(tags)];
    this.#tagsOf.set(slot, distinct);
    for (const tag of distinct) {
      const slots = this.#slotsOf.get(tag);
      if (slots === undefined) this.#slotsOf.set(tag, new Set([slot]));
      else slots.add(slot);
    }
  }

  remove(slot: number): void {
    const tags = this.#tagsOf.get(slot);
    if (tags === undefined) return;
    this.#tagsOf.delete(slot);
    for (const tag of tags) {
      const slots = this.#slotsOf.get(tag);
      assert(slots?.delete(slot) === true, "tags: a tag lost a slot");
      if (slots.size === 0) this.#slotsOf.delete(tag);
    }
  }

  /** Tags of the slot; none gives an empty list. */
  tagsOf(slot: number): readonly string[] {
    return this.#tagsOf.get(slot) ?? NO_TAGS;
  }

  /** Slots with this tag: a copy, so that they may be removed while it is walked. */
  slotsOf(tag: string): number[] {
    return [...(this.#slotsOf.get(tag) ?? [])];
  }

  /** Throws AssertionError where the two directions differ. */
  check(isUsed: (slot: number) => boolean): void {
    let edges = 0;
    for (const [slot, tags] of this.#tagsOf) {
      assert(isUsed(slot), "tags: a free slot has tags");
      assert(tags.length > 0, "tags: an empty list is kept");
      for (const tag of tags) assert(this.#slotsOf.get(tag)?.has(slot) === true, "tags: a slot is not under its tag");
      edges += tags.length;
    }
    for (const slots of this.#slotsOf.values()) {
      assert(slots.size > 0, "tags: an empty tag is kept");
      edges -= slots.size;
    }
    assert(edges === 0, "tags: a tag has a slot that does not carry it");
  }
}

const NO_TAGS: readonly string[] = [];
