// LIRS: what counts is the distance between an entry's last two uses (inter-reference recency). 99 % of the cache holds entries of
// low distance (LIR); the others (HIR) pass through a queue of 1 %, and one that is asked for again while it is still in the recency
// stack, resident or not, has a lower distance than the LIR entry at the stack's bottom and changes places with it. So loops and
// scans that are longer than the cache do not wash it out. Jiang and Zhang, "LIRS", SIGMETRICS 2002. HIR 1 %; keys that left and are
// still in the stack weigh at most twice the capacity, the oldest are forgotten first.

import { assert } from "../../core/errors.ts";
import { Ghosts } from "./ghosts.ts";
import { type CachePolicy, type CachePolicyDefinition, type CachePolicyOptions, NO_SLOT } from "./policy.ts";
import { grownInt32, grownUint8, grownUint32, NONE, SlotLists } from "./slot-lists.ts";

const LIR_SHARE = 0.99;
/** A queue of one entry would show each newcomer out at once. */
const HIR_UNITS_LEAST = 2;
const GHOSTS_PER_CAPACITY = 2;
const STACK = 0;
const QUEUE = 0;
const LEFT = 0;
/** States of a node. */
const UNUSED = 0;
const LIR = 1;
const HIR = 2;
const GHOST = 3;

/** A node is a key that is resident or remembered; it keeps its place in the stack when its entry leaves and the slot is free. */
class Lirs implements CachePolicy {
  readonly id = "lirs";
  readonly #stack: SlotLists;
  readonly #queue: SlotLists;
  readonly #ghosts = new Ghosts(1);
  #nodeOfGhost: Int32Array = new Int32Array(0);
  #nodeOfSlot: Int32Array;
  #slotOfNode: Int32Array;
  #stateOf: Uint8Array;
  #hashOf: Uint32Array;
  #weightOf: Uint32Array;
  #free: Int32Array;
  #freeCount = 0;
  #lirUnits = 0;
  #lirTarget = 0;
  #capacity: number;

  constructor(options: CachePolicyOptions) {
    const nodes = options.slotCount;
    this.#stack = new SlotLists(1, nodes);
    this.#queue = new SlotLists(1, nodes);
    this.#nodeOfSlot = new Int32Array(nodes).fill(NONE);
    this.#slotOfNode = new Int32Array(nodes).fill(NONE);
    this.#stateOf = new Uint8Array(nodes);
    this.#hashOf = new Uint32Array(nodes);
    this.#weightOf = new Uint32Array(nodes);
    this.#free = new Int32Array(nodes);
    this.#addFree(0);
    this.#capacity = options.capacity;
    this.#aim();
  }

  hit(slot: number): void {
    const node = this.#nodeOfSlot[slot] as number;
    if (this.#stateOf[node] === LIR) {
      this.#stack.move(STACK, node);
      this.#prune();
    } else if (this.#stack.isListed(node)) {
      this.#stack.move(STACK, node);
      this.#queue.take(node);
      this.#promote(node);
    } else {
      this.#stack.push(STACK, node, this.#weightOf[node] as number);
      this.#queue.move(QUEUE, node);
      // Where no entry is LIR, none is in the stack.
      this.#prune();
    }
  }

