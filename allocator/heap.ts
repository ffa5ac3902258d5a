// The heap: blocks of real bytes in one buffer, named by handles, so that they can move and a stale free is caught.
// Immediate coalescing; constant time to allocate and free with the segregated fit. The arena below keeps holes, handles
// and statistics in step; compactors move blocks (compactor.ts); check-heap.ts proves that all of it agrees.
//
// For the segregated fit allocate and free are written out in full, with the constants of layout.ts and size-class.ts as
// literals: the same steps as SegregatedIndex's methods, which serve everything else. Called one by one they do not fit
// the engine's inlining budget, and imported constants are loaded anew at each use. The model tests run both ways mixed.

import { AssertionError, assert } from "../core/errors.ts";
import { DEFAULT_CAPACITY_BYTES, GRANULE_BYTES, HEADER_BYTES } from "../core/units.ts";
import { Arena, type FitKind } from "./arena.ts";
import { checkHeap } from "./check-heap.ts";
import {
  addressOfWord,
  alignWord,
  FREE,
  LEAD_WORDS,
  LENGTH_MASK,
  MAX_ALIGN_BYTES,
  NO_WORD,
  PAYLOAD_OFFSET_BYTES,
  PINNED,
  PREVIOUS_FREE,
  REDZONE_BYTE,
  SLACK_MASK,
  SLACK_SHIFT,
  SLOT_MASK,
  ZONE_SHIFT,
} from "./layout.ts";
import { SlideWalk } from "./slide-walk.ts";

export type { FitKind } from "./arena.ts";

/** The handle of no block. */
export const NO_HANDLE = 0;

export interface HeapOptions {
  /** Managed bytes, a multiple of 16 from 64 bytes to 256 MiB; 100 KiB by default. */
  readonly capacityBytes?: number;
  /** How a hole is chosen; "segregated" by default. */
  readonly fit?: FitKind;
  /** Full check and redzones after every operation: for tests. */
  readonly verify?: boolean;
  /** Length of the reference request in `usableBytes`; 16 by default, by which every free byte is usable. */
  readonly referenceLengthBytes?: number;
  /** 0..7, carried in the handles, so that the handle of another zone's heap is caught. */
  readonly zoneTag?: number;
}

/**
 * A handle is an integer in (0, 2^31): from the low end the slot, in as many bits as number the slots of the capacity, a
 * generation up to bit 27 that starts at 1 and changes with each free, and three bits of zone. A slot's generation wraps
 * after 2^(28 − slot bits) − 1 blocks (32,767 at 100 KiB, 15 at 256 MiB): a handle kept for that many lives of its slot is
 * no longer told apart.
 */
export class Heap extends Arena {
  /** Whether the newest resize that returned true changed the block's address. */
  lastResizeMoved = false;
  readonly #dryRun = new SlideWalk();
  /** SegregatedIndex's own tables, empty with the best fit. */
  readonly #heads: Int32Array;
  readonly #bitmap: Int32Array;

  constructor(options: HeapOptions = {}) {
    super(
      options.capacityBytes ?? DEFAULT_CAPACITY_BYTES,
      options.fit ?? "segregated",
      options.verify ?? false,
      options.referenceLengthBytes ?? GRANULE_BYTES,
      options.zoneTag ?? 0,
    );
    this.#heads = this.lists?.heads ?? new Int32Array(0);
    this.#bitmap = this.lists?.bitmap ?? new Int32Array(0);
  }

