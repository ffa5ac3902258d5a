// A binary min-heap over typed arrays: block ids by the moment at which they are due, ties by id (the lower first), so
// that the order is total and the same everywhere. Apart from growth (doubling) it makes no garbage.

import { assert } from "../core/errors.ts";

export class DueHeap {
  /** Number of entries. */
  length = 0;
  #due: Float64Array;
  #id: Uint32Array;

  /** @param rows entries to make room for at first, ≥ 1. */
  constructor(rows = 1024) {
    this.#due = new Float64Array(rows);
    this.#id = new Uint32Array(rows);
  }

  /** The least due moment; Infinity when empty. */
  nextDue(): number {
    return this.length === 0 ? Infinity : this.#due[0]!;
  }

  /** Adds a block. Cost: O(log n). */
  push(due: number, id: number): void {
    if (this.length === this.#due.length) this.#grow();
    const dues = this.#due;
    const ids = this.#id;
    let at = this.length++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const upDue = dues[up]!;
      if (upDue < due || (upDue === due && ids[up]! < id)) break;
      dues[at] = upDue;
      ids[at] = ids[up]!;
      at = up;
    }
    dues[at] = due;
    ids[at] = id;
  }

  /** Takes out the block that is due first and gives its id. The heap must not be empty. Cost: O(log n). */
  pop(): number {
    assert(this.length > 0, "pop from an empty heap");
    const dues = this.#due;
    const ids = this.#id;
    const first = ids[0]!;
    const n = --this.length;
    const due = dues[n]!;
    const id = ids[n]!;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= n) break;
      const right = down + 1;
      if (right < n) {
        const gap = dues[right]! - dues[down]!;
        if (gap < 0 || (gap === 0 && ids[right]! < ids[down]!)) down = right;
      }
      const downDue = dues[down]!;
      if (due < downDue || (due === downDue && id < ids[down]!)) break;
      dues[at] = downDue;
      ids[at] = ids[down]!;
      at = down;
    }
    if (n > 0) {
      dues[at] = due;
      ids[at] = id;
    }
    return first;
  }

  #grow(): void {
    const due = new Float64Array(this.#due.length * 2);
    due.set(this.#due);
    const id = new Uint32Array(due.length);
    id.set(this.#id);
    this.#due = due;
    this.#id = id;
  }
}
