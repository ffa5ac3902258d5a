// Who holds which block: places, resizes and frees the blocks of a demand's ids in a heap, keeps to the reserve, checks that
// contents survive, and writes down what happened. It knows nothing of time but what to write: waiting is the arena's.

import { type Heap, NO_HANDLE } from "../allocator/heap.ts";
import { CLASS_ATOMIC, type Demand, FLAG_PINNED, FLAG_RECLAIMABLE, OP_ALLOCATE } from "../core/demand.ts";
import { assert } from "../core/errors.ts";
import type { Digest } from "../core/hash.ts";
import type { DemandFacts } from "./demand-facts.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { Shrinker } from "./shrinker.ts";

/** Mixed into the stamps, so that a small id is no likely content by itself. */
const STAMP_SALT = 0x5ea1ed;

export class Placement {
  /** Handle of each id, NO_HANDLE when it is not live. */
  readonly handles: Int32Array;
  /** Bytes that only atomic requests may use. */
  reserveBytes = 0;
  /** Block lengths placed so far, and what blocks grew by. */
  allocatedBytesTotal = 0;

  // Columns of the demand and of its facts, here since every request reads them.
  readonly #kind: Uint8Array;
  readonly #id: Uint32Array;
  readonly #size: Uint32Array;
  readonly #align: Uint8Array;
  readonly #class: Uint8Array;
  readonly #flags: Uint8Array;
  readonly #length: Uint32Array;
  readonly #heap: Heap;
  readonly #shrinker: Shrinker;
  readonly #digest: Digest | null;
  readonly #recorder: RunRecorder | null;
  readonly #words: Int32Array;
  readonly #idOfSlot: Int32Array;
  readonly #isReclaimable: Uint8Array;

  constructor(
    demand: Demand,
    facts: DemandFacts,
    heap: Heap,
    shrinker: Shrinker,
    records: { readonly digest: Digest | null; readonly recorder: RunRecorder | null },
  ) {
    this.#kind = demand.kind;
    this.#id = demand.id;
    this.#size = demand.sizeBytes;
    this.#align = demand.alignLog2;
    this.#class = demand.requestClass;
    this.#flags = demand.flags;
    this.#length = facts.lengthBytes;
    this.#heap = heap;
    this.#shrinker = shrinker;
    this.#digest = records.digest;
    this.#recorder = records.recorder;
    this.#words = new Int32Array(heap.buffer);
    this.handles = new Int32Array(demand.idCount);
    this.#idOfSlot = new Int32Array(heap.slotCapacity).fill(-1);
    this.#isReclaimable = new Uint8Array(demand.idCount);
  }

  /** Does `id` hold a block? */
  isLive(id: number): boolean {
    return this.handles[id] !== NO_HANDLE;
  }

  /** The id whose block `handle` names, −1 for a block that is no id's. */
  idOf(handle: number): number {
    return this.#idOfSlot[this.#heap.slotOf(handle)]!;
  }