  /**
   * Allocates a block for `sizeBytes`, an integer in [1, 2^31). The payload lies on a multiple of `alignBytes` (power of
   * two, 16 to 512 KiB) and stays so when the block moves; a pinned block is never moved. Contents are undefined.
   * Returns the handle, or NO_HANDLE when no hole fits. Cost: O(1) with the segregated fit, O(log holes) with the best fit,
   * for an alignment above 16 up to O(holes).
   */
  allocate(sizeBytes: number, alignBytes = 16, isPinned = false): number {
    if ((sizeBytes | 0) !== sizeBytes || sizeBytes <= 0) refuseSize();
    if (sizeBytes > this.capacityBytes - 8) return NO_HANDLE;
    const length = (sizeBytes + 23) & ~15; // 8 bytes of header, rounded up to the granule
    if (alignBytes !== 16 || this.tree !== null) return this.#allocateSlowly(sizeBytes, length, alignBytes, isPinned);

    // SegregatedIndex.find
    const bitmap = this.#bitmap;
    const heads = this.#heads;
    const granules = length >>> 4;
    const exponent = 26 - Math.clz32(granules);
    const shift = exponent & ~(exponent >> 31);
    const least = (shift << 5) + ((granules + (1 << shift) - 1) >>> shift);
    let index = least >>> 5;
    let bits = bitmap[index]! & (-1 >>> (least & 31));
    while (bits === 0) bits = bitmap[++index]!;
    const sizeClass = (index << 5) + Math.clz32(bits);
    const word = heads[sizeClass]!;
    if (word < 0) return this.#allocateSlowly(sizeBytes, length, alignBytes, isPinned);

    // SegregatedIndex.remove, for the first of its list
    const words = this.words;
    const holeLength = words[word]! & ~15;
    const next = words[word + 1]!;
    words[next + 2] = -1;
    heads[sizeClass] = next;
    bitmap[index]! &= ~((0x80000000 >>> (sizeClass & 31)) & (next >> 31));

    const reference = this.referenceLengthBytes;
    const reciprocal = this.reciprocal;
    const end = word + (holeLength >> 2);
    const rest = holeLength - length;
    let usable = this.usableBytes - (((holeLength + 0.5) * reciprocal) | 0) * reference;
    if (rest > 0) {
      // SegregatedIndex.insert of what is left
      const hole = word + (length >> 2);
      words[hole] = rest | 1;
      words[end - 1] = rest;
      const restGranules = rest >>> 4;
      const restExponent = 26 - Math.clz32(restGranules);
      const restShift = restExponent & ~(restExponent >> 31);
      const restClass = (restShift << 5) + (restGranules >>> restShift);
      const first = heads[restClass]!;
      words[hole + 1] = first;
      words[hole + 2] = -1;
      words[first + 2] = hole;
      heads[restClass] = hole;
      bitmap[restClass >>> 5]! |= 0x80000000 >>> (restClass & 31);
      usable += (((rest + 0.5) * reciprocal) | 0) * reference;
    } else {
      words[end]! &= ~2;
      this.holeCount--;
    }
    this.usableBytes = usable;
    words[word] = length;
    return this.#issue(word, sizeBytes, length, 0, isPinned);
  }

