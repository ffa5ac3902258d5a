// The measurement of accuracy, on requests whose answer is known. Figures of real ones: `npx tsx scripts/preload-accuracy.ts`.

import { describe, expect, it } from "vitest";
import {
  inTurn,
  meanAccuracy,
  measureAccuracy,
  shellRequests,
  webRequests,
} from "../../../scripts/preload-accuracy.ts";
import { SMALL } from "./streams.ts";

describe("accuracy of next components", () => {
  it("reads sessions and commands", () => {
    const web = "% a\n\nfrontpage news tech\n\n\n% Sequences:\n\n1 1 \n2 \n\n3 2 2\n";
    expect(webRequests(web, 2).map(({ component, isFirst }) => [component, isFirst])).toEqual([
      ["frontpage", true],
      ["frontpage", false],
      ["news", true],
    ]);
    expect(shellRequests("ls\ncd\n\nls\n", "u").map(({ component }) => component)).toEqual(["ls", "cd", "ls"]);
    const users = [shellRequests("a\nb\nc\nd", "u"), shellRequests("x\ny", "v")];
    expect(
      inTurn(users)
        .map(({ component }) => component)
        .join(""),
    ).toBe("axbcyd");
  });

  it("P14: counts each step within its session, before it is learned", () => {
    const sessions = Array.from({ length: 60 }, () => ["a", "b", "c", "d", "e"]);
    const requests = sessions.flatMap((session) =>
      session.map((component, i) => ({ component, user: "u", isFirst: i === 0 })),
    );
    const { steps, heldOut } = measureAccuracy(requests, SMALL, 3, 150);
    expect(steps.map(({ predictions }) => predictions)).toEqual([240, 180, 120]);
    expect(heldOut.predictions).toBe(120);
    // The first session is new; from then on all is known, three steps ahead.
    expect(heldOut.tops[0]).toBe(1);
    steps.forEach(({ tops, baseTops, calibrationError }, i) => {
      expect(tops[0]).toBeGreaterThan(0.9);
      expect(tops[0]).toBeLessThanOrEqual([236 / 240, 177 / 180, 118 / 120][i]!);
      expect(baseTops[0]).toBeLessThan(0.5);
      expect(calibrationError).toBeLessThan(0.15);
    });
    expect(meanAccuracy([steps[0]!, steps[0]!])).toEqual({ ...steps[0], predictions: 480 });
  });
});
