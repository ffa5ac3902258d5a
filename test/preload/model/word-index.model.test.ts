// Names alike against a comparison of all pairs.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { ALIKE_COUNT, WordIndex, wordsOf } from "../../../preload/model/word-index.ts";

const SYMBOLS = 40;
const VOCABULARY = Array.from("abcdefghijklmnopqrst", (letter) => letter.repeat(3));

function dice(a: string, b: string): number {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  return (2 * one.filter((word) => other.includes(word)).length) / (one.length + other.length);
}

describe("word index", () => {
  it("P10: splits paths and identifiers into words", () => {
    expect(wordsOf("src/components/userList-2.tsx")).toEqual(["src", "components", "user", "list", "2", "tsx"]);
    expect(wordsOf("HTTPServer_getURL")).toEqual(["http", "server", "get", "url"]);
    expect(wordsOf("größe/Ansicht")).toEqual(["größe", "ansicht"]);
    expect(wordsOf("a/a/A")).toEqual(["a"]);
    expect(wordsOf("--")).toEqual([]);
    expect(wordsOf(Array.from({ length: 50 }, (_, i) => i).join("/")).length).toBe(12);
  });

  for (const seed of [1, 2, 3]) {
    it(`P10: knows which names share more than half of their words (seed ${seed})`, () => {
      const stream = new RandomStream(seed, "words");
      const index = new WordIndex(SYMBOLS);
      const names = new Map<number, string>();
      for (let i = 0; i < 120; i++) {
        const symbol = stream.integer(SYMBOLS);
        if (names.has(symbol)) {
          const dead = new Uint8Array(SYMBOLS);
          for (const one of [symbol, stream.integer(SYMBOLS)]) {
            dead[one] = 1;
            names.delete(one);
          }
          index.forget(dead);
        } else {
          const words = Array.from({ length: 2 + stream.integer(3) }, () => VOCABULARY[stream.integer(12)]!);
          names.set(symbol, `${words.join("/")}`);
          index.add(symbol, names.get(symbol)!);
        }
        index.check();
        for (const [one, name] of names) {
          const first = one * ALIKE_COUNT;
          const found = Array.from(index.likeness.subarray(first, first + index.counts[one]!));
          const expected = [...names]
            .filter(([other]) => other !== one)
            .map(([, text]) => Math.fround(dice(name, text)))
            .filter((likeness) => likeness > 0.5)
            .sort((a, b) => b - a);
          // A list that was full lost names that a forgotten one would have made room for.
          if (expected.length < ALIKE_COUNT) expect(found).toEqual(expected);
        }
      }
    });
  }

  it("holds at most 64 components to a word", () => {
    const index = new WordIndex(300);
    for (let symbol = 0; symbol < 300; symbol++) index.add(symbol, `same/x${symbol}`);
    index.check();
    const before = index.stateBytes;
    index.forget(Uint8Array.from({ length: 300 }, (_, symbol) => (symbol < 150 ? 1 : 0)));
    index.check();
    expect(index.stateBytes).toBeLessThan(before);
    index.forget(new Uint8Array(300).fill(1));
    expect(index.wordCount).toBe(0);
  });
});