  /** Frees the block. Throws AssertionError when the handle is not that of a live block here. Cost: as allocate. */
  free(handle: number): void {
    const slots = this.slots;
    const slot = handle & this.slotMask;
    if (slots[2 * slot] !== handle || handle <= 0) this.#refuse(handle);
    let word = slots[2 * slot + 1]!;
    const words = this.words;
    const header = words[word]!;
    let length = header & ~15;
    let nextHandle = (handle + this.generationStep) | 0;
    if ((nextHandle ^ handle) >>> 28 !== 0) nextHandle = this.#firstGeneration(handle);
    slots[2 * slot] = ~nextHandle;
    slots[2 * slot + 1] = this.freeSlot;
    this.freeSlot = slot;
    this.allocatedBytes -= length;
    this.freeBytes += length;
    this.blockCount--;
    this.version++;
    if (header & 4) this.pinnedBytes -= length;
    if (this.tree !== null) {
      this.release(word, length, header);
      if (this.isVerifying) this.#verify(NO_WORD);
      return;
    }

    // Arena.release, with SegregatedIndex.remove of up to two neighbours and insert of the merged hole
    const bitmap = this.#bitmap;
    const heads = this.#heads;
    const reference = this.referenceLengthBytes;
    const reciprocal = this.reciprocal;
    let usable = this.usableBytes;
    let holes = this.holeCount + 1;
    let end = word + (length >> 2);
    const endHeader = words[end]!;
    if (endHeader & 1) {
      const behind = endHeader & ~15;
      const granules = behind >>> 4;
      const exponent = 26 - Math.clz32(granules);
      const shift = exponent & ~(exponent >> 31);
      const sizeClass = (shift << 5) + (granules >>> shift);
      const next = words[end + 1]!;
      const previous = words[end + 2]!;
      words[previous + 1] = next;
      words[next + 2] = previous;
      heads[sizeClass & (previous >> 31)] = next;
      bitmap[sizeClass >>> 5]! &= ~((0x80000000 >>> (sizeClass & 31)) & ((previous & next) >> 31));
      usable -= (((behind + 0.5) * reciprocal) | 0) * reference;
      end += behind >> 2;
      length += behind;
      holes--;
    } else words[end] = endHeader | 2;
    if (header & 2) {
      const before = words[word - 1]!;
      word -= before >> 2;
      const granules = before >>> 4;
      const exponent = 26 - Math.clz32(granules);
      const shift = exponent & ~(exponent >> 31);
      const sizeClass = (shift << 5) + (granules >>> shift);
      const next = words[word + 1]!;
      const previous = words[word + 2]!;
      words[previous + 1] = next;
      words[next + 2] = previous;
      heads[sizeClass & (previous >> 31)] = next;
      bitmap[sizeClass >>> 5]! &= ~((0x80000000 >>> (sizeClass & 31)) & ((previous & next) >> 31));
      usable -= (((before + 0.5) * reciprocal) | 0) * reference;
      length += before;
      holes--;
    }
    words[word] = length | 1;
    words[end - 1] = length;
    const granules = length >>> 4;
    const exponent = 26 - Math.clz32(granules);
    const shift = exponent & ~(exponent >> 31);
    const sizeClass = (shift << 5) + (granules >>> shift);
    const first = heads[sizeClass]!;
    words[word + 1] = first;
    words[word + 2] = -1;
    words[first + 2] = word;
    heads[sizeClass] = word;
    bitmap[sizeClass >>> 5]! |= 0x80000000 >>> (sizeClass & 31);
    this.usableBytes = usable + (((length + 0.5) * reciprocal) | 0) * reference;
    this.holeCount = holes;
    if (this.cursorWord > word) this.pullCursor(word, end);
    if (this.isVerifying) this.#verify(NO_WORD);
  }

  /**
   * Changes the size of a live block to `sizeBytes`, an integer in [1, 2^31); the handle and the alignment stay, and the
   * contents up to the smaller size. Tries in this order: in place, growing into the hole behind; slid into the hole before
   * (with the hole behind); allocated anew, copied and freed. A pinned block stays where it is. False = nothing changed.
   * `lastResizeMoved` tells whether the address changed. Cost: as allocate, plus the copy.
   */
  resize(handle: number, sizeBytes: number): boolean {
    const word = this.#wordOf(handle);
    if ((sizeBytes | 0) !== sizeBytes || sizeBytes <= 0) refuseSize();
    if (sizeBytes > this.capacityBytes - HEADER_BYTES) return false;
    const length = (sizeBytes + (HEADER_BYTES + GRANULE_BYTES - 1)) & LENGTH_MASK;
    const isPinned = (this.words[word]! & PINNED) !== 0;
    const oldLength = this.words[word]! & LENGTH_MASK;
    const place = length <= oldLength ? this.#shrink(word, length) : this.#grow(word, length);
    if (place < 0) return false;
    this.words[place + 1] =
      (this.words[place + 1]! & ~(SLACK_MASK << SLACK_SHIFT)) | ((length - HEADER_BYTES - sizeBytes) << SLACK_SHIFT);
    this.allocatedBytes += length - oldLength;
    this.freeBytes -= length - oldLength;
    if (isPinned) this.pinnedBytes += length - oldLength;
    this.lastResizeMoved = place !== word;
    this.version++;
    if (this.isVerifying) this.#verify(place);
    return true;
  }

