// Gather: grows one hole where it already is. The blocks around a large hole move into holes elsewhere that fit them, as
// in an evacuation; those that find no room slide towards low addresses within the window, as in a slide. So it reaches any
// goal that the stretch between two pins allows, from the few hundred bytes of an evacuation up to those of a slide,
// and it stops where a further byte of hole would cost more moved bytes than it is worth.
//
// The plan: for each of the few largest holes, all windows around it within the budget. With running sums of the bytes that
// find room elsewhere, that do not, and that are free, a window is valued in constant time; the best is then tried for real,
// since blocks compete for the same rooms. Who found none there counts as stuck, and the choice is made again.

import { assert } from "../core/errors.ts";
import type { Compactor } from "./compactor.ts";
import type { Heap } from "./heap.ts";
import { alignWord, FREE, LEAD_WORDS, LENGTH_MASK, NO_WORD, PINNED, SLOT_MASK } from "./layout.ts";
import { RoomTrial } from "./room-trial.ts";
import { SlideWalk } from "./slide-walk.ts";

/** Holes from which a window is grown. */
const SEEDS = 3;
/** Blocks and holes looked at on each side of a seed. */
const MOST_SIDE = 64;
/** Choices made anew after a trial; each time at least one more block counts as stuck. */
const MOST_CHOICES = 12;
/** A further byte of hole beyond the goal is worth so many bytes moved, when nothing is said. */
const DEFAULT_WORTH_RATIO = 16;
/** Reaching the goal is worth more than any number of bytes. */
const GOAL_SCORE = 1e12;

const ENTRIES = 2 * MOST_SIDE + 1;
const HOLE = 0;
const ROOMED = 1; // a block that finds room elsewhere
const STUCK = 2; // a block that does not

export class GatherCompactor implements Compactor {
  readonly kind = "gather";
  readonly heap: Heap;
  isActive = false;
  movedBytes = 0;
  visitedBlocks = 0;
  failedMoves = 0;

