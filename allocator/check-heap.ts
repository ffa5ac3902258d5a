// The integrity walk: reads the whole arena, the index, the handles and the statistics, and names each thing that does not
// agree with the rest. It trusts nothing, so that it can be run on a damaged heap. After tlsf's `tlsf_check` in spirit.

import type { Arena } from "./arena.ts";
import {
  ALIGN_SHIFT,
  addressOfWord,
  alignWord,
  FREE,
  LEAD_WORDS,
  LENGTH_MASK,
  NO_WORD,
  PINNED,
  PREVIOUS_FREE,
  REDZONE_BYTE,
  SENTINEL_HEADER,
  SENTINEL_WORD,
  SLACK_MASK,
  SLACK_SHIFT,
  SLOT_MASK,
  ZONE_SHIFT,
} from "./layout.ts";

/** The rules, each of which a violation may name. */
export const HEAP_RULES = [
  "sentinel", // the words behind the last block
  "block-length", // a length that is 0, too long for what is left, or a flag that does not exist; the walk ends there
  "previous-free", // the flag does not say what lies before
  "coalesce", // two holes that touch
  "pinned-hole", // a hole that is pinned
  "footer", // the last word of a hole is not its length
  "slot", // a live block whose slot is out of range, unused, or another block's
  "slack", // more slack than the block has room for
  "redzone", // verify mode: bytes behind a payload were written
  "align", // a payload off its alignment
  "index-bitmap", // a class's bit against its list
  "index-foreign", // the index leads to something that is not a hole
  "index-class", // a hole in the wrong class or on the wrong side of its parent
  "index-link", // a back link, or the order of priorities
  "index-count", // holes that the index does not reach
  "free-slots", // the list of free slots is not exactly the slots without a block
  "statistics", // a running count against the walk
  "cursor", // the cursor of a run is not a boundary
] as const;
export type HeapRule = (typeof HEAP_RULES)[number];

export interface HeapViolation {
  /** One of HEAP_RULES. */
  readonly rule: string;
  /** Byte address of the block or hole concerned, −1 for none. */
  readonly address: number;
  readonly message: string;
}

/** Walks everything and returns each violation, none for an intact heap. Changes nothing. Cost: O(blocks + slots used). */
export function checkHeap(heap: Arena): HeapViolation[] {
  const violations: HeapViolation[] = [];
  const report = (rule: string, word: number, message: string): void => {
    violations.push({ rule, address: word < 0 ? NO_WORD : addressOfWord(word), message });
  };
  const { words, slots, endWord } = heap;
  if ((words[endWord]! & ~PREVIOUS_FREE) !== SENTINEL_HEADER || words[endWord + 1] !== SENTINEL_WORD)
    report("sentinel", endWord, "the end sentinel was overwritten");

  const isHole = new Uint8Array((endWord >> 2) + 1);
  let blockCount = 0;
  let holeCount = 0;
  let allocatedBytes = 0;
  let freeBytes = 0;
  let pinnedBytes = 0;
  let usableBytes = 0;
  let isPreviousFree = false;
  let isCursorSeen = heap.cursorWord < 0 || heap.cursorWord === endWord;
  let word = LEAD_WORDS;
  while (word < endWord) {
    const header = words[word]!;
    const length = header & LENGTH_MASK;
    if (
      length <= 0 ||
      length > (endWord - word) << 2 ||
      (header & ~(LENGTH_MASK | FREE | PREVIOUS_FREE | PINNED)) !== 0
    ) {
      report("block-length", word, `header ${header} with ${(endWord - word) << 2} bytes left`);
      return violations; // nothing behind it can be read
    }
    if (word === heap.cursorWord) isCursorSeen = true;
    if (((header & PREVIOUS_FREE) !== 0) !== isPreviousFree)
      report("previous-free", word, `the flag says ${!isPreviousFree}`);
    if (header & FREE) {
      holeCount++;
      freeBytes += length;
      usableBytes += Math.floor(length / heap.referenceLengthBytes) * heap.referenceLengthBytes;
      isHole[word >> 2] = 1;
      if (isPreviousFree) report("coalesce", word, "two holes touch");
      if (header & PINNED) report("pinned-hole", word, "a hole is pinned");
      const footer = words[word + (length >> 2) - 1]!;
      if (footer !== length) report("footer", word, `footer ${footer}, length ${length}`);
      isPreviousFree = true;
    } else {
      blockCount++;
      allocatedBytes += length;
      if (header & PINNED) pinnedBytes += length;
      checkBlock(heap, word, length, report);
      isPreviousFree = false;
    }
    word += length >> 2;
  }
  if (((words[endWord]! & PREVIOUS_FREE) !== 0) !== isPreviousFree)
    report("previous-free", endWord, `the sentinel's flag says ${!isPreviousFree}`);
  if (!isCursorSeen) report("cursor", heap.cursorWord, "the cursor lies inside a block");

  const reached = heap.holes.check(isHole, report);
  if (reached !== holeCount) report("index-count", NO_WORD, `the index reaches ${reached} of ${holeCount} holes`);

  checkFreeSlots(heap, report);
  const usedSlots = countLiveSlots(slots, heap.freshSlot);
  const counts: [string, number, number][] = [
    ["blockCount", heap.blockCount, blockCount],
    ["live slots", usedSlots, blockCount],
    ["holeCount", heap.holeCount, holeCount],
    ["allocatedBytes", heap.allocatedBytes, allocatedBytes],
    ["freeBytes", heap.freeBytes, freeBytes],
    ["pinnedBytes", heap.pinnedBytes, pinnedBytes],
    ["usableBytes", heap.usableBytes, usableBytes],
  ];
  for (const [name, kept, found] of counts)
    if (kept !== found) report("statistics", NO_WORD, `${name} is ${kept}, the walk finds ${found}`);
  return violations;
}