  /** Is this the handle of a live block of this heap? Any number may be asked about. Cost: O(1). */
  isLive(handle: number): boolean {
    return this.slots[2 * (handle & this.slotMask)] === handle && handle > 0;
  }

  /** Address of the block in [0, capacityBytes), a multiple of 16: where its header is, less the lead. Cost: O(1). */
  addressOf(handle: number): number {
    return addressOfWord(this.#wordOf(handle));
  }

  /** Length of the block in bytes, header and rounding included: `blockLength(sizeOf(handle))`. Cost: O(1). */
  lengthOf(handle: number): number {
    return this.words[this.#wordOf(handle)]! & LENGTH_MASK;
  }

  /** The bytes asked for, exactly. Cost: O(1). */
  sizeOf(handle: number): number {
    const word = this.#wordOf(handle);
    const slack = (this.words[word + 1]! >>> SLACK_SHIFT) & SLACK_MASK;
    return (this.words[word]! & LENGTH_MASK) - HEADER_BYTES - slack;
  }

  /** Alignment of the payload that was asked for, in bytes. Cost: O(1). */
  alignmentOf(handle: number): number {
    return this.alignOf(this.#wordOf(handle));
  }

  /** Byte offset of the payload in `buffer`, a multiple of 16. Valid until the next resize or compaction. Cost: O(1). */
  payloadOffsetOf(handle: number): number {
    return addressOfWord(this.#wordOf(handle)) + PAYLOAD_OFFSET_BYTES;
  }

  /** The payload, `sizeOf` bytes long. Makes an object: not for hot paths. Valid until the next resize or compaction. */
  view(handle: number): Uint8Array {
    const offset = this.payloadOffsetOf(handle);
    return this.bytes.subarray(offset, offset + this.sizeOf(handle));
  }

  /** Is the block kept in place by compactors and resize? Cost: O(1). */
  isPinned(handle: number): boolean {
    return (this.words[this.#wordOf(handle)]! & PINNED) !== 0;
  }

  /** Pins or unpins the block. Cost: O(1). */
  setPinned(handle: number, isPinned: boolean): void {
    const word = this.#wordOf(handle);
    const header = this.words[word]!;
    if (((header & PINNED) !== 0) === isPinned) return;
    this.words[word] = header ^ PINNED;
    this.pinnedBytes += isPinned ? header & LENGTH_MASK : -(header & LENGTH_MASK);
    this.version++;
    if (this.isVerifying) this.#verify(word);
  }

  /** The block's slot, 0..slotCapacity − 1: an index for parallel tables, another block's after the free. Cost: O(1). */
  slotOf(handle: number): number {
    this.#wordOf(handle);
    return handle & this.slotMask;
  }

  /** Length of the largest hole in bytes, 0 when nothing is free. Cost: O(holes of the top class), O(log holes) best fit. */
  largestHole(): number {
    return this.holes.largest();
  }

  /** Would a block of `lengthBytes` (header and rounding included) be placed now? Exactly what allocate does. Cost: O(1). */
  canPlace(lengthBytes: number): boolean {
    assert(lengthBytes > 0, "lengthBytes must be positive");
    return (
      lengthBytes <= this.capacityBytes &&
      this.findHole((Math.ceil(lengthBytes) + GRANULE_BYTES - 1) & LENGTH_MASK) >= 0
    );
  }

  /** Length of the largest hole were the whole heap slid now, pinned blocks in place. Moves nothing. Cost: O(blocks). */
  largestHoleAfterSlide(): number {
    this.#dryRun.run(this, LEAD_WORDS, this.endWord, Infinity, true);
    return this.#dryRun.largestHoleBytes;
  }

  /** U: allocated bytes / capacity, headers included. */
  occupancyRatio(): number {
    return this.allocatedBytes / this.capacityBytes;
  }

  /** P: 1 − usable / capacity, ≥ U, what compaction drives towards U. */
  effectivePressureRatio(): number {
    return 1 - this.usableBytes / this.capacityBytes;
  }

  /** 1 − usable / free; 0 when nothing is free. */
  fragmentationRatio(): number {
    return this.freeBytes === 0 ? 0 : 1 - this.usableBytes / this.freeBytes;
  }

  /** Visits blocks and holes in address order; a hole has the handle NO_HANDLE. The visitor must not change the heap. */
  forEachBlock(visit: (address: number, length: number, handle: number, isPinned: boolean) => void): void {
    for (let word = LEAD_WORDS; word < this.endWord; ) {
      const header = this.words[word]!;
      const length = header & LENGTH_MASK;
      const handle = header & FREE ? NO_HANDLE : this.slots[2 * (this.words[word + 1]! & SLOT_MASK)]!;
      visit(addressOfWord(word), length, handle, (header & PINNED) !== 0);
      word += length >> 2;
    }
  }

  /** Word index of the block of a handle. Stale, double, foreign and made-up handles end here. */
  #wordOf(handle: number): number {
    const pair = 2 * (handle & this.slotMask);
    if (this.slots[pair] !== handle || handle <= 0) this.#refuse(handle);
    return this.slots[pair + 1]!;
  }

  #refuse(handle: number): never {
    throw new AssertionError(
      handle >>> ZONE_SHIFT !== this.zoneTag
        ? "foreign handle: it belongs to another zone"
        : "stale or foreign handle: its block was freed, or it never was a handle of this heap",
    );
  }

  /** Gives the block at `word`, whose first word stands, a slot and a handle. The slack follows from size and length. */
  #issue(word: number, sizeBytes: number, length: number, alignExponent: number, isPinned: boolean): number {
    // A slot is left: each live block has at least 16 bytes, and there was a hole.
    const slots = this.slots;
    let slot = this.freeSlot;
    let handle: number;
    if (slot >= 0) {
      handle = ~slots[2 * slot]!;
      this.freeSlot = slots[2 * slot + 1]!;
    } else {
      slot = this.freshSlot++;
      handle = (this.zoneTag << 28) | this.generationStep | slot;
    }
    slots[2 * slot] = handle;
    slots[2 * slot + 1] = word;
    this.words[word + 1] = slot | ((length - 8 - sizeBytes) << 24) | (alignExponent << 28);
    this.allocatedBytes += length;
    this.freeBytes -= length;
    this.blockCount++;
    this.version++;
    if (isPinned) {
      this.words[word]! |= 4;
      this.pinnedBytes += length;
    }
    if (this.isVerifying) this.#verify(word);
    return handle;
  }

  /** The best fit, alignments above 16, and the one class that may hold a fitting hole after the classes above came up empty. */
  #allocateSlowly(sizeBytes: number, length: number, alignBytes: number, isPinned: boolean): number {
    const hole = alignBytes === GRANULE_BYTES ? this.findHole(length) : this.#findAlignedHole(length, alignBytes);
    if (hole < 0) return NO_HANDLE;
    const word = alignWord(hole, alignBytes);
    this.carve(hole, word, length, 0);
    return this.#issue(word, sizeBytes, length, 27 - Math.clz32(alignBytes), isPinned);
  }

  /** The handle of the same slot with the generation started over at 1: 0 is never used, so that no handle is 0. */
  #firstGeneration(handle: number): number {
    return (handle & ((7 << ZONE_SHIFT) | this.slotMask)) | this.generationStep;
  }

  #findAlignedHole(length: number, alignBytes: number): number {
    assert(
      alignBytes >= GRANULE_BYTES && alignBytes <= MAX_ALIGN_BYTES && (alignBytes & (alignBytes - 1)) === 0,
      "alignBytes must be a power of two from 16 to 512 KiB",
    );
    return this.holes.findAligned(length, alignBytes, 1, 0);
  }