  evict(_keyHash: number, _weight: number): number {
    if (this.#queue.tail[QUEUE] === NONE) {
      if (this.#stack.tail[STACK] === NONE) return NO_SLOT;
      this.#demote();
    }
    const node = this.#queue.tail[QUEUE] as number;
    const slot = this.#slotOfNode[node] as number;
    this.#queue.take(node);
    this.#nodeOfSlot[slot] = NONE;
    this.#slotOfNode[node] = NONE;
    if (this.#stack.isListed(node)) this.#remember(node);
    else this.#release(node);
    return slot;
  }

  insert(slot: number, keyHash: number, weight: number): void {
    assert(this.#nodeOfSlot[slot] === NONE, "lirs: the slot is out of range or taken");
    const ghost = this.#ghosts.find(keyHash);
    if (ghost !== NONE) {
      const node = this.#nodeOfGhost[ghost] as number;
      this.#ghosts.drop(ghost);
      this.#stack.take(node);
      this.#bind(node, slot, keyHash, weight);
      this.#stack.push(STACK, node, weight);
      this.#promote(node);
    } else {
      if (this.#freeCount === 0) this.#growNodes();
      const node = this.#free[--this.#freeCount] as number;
      this.#bind(node, slot, keyHash, weight);
      this.#stack.push(STACK, node, weight);
      if (this.#lirUnits + weight <= this.#lirTarget) {
        this.#stateOf[node] = LIR;
        this.#lirUnits += weight;
      } else {
        this.#stateOf[node] = HIR;
        this.#queue.push(QUEUE, node, weight);
      }
    }
    this.#trim();
    // A stack of nothing but HIR entries has no bottom to compare with.
    this.#prune();
  }

  remove(slot: number): void {
    const node = this.#nodeOfSlot[slot] ?? NONE;
    assert(node !== NONE, "lirs: the slot is not resident");
    if (this.#stateOf[node] === LIR) this.#lirUnits -= this.#weightOf[node] as number;
    else this.#queue.take(node);
    if (this.#stack.isListed(node)) this.#stack.take(node);
    this.#nodeOfSlot[slot] = NONE;
    this.#release(node);
    this.#prune();
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#aim();
    while (this.#lirUnits > this.#lirTarget) this.#demote();
    this.#trim();
  }

  growSlots(slotCount: number): void {
    this.#nodeOfSlot = grownInt32(this.#nodeOfSlot, slotCount);
  }

  candidates(out: Int32Array): number {
    let place = 0;
    for (let node = this.#queue.tail[QUEUE] as number; node !== NONE; node = this.#queue.previous[node] as number) {
      if (place === out.length) return place;
      out[place++] = this.#slotOfNode[node] as number;
    }
    for (let node = this.#stack.tail[STACK] as number; node !== NONE; node = this.#stack.previous[node] as number) {
      if (place === out.length) return place;
      if (this.#stateOf[node] === LIR) out[place++] = this.#slotOfNode[node] as number;
    }
    return place;
  }

  get stateBytes(): number {
    const nodes =
      this.#slotOfNode.byteLength + this.#stateOf.byteLength + 2 * this.#hashOf.byteLength + this.#free.byteLength;
    const links = this.#stack.stateBytes + this.#queue.stateBytes + this.#nodeOfSlot.byteLength;
    return nodes + links + this.#ghosts.stateBytes + this.#nodeOfGhost.byteLength;
  }

  check(residents: ReadonlySet<number>): void {
    let ghosts = 0;
    let units = 0;
    let lirs = 0;
    this.#ghosts.check();
    this.#stack.check((node) => {
      const state = this.#stateOf[node];
      assert(state !== UNUSED, "lirs: a free node is in the stack");
      if (state === GHOST) ghosts++;
      if (state !== LIR) return;
      lirs++;
      units += this.#weightOf[node] as number;
      assert(residents.has(this.#slotOfNode[node] as number), "lirs: it holds a slot that the cache does not");
    });
    this.#queue.check((node) => {
      assert(this.#stateOf[node] === HIR, "lirs: the queue holds a node that is not HIR");
      assert(residents.has(this.#slotOfNode[node] as number), "lirs: it holds a slot that the cache does not");
    });
    assert(units === this.#lirUnits, "lirs: the sum of the LIR weights is wrong");
    assert(ghosts === this.#ghosts.lists.count[LEFT], "lirs: a ghost is not in the stack");
    assert(lirs + (this.#queue.count[QUEUE] as number) === residents.size, "lirs: it lost a slot that the cache holds");
    for (const slot of residents)
      assert(this.#slotOfNode[this.#nodeOfSlot[slot] as number] === slot, "lirs: a slot lost its node");
    const bottom = this.#stack.tail[STACK] as number;
    assert(bottom === NONE || this.#stateOf[bottom] === LIR, "lirs: the stack's bottom is not LIR");
  }

  #aim(): void {
    this.#lirTarget = Math.max(0, Math.min(Math.floor(this.#capacity * LIR_SHARE), this.#capacity - HIR_UNITS_LEAST));
  }

  #bind(node: number, slot: number, hash: number, weight: number): void {
    this.#nodeOfSlot[slot] = node;
    this.#slotOfNode[node] = slot;
    this.#hashOf[node] = hash;
    this.#weightOf[node] = weight;
  }

  /** The node, on top of the stack and in no queue, becomes LIR; the LIR entries at the bottom make room for it. */
  #promote(node: number): void {
    this.#stateOf[node] = LIR;
    this.#lirUnits += this.#weightOf[node] as number;
    while (this.#lirUnits > this.#lirTarget) this.#demote();
    this.#prune();
  }

  /** The LIR entry at the stack's bottom becomes the newest of the queue. */
  #demote(): void {
    const node = this.#stack.tail[STACK] as number;
    assert(this.#stateOf[node] === LIR, "lirs: the stack's bottom is not LIR");
    this.#stack.take(node);
    this.#stateOf[node] = HIR;
    this.#lirUnits -= this.#weightOf[node] as number;
    this.#queue.push(QUEUE, node, this.#weightOf[node] as number);
    this.#prune();
  }

  /** Takes from the stack's bottom what is not LIR. */
  #prune(): void {
    for (;;) {
      const node = this.#stack.tail[STACK] as number;
      if (node === NONE || this.#stateOf[node] === LIR) return;
      if (this.#stateOf[node] === GHOST) this.#forget(this.#ghosts.find(this.#hashOf[node] as number));
      else this.#stack.take(node);
    }
  }

  #remember(node: number): void {
    const hash = this.#hashOf[node] as number;
    const twin = this.#ghosts.find(hash);
    if (twin !== NONE) this.#forget(twin);
    const ghost = this.#ghosts.add(LEFT, hash, this.#weightOf[node] as number);
    if (ghost >= this.#nodeOfGhost.length) this.#nodeOfGhost = grownInt32(this.#nodeOfGhost, 2 * ghost + 64);
    this.#nodeOfGhost[ghost] = node;
    this.#stateOf[node] = GHOST;
  }

  #forget(ghost: number): void {
    const node = this.#nodeOfGhost[ghost] as number;
    this.#ghosts.drop(ghost);
    this.#stack.take(node);
    this.#release(node);
  }

  #trim(): void {
    const { total, tail } = this.#ghosts.lists;
    while ((total[LEFT] as number) > GHOSTS_PER_CAPACITY * this.#capacity) this.#forget(tail[LEFT] as number);
  }

  #release(node: number): void {
    this.#stateOf[node] = UNUSED;
    this.#slotOfNode[node] = NONE;
    this.#free[this.#freeCount++] = node;
  }

  #growNodes(): void {
    const before = this.#stateOf.length;
    const after = 2 * before;
    this.#stack.grow(after);
    this.#queue.grow(after);
    this.#slotOfNode = grownInt32(this.#slotOfNode, after);
    this.#stateOf = grownUint8(this.#stateOf, after);
    this.#hashOf = grownUint32(this.#hashOf, after);
    this.#weightOf = grownUint32(this.#weightOf, after);
    this.#free = new Int32Array(after);
    this.#addFree(before);
  }

  #addFree(from: number): void {
    for (let node = this.#stateOf.length - 1; node >= from; node--) this.#free[this.#freeCount++] = node;
  }
}

export const LIRS: CachePolicyDefinition = {
  id: "lirs",
  title: "LIRS, HIR 1 %, ghosts at most twice the cache",
  source: "Jiang and Zhang, SIGMETRICS 2002",
  create: (options) => new Lirs(options),
};
