import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goldenScenarios } from "./golden-scenarios.ts";

describe("golden demands", () => {
  it("every family and example generates what the golden file says (scripts/golden-scenarios.ts writes it)", () => {
    const golden = JSON.parse(readFileSync(new URL("../golden/scenarios.json", import.meta.url), "utf8"));
    expect(goldenScenarios()).toEqual(golden);
  });

  it("no two of them are the same", () => {
    const digests = Object.values(goldenScenarios());
    expect(new Set(digests).size).toBe(digests.length);
  });
});
