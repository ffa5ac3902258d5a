// The bound on accuracy, on sequences that can be counted by hand.

import { describe, expect, it } from "vitest";
import { boundOf } from "../../../scripts/preload-bound.ts";

describe("bound of accuracy", () => {
  it("judges what was counted and what was not", () => {
    // After 1 comes 2 twice and 3 once; in the other half 3 twice, and a context that was never seen.
    const bound = boundOf(
      [
        [1, 2],
        [1, 2],
        [1, 3],
      ],
      [
        [1, 3],
        [1, 3],
        [4, 1],
        [1, 2],
      ],
      1,
    );
    expect(bound).toEqual({ contexts: 1, known: [2 / 3, 1], unknown: [1 / 4, 3 / 4] });
    expect(
      boundOf(
        [[1, 2, 3]],
        [
          [2, 2, 3],
          [1, 2, 4],
        ],
        2,
      ),
    ).toEqual({ contexts: 2, known: [1, 1], unknown: [0.25, 0.25] });
  });
});
