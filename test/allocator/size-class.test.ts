import { describe, expect, test } from "vitest";
import { classOfHole, classOfSearch, leastLengthOfClass } from "../../allocator/size-class.ts";

const MAX_LENGTH = 2 ** 28;

describe("the mapping pair", () => {
  test("holds for every length from 16 bytes to 256 MiB", () => {
    let wrong = 0;
    let sizeClass = 1;
    let least = 16;
    let nextLeast = 32;
    for (let length = 16; length <= MAX_LENGTH; length += 16) {
      if (length === nextLeast) {
        sizeClass++;
        least = nextLeast;
        nextLeast = leastLengthOfClass(sizeClass + 1);
      }
      // Rounded down to insert: the class's interval holds the length. Rounded up to search: all of the class is long enough.
      if (classOfHole(length) !== sizeClass) wrong++;
      if (classOfSearch(length) !== (length === least ? sizeClass : sizeClass + 1)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(sizeClass).toBe(640);
  });

  test("classes below 1 KiB hold one length each, and none wastes more than a 32nd", () => {
    for (let sizeClass = 1; sizeClass < 640; sizeClass++) {
      const least = leastLengthOfClass(sizeClass);
      const width = leastLengthOfClass(sizeClass + 1) - least;
      expect(classOfHole(least)).toBe(sizeClass);
      expect(classOfSearch(least)).toBe(sizeClass);
      if (least < 1024) expect(width).toBe(16);
      else expect(width / least).toBeLessThanOrEqual(1 / 32);
    }
  });
});
