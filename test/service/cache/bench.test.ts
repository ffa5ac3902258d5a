// The benchmark of the preload caches in its smoke mode: that it runs and reads the same every time, never how fast.

import { expect, it } from "vitest";
import { benchPreloadCache } from "../../../scripts/bench/preload-cache.ts";

it("has its figures, each with a unit, and the same digest every time", async () => {
  const rows = await benchPreloadCache({ smoke: true });
  for (const row of rows.slice(0, -1)) {
    expect(row.unit, row.name).toMatch(/^(us\/op|x|%)$/);
    expect(Number.isFinite(row.value), `${row.name} is ${row.value}`).toBe(true);
  }
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  const found = rows.find((row) => row.name === "tiered: lists found without Redis");
  if (found !== undefined) expect(found.value).toBe(100);
  expect((await benchPreloadCache({ smoke: true })).at(-1)).toEqual(rows.at(-1));
  expect(rows.at(-1)!.note).toMatch(/^[0-9a-f]{16}$/);
});
