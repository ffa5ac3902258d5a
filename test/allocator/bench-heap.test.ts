// The benchmark of the heap in smoke mode: it runs, its rows are complete, and its results are the same twice.

import { expect, test } from "vitest";
import { benchHeap } from "../../scripts/bench/heap.ts";
import { levelTape } from "../../scripts/bench/tape.ts";

test("the benchmark of the heap runs in smoke mode, twice with the same digest", async () => {
  const rows = await benchHeap({ smoke: true });
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  for (const row of rows) expect(Number.isFinite(row.value), row.name).toBe(true);
  const digestOf = (all: typeof rows) => all.find((row) => row.name.startsWith("digest"))?.note;
  expect(digestOf(rows)).toMatch(/^[0-9a-f]{16}$/);
  expect(digestOf(await benchHeap({ smoke: true }))).toBe(digestOf(rows));
});

test("the tape keeps its level", () => {
  const tape = levelTape(102_400, 0.85, 20_000, 1);
  expect(tape.meanLevelRatio).toBeGreaterThan(0.84);
  expect(tape.meanLevelRatio).toBeLessThanOrEqual(0.85);
  expect(Math.min(...tape.sizes)).toBeGreaterThanOrEqual(8);
});
