// What the heap asks of an index over its holes. Two implementations: the segregated fit (constant time) and the best
// fit (a treap). Both keep their links inside the holes and know holes by the word index of their header, whose length is
// already written when they are told of them.

/** Reports one violation: the rule's name, the word index of the hole, and what is wrong. */
export type IndexReport = (rule: string, word: number, message: string) => void;

export interface HoleIndex {
  /** Takes in the hole at `word`. */
  insert(word: number, lengthBytes: number): void;
  /** Lets go of the hole at `word`; its links stay readable until something is written there. */
  remove(word: number, lengthBytes: number): void;
  /** Undoes the newest `remove` not undone yet, with nothing else between but pairs of insert and remove: the order of every list is what it was. */
  restore(word: number, lengthBytes: number): void;
  /** A hole of at least `lengthBytes`, or NO_WORD. */
  find(lengthBytes: number): number;
  /**
   * A hole that holds `lengthBytes` with its payload on a multiple of `alignBytes` and that neither overlaps nor touches
   * the words [avoidStart, avoidEnd] (pass 1, 0 to avoid nothing), or NO_WORD. Cost: up to O(holes).
   */
  findAligned(lengthBytes: number, alignBytes: number, avoidStart: number, avoidEnd: number): number;
  /** Length in bytes of the largest hole, 0 without holes. */
  largest(): number;
  /** Walks the whole index; returns the number of holes reached. `isHole[word >> 2]` is 1 where a hole starts. Cold. */
  check(isHole: Uint8Array, report: IndexReport): number;
}
