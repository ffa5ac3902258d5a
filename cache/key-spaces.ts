// Contexts: each has a map of its own from key to slot, so no key of one can be seen from another, whatever the key is. A
// context that holds nothing costs nothing: it goes with its last entry.

import { assert } from "../core/errors.ts";
import { hashKey } from "./key-hash.ts";

export interface KeySpace {
  readonly name: string;
  readonly id: number;
  /** Seed of the hashes of its keys. */
  readonly hashSeed: number;
  readonly slots: Map<string, number>;
}

export class KeySpaces {
  /** The context without a name: "". */
  readonly root: KeySpace;
  readonly #seed: number;
  readonly #byName = new Map<string, KeySpace>();
  readonly #byId: (KeySpace | undefined)[] = [];
  readonly #freeIds: number[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.root = this.open("");
  }

  /** The context, made if there is none. */
  open(name: string): KeySpace {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const id = this.#freeIds.pop() ?? this.#byId.length;
    const space = { name, id, hashSeed: hashKey(name, this.#seed), slots: new Map<string, number>() };
    this.#byName.set(name, space);
    this.#byId[id] = space;
    return space;
  }

  find(name: string): KeySpace | undefined {
    return this.#byName.get(name);
  }

  /** The seed for hashes of a context's keys, which is the same whether the context is open or not. */
  hashSeedOf(name: string): number {
    return this.#byName.get(name)?.hashSeed ?? hashKey(name, this.#seed);
  }

  at(id: number): KeySpace {
    return this.#byId[id] as KeySpace;
  }

  /** Forgets a context that holds nothing. */
  closeIfEmpty(space: KeySpace): void {
    assert(this.#byId[space.id] === space, "contexts: one that is closed is closed again");
    if (space.slots.size > 0 || space === this.root) return;
    this.#byName.delete(space.name);
    this.#byId[space.id] = undefined;
    this.#freeIds.push(space.id);
  }

  /** Contexts that hold entries, and the root. */
  all(): IterableIterator<KeySpace> {
    return this.#byName.values();
  }

  check(): void {
    let count = 0;
    for (const space of this.#byName.values()) {
      assert(this.#byId[space.id] === space, "contexts: a name and a number differ");
      assert(space === this.root || space.slots.size > 0, "contexts: an empty one is kept");
      count++;
    }
    assert(new Set(this.#freeIds).size === this.#freeIds.length, "contexts: a number is free twice");
    assert(count + this.#freeIds.length === this.#byId.length, "contexts: a number is lost");
  }
}
