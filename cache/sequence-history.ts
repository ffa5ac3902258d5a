// Where one user, session or context stands: its last few symbols, and the symbols it has used lately, each once, the latest
// first (a move-to-front list, Bentley et al. 1986). Small, so that there can be one for each of thousands of sessions that
// share what they have learned, and copied to look further ahead than one step.

import { MOST_ORDER } from "./sequence-table.ts";

/** Symbols of the move-to-front list. */
export const RECENCY_COUNT = 16;

export class SequenceHistory {
  /** Whose statistics are used and fed. */
  space: number;
  /** The last symbols, the latest first; `length` of them are valid. */
  readonly recent = new Uint16Array(MOST_ORDER);
  length = 0;
  /** Different symbols, the latest first; `usedCount` of them are valid. */
  readonly used = new Uint16Array(RECENCY_COUNT);
  usedCount = 0;
  /** How often each of `used` came while it stood in the list, up to 255. */
  readonly uses = new Uint8Array(RECENCY_COUNT);

  constructor(space: number) {
    this.space = space;
  }

  /** A new session begins: nothing came before. What was learned stays. */
  clear(): void {
    this.length = 0;
    this.usedCount = 0;
  }

  /** `symbol` came. No garbage. */
  push(symbol: number): void {
    const { recent, used, uses } = this;
    if (this.length < MOST_ORDER) this.length++;
    for (let i = this.length - 1; i > 0; i--) recent[i] = recent[i - 1]!;
    recent[0] = symbol;
    let at = 0;
    while (at < this.usedCount && used[at] !== symbol) at++;
    let useCount = 1;
    if (at < this.usedCount) useCount = Math.min(255, uses[at]! + 1);
    else if (this.usedCount < RECENCY_COUNT) this.usedCount++;
    else at--;
    for (let i = at; i > 0; i--) {
      used[i] = used[i - 1]!;
      uses[i] = uses[i - 1]!;
    }
    used[0] = symbol;
    uses[0] = useCount;
  }

  /** Becomes equal to `other`: then `push` what is expected and predict again, to look a step further. */
  copyFrom(other: SequenceHistory): void {
    this.space = other.space;
    this.recent.set(other.recent);
    this.length = other.length;
    this.used.set(other.used);
    this.uses.set(other.uses);
    this.usedCount = other.usedCount;
  }

  /** Forgets symbols for which `isAlive` is false: the sequence is cut at the first of them, the list loses only them. */
  retain(isAlive: (symbol: number) => boolean): void {
    let kept = 0;
    while (kept < this.length && isAlive(this.recent[kept]!)) kept++;
    this.length = kept;
    kept = 0;
    for (let i = 0; i < this.usedCount; i++) {
      if (!isAlive(this.used[i]!)) continue;
      this.used[kept] = this.used[i]!;
      this.uses[kept++] = this.uses[i]!;
    }
    this.usedCount = kept;
  }
}