  /** Cuts the live block at `word` to `length`; the rest becomes a hole, merged with the one behind. */
  #shrink(word: number, length: number): number {
    const header = this.words[word]!;
    const rest = (header & LENGTH_MASK) - length;
    if (rest === 0) return word;
    this.words[word] = header - rest;
    this.release(word + (length >> 2), rest, 0);
    return word;
  }

  /** Finds `length` bytes for the live block at `word` and moves it there if need be. Returns the place or NO_WORD. */
  #grow(word: number, length: number): number {
    const words = this.words;
    const header = words[word]!;
    const oldLength = header & LENGTH_MASK;
    const next = word + (oldLength >> 2);
    const room = words[next]! & FREE ? words[next]! & LENGTH_MASK : 0;
    if (oldLength + room >= length) {
      this.carve(next, next, length - oldLength, 0);
      words[word] = header + length - oldLength;
      this.pullCursor(word, word + (length >> 2));
      return word;
    }
    if (header & PINNED) return NO_WORD;
    if (header & PREVIOUS_FREE) {
      const previous = word - (words[word - 1]! >> 2);
      const place = alignWord(previous, this.alignOf(word));
      if (place < word && place + (length >> 2) <= next + (room >> 2)) {
        this.#slideInto(previous, place, word, next, room, length);
        return place;
      }
    }
    const align = this.alignOf(word);
    const hole = align === GRANULE_BYTES ? this.findHole(length) : this.holes.findAligned(length, align, 1, 0);
    if (hole < 0) return NO_WORD;
    const place = alignWord(hole, align);
    this.noteMove(words[word + 1]! & SLOT_MASK, word, place);
    this.carve(hole, place, length, 0);
    words.copyWithin(place + 1, word + 1, next);
    this.release(word, oldLength, words[word]!);
    return place;
  }

  /** Slides the block at `word` to `place` in the hole before it and lets it end at place + length, inside what is free. */
  #slideInto(previous: number, place: number, word: number, next: number, room: number, length: number): void {
    const words = this.words;
    const end = next + (room >> 2);
    const placeEnd = place + (length >> 2);
    this.unlinkHole(previous, words[previous]! & LENGTH_MASK);
    if (room > 0) this.unlinkHole(next, room);
    this.noteMove(words[word + 1]! & SLOT_MASK, word, place);
    words.copyWithin(place + 1, word + 1, next);
    words[place] = length;
    if (place > previous) this.linkHole(previous, (place - previous) << 2);
    if (placeEnd < end) this.linkHole(placeEnd, (end - placeEnd) << 2);
    else words[end]! &= ~PREVIOUS_FREE;
    // Boundaries at word, next and inside the old block are gone: all lie in (previous, end).
    this.pullCursor(previous, end);
  }

  /** Verify mode: fills the redzone of the block at `word` (NO_WORD: none) and checks everything. */
  #verify(word: number): void {
    if (word >= 0) {
      const end = (word << 2) + (this.words[word]! & LENGTH_MASK);
      this.bytes.fill(REDZONE_BYTE, end - ((this.words[word + 1]! >>> SLACK_SHIFT) & SLACK_MASK), end);
    }
    this.assertIntact();
  }

  /** @internal Throws AssertionError with the first violation that checkHeap finds. */
  assertIntact(): void {
    const violations = checkHeap(this);
    if (violations.length > 0) {
      const first = violations[0]!;
      throw new AssertionError(`${first.rule} at ${first.address}: ${first.message} (${violations.length} violations)`);
    }
  }
}

function refuseSize(): never {
  throw new AssertionError("sizeBytes must be an integer in [1, 2^31)");
}
