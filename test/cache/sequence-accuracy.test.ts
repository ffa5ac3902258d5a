// The measurement of accuracy: on sequences whose answer is known, and on real ones where they are there. Figures of all of them:
// `npx tsx scripts/sequence-accuracy.ts`.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { meanRows, measureTrace, readCommands, readSessions } from "../../scripts/sequence-accuracy.ts";

const folder = fileURLToPath(new URL("../../../shared/traces/sequence/", import.meta.url));
const user = `${folder}unix-user1.txt.gz`;
if (!existsSync(user)) process.stderr.write(`sequence-accuracy.test.ts: skipped, there is no ${user}\n`);

describe("accuracy of sequences", () => {
  it("reads sessions and commands", () => {
    expect(readSessions("% a\n\nfrontpage news\n\n\n% Sequences:\n\n1 1 \n2 \n\n3 2 2\n")).toEqual([
      [1, 1],
      [2],
      [3, 2, 2],
    ]);
    expect(readCommands("ls\ncd\n\nls\n")).toEqual({ sessions: [[0, 1, 0]], symbolCount: 2 });
  });

  it("counts what is predicted before it is learned, and not the first of a session", () => {
    const trace = { name: "ring", sessions: Array.from({ length: 50 }, () => [0, 1, 2, 3, 4]), symbolCount: 5 };
    const rows = measureTrace(trace, [1, 2]);
    for (const row of rows) expect(row.predictions).toBe(200);
    const [frequent, backOff, ...mixed] = rows;
    expect(frequent.top1).toBeLessThan(0.3);
    // The first session is new; from then on all is known.
    expect(backOff.top1).toBeCloseTo(196 / 200, 12);
    for (const row of mixed) expect(row.top1).toBeCloseTo(196 / 200, 12);
    expect(meanRows("mean", [...rows, ...rows])[1]).toMatchObject({
      trace: "mean",
      predictions: 400,
      top1: backOff.top1,
    });
  });

  it("nothing is to be gained from noise", () => {
    const random = new RandomStream(1, "sequence-accuracy test");
    const trace = {
      name: "noise",
      sessions: [Array.from({ length: 6000 }, () => random.integer(20))],
      symbolCount: 20,
    };
    for (const { model, top1, top5 } of measureTrace(trace, [2])) {
      expect(Math.abs(top1 - 1 / 20), model).toBeLessThan(0.012);
      expect(Math.abs(top5 - 5 / 20), model).toBeLessThan(0.025);
    }
  });

  it.skipIf(!existsSync(user))(
    "on the commands of a shell user: ahead of back-off and base rate, and calibrated",
    () => {
      const trace = { name: "unix-user1", ...readCommands(gunzipSync(readFileSync(user)).toString("utf8")) };
      const [frequent, backOff, mixed] = measureTrace(trace, [2]);
      expect(mixed.top1).toBeGreaterThan(backOff.top1);
      expect(mixed.top3).toBeGreaterThan(backOff.top3 + 0.03);
      expect(mixed.top1).toBeGreaterThan(2 * frequent.top1);
      expect(mixed.calibrationError).toBeLessThan(0.015);
    },
  );
});
