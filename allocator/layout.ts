// The layout of the arena: where each word of a block lies and what its bits mean. Everything that reads or writes the
// buffer takes its offsets from here. Boundary tags after Knuth, TAOCP vol. 1, section 2.5, algorithm C.
//
//   buffer:  | lead 8 B | block | block | ... | block | sentinel 8 B |      capacityBytes + 16 in all
//   address:            0                             capacityBytes
//
//   live block:  word 0  length | flags         word 1  slot | slack << 24 | align exponent << 28     payload ...
//   hole:        word 0  length | FREE          word 1, 2  links of the hole index      last word  length (the footer)
//
// The lead puts each payload on a multiple of 16 (address + 16 in the buffer) and lends its two words to the hole index:
// a link of NO_WORD (−1) makes word + 1 and word + 2 fall on them, so that unlinking needs no branch. A smallest hole is
// 16 bytes: header, two links, footer. A footer exists in holes only: PREVIOUS_FREE in the block behind says that the
// word before it is one.

import { GRANULE_BYTES } from "../core/units.ts";

/** Bits of word 0. A length is a multiple of 16 and at most 2^28, so the low four bits are free for flags. */
export const LENGTH_MASK = ~15;
export const FREE = 1;
export const PREVIOUS_FREE = 2;
export const PINNED = 4;

/** Bits of word 1 of a live block. The slack is what rounding added behind the payload, 0..15 bytes. */
export const SLOT_MASK = 0x00ffffff;
export const SLACK_SHIFT = 24;
export const SLACK_MASK = 15;
export const ALIGN_SHIFT = 28;

/** Bytes before the first block, and the byte offset of a payload in the buffer less the address of its block. */
export const LEAD_BYTES = 8;
export const LEAD_WORDS = LEAD_BYTES >> 2;
export const PAYLOAD_OFFSET_BYTES = 16;
/** The end sentinel: word 0 reads as a live block of an impossible length (over 2^28), with room for PREVIOUS_FREE. */
export const TAIL_BYTES = 8;
export const SENTINEL_HEADER = 0x7fedfee0;
export const SENTINEL_WORD = 0x5afe5afe;
/** Fills the slack of live blocks in verify mode. */
export const REDZONE_BYTE = 0xa5;

/** "No block": as a word index and as the link at the end of a list. */
export const NO_WORD = -1;

/** Capacity: a multiple of the granule from 64 bytes to 256 MiB, the most that 24 bits of slot can number. */
export const MIN_CAPACITY_BYTES = 64;
export const MAX_CAPACITY_BYTES = 268_435_456;
/** Largest alignment of a payload: 16 << 15, as four bits of the header hold the exponent. */
export const MAX_ALIGN_BYTES = GRANULE_BYTES << 15;

/** Bits 28 to 30 of a handle are the zone, at the same place whatever the capacity. */
export const ZONE_SHIFT = 28;
export const MAX_ZONES = 8;

/** Word index of the block at `addressBytes`. */
export function wordOfAddress(addressBytes: number): number {
  return (addressBytes >> 2) + LEAD_WORDS;
}

/** Address in bytes of the block at word index `word`. */
export function addressOfWord(word: number): number {
  return (word - LEAD_WORDS) << 2;
}

/**
 * First word index ≥ `word` where a block's payload lies on a multiple of `alignBytes` (a power of two ≥ 16) in the
 * buffer. A payload starts two words behind its header.
 */
export function alignWord(word: number, alignBytes: number): number {
  const alignWords = alignBytes >> 2;
  return ((word + 2 + alignWords - 1) & -alignWords) - 2;
}
