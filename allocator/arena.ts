// The arena: the buffer, the table of handles, the holes and the running statistics, with the few operations that keep
// them in step. The heap puts its public operations on top; compactors and the checker work on this level. Nothing here
// is for callers of the heap.

import { assert } from "../core/errors.ts";
import { BestFitIndex } from "./best-fit-index.ts";
import type { HoleIndex } from "./hole-index.ts";
import {
  ALIGN_SHIFT,
  FREE,
  LEAD_BYTES,
  LEAD_WORDS,
  LENGTH_MASK,
  MAX_CAPACITY_BYTES,
  MAX_ZONES,
  MIN_CAPACITY_BYTES,
  NO_WORD,
  PINNED,
  PREVIOUS_FREE,
  SENTINEL_HEADER,
  SENTINEL_WORD,
  SLOT_MASK,
  TAIL_BYTES,
} from "./layout.ts";
import { SegregatedIndex } from "./segregated-index.ts";

/** How a hole is chosen: constant-time two-level segregated fit, or the shortest fitting hole at the lowest address. */
export type FitKind = "segregated" | "best";

export class Arena {
  /** Bytes under management, all of them one hole when the heap is empty. */
  readonly capacityBytes: number;
  /** capacityBytes + 16: see layout.ts. */
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  /** Most blocks that can be live at once, capacityBytes / 16: the length of tables parallel to the slots. */
  readonly slotCapacity: number;
  readonly fit: FitKind;
  /** Whether every operation is followed by a full check. */
  readonly isVerifying: boolean;
  /** The zone of the handles, 0..7. */
  readonly zoneTag: number;

  /** Bytes in live blocks, headers and rounding included. */
  allocatedBytes = 0;
  /** Bytes in holes: capacityBytes − allocatedBytes. */
  freeBytes: number;
  /** Live blocks. */
  blockCount = 0;
  /** Holes; no two of them touch. */
  holeCount = 0;
  /** Bytes in live pinned blocks, part of allocatedBytes. */
  pinnedBytes = 0;
  /** Σ ⌊hole / n⌋ · n over all holes, n = referenceLengthBytes. */
  usableBytes = 0;
  /** The length of the reference request, in bytes. */
  referenceLengthBytes = 0;
  /** Goes up with each change of the layout, the pins or the reference length. */
  version = 0;
  /** Called for each block that changes its address, before the bytes are moved. It must not change the heap. */
  moveListener: ((handle: number, fromAddress: number, toAddress: number) => void) | null = null;

  /** @internal The buffer as 32-bit words. */
  readonly words: Int32Array;
  /** @internal Pairs by slot. Live: handle, word index of the block. Free: ~(handle to give out next), next free slot. */
  readonly slots: Int32Array;
  /** @internal Head of the list of free slots, NO_WORD if none. */
  freeSlot = NO_WORD;
  /** @internal Slots from here on were never used: their pair is 0, 0. */
  freshSlot = 0;
  /** @internal */
  readonly slotMask: number;
  /** @internal One generation in a handle; the bits below are the slot, those above up to ZONE_SHIFT the generation. */
  readonly generationStep: number;
  /** @internal Word index of the end sentinel. */
  readonly endWord: number;
  /** @internal The cursor of the run in progress: always the start of a block or hole, or NO_WORD without a run. */
  cursorWord = NO_WORD;
  /** @internal Null when the fit is "best". Two fields, not one of interface type: each call has one target. */
  readonly lists: SegregatedIndex | null;
  /** @internal Null when the fit is "segregated". */
  readonly tree: BestFitIndex | null;
  /** @internal 1 / referenceLengthBytes. */
  reciprocal = 0;