  /** Places or resizes what row `row` asks for, if there is a hole for it now: no waiting in here. Hot. */
  tryRow(row: number, nowMicros: number, arrivalMicros: number): boolean {
    const heap = this.#heap;
    const id = this.#id[row]!;
    const size = this.#size[row]!;
    const held = this.handles[id]!;
    // Resizing what was denied is realloc(NULL, size): an allocation.
    if (this.#kind[row] === OP_ALLOCATE || held === NO_HANDLE) {
      assert(held === NO_HANDLE, "an id is allocated once until it is freed");
      if (
        this.reserveBytes > 0 &&
        this.#class[row] !== CLASS_ATOMIC &&
        heap.freeBytes - this.#length[row]! < this.reserveBytes
      ) {
        return false;
      }
      const handle = heap.allocate(size, 1 << this.#align[row]!, (this.#flags[row]! & FLAG_PINNED) !== 0);
      if (handle === NO_HANDLE) return false;
      this.handles[id] = handle;
      this.#idOfSlot[heap.slotOf(handle)] = id;
      const length = heap.lengthOf(handle);
      this.#stamp(handle, id, length);
      this.allocatedBytesTotal += length;
      if ((this.#flags[row]! & FLAG_RECLAIMABLE) !== 0) {
        this.#isReclaimable[id] = 1;
        this.#shrinker.add(id, handle, length);
      }
      const at = heap.addressOf(handle);
      if (this.#digest !== null) this.#digest.addWords(row, at);
      if (this.#recorder !== null) {
        const flags = this.#flags[row]!;
        const [isPinned, isReclaimable] = [(flags & FLAG_PINNED) !== 0, (flags & FLAG_RECLAIMABLE) !== 0];
        const waited = nowMicros - arrivalMicros;
        this.#recorder.place(nowMicros, id, size, at, length, this.#class[row]!, isPinned, isReclaimable, waited);
      }
      return true;
    }
    return this.#tryResize(row, id, held, size, nowMicros, arrivalMicros);
  }

  /** Frees the block of a live id. */
  release(id: number, nowMicros: number, isShed: boolean): void {
    const heap = this.#heap;
    const handle = this.handles[id]!;
    const length = heap.lengthOf(handle);
    const first = heap.payloadOffsetOf(handle) >> 2;
    const stamp = (id + 1) ^ STAMP_SALT;
    assert(
      this.#words[first] === stamp && this.#words[first + ((length - 8) >> 2) - 1] === ~stamp,
      "contents survive from placing to freeing",
    );
    if (this.#isReclaimable[id] === 1) {
      this.#isReclaimable[id] = 0;
      this.#shrinker.change(-length);
    }
    this.#idOfSlot[heap.slotOf(handle)] = -1;
    this.handles[id] = NO_HANDLE;
    heap.free(handle);
    this.#recorder?.free(nowMicros, id, isShed);
  }

  /** Asserts that ids and blocks belong to each other. Cost: both tables. */
  check(): void {
    let live = 0;
    for (const handle of this.handles) {
      if (handle === NO_HANDLE) continue;
      assert(this.#heap.isLive(handle), "each live id has a live block");
      live++;
    }
    let blocks = 0;
    for (const id of this.#idOfSlot) if (id >= 0) blocks++;
    assert(live === blocks, "each block has its id");
  }

  #tryResize(row: number, id: number, handle: number, size: number, nowMicros: number, arrivalMicros: number): boolean {
    const heap = this.#heap;
    const before = heap.lengthOf(handle);
    const growth = this.#length[row]! - before;
    if (
      growth > 0 &&
      this.reserveBytes > 0 &&
      this.#class[row] !== CLASS_ATOMIC &&
      heap.freeBytes - growth < this.reserveBytes
    ) {
      return false;
    }
    // A pin keeps compactors off; the owner, who asks for this, may be given another place.
    const isPinned = heap.isPinned(handle);
    if (isPinned) heap.setPinned(handle, false);
    const isResized = heap.resize(handle, size);
    if (isPinned) heap.setPinned(handle, true);
    if (!isResized) return false;
    const length = heap.lengthOf(handle);
    assert(this.#words[heap.payloadOffsetOf(handle) >> 2] === ((id + 1) ^ STAMP_SALT), "contents survive a resize");
    this.#stamp(handle, id, length);
    if (length > before) this.allocatedBytesTotal += length - before;
    if (this.#isReclaimable[id] === 1) this.#shrinker.change(length - before);
    const at = heap.addressOf(handle);
    if (this.#digest !== null) this.#digest.addWords(row, at);
    this.#recorder?.resize(nowMicros, id, size, at, length, nowMicros - arrivalMicros);
    return true;
  }

  /** First and last word of the payload carry the id, so that a block that lost its bytes is noticed when it is freed. */
  #stamp(handle: number, id: number, length: number): void {
    const first = this.#heap.payloadOffsetOf(handle) >> 2;
    const stamp = (id + 1) ^ STAMP_SALT;
    this.#words[first] = stamp;
    this.#words[first + ((length - 8) >> 2) - 1] = ~stamp;
  }
}
