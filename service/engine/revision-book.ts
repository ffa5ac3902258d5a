// Which revision of each user's items is the present one, as far as this process knows. It is the only one that writes to its store,
// so what it read once stays true until it changes something itself: then the entry is dropped, and read anew when it is wanted.
// A read that began before a change is not kept after it.

import type { ItemStore } from "../store/item-store.ts";

/** Beyond, the oldest entry is forgotten, and read again when it is wanted. */
const MOST_ENTRIES = 500_000;

export class RevisionBook {
  readonly #store: ItemStore;
  readonly #known = new Map<string, number>();
  /** Reads under way, each with what tells it from a later one of the same user. */
  readonly #loading = new Map<string, object>();
  #openings: number | undefined;

  constructor(store: ItemStore) {
    this.#store = store;
    this.#openings = store.openings;
  }

  /** True once after others may have changed the store: all that was known was forgotten. */
  forgetIfReopened(): boolean {
    if (this.#store.openings === this.#openings) return false;
    this.#openings = this.#store.openings;
    this.#known.clear();
    this.#loading.clear();
    return true;
  }

  /** undefined: not known at the moment. */
  peek(userId: string): number | undefined {
    return this.#known.get(userId);
  }

  /** Throws what the store throws. */
  async of(userId: string): Promise<number> {
    const known = this.#known.get(userId);
    if (known !== undefined) return known;
    const mine = {};
    this.#loading.set(userId, mine);
    try {
      const revision = await this.#store.revision(userId);
      if (this.#loading.get(userId) === mine) {
        this.#known.set(userId, revision);
        if (this.#known.size > MOST_ENTRIES) this.#known.delete(this.#known.keys().next().value!);
      }
      return revision;
    } finally {
      if (this.#loading.get(userId) === mine) this.#loading.delete(userId);
    }
  }

  /** This user's items changed. */
  forget(userId: string): void {
    this.#known.delete(userId);
    this.#loading.delete(userId);
  }
}
