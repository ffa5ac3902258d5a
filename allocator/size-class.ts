// The mapping between lengths and size classes of the segregated fit: each doubling is cut into 32 classes, lengths under
// 1 KiB have a class each. A class number is the bits of a small float (exponent, five bits of mantissa), so that one
// expression covers all sizes without a branch. The pair of Masmano et al., "TLSF: a New Dynamic Memory Allocator for
// Real-Time Systems" (ECRTS 2004), section 3: round down to insert, up to search.

/** Second-level bits: 32 classes to a doubling, one bitmap word to a first-level step. */
export const SUBCLASS_BITS = 5;
const LINEAR_BITS = SUBCLASS_BITS + 1; // below 2^6 granules the mapping is the identity
const CLZ_LINEAR = 32 - LINEAR_BITS;

/** The class that a hole of `lengthBytes` (multiple of 16, 16..2^28) is kept in: 1..640. Rounds down. */
export function classOfHole(lengthBytes: number): number {
  const granules = lengthBytes >>> 4;
  const exponent = CLZ_LINEAR - Math.clz32(granules);
  const shift = exponent & ~(exponent >> 31); // max(0, exponent)
  return (shift << SUBCLASS_BITS) + (granules >>> shift);
}

/** The least class all of whose holes have at least `lengthBytes`. Rounds up: classOfHole or one more. */
export function classOfSearch(lengthBytes: number): number {
  const granules = lengthBytes >>> 4;
  const exponent = CLZ_LINEAR - Math.clz32(granules);
  const shift = exponent & ~(exponent >> 31);
  return (shift << SUBCLASS_BITS) + ((granules + (1 << shift) - 1) >>> shift);
}

/** The least length in bytes of class `sizeClass`: the inverse of `classOfHole`. */
export function leastLengthOfClass(sizeClass: number): number {
  const level = sizeClass >>> SUBCLASS_BITS;
  const shift = level > 0 ? level - 1 : 0;
  return (sizeClass - (shift << SUBCLASS_BITS)) << (shift + 4);
}