  constructor(
    capacityBytes: number,
    fit: FitKind,
    isVerifying: boolean,
    referenceLengthBytes: number,
    zoneTag: number,
  ) {
    assert(
      capacityBytes >= MIN_CAPACITY_BYTES && capacityBytes <= MAX_CAPACITY_BYTES && capacityBytes % 16 === 0,
      "capacityBytes must be a multiple of 16 from 64 bytes to 256 MiB",
    );
    assert(fit === "segregated" || fit === "best", 'fit must be "segregated" or "best"');
    assert(Number.isInteger(zoneTag) && zoneTag >= 0 && zoneTag < MAX_ZONES, "zoneTag must be an integer from 0 to 7");
    this.capacityBytes = capacityBytes;
    this.fit = fit;
    this.isVerifying = isVerifying;
    this.zoneTag = zoneTag;
    this.buffer = new ArrayBuffer(LEAD_BYTES + capacityBytes + TAIL_BYTES);
    this.bytes = new Uint8Array(this.buffer);
    this.words = new Int32Array(this.buffer);
    this.endWord = (capacityBytes >> 2) + LEAD_WORDS;
    this.words[this.endWord] = SENTINEL_HEADER;
    this.words[this.endWord + 1] = SENTINEL_WORD;
    this.slotCapacity = capacityBytes >> 4;
    const slotBits = 32 - Math.clz32(this.slotCapacity - 1);
    this.slotMask = (1 << slotBits) - 1;
    this.generationStep = 1 << slotBits;
    this.slots = new Int32Array(2 * this.slotCapacity);
    this.slots[0] = ~0; // NO_HANDLE must not find itself in slot 0
    this.freeBytes = capacityBytes;
    this.lists = fit === "segregated" ? new SegregatedIndex(this.words, capacityBytes) : null;
    this.tree = fit === "best" ? new BestFitIndex(this.words, capacityBytes) : null;
    this.linkHole(LEAD_WORDS, capacityBytes);
    this.setReferenceLength(referenceLengthBytes);
  }

  /**
   * Fixes the reference request whose length in bytes (an integer ≥ 1, header and rounding included) counts in
   * `usableBytes`, and recomputes that over all holes. Cost: O(holes of that length and more) with the
   * segregated fit, O(blocks) with the best fit, nothing when the length stays.
   */
  setReferenceLength(lengthBytes: number): void {
    assert(lengthBytes >= 1 && (lengthBytes | 0) === lengthBytes, "reference length must be an integer in [1, 2^31)");
    if (lengthBytes === this.referenceLengthBytes) return;
    this.referenceLengthBytes = lengthBytes;
    this.reciprocal = 1 / lengthBytes;
    this.usableBytes = this.lists !== null ? this.lists.usableBytes(lengthBytes) : this.#usableBytesByWalk();
    this.version++;
  }

