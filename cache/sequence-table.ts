// What followed what, in bounded memory: a table of *nodes*, each one a context (a space and the last 0 to `order` symbols) with
// its commonest successors. Set-associative with whole keys, so that two contexts never share a node: a full set gives up the
// node that is seen rarely and was seen long ago, a full node the successor with the smallest count.
// Each successor has two counts that fade at different speeds, as 16-bit fixed point: a slow one that remembers some 256 visits
// of its node and a fast one that remembers 8. Which of them is right is for the mixer to learn (cache/sequence-model.ts).
// Differs from a trie (PPM, Moffat 1990) in that no node is reached through another: a node's loss costs only that node.

import { assert } from "../core/errors.ts";

/** Nodes of one set. */
export const WAY_COUNT = 8;
/** Longest context in symbols. */
export const MOST_ORDER = 6;
/** One count in the slow and in the fast column. */
export const SLOW_UNIT = 32;
export const FAST_UNIT = 4096;
/** The fast column loses 1/8 at each visit: at most 8 · 4096 = 2^15 stand there. */
const FAST_SHIFT = 3;
/** The slow one loses 1/64 at every fourth visit: at most 4 · 64 + 3 counts, 8,288, stand there. */
const SLOW_SHIFT = 6;
const SLOW_PERIOD = 4;
const MOST_SLOW = (SLOW_PERIOD * (1 << SLOW_SHIFT) + SLOW_PERIOD) * SLOW_UNIT;
const MOST_VISITS = 65_535;

export interface SequenceTableOptions {
  /** Nodes in all, a power of two, 8 to 2^22. */
  readonly nodeCount: number;
  /** Successors a node, 1 to 64. */
  readonly successorCount: number;
  /** Longest context in symbols, 0 to 6. */
  readonly order: number;
}

/** The table. Spaces are 0 to 65,534, symbols 0 to 65,535; the caller gives them meaning. */
export class SequenceTable {
  readonly nodeCount: number;
  readonly successorCount: number;
  readonly order: number;
  /** Space + 1; 0: the node is free. */
  readonly spaces: Uint16Array;
  readonly orders: Uint8Array;
  /** nodeCount × order: the context, the latest symbol first. */
  readonly contexts: Uint16Array;
  /** Times that the context was seen, up to 65,535. */
  readonly visits: Uint16Array;
  /** The tick at which it was last seen. */
  readonly seenAt: Uint32Array;
  readonly successorCounts: Uint8Array;
  /** nodeCount × successorCount each. */
  readonly successors: Uint16Array;
  readonly slow: Uint16Array;
  readonly fast: Uint16Array;
  readonly #setMask: number;

  constructor({ nodeCount, successorCount, order }: SequenceTableOptions) {
    assert(nodeCount >= WAY_COUNT && nodeCount <= 1 << 22, "a sequence table has 8 to 2^22 nodes");
    assert((nodeCount & (nodeCount - 1)) === 0, "the number of nodes is a power of two");
    assert(
      Number.isInteger(successorCount) && successorCount >= 1 && successorCount <= 64,
      "1 to 64 successors a node",
    );
    assert(Number.isInteger(order) && order >= 0 && order <= MOST_ORDER, "the order is 0 to 6");
    this.nodeCount = nodeCount;
    this.successorCount = successorCount;
    this.order = order;
    this.spaces = new Uint16Array(nodeCount);
    this.orders = new Uint8Array(nodeCount);
    this.contexts = new Uint16Array(nodeCount * order);
    this.visits = new Uint16Array(nodeCount);
    this.seenAt = new Uint32Array(nodeCount);
    this.successorCounts = new Uint8Array(nodeCount);
    this.successors = new Uint16Array(nodeCount * successorCount);
    this.slow = new Uint16Array(nodeCount * successorCount);
    this.fast = new Uint16Array(nodeCount * successorCount);
    this.#setMask = nodeCount / WAY_COUNT - 1;
  }

  /** Bytes of the typed arrays. */
  get stateBytes(): number {
    const perNode = 2 + 1 + 2 * this.order + 2 + 4 + 1 + 6 * this.successorCount;
    return this.nodeCount * perNode;
  }

