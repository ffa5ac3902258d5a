// Scored again from a journal, the forecasts get the figures that the run itself gave them, to the bit.

import { describe, expect, it } from "vitest";
import { getScenario } from "../../../scenarios/registry.ts";
import { readJournal } from "../../../sim/recording/read-journal.ts";
import { recordedForecast } from "../../../sim/recording/recorded-forecast.ts";
import { simulate } from "../../../sim/simulate.ts";

function journalled(scenario: string, policy: string, pressureRatio: number, more: object = {}) {
  const demand = getScenario(scenario).generate({ pressureRatio, seed: 5, durationMicros: 60_000_000, ratePerSecond: 100, capacityBytes: 102_400 }); // biome-ignore format: one line
  const lines: string[] = [];
  const { result } = simulate({ demand, policy, seed: 5, journal: (line) => lines.push(line), ...more });
  return { result, recording: readJournal(lines.join("\n"), "x.jsonl") };
}

describe("the forecast of a journal", () => {
  it.each([
    ["burst", "predictive", 0.95],
    ["burst", "neural", 0.95],
    ["swiss-cheese", "holt", 0.98],
    ["steady", "predictive", 0.5],
  ])("%s, %s at %d: the report of the run", (scenario, policy, pressureRatio) => {
    const { result, recording } = journalled(scenario, policy, pressureRatio);
    const { bands: _, ...wanted } = result.forecast!;
    expect(wanted.predictions).toBeGreaterThan(100);
    expect(recordedForecast(recording)).toEqual(wanted);
  });

  it("also without a shadow arena", () => {
    const { result, recording } = journalled("burst", "predictive", 0.95, { shadow: false });
    const { bands: _, ...wanted } = result.forecast!;
    expect(recordedForecast(recording)).toEqual(wanted);
  });

  it("null where nothing forecasts", () => {
    expect(recordedForecast(journalled("burst", "reactive", 0.95).recording)).toBeNull();
  });
});
