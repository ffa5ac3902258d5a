// Which components have names alike: names split into words, and for each component the few others that share more than half of
// their words with it (Dice's coefficient: twice the shared words over all words). Kept as components come, so that asking
// costs nothing: a new name is compared with those that share a word with it, at most 64 to a word.

import { assert } from "../../core/errors.ts";

export const ALIKE_COUNT = 16;
/** Words of a name that are looked at, and components remembered to a word, the latest. */
const MOST_WORDS = 12;
const MOST_POSTINGS = 64;
const LEAST_ALIKE = 0.5;
// Words in camelCase, in capitals, and numbers; whatever is not ASCII counts as a small letter.
const WORDS = /[A-Z]?[a-z\u0080-\uffff]+|[A-Z]+(?![a-z])|[0-9]+/g;

/** The different words of a name, in lower case: "src/userList-2.tsx" has src, user, list, 2, tsx. */
export function wordsOf(name: string): string[] {
  return [...new Set((name.match(WORDS) ?? []).map((word) => word.toLowerCase()))].slice(0, MOST_WORDS);
}

export class WordIndex {
  /** Symbol × ALIKE_COUNT: the most alike first; `counts` of each symbol are valid. */
  readonly alike: Uint16Array;
  readonly likeness: Float32Array;
  readonly counts: Uint8Array;
  readonly #postings = new Map<string, number[]>();
  readonly #words: (readonly string[] | undefined)[];

  constructor(symbolCount: number) {
    this.alike = new Uint16Array(symbolCount * ALIKE_COUNT);
    this.likeness = new Float32Array(symbolCount * ALIKE_COUNT);
    this.counts = new Uint8Array(symbolCount);
    this.#words = new Array<readonly string[] | undefined>(symbolCount).fill(undefined);
  }

  /** Bytes of the typed arrays, and 8 for each place in a list of words or of components; the strings come on top. */
  get stateBytes(): number {
    let places = 0;
    for (const list of this.#postings.values()) places += list.length;
    return this.counts.length * (6 * ALIKE_COUNT + 1) + 16 * places;
  }

  /** Words known. */
  get wordCount(): number {
    return this.#postings.size;
  }

  /** A component that was not there. O(words × 64). */
  add(symbol: number, name: string): void {
    assert(this.#words[symbol] === undefined, "a component is added once");
    const words = wordsOf(name);
    this.#words[symbol] = words;
    this.counts[symbol] = 0;
    const shared = new Map<number, number>();
    for (const word of words) {
      const list = this.#postings.get(word);
      if (list === undefined) {
        this.#postings.set(word, [symbol]);
        continue;
      }
      for (const other of list) shared.set(other, (shared.get(other) ?? 0) + 1);
      list.push(symbol);
      if (list.length > MOST_POSTINGS) list.shift();
    }
    for (const [other, count] of shared) {
      const likeness = (2 * count) / (words.length + this.#words[other]!.length);
      if (likeness <= LEAST_ALIKE) continue;
      this.#place(symbol, other, likeness);
      this.#place(other, symbol, likeness);
    }
  }

  /** O(symbols). */
  forget(dead: Uint8Array): void {
    for (const [word, list] of this.#postings) {
      const kept = list.filter((symbol) => dead[symbol] === 0);
      if (kept.length === 0) this.#postings.delete(word);
      else if (kept.length < list.length) this.#postings.set(word, kept);
    }
    for (let symbol = 0; symbol < this.counts.length; symbol++) {
      if (dead[symbol] === 1) {
        this.#words[symbol] = undefined;
        this.counts[symbol] = 0;
        continue;
      }
      const first = symbol * ALIKE_COUNT;
      let kept = first;
      for (let i = first; i < first + this.counts[symbol]!; i++) {
        if (dead[this.alike[i]!] === 1) continue;
        this.alike[kept] = this.alike[i]!;
        this.likeness[kept++] = this.likeness[i]!;
      }
      this.counts[symbol] = kept - first;
    }
  }

  /** Words and their components, each in the order in which they came: what `restore` takes. */
  postings(): [string, number[]][] {
    return [...this.#postings].map(([word, list]) => [word, [...list]]);
  }

  /** Becomes what `postings` told of components with these names; the arrays are the caller's. */
  restore(names: readonly (readonly [symbol: number, name: string])[], postings: readonly [string, number[]][]): void {
    this.#words.fill(undefined);
    this.#postings.clear();
    for (const [symbol, name] of names) this.#words[symbol] = wordsOf(name);
    for (const [word, list] of postings) this.#postings.set(word, [...list]);
  }

  /** Throws AssertionError when lists name what is not there. */
  check(): void {
    for (const list of this.#postings.values()) {
      assert(list.length > 0 && list.length <= MOST_POSTINGS, "a word has components, and not too many");
      for (const symbol of list) assert(this.#words[symbol] !== undefined, "a word's components are known");
      assert(new Set(list).size === list.length, "a component stands once in a list");
    }
    for (let symbol = 0; symbol < this.counts.length; symbol++) {
      const first = symbol * ALIKE_COUNT;
      assert(this.counts[symbol]! <= ALIKE_COUNT, "components alike keep to their places");
      for (let i = first; i < first + this.counts[symbol]!; i++) {
        assert(this.#words[this.alike[i]!] !== undefined, "components alike are known");
        assert(this.likeness[i]! > LEAST_ALIKE && this.likeness[i]! <= 1, "likeness is above a half");
        assert(i === first || this.likeness[i]! <= this.likeness[i - 1]!, "the most alike stand first");
      }
    }
  }

  #place(symbol: number, other: number, likeness: number): void {
    const first = symbol * ALIKE_COUNT;
    const used = this.counts[symbol]!;
    if (used === ALIKE_COUNT && this.likeness[first + used - 1]! >= likeness) return;
    let at = first + Math.min(used, ALIKE_COUNT - 1);
    this.counts[symbol] = Math.min(used + 1, ALIKE_COUNT);
    for (; at > first && this.likeness[at - 1]! < likeness; at--) {
      this.alike[at] = this.alike[at - 1]!;
      this.likeness[at] = this.likeness[at - 1]!;
    }
    this.alike[at] = other;
    this.likeness[at] = likeness;
  }
}