  /** First node of the set in which a context belongs. @param recent symbols, the latest first, at least `order` of them */
  setOf(space: number, order: number, recent: Uint16Array): number {
    let hash = Math.imul(space + 1, 0x9e3779b1) ^ Math.imul(order + 1, 0x85ebca6b);
    for (let i = 0; i < order; i++) {
      hash = Math.imul(hash ^ recent[i]!, 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return ((hash ^ (hash >>> 13)) & this.#setMask) * WAY_COUNT;
  }

  /** The node of a context, or −1. O(ways). */
  find(space: number, order: number, recent: Uint16Array): number {
    const first = this.setOf(space, order, recent);
    for (let node = first; node < first + WAY_COUNT; node++) {
      if (this.spaces[node] === space + 1 && this.orders[node] === order && this.#matches(node, order, recent)) {
        return node;
      }
    }
    return -1;
  }

  /** Makes an empty node for a context that has none, at the cost of another where the set is full. @returns the node */
  insert(space: number, order: number, recent: Uint16Array, tick: number): number {
    const first = this.setOf(space, order, recent);
    let node = -1;
    let least = Infinity;
    for (let way = first; way < first + WAY_COUNT; way++) {
      if (this.spaces[way] === 0) {
        node = way;
        break;
      }
      const idleTurns = ((tick - this.seenAt[way]!) >>> 0) / this.nodeCount;
      const worth = this.visits[way]! / (1 + idleTurns);
      if (worth < least) {
        least = worth;
        node = way;
      }
    }
    this.spaces[node] = space + 1;
    this.orders[node] = order;
    for (let i = 0; i < order; i++) this.contexts[node * this.order + i] = recent[i]!;
    this.visits[node] = 0;
    this.seenAt[node] = tick;
    this.successorCounts[node] = 0;
    return node;
  }

  /** Counts that `symbol` followed in the node's context. O(successors), no garbage. */
  count(node: number, symbol: number, tick: number): void {
    const { successors, slow, fast } = this;
    const first = node * this.successorCount;
    const used = this.successorCounts[node]!;
    let at = -1;
    let rarest = first;
    const isFading = this.visits[node]! % SLOW_PERIOD === 0;
    for (let i = first; i < first + used; i++) {
      if (successors[i] === symbol) at = i;
      let slowCount = slow[i]!;
      if (isFading) slow[i] = slowCount -= (slowCount + (1 << (SLOW_SHIFT - 1))) >> SLOW_SHIFT;
      fast[i] = fast[i]! - ((fast[i]! + 4) >> FAST_SHIFT);
      if (slowCount < slow[rarest]! || (slowCount === slow[rarest]! && fast[i]! < fast[rarest]!)) rarest = i;
    }
    if (at < 0) {
      at = rarest;
      if (used < this.successorCount) {
        at = first + used;
        this.successorCounts[node] = used + 1;
      }
      successors[at] = symbol;
      slow[at] = 0;
      fast[at] = 0;
    }
    slow[at] = slow[at]! + SLOW_UNIT;
    fast[at] = fast[at]! + FAST_UNIT;
    // Past its largest value it runs round the last few, so that the slow column goes on to fade.
    this.visits[node] = this.visits[node]! < MOST_VISITS ? this.visits[node]! + 1 : MOST_VISITS - SLOW_PERIOD + 1;
    this.seenAt[node] = tick;
  }

  /**
   * Forgets every node and successor that names a dead space or symbol, so that their numbers can be given out again. O(table).
   * @param deadSymbols by symbol, 1 = dead. @param deadSpaces by space, 1 = dead
   */
  purge(deadSymbols: Uint8Array, deadSpaces: Uint8Array): void {
    for (let node = 0; node < this.nodeCount; node++) {
      if (this.spaces[node] === 0) continue;
      let isDead = deadSpaces[this.spaces[node]! - 1] === 1;
      for (let i = 0; i < this.orders[node]!; i++) {
        if (deadSymbols[this.contexts[node * this.order + i]!] === 1) isDead = true;
      }
      if (!isDead) this.#purgeSuccessors(node, deadSymbols);
      if (isDead || this.successorCounts[node] === 0) this.spaces[node] = 0;
    }
  }

  /** Throws AssertionError when a node lies in a wrong set, is there twice, or has counts that cannot be. Cold, O(table). */
  check(spaceCount: number, symbolCount: number): void {
    const recent = new Uint16Array(this.order);
    for (let node = 0; node < this.nodeCount; node++) {
      if (this.spaces[node] === 0) continue;
      const order = this.orders[node]!;
      assert(this.spaces[node]! <= spaceCount, "a node's space exists");
      assert(order <= this.order, "a node's context is no longer than the order");
      for (let i = 0; i < order; i++) recent[i] = this.contexts[node * this.order + i]!;
      for (let i = 0; i < order; i++) assert(recent[i]! < symbolCount, "a context's symbols exist");
      const space = this.spaces[node]! - 1;
      assert(this.find(space, order, recent) === node, "a node is found under its context");
      const used = this.successorCounts[node]!;
      assert(used >= 1 && used <= this.successorCount, "a node has successors, and not too many");
      assert(this.visits[node]! >= 1, "a node was visited");
      const found = new Set<number>();
      for (let i = node * this.successorCount; i < node * this.successorCount + used; i++) {
        assert(this.successors[i]! < symbolCount, "a successor exists");
        assert(this.slow[i]! > 0 && this.slow[i]! <= MOST_SLOW, "a slow count is in its range");
        assert(this.fast[i]! <= 8 * FAST_UNIT, "a fast count is in its range");
        found.add(this.successors[i]!);
      }
      assert(found.size === used, "a successor stands once in its node");
    }
  }

  #matches(node: number, order: number, recent: Uint16Array): boolean {
    const first = node * this.order;
    for (let i = 0; i < order; i++) if (this.contexts[first + i] !== recent[i]) return false;
    return true;
  }

  #purgeSuccessors(node: number, deadSymbols: Uint8Array): void {
    const first = node * this.successorCount;
    let kept = first;
    for (let i = first; i < first + this.successorCounts[node]!; i++) {
      if (deadSymbols[this.successors[i]!] === 1) continue;
      this.successors[kept] = this.successors[i]!;
      this.slow[kept] = this.slow[i]!;
      this.fast[kept] = this.fast[i]!;
      kept++;
    }
    this.successorCounts[node] = kept - first;
  }
}
