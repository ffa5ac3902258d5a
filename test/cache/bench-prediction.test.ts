// C30: the benchmark of the Markov model in its smoke mode: that it runs and computes the same every time, never how fast.

import { expect, it } from "vitest";
import { benchPrediction } from "../../scripts/bench/prediction.ts";

it("has its figures, each with a unit, and the same digest every time", async () => {
  const rows = await benchPrediction({ smoke: true });
  const figures = rows.slice(0, -1);
  for (const row of figures) {
    expect(row.unit, row.name).not.toBe("");
    expect(row.value > 0 && Number.isFinite(row.value), `${row.name} is ${row.value}`).toBe(true);
  }
  expect(new Set(figures.map((row) => row.name)).size).toBe(figures.length);
  const again = await benchPrediction({ smoke: true });
  expect(rows.at(-1)).toEqual(again.at(-1));
  expect(rows.at(-1)!.note).toMatch(/^[0-9a-f]{16}$/);
});
