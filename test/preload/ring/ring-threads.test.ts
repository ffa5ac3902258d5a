// The ring between real threads: every single item is accounted for. The ten million of the mark are sent by
// `npm run bench -- ring`.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RingCrew, type Round } from "../../../scripts/bench/ring-crew.ts";

let crew: RingCrew;
beforeAll(() => {
  crew = new RingCrew(4);
});
afterAll(() => crew.end());

const NEAR_WRAP = -100_000;

describe("the ring between threads", () => {
  const rounds: [string, Round][] = [
    ["2 to 2, mixed sizes", { senders: 2, receivers: 2, items: 400_000, way: "ring", batch: 0 }],
    ["1 to 3, mixed sizes", { senders: 1, receivers: 3, items: 200_000, way: "ring", batch: 0 }],
    ["3 to 1, mixed sizes", { senders: 3, receivers: 1, items: 200_000, way: "ring", batch: 0 }],
    ["2 to 2, one by one", { senders: 2, receivers: 2, items: 100_000, way: "ring", batch: 1 }],
    ["2 to 2, two slots", { senders: 2, receivers: 2, items: 4_000, way: "ring", batch: 0, capacity: 2 }],
    [
      "2 to 2, over the wrap of the cursors, eight slots",
      { senders: 2, receivers: 2, items: 200_000, way: "ring", batch: 0, capacity: 64, firstPosition: NEAR_WRAP },
    ],
    [
      "2 to 2, two of them stopped in the middle of a push and of a pop",
      { senders: 2, receivers: 2, items: 100_000, way: "ring", batch: 0, capacity: 256, isPaused: true },
    ],
    [
      "1 to 3, two of them stopped in the middle",
      { senders: 1, receivers: 3, items: 50_000, way: "ring", batch: 1, capacity: 256, isPaused: true },
    ],
  ];
  it.each(rounds)("P37 P38 P40: %s: every item once, in the order of its sender", async (_, round) => {
    const result = await crew.run({ ...round, seed: 7 });
    const { lost, doubled, disordered, left, receivedEach } = result;
    expect({ lost, doubled, disordered, left }).toEqual({ lost: 0, doubled: 0, disordered: 0, left: 0 });
    expect(receivedEach.reduce((sum, count) => sum + count, 0)).toBe(result.items);
  });

  it("the account can be wrong: ports tell the same, and a bad sender is seen", async () => {
    const { lost, doubled, disordered } = await crew.run({
      senders: 2,
      receivers: 2,
      items: 10_000,
      way: "ports",
      batch: 64,
    });
    expect({ lost, doubled, disordered }).toEqual({ lost: 0, doubled: 0, disordered: 0 });
  });
});
