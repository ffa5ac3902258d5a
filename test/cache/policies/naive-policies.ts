// What the policies are checked against: the same rules over arrays of keys, the oldest first, in O(n) a request and as near to the
// papers' words as they go. Weighted, with removal and a change of capacity.

import { FrequencySketch } from "../../../cache/policies/frequency-sketch.ts";

/** `victim` of null: the newcomer is refused. A `newcomer` of null: room is made. */
export interface NaivePolicy {
  hit(key: number): void;
  victim(newcomer: number | null, weight: number): number | null;
  insert(key: number, weight: number): void;
  remove(key: number): void;
  resize(capacity: number): void;
}

type Entry = { key: number; weight: number; uses: number };

const total = (list: readonly Entry[]): number => list.reduce((sum, entry) => sum + entry.weight, 0);
const indexOf = (list: readonly Entry[], key: number): number => list.findIndex((entry) => entry.key === key);

function take(list: Entry[], key: number): Entry | undefined {
  const at = indexOf(list, key);
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

/** Forgets the oldest until the list weighs at most `limit`. */
function trim(list: Entry[], limit: number): void {
  while (total(list) > limit) list.shift();
}

abstract class OneList implements NaivePolicy {
  protected list: Entry[] = [];
  abstract hit(key: number): void;
  victim(_newcomer: number | null, _weight: number): number | null {
    return this.list.shift()?.key ?? null;
  }
  insert(key: number, weight: number): void {
    this.list.push({ key, weight, uses: 0 });
  }
  remove(key: number): void {
    take(this.list, key);
  }
  resize(_capacity: number): void {}
}

export class NaiveFifo extends OneList {
  hit(_key: number): void {}
}

export class NaiveLru extends OneList {
  hit(key: number): void {
    this.list.push(take(this.list, key) as Entry);
  }
}

export class NaiveClock extends OneList {
  hit(key: number): void {
    (this.list[indexOf(this.list, key)] as Entry).uses = 1;
  }
  override victim(): number | null {
    while ((this.list[0]?.uses ?? 0) > 0) this.list.push({ ...(this.list.shift() as Entry), uses: 0 });
    return this.list.shift()?.key ?? null;
  }
}

export class NaiveLfu extends OneList {
  hit(key: number): void {
    const entry = take(this.list, key) as Entry;
    this.list.push({ ...entry, uses: entry.uses + 1 });
  }
  override victim(): number | null {
    if (this.list.length === 0) return null;
    const least = Math.min(...this.list.map((entry) => entry.uses));
    const found = this.list.find((entry) => entry.uses === least) as Entry;
    take(this.list, found.key);
    return found.key;
  }
}

export class NaiveSieve extends OneList {
  /** Key under the hand; null: start at the oldest. */
  #hand: number | null = null;
  hit(key: number): void {
    (this.list[indexOf(this.list, key)] as Entry).uses = 1;
  }
  override victim(): number | null {
    if (this.list.length === 0) return null;
    let at = this.#hand === null ? 0 : indexOf(this.list, this.#hand);
    while ((this.list[at] as Entry).uses > 0) {
      (this.list[at] as Entry).uses = 0;
      at = (at + 1) % this.list.length;
    }
    this.#hand = this.list[at + 1]?.key ?? null;
    return (this.list.splice(at, 1)[0] as Entry).key;
  }
  override remove(key: number): void {
    if (this.#hand === key) this.#hand = this.list[indexOf(this.list, key) + 1]?.key ?? null;
    take(this.list, key);
  }
}

export class NaiveTwoQ implements NaivePolicy {
  #recent: Entry[] = [];
  #main: Entry[] = [];
  #out: Entry[] = [];
  #capacity: number;
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  hit(key: number): void {
    const entry = take(this.#main, key);
    if (entry !== undefined) this.#main.push(entry);
  }
  victim(newcomer: number | null): number | null {
    const isOver = total(this.#recent) > Math.floor(this.#capacity * 0.25);
    if (this.#recent.length === 0 || (!isOver && this.#main.length > 0)) return this.#main.shift()?.key ?? null;
    const entry = this.#recent.shift() as Entry;
    const isKnown = newcomer !== null && indexOf(this.#out, newcomer) >= 0;
    this.#out.push(entry);
    if (!isKnown) this.resize(this.#capacity);
    return entry.key;
  }
  insert(key: number, weight: number): void {
    const list = take(this.#out, key) === undefined ? this.#recent : this.#main;
    list.push({ key, weight, uses: 0 });
    this.resize(this.#capacity);
  }
  remove(key: number): void {
    take(this.#recent, key);
    take(this.#main, key);
  }
  resize(capacity: number): void {
    this.#capacity = capacity;
    trim(this.#out, Math.floor(capacity * 0.5));
  }
}

export class NaiveArc implements NaivePolicy {
  #t: [Entry[], Entry[]] = [[], []];
  #b: [Entry[], Entry[]] = [[], []];
  #p = 0;
  #capacity: number;
  #learned: number | null = null;
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  hit(key: number): void {
    this.#t[1].push((take(this.#t[0], key) ?? take(this.#t[1], key)) as Entry);
  }
  victim(newcomer: number | null, weight: number): number | null {
    if (this.#t[0].length + this.#t[1].length === 0) return null;
    if (newcomer !== null) this.#learn(newcomer, weight);
    const isInB2 = newcomer !== null && indexOf(this.#b[1], newcomer) >= 0;
    const t1 = total(this.#t[0]);
    const isFirst = this.#t[0].length > 0 && (t1 > this.#p || (isInB2 && t1 >= this.#p));
    const list = isFirst || this.#t[1].length === 0 ? 0 : 1;
    const entry = this.#t[list].shift() as Entry;
    this.#b[list].push(entry);
    if (newcomer === null) this.#trim();
    return entry.key;
  }
  insert(key: number, weight: number): void {
    this.#learn(key, weight);
    const isGhost = (take(this.#b[0], key) ?? take(this.#b[1], key)) !== undefined;
    this.#t[isGhost ? 1 : 0].push({ key, weight, uses: 0 });
    this.#learned = null;
    this.#trim();
  }
  remove(key: number): void {
    take(this.#t[0], key);
    take(this.#t[1], key);
  }
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#p = Math.min(this.#p, capacity);
    this.#trim();
  }
  #learn(key: number, weight: number): void {
    if (this.#learned === key) return;
    const [b1, b2] = [total(this.#b[0]), total(this.#b[1])];
    if (indexOf(this.#b[0], key) >= 0) this.#p = Math.min(this.#capacity, this.#p + Math.max(b2 / b1, 1) * weight);
    else if (indexOf(this.#b[1], key) >= 0) this.#p = Math.max(0, this.#p - Math.max(b1 / b2, 1) * weight);
    else return;
    this.#learned = key;
  }
  #trim(): void {
    const residents = total(this.#t[0]) + total(this.#t[1]);
    trim(this.#b[0], Math.max(0, this.#capacity - total(this.#t[0])));
    trim(this.#b[1], Math.max(0, 2 * this.#capacity - residents - total(this.#b[0])));
  }
}

export class NaiveS3Fifo implements NaivePolicy {
  #small: Entry[] = [];
  #main: Entry[] = [];
  #ghosts: Entry[] = [];
  #capacity: number;
  #target = 1;
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.resize(capacity);
  }
  hit(key: number): void {
    const entry = [...this.#small, ...this.#main].find((other) => other.key === key) as Entry;
    entry.uses = Math.min(3, entry.uses + 1);
  }
  victim(newcomer: number | null): number | null {
    while (this.#small.length + this.#main.length > 0) {
      if (this.#small.length > 0 && (total(this.#small) >= this.#target || this.#main.length === 0)) {
        const entry = this.#small.shift() as Entry;
        if (entry.uses >= 2) {
          this.#main.push({ ...entry, uses: 0 });
          continue;
        }
        const isKnown = newcomer !== null && indexOf(this.#ghosts, newcomer) >= 0;
        take(this.#ghosts, entry.key);
        this.#ghosts.push(entry);
        if (!isKnown) this.resize(this.#capacity);
        return entry.key;
      }
      const entry = this.#main.shift() as Entry;
      if (entry.uses === 0) return entry.key;
      this.#main.push({ ...entry, uses: entry.uses - 1 });
    }
    return null;
  }
  insert(key: number, weight: number): void {
    const list = take(this.#ghosts, key) === undefined ? this.#small : this.#main;
    list.push({ key, weight, uses: 0 });
    this.resize(this.#capacity);
  }
  remove(key: number): void {
    take(this.#small, key);
    take(this.#main, key);
  }
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#target = Math.max(1, Math.floor(capacity * 0.1));
    trim(this.#ghosts, capacity - this.#target);
  }
}

/** LIRS over one array of the stack, with ghosts in place. */
export class NaiveLirs implements NaivePolicy {
  /** The oldest first; uses: 1 LIR, 2 HIR, 3 ghost. */
  #stack: Entry[] = [];
  #queue: Entry[] = [];
  /** Ghost keys in the order in which they left. */
  #ghosts: Entry[] = [];
  #capacity: number;
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  hit(key: number): void {
    const entry = take(this.#stack, key);
    if (entry?.uses === 1) {
      this.#stack.push(entry);
    } else if (entry !== undefined) {
      take(this.#queue, key);
      this.#stack.push({ ...entry, uses: 1 });
    } else {
      const idle = take(this.#queue, key) as Entry;
      this.#queue.push(idle);
      this.#stack.push({ ...idle, uses: 2 });
    }
    this.#settle();
  }
  victim(): number | null {
    if (this.#queue.length === 0) {
      if (this.#stack.length === 0) return null;
      this.#demote();
    }
    const { key } = this.#queue.shift() as Entry;
    const left = this.#stack.find((entry) => entry.key === key);
    if (left !== undefined) {
      left.uses = 3;
      this.#ghosts.push(left);
    }
    return key;
  }
  insert(key: number, weight: number): void {
    const ghost = take(this.#ghosts, key);
    if (ghost !== undefined) take(this.#stack, key);
    const isLir = ghost !== undefined || this.#lirUnits() + weight <= this.#lirTarget();
    this.#stack.push({ key, weight, uses: isLir ? 1 : 2 });
    if (!isLir) this.#queue.push({ key, weight, uses: 2 });
    this.#settle();
  }
  remove(key: number): void {
    take(this.#stack, key);
    take(this.#queue, key);
    this.#settle();
  }
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#settle();
  }
  #lirTarget(): number {
    return Math.max(0, Math.min(Math.floor(this.#capacity * 0.99), this.#capacity - 2));
  }
  #lirUnits(): number {
    return total(this.#stack.filter((entry) => entry.uses === 1));
  }
  #demote(): void {
    const entry = this.#stack.shift() as Entry;
    this.#queue.push({ ...entry, uses: 2 });
    this.#prune();
  }
  #prune(): void {
    while (this.#stack.length > 0 && this.#stack[0]?.uses !== 1) take(this.#ghosts, (this.#stack.shift() as Entry).key);
  }
  #settle(): void {
    while (this.#lirUnits() > this.#lirTarget()) {
      this.#prune();
      this.#demote();
    }
    this.#prune();
    while (total(this.#ghosts) > 2 * this.#capacity) take(this.#stack, (this.#ghosts.shift() as Entry).key);
    this.#prune();
  }
}

export class NaiveWindowTinyLfu implements NaivePolicy {
  #window: Entry[] = [];
  #probation: Entry[] = [];
  #protected: Entry[] = [];
  readonly #sketch: FrequencySketch;
  readonly #share: number;
  #slots: number;
  #capacity = 1;
  #counted: number | null = null;
  constructor(capacity: number, share: number, slots: number) {
    this.#share = share;
    this.#slots = slots;
    this.#sketch = new FrequencySketch(slots);
    this.resize(capacity);
  }
  hit(key: number): void {
    this.#sketch.add(key);
    const recent = take(this.#window, key);
    if (recent !== undefined) {
      this.#window.push(recent);
      return;
    }
    this.#protected.push((take(this.#probation, key) ?? take(this.#protected, key)) as Entry);
    while (total(this.#protected) > Math.floor((this.#capacity - this.#target()) * 0.8)) {
      this.#probation.push(this.#protected.shift() as Entry);
    }
  }
  victim(newcomer: number | null, weight: number): number | null {
    if (newcomer !== null) this.#count(newcomer);
    const frequency = (key: number) => this.#sketch.frequency(key);
    for (;;) {
      const candidate = this.#window[0];
      const main = this.#probation[0] ?? this.#protected[0];
      const isRoom =
        newcomer === null ? total(this.#window) <= this.#target() : total(this.#window) + weight <= this.#target();
      if (isRoom || (newcomer === null && candidate === undefined)) return this.#drop(main ?? candidate);
      if (newcomer === null) return this.#drop(candidate);
      if (candidate === undefined) {
        if (main !== undefined && frequency(newcomer) > frequency(main.key)) return this.#drop(main);
        this.#counted = null;
        return null;
      }
      const used = total(this.#probation) + total(this.#protected);
      if (used + candidate.weight <= this.#capacity - this.#target())
        this.#probation.push(this.#window.shift() as Entry);
      else if (main !== undefined && frequency(candidate.key) > frequency(main.key)) return this.#drop(main);
      else return this.#drop(candidate);
    }
  }
  insert(key: number, weight: number): void {
    this.#count(key);
    this.#counted = null;
    (weight > this.#target() ? this.#probation : this.#window).push({ key, weight, uses: 0 });
    while (total(this.#window) > this.#target()) this.#probation.push(this.#window.shift() as Entry);
  }
  remove(key: number): void {
    for (const list of [this.#window, this.#probation, this.#protected]) take(list, key);
  }
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#sketch.fit(Math.min(this.#slots, capacity));
  }
  /** As the policy does it: the sketch grows with the slots. */
  growSlots(slots: number): void {
    this.#slots = slots;
    this.#sketch.fit(slots);
  }
  #target(): number {
    return Math.max(1, this.#capacity - Math.floor(this.#capacity * (1 - this.#share)));
  }
  #count(key: number): void {
    if (this.#counted !== key) this.#sketch.add(key);
    this.#counted = key;
  }
  #drop(entry: Entry | undefined): number | null {
    if (entry === undefined) return null;
    this.remove(entry.key);
    return entry.key;
  }
}