  readonly #walk = new SlideWalk();
  readonly #trial: RoomTrial;
  // The largest holes, largest first: word, length.
  readonly #seedWords = new Int32Array(SEEDS);
  readonly #seedLengths = new Int32Array(SEEDS);
  // The stretch around the seed at hand: word, length and role of each entry; the seed's own index.
  readonly #word = new Int32Array(ENTRIES);
  readonly #length = new Int32Array(ENTRIES);
  readonly #role = new Uint8Array(ENTRIES);
  #entries = 0;
  #seed = 0;
  // The window chosen in it, first and last entry, and the hole that it would give.
  #from = 0;
  #to = 0;
  #holeBytes = 0;
  // The plan: handles of the blocks to move out, in order; words that their rooms keep clear of; end of the window to slide.
  readonly #movers = new Int32Array(ENTRIES);
  #moverCount = 0;
  #nextMover = 0;
  #avoidStart = 0;
  #avoidEnd = 0;
  #endWord = 0;
  #budgetBytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
    this.#trial = new RoomTrial(heap, ENTRIES);
  }

  begin(
    goalLengthBytes: number,
    budgetBytes: number,
    wishLengthBytes = goalLengthBytes,
    worthRatio = DEFAULT_WORTH_RATIO,
  ): boolean {
    assert(goalLengthBytes > 0, "goalLengthBytes must be positive");
    return this.beginAny(goalLengthBytes, budgetBytes, wishLengthBytes, worthRatio);
  }

  /** As `begin`; with a goal of 0 any gain will do. */
  beginAny(
    goalLengthBytes: number,
    budgetBytes: number,
    wishLengthBytes: number,
    worthRatio = DEFAULT_WORTH_RATIO,
  ): boolean {
    assert(budgetBytes > 0, "budgetBytes must be positive");
    const heap = this.heap;
    assert(heap.cursorWord < 0, "a compaction run is active on this heap");
    this.movedBytes = 0;
    this.visitedBlocks = 0;
    this.failedMoves = 0;
    this.#budgetBytes = budgetBytes;
    if (goalLengthBytes > heap.freeBytes || heap.largestHole() >= wishLengthBytes) return false;
    return this.#plan(goalLengthBytes, Math.min(heap.freeBytes, wishLengthBytes), budgetBytes, worthRatio);
  }

  peek(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (!this.isActive) return 0;
    const word = this.#findMover();
    if (word >= 0) return this.heap.words[word]! & LENGTH_MASK;
    const bytes = this.#slide(maxBytes, true);
    if (bytes === 0) this.abort();
    return bytes;
  }

  step(maxBytes: number): number {
    assert(maxBytes > 0, "maxBytes must be positive");
    if (!this.isActive) return 0;
    const heap = this.heap;
    const word = this.#findMover();
    let bytes: number;
    if (word >= 0) {
      const hole = this.#findRoom(word);
      bytes = heap.words[word]! & LENGTH_MASK;
      heap.transfer(word, hole, alignWord(hole, heap.alignOf(word)));
      this.#nextMover++;
      this.visitedBlocks++;
    } else bytes = this.#slide(maxBytes, false);
    if (bytes === 0) this.abort();
    heap.version++;
    this.movedBytes += bytes;
    if (heap.isVerifying) heap.assertIntact();
    return bytes;
  }

  abort(): void {
    if (!this.isActive) return;
    this.isActive = false;
    this.heap.cursorWord = NO_WORD;
  }

  /** Word of the next block to move out: still there, still movable, and with a room. NO_WORD: the rest is for the slide. */
  #findMover(): number {
    const heap = this.heap;
    for (; this.#nextMover < this.#moverCount; this.#nextMover++) {
      const handle = this.#movers[this.#nextMover]!;
      if (heap.isLive(handle)) {
        const word = heap.slots[2 * (handle & heap.slotMask) + 1]!;
        const isInWindow = word >= heap.cursorWord && word < this.#endWord;
        const isAffordable = this.movedBytes + (heap.words[word]! & LENGTH_MASK) <= this.#budgetBytes;
        if (isInWindow && isAffordable && heap.isMovable(word) && this.#findRoom(word) >= 0) return word;
      }
      this.failedMoves++;
    }
    return NO_WORD;
  }

  #slide(maxBytes: number, isDry: boolean): number {
    const heap = this.heap;
    const left = this.#budgetBytes - this.movedBytes;
    if (left <= 0) return 0;
    const bytes = this.#walk.run(heap, heap.cursorWord, this.#endWord, Math.min(maxBytes, left), isDry);
    if (!isDry) {
      heap.cursorWord = this.#walk.cursorWord;
      this.visitedBlocks += this.#walk.visitedBlocks;
    }
    return bytes;
  }

  #findRoom(word: number): number {
    const heap = this.heap;
    const length = heap.words[word]! & LENGTH_MASK;
    return heap.holes.findAligned(length, heap.alignOf(word), this.#avoidStart, this.#avoidEnd);
  }

  /** Chooses the window, writes down who moves out of it, and puts the cursor on its start. False: nothing comes of it. */
  #plan(goal: number, wish: number, budget: number, worth: number): boolean {
    const heap = this.heap;
    const largest = heap.largestHole();
    const seeds = this.#findSeeds();
    // What the largest hole is worth as it is: with a goal of 0 a run has to be better than none.
    let bestScore = largest < goal ? -Infinity : GOAL_SCORE + largest * worth;
    let start = NO_WORD;
    let avoidStart = 0;
    let avoidEnd = 0;
    for (let seed = 0; seed < seeds; seed++) {
      this.#collect(this.#seedWords[seed]!, budget);
      for (let choice = 0; choice < MOST_CHOICES; choice++) {
        const score = this.#choose(goal, wish, budget, worth);
        if (score <= bestScore || this.#holeBytes <= largest || this.#holeBytes < goal) break;
        if (!this.#isRoomy()) continue; // somebody is stuck: choose again
        bestScore = score;
        start = this.#word[this.#from]!;
        this.#endWord = this.#word[this.#to]! + (this.#length[this.#to]! >> 2);
        avoidStart = this.#avoidStart;
        avoidEnd = this.#avoidEnd;
        this.#moverCount = 0;
        for (let e = this.#from; e <= this.#to; e++) {
          if (this.#role[e] !== ROOMED) continue;
          this.#movers[this.#moverCount++] = heap.slots[2 * (heap.words[this.#word[e]! + 1]! & SLOT_MASK)]!;
        }
        break;
      }
    }
    if (start < 0) return false;
    this.#avoidStart = avoidStart;
    this.#avoidEnd = avoidEnd;
    this.#nextMover = 0;
    heap.cursorWord = start;
    this.isActive = true;
    return true;
  }

  /** Fills the seeds; how many there are. */
  #findSeeds(): number {
    const heap = this.heap;
    const words = heap.words;
    const seedWords = this.#seedWords;
    const seedLengths = this.#seedLengths;
    let count = 0;
    for (let word = LEAD_WORDS; word < heap.endWord; ) {
      const length = words[word]! & LENGTH_MASK;
      if ((words[word]! & FREE) === 0) this.visitedBlocks++;
      else if (count < SEEDS || length > seedLengths[SEEDS - 1]!) {
        let at = Math.min(count, SEEDS - 1);
        if (count < SEEDS) count++;
        for (; at > 0 && length > seedLengths[at - 1]!; at--) {
          seedWords[at] = seedWords[at - 1]!;
          seedLengths[at] = seedLengths[at - 1]!;
        }
        seedWords[at] = word;
        seedLengths[at] = length;
      }
      word += length >> 2;
    }
    return count;
  }

  /**
   * Fills the entries around the seed: to both sides up to MOST_SIDE of them, the budget, a pinned block, or one aligned above
   * 16, which might leave a gap. The way to lower addresses is found by walking from the last bound before the seed.
   */
  #collect(seedWord: number, budget: number): void {
    const heap = this.heap;
    const words = heap.words;
    let from = LEAD_WORDS;
    let count = 0;
    let liveBytes = 0;
    for (let word = LEAD_WORDS; word < seedWord; word += (words[word]! & LENGTH_MASK) >> 2) {
      if (this.#isBound(word)) {
        from = word + ((words[word]! & LENGTH_MASK) >> 2);
        count = 0;
        liveBytes = 0;
        continue;
      }
      if ((words[word]! & FREE) === 0) liveBytes += words[word]! & LENGTH_MASK;
      for (count++; count > MOST_SIDE || liveBytes > budget; count--) {
        if ((words[from]! & FREE) === 0) liveBytes -= words[from]! & LENGTH_MASK;
        from += (words[from]! & LENGTH_MASK) >> 2;
      }
    }
    this.#entries = 0;
    for (let word = from; word < seedWord; ) word = this.#addEntry(word);
    this.#seed = this.#entries;
    let word = this.#addEntry(seedWord);
    liveBytes = 0;
    while (word < heap.endWord && this.#entries < ENTRIES && !this.#isBound(word)) {
      if ((words[word]! & FREE) === 0) liveBytes += words[word]! & LENGTH_MASK;
      if (liveBytes > budget) break;
      word = this.#addEntry(word);
    }
    this.#avoidStart = from;
    this.#avoidEnd = word;
    for (let e = 0; e < this.#entries; e++) {
      const at = this.#word[e]!;
      this.#role[e] = words[at]! & FREE ? HOLE : this.#findRoom(at) >= 0 ? ROOMED : STUCK;
    }
  }

  #addEntry(word: number): number {
    const length = this.heap.words[word]! & LENGTH_MASK;
    this.#word[this.#entries] = word;
    this.#length[this.#entries++] = length;
    return word + (length >> 2);
  }

  #isBound(word: number): boolean {
    const header = this.heap.words[word]!;
    return (header & FREE) === 0 && ((header & PINNED) !== 0 || this.heap.alignOf(word) > 16);
  }

  /** The window around the seed with the best value, into #from, #to and #holeBytes; its score. */
  #choose(goal: number, wish: number, budget: number, worth: number): number {
    const length = this.#length;
    const role = this.#role;
    let bestScore = -Infinity;
    let leftHole = length[this.#seed]!;
    let leftCost = 0;
    for (let from = this.#seed; from >= 0; from--) {
      if (from < this.#seed) {
        if (role[from] !== STUCK) leftHole += length[from]!;
        if (role[from] !== HOLE) leftCost += length[from]!;
        // What is stuck at the edge stays where it is; no window further out can cost less than this one.
        if (role[from] === STUCK) continue;
      }
      if (leftCost > budget || GOAL_SCORE + wish * worth - leftCost <= bestScore) break;
      let hole = leftHole;
      let cost = leftCost;
      for (let to = this.#seed; to < this.#entries; to++) {
        if (to > this.#seed) {
          if (role[to] !== STUCK) hole += length[to]!;
          if (role[to] !== HOLE) cost += length[to]!;
          if (cost > budget) break;
          if (role[to] === STUCK) continue;
        }
        const score = (hole >= goal ? GOAL_SCORE : 0) + (hole < wish ? hole : wish) * worth - cost;
        if (score > bestScore) {
          bestScore = score;
          this.#from = from;
          this.#to = to;
          this.#holeBytes = hole;
        }
        if (hole >= wish) break; // more would only cost more
      }
    }
    return bestScore;
  }

  /** Do all that are to move out of the chosen window find room at once? Who does not is stuck from now on. */
  #isRoomy(): boolean {
    let isRoomy = true;
    for (let e = this.#from; e <= this.#to; e++) {
      if (this.#role[e] !== ROOMED) continue;
      if (this.#trial.take(this.#word[e]!, this.#avoidStart, this.#avoidEnd)) continue;
      this.#role[e] = STUCK;
      isRoomy = false;
    }
    this.visitedBlocks += this.#trial.count;
    this.#trial.undo();
    return isRoomy;
  }
}