  #usableBytesByWalk(): number {
    let usable = 0;
    for (let word = LEAD_WORDS; word < this.endWord; word += (this.words[word]! & LENGTH_MASK) >> 2) {
      const header = this.words[word]!;
      if (header & FREE) usable += this.usableOf(header & LENGTH_MASK);
    }
    return usable;
  }

  /**
   * @internal ⌊length / n⌋ · n without a division. (length + ½) / n lies at least 1/(2n) from every integer, and the two
   * roundings of the product are off by less than length / n · 2^−51 < 1/(2n) as length ≤ 2^28.
   */
  usableOf(lengthBytes: number): number {
    return (((lengthBytes + 0.5) * this.reciprocal) | 0) * this.referenceLengthBytes;
  }

  /** @internal The index in use. Cold: hot callers name the one they have. */
  get holes(): HoleIndex {
    return (this.lists ?? this.tree)!;
  }

  /** @internal Makes [word, word + length) a hole: header, footer, index, flag of the block behind, statistics of holes. */
  linkHole(word: number, lengthBytes: number): void {
    const words = this.words;
    const end = word + (lengthBytes >> 2);
    words[word] = lengthBytes | FREE;
    words[end - 1] = lengthBytes;
    words[end]! |= PREVIOUS_FREE;
    if (this.lists !== null) this.lists.insert(word, lengthBytes);
    else this.tree!.insert(word, lengthBytes);
    this.holeCount++;
    this.usableBytes += this.usableOf(lengthBytes);
  }

  /** @internal Takes the hole at `word` out of the index and the statistics of holes; its header stays, and the flag behind. */
  unlinkHole(word: number, lengthBytes: number): void {
    if (this.lists !== null) this.lists.remove(word, lengthBytes);
    else this.tree!.remove(word, lengthBytes);
    this.holeCount--;
    this.usableBytes -= this.usableOf(lengthBytes);
  }

  /** @internal A hole of at least `lengthBytes` for a payload on a multiple of 16, or NO_WORD. */
  findHole(lengthBytes: number): number {
    return this.lists !== null ? this.lists.find(lengthBytes) : this.tree!.find(lengthBytes);
  }

  /**
   * @internal Takes `lengthBytes` at `word` out of the hole at `hole` (hole ≤ word): what is before and behind stays free.
   * Writes the new block's first word. PREVIOUS_FREE of the block behind is right afterwards.
   */
  carve(hole: number, word: number, lengthBytes: number, flags: number): void {
    const words = this.words;
    const holeLength = words[hole]! & LENGTH_MASK;
    const end = hole + (holeLength >> 2);
    const blockEnd = word + (lengthBytes >> 2);
    this.unlinkHole(hole, holeLength);
    if (blockEnd < end) this.linkHole(blockEnd, (end - blockEnd) << 2);
    else words[end]! &= ~PREVIOUS_FREE;
    words[word] = lengthBytes | flags;
    if (word > hole) this.linkHole(hole, (word - hole) << 2);
  }

  /**
   * @internal Gives [word, word + length) back to the holes, merged with the holes around it. `header` is the block's
   * first word; the cursor is pulled back to the start of the merged hole when its own boundary is gone.
   */
  release(word: number, lengthBytes: number, header: number): void {
    const words = this.words;
    const next = word + (lengthBytes >> 2);
    const nextHeader = words[next]!;
    if (nextHeader & FREE) {
      const nextLength = nextHeader & LENGTH_MASK;
      this.unlinkHole(next, nextLength);
      lengthBytes += nextLength;
    }
    if (header & PREVIOUS_FREE) {
      const previousLength = words[word - 1]!;
      word -= previousLength >> 2;
      this.unlinkHole(word, previousLength);
      lengthBytes += previousLength;
    }
    this.linkHole(word, lengthBytes);
    this.pullCursor(word, word + (lengthBytes >> 2));
  }

  /** @internal To be called after [start, end) has become one block or hole. */
  pullCursor(start: number, end: number): void {
    if (this.cursorWord > start && this.cursorWord < end) this.cursorWord = start;
  }

  /**
   * @internal Moves the live movable block at `from` to `to` inside the hole at `hole`, elsewhere. The handle follows; the
   * old place becomes a hole.
   */
  transfer(from: number, hole: number, to: number): void {
    const words = this.words;
    const header = words[from]!;
    const length = header & LENGTH_MASK;
    this.noteMove(words[from + 1]! & SLOT_MASK, from, to);
    this.carve(hole, to, length, 0);
    words.copyWithin(to + 1, from + 1, from + (length >> 2));
    // Carving may have turned the flag of this very block.
    this.release(from, length, words[from]!);
  }

  /** @internal Points the slot at its block's new place and tells the listener. */
  noteMove(slot: number, from: number, to: number): void {
    this.slots[2 * slot + 1] = to;
    if (this.moveListener !== null)
      this.moveListener(this.slots[2 * slot]!, (from - LEAD_WORDS) << 2, (to - LEAD_WORDS) << 2);
  }

  /** @internal Alignment of the live block at `word`, in bytes. */
  alignOf(word: number): number {
    return 16 << (this.words[word + 1]! >>> ALIGN_SHIFT);
  }

  /** @internal Is a live movable block at `word`? */
  isMovable(word: number): boolean {
    return (this.words[word]! & (FREE | PINNED)) === 0;
  }
}
