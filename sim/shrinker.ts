// Reclaim: tenants may hold reclaimable blocks (caches). After the kernel's shrinkers (mm/shrinker.c): `countBytes` says
// what could go, `shed` asks for it. Shedding takes time, at a stated rate, oldest block first or in an order of the cache's
// own (shed-order.ts): that is why notice is worth something.

import { type Heap, NO_HANDLE } from "../allocator/heap.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { ShedOrder } from "./shed-order.ts";

export class Shrinker {
  sheds = 0;
  shedBytes = 0;
  shedBlocks = 0;
  /** When the next block is let go; Infinity when nothing is being shed. */
  nextMicros = Infinity;

  readonly #heap: Heap;
  readonly #bytesPerSecond: number;
  /** Null: oldest first, from the queue below. */
  #order: ShedOrder | null = null;
  /** With an order: whose block goes at `nextMicros`. */
  #victim = -1;
  /** Queue of (id, handle), oldest first; an entry whose handle is no longer that id's is skipped. */
  #ids = new Uint32Array(256);
  #handles = new Int32Array(256);
  #first = 0;
  #count = 0;
  #reclaimableBytes = 0;
  #wantedBytes = 0;
  #freeAtMicros = 0;

  constructor(heap: Heap, bytesPerSecond: number) {
    this.#heap = heap;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Lets another order than the oldest first decide from now on. Call before the first `add`. */
  orderBy(order: ShedOrder): void {
    this.#order = order;
  }

  /** Bytes that could be shed. */
  countBytes(): number {
    return this.#reclaimableBytes;
  }

  /** A reclaimable block was placed. */
  add(id: number, handle: number, lengthBytes: number): void {
    this.#reclaimableBytes += lengthBytes;
    if (this.#order !== null) {
      this.#order.add(id);
      return;
    }
    if (this.#count === this.#ids.length) this.#grow();
    const at = (this.#first + this.#count++) & (this.#ids.length - 1);
    this.#ids[at] = id;
    this.#handles[at] = handle;
  }

  /** A reclaimable block changed its length by so many bytes (negative: freed or shrunk). */
  change(bytes: number): void {
    this.#reclaimableBytes += bytes;
  }

  /** Asks for `bytes` more to go than are already on their way. */
  shed(bytes: number, nowMicros: number): void {
    if (bytes <= this.#wantedBytes) return;
    this.#wantedBytes = Math.min(bytes, this.#reclaimableBytes);
    if (this.#wantedBytes > 0 && this.nextMicros === Infinity) {
      this.sheds++;
      this.#schedule(nowMicros);
    }
  }

  /** The id whose block goes now (the caller frees it and calls `change`), or −1 when there is none left. */
  take(handles: Int32Array): number {
    if (this.#order !== null) {
      // Freed by its owner meanwhile: the time is spent, another goes.
      return this.#heap.isLive(handles[this.#victim]!) ? this.#victim : this.#order.next(this.#freeAtMicros);
    }
    while (this.#count > 0) {
      const id = this.#ids[this.#first]!;
      const handle = this.#handles[this.#first]!;
      if (handles[id] === handle && this.#heap.isLive(handle)) return id;
      this.#drop();
    }
    return -1;
  }

  /** The block that `take` named has been freed at `nowMicros`. */
  noteShed(lengthBytes: number, nowMicros: number): void {
    if (this.#order === null) this.#drop();
    this.shedBytes += lengthBytes;
    this.shedBlocks++;
    this.#wantedBytes -= lengthBytes;
    this.nextMicros = Infinity;
    if (this.#wantedBytes > 0) this.#schedule(nowMicros, true);
  }

  /** Nothing left to shed. */
  stop(): void {
    this.#wantedBytes = 0;
    this.nextMicros = Infinity;
  }

  #schedule(nowMicros: number, isRunning = false): void {
    const handle = this.#nextHandle(nowMicros);
    if (handle === NO_HANDLE) {
      this.stop();
      return;
    }
    const length = this.#heap.lengthOf(handle);
    const from = isRunning ? this.#freeAtMicros : nowMicros;
    this.#freeAtMicros = Math.max(nowMicros, from) + Math.ceil((length * MICROS_PER_SECOND) / this.#bytesPerSecond);
    this.nextMicros = this.#freeAtMicros;
  }

  /** The block that goes next, NO_HANDLE when there is none. */
  #nextHandle(nowMicros: number): number {
    if (this.#order !== null) {
      this.#victim = this.#order.next(nowMicros);
      return this.#victim < 0 ? NO_HANDLE : this.#order.handleOf(this.#victim);
    }
    while (this.#count > 0 && !this.#heap.isLive(this.#handles[this.#first]!)) this.#drop();
    return this.#count === 0 ? NO_HANDLE : this.#handles[this.#first]!;
  }

  #drop(): void {
    this.#first = (this.#first + 1) & (this.#ids.length - 1);
    this.#count--;
  }

  #grow(): void {
    const size = this.#ids.length;
    const ids = new Uint32Array(size * 2);
    const handles = new Int32Array(size * 2);
    for (let k = 0; k < this.#count; k++) {
      ids[k] = this.#ids[(this.#first + k) & (size - 1)]!;
      handles[k] = this.#handles[(this.#first + k) & (size - 1)]!;
    }
    this.#ids = ids;
    this.#handles = handles;
    this.#first = 0;
  }
}