type Report = (rule: HeapRule, word: number, message: string) => void;

function checkBlock(heap: Arena, word: number, length: number, report: Report): void {
  const { words, slots, bytes } = heap;
  const tag = words[word + 1]!;
  const slot = tag & SLOT_MASK;
  if (slot >= heap.freshSlot || slots[2 * slot]! <= 0 || slots[2 * slot + 1] !== word)
    report("slot", word, `slot ${slot} does not lead back to the block`);
  else if ((slots[2 * slot]! & ~(((1 << ZONE_SHIFT) - 1) & ~heap.slotMask)) !== ((heap.zoneTag << ZONE_SHIFT) | slot))
    report("slot", word, `the handle of slot ${slot} names another slot or zone`);
  const slack = (tag >>> SLACK_SHIFT) & SLACK_MASK;
  if (slack > length - 9) report("slack", word, `slack ${slack} in a block of ${length}`);
  else if (heap.isVerifying) {
    const end = (word << 2) + length;
    for (let byte = end - slack; byte < end; byte++)
      if (bytes[byte] !== REDZONE_BYTE) {
        report("redzone", word, `byte ${byte - (word << 2)} of the block was written`);
        break;
      }
  }
  if (alignWord(word, 16 << (tag >>> ALIGN_SHIFT)) !== word)
    report("align", word, `payload off its alignment of ${16 << (tag >>> ALIGN_SHIFT)}`);
}

function checkFreeSlots(heap: Arena, report: Report): void {
  const { slots, freshSlot } = heap;
  let count = 0;
  let slot = heap.freeSlot;
  while (slot >= 0) {
    if (slot >= freshSlot || slots[2 * slot]! >= 0 || count > freshSlot) {
      report("free-slots", NO_WORD, `the list of free slots leads to ${slot}`);
      return;
    }
    count++;
    slot = slots[2 * slot + 1]!;
  }
  const expected = freshSlot - heap.blockCount;
  if (count !== expected) report("free-slots", NO_WORD, `${count} free slots in the list, ${expected} without a block`);
}

function countLiveSlots(slots: Int32Array, freshSlot: number): number {
  let count = 0;
  for (let slot = 0; slot < freshSlot; slot++) if (slots[2 * slot]! > 0) count++;
  return count;
}
