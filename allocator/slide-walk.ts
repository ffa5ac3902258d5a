// The walk that slides blocks towards low addresses and keeps their order: the engine of the slide and the window
// compactor, and, run dry, the answer to "what would a slide give". A destination runs behind the source and jumps over
// pinned blocks, so that a block may slide past a pin into the room before it (Jonkers, "A Fast Garbage Compaction
// Algorithm", IPL 9(1), 1979, for the one-pass slide; here the handles make the pointer threading unnecessary). Live
// neighbours that move by the same distance move with one copyWithin.
//
// Between `destination` and `source` there are only holes, pinned blocks and the old places of blocks moved in this
// walk. Writes end below `destination`, so headers from there on are those from before the walk: that is why the dry run
// and the real one read the same and decide the same.

import type { Arena } from "./arena.ts";
import { ALIGN_SHIFT, alignWord, FREE, LENGTH_MASK, NO_WORD, PINNED, PREVIOUS_FREE, SLOT_MASK } from "./layout.ts";

// Own copies: the engine folds a module's constants into the code and loads imported ones anew at each use, which this loop feels.
const FREE_BIT = FREE;
const PREVIOUS_FREE_BIT = PREVIOUS_FREE;
const PINNED_BIT = PINNED;
const LENGTH_BITS = LENGTH_MASK;
const SLOT_BITS = SLOT_MASK;
const NONE = NO_WORD;
const ALIGN_POSITION = ALIGN_SHIFT;

export class SlideWalk {
  /** Bytes moved by the newest run, headers included. */
  movedBytes = 0;
  /** Live blocks looked at by the newest run. */
  visitedBlocks = 0;
  /** Largest hole between the start and the end of the newest run, as left by it. */
  largestHoleBytes = 0;
  /** Where the next run has to start: the lowest room that is still worth filling, or the first block not yet moved. */
  cursorWord = NONE;

  /**
   * Slides blocks from the boundary `start` on, as far as blocks that begin before `limit`, at most `maxBytes` of them, at
   * least one if any has to move. With `isDry` nothing is written. Returns the bytes moved. Cost: O(blocks walked).
   */
  run(arena: Arena, start: number, limit: number, maxBytes: number, isDry: boolean): number {
    const words = arena.words;
    let destination = start;
    let source = start;
    let pin = NONE; // first pinned block in [destination, source)
    let moved = 0;
    this.visitedBlocks = 0;
    this.largestHoleBytes = 0;
    for (;;) {
      const header = words[source]!;
      const length = header & LENGTH_BITS;
      if (header & FREE_BIT) {
        if (!isDry) arena.unlinkHole(source, length);
        source += length >> 2;
        continue;
      }
      if (source >= limit) break;
      this.visitedBlocks++;
      if (header & PINNED_BIT || destination === source) {
        if (destination === source) destination += length >> 2;
        else if (pin < 0) pin = source;
        source += length >> 2;
        continue;
      }
      const align = 16 << (words[source + 1]! >>> ALIGN_POSITION);
      let place = alignWord(destination, align);
      while (pin >= 0 && place + (length >> 2) > pin) {
        this.#close(arena, destination, pin, isDry);
        destination = pin + ((words[pin]! & LENGTH_BITS) >> 2);
        pin = this.#nextPin(words, destination, source);
        place = alignWord(destination, align);
      }
      if (place === source) {
        if (destination < source) this.#close(arena, destination, source, isDry);
        source += length >> 2;
        destination = source;
        continue;
      }
      if (moved > 0 && moved + length > maxBytes) break;
      // The run of live neighbours that can follow by the same distance.
      const distance = source - place;
      const placeLimit = pin >= 0 ? pin : place + (arena.endWord - source);
      let end = source;
      let runHeader = header;
      for (;;) {
        const runLength = runHeader & LENGTH_BITS;
        if (!isDry) arena.noteMove(words[end + 1]! & SLOT_BITS, end, end - distance);
        moved += runLength;
        end += runLength >> 2;
        runHeader = words[end]!;
        if (end >= limit || (runHeader & (FREE_BIT | PINNED_BIT)) !== 0) break;
        if (moved + (runHeader & LENGTH_BITS) > maxBytes) break;
        if (end - distance + ((runHeader & LENGTH_BITS) >> 2) > placeLimit) break;
        if ((distance & ((4 << (words[end + 1]! >>> ALIGN_POSITION)) - 1)) !== 0) break;
        this.visitedBlocks++;
      }
      if (!isDry) {
        words[source] = header & ~PREVIOUS_FREE_BIT;
        words.copyWithin(place, source, end);
      }
      if (place > destination) this.#close(arena, destination, place, isDry);
      destination = end - distance;
      source = end;
    }
    this.cursorWord = destination;
    // What lies between destination and source is rooms, with pins between them.
    while (pin >= 0) {
      this.#close(arena, destination, pin, isDry);
      destination = pin + ((words[pin]! & LENGTH_BITS) >> 2);
      pin = this.#nextPin(words, destination, source);
    }
    if (destination < source) this.#close(arena, destination, source, isDry);
    this.movedBytes = moved;
    return moved;
  }

  /** Makes the words [from, to) a hole before the block at `to`; from = to says that nothing is free before it. */
  #close(arena: Arena, from: number, to: number, isDry: boolean): void {
    const length = (to - from) << 2;
    if (length > this.largestHoleBytes) this.largestHoleBytes = length;
    if (isDry) return;
    if (length > 0) arena.linkHole(from, length);
    else arena.words[to]! &= ~PREVIOUS_FREE_BIT;
  }

  /** First pinned block in [from, to), which holds holes, pins and old places. */
  #nextPin(words: Int32Array, from: number, to: number): number {
    let word = from;
    while (word < to) {
      const header = words[word]!;
      if ((header & (FREE_BIT | PINNED_BIT)) === PINNED_BIT) return word;
      word += (header & LENGTH_BITS) >> 2;
    }
    return NONE;
  }
}
