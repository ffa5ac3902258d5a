// What is known of each entry besides its key and value: parallel typed arrays by slot, after lru-cache. A column is made when
// the first entry needs it, so that a cache without times, sizes or contexts does not pay for them.

/** Flags of a slot. */
export const USED = 1;
/** Put in on speculation and not asked for yet. */
export const SPECULATIVE = 2;
/** Leaves only by name, by time or by `clear`. */
export const PINNED = 4;
/** Carries tags. */
export const TAGGED = 8;

export class EntryColumns {
  flags: Uint8Array;
  /** When it is stale, ms on the store's clock; Infinity: never. Empty until an entry has a time. */
  expiresAt = new Float64Array(0);
  /** Until when it is kept to be served stale. Empty until an entry has a stale window. */
  keepUntil = new Float64Array(0);
  /** Units that it takes of the limit in bytes. Empty where nothing is measured. */
  size = new Float64Array(0);
  /** How long loading it took, ms. */
  loadMillis = new Float32Array(0);
  /** How long it is fresh from each use on, ms. Empty where uses renew nothing. */
  lifeMillis = new Float64Array(0);
  context = new Int32Array(0);
  priority = new Int8Array(0);

  constructor(slotCount: number) {
    this.flags = new Uint8Array(slotCount);
  }

  get slotCount(): number {
    return this.flags.length;
  }

  /** There are now `slotCount` slots. */
  grow(slotCount: number): void {
    const before = this.flags.length;
    const flags = new Uint8Array(slotCount);
    flags.set(this.flags);
    this.flags = flags;
    if (this.expiresAt.length > 0) this.expiresAt = grownTimes(this.expiresAt, before, slotCount);
    if (this.keepUntil.length > 0) this.keepUntil = grownTimes(this.keepUntil, before, slotCount);
    if (this.lifeMillis.length > 0) this.lifeMillis = copyInto(new Float64Array(slotCount), this.lifeMillis);
    if (this.size.length > 0) this.size = copyInto(new Float64Array(slotCount), this.size);
    if (this.loadMillis.length > 0) this.loadMillis = copyInto(new Float32Array(slotCount), this.loadMillis);
    if (this.context.length > 0) this.context = copyInto(new Int32Array(slotCount), this.context);
    if (this.priority.length > 0) this.priority = copyInto(new Int8Array(slotCount), this.priority);
  }

  setTimes(slot: number, expiresAt: number, keepUntil: number): void {
    if (this.expiresAt.length === 0) {
      if (expiresAt === Infinity) return;
      this.expiresAt = grownTimes(this.expiresAt, 0, this.slotCount);
    }
    this.expiresAt[slot] = expiresAt;
    if (this.keepUntil.length === 0) {
      if (keepUntil === expiresAt) return;
      this.keepUntil = this.expiresAt.slice();
    }
    this.keepUntil[slot] = keepUntil;
  }

  setLifeMillis(slot: number, millis: number): void {
    if (this.lifeMillis.length === 0) this.lifeMillis = new Float64Array(this.slotCount);
    this.lifeMillis[slot] = millis;
  }

  setLoadMillis(slot: number, millis: number): void {
    if (this.loadMillis.length === 0) {
      if (millis === 0) return;
      this.loadMillis = new Float32Array(this.slotCount);
    }
    this.loadMillis[slot] = millis;
  }

  setContext(slot: number, context: number): void {
    if (this.context.length === 0) {
      if (context === 0) return;
      this.context = new Int32Array(this.slotCount);
    }
    this.context[slot] = context;
  }

  setPriority(slot: number, priority: number): void {
    if (this.priority.length === 0) {
      if (priority === 0) return;
      this.priority = new Int8Array(this.slotCount);
    }
    this.priority[slot] = priority;
  }

  setSize(slot: number, size: number): void {
    if (this.size.length === 0) this.size = new Float64Array(this.slotCount);
    this.size[slot] = size;
  }

  expiresAtOf(slot: number): number {
    return this.expiresAt.length === 0 ? Infinity : (this.expiresAt[slot] as number);
  }

  keepUntilOf(slot: number): number {
    return this.keepUntil.length === 0 ? this.expiresAtOf(slot) : (this.keepUntil[slot] as number);
  }

  loadMillisOf(slot: number): number {
    return this.loadMillis.length === 0 ? 0 : (this.loadMillis[slot] as number);
  }

  contextOf(slot: number): number {
    return this.context.length === 0 ? 0 : (this.context[slot] as number);
  }

  priorityOf(slot: number): number {
    return this.priority.length === 0 ? 0 : (this.priority[slot] as number);
  }

  /** Bytes of the columns that there are. */
  get stateBytes(): number {
    const { flags, expiresAt, keepUntil, size, lifeMillis, loadMillis, context, priority } = this;
    let bytes = 0;
    for (const column of [flags, expiresAt, keepUntil, size, lifeMillis, loadMillis, context, priority]) {
      bytes += column.byteLength;
    }
    return bytes;
  }
}

function grownTimes(from: Float64Array<ArrayBuffer>, before: number, slotCount: number): Float64Array<ArrayBuffer> {
  return copyInto(new Float64Array(slotCount).fill(Infinity, before), from);
}

function copyInto<T extends Float64Array | Float32Array | Int32Array | Int8Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
