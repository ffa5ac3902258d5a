// The preloader on the planned workload, in the workload's own time, and the same object with preloading off beside it, as
// scripts/bench/preloader.ts measures them in full (P46 to P49).

import { describe, expect, it } from "vitest";
import { benchPreloader } from "../../../scripts/bench/preloader.ts";

describe("planned workload", () => {
  it("P46 to P49: more from memory than without, little for nothing, less waiting, within 200 MB", async () => {
    const rows = await benchPreloader({ smoke: true });
    const figure = (name: string) => rows.find((row) => row.name === name)!.value;
    const ahead = figure("planned workload: requests from memory");
    expect(ahead).toBeGreaterThan(figure("the same, preloading off") + 5);
    expect(figure("wasted, of preloads with an outcome")).toBeLessThan(20);
    expect(figure("response time against cold")).toBeLessThan(0.5);
    expect(figure("response time against cold")).toBeCloseTo(1 - ahead / 100, 1); // who does not hit waits for a whole load
    expect(figure("memory that preloading takes")).toBeLessThan(200);
    expect(rows.at(-1)!.note).toMatch(/^[0-9a-f]{16}$/);
    for (const row of rows) expect(Number.isFinite(row.value), row.name).toBe(true);
  });
});
