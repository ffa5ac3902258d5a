// evaluate, interrupted; and the tape from which its forecasts are scored.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tapedForecast } from "../../cli/taped-forecast.ts";
import { BASELINE_IDS } from "../../predictor/baselines/registry.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { Recording, recordingHeader } from "../../sim/recording/recording.ts";
import { simulate } from "../../sim/simulate.ts";
import type { EvaluationFile } from "../../sim/suite/evaluation.ts";
import { fakeHost, run, temporaryFolder } from "./fake-host.ts";

test("an interrupt: what was done is written and marked, and the last whole evaluation stays", async () => {
  const folder = temporaryFolder();
  const json = join(folder, "e.json");
  const host = fakeHost({ folder, isTerminal: true, environment: { NO_COLOR: "1" } });
  const words = ["evaluate", "--parts", "suite", "--policy", "reactive,predictive", "--json", json, "--workers", "1"];
  const running = run(words, host);
  while (!host.stderr.text.includes(" of 2,000 runs")) await new Promise((resolve) => setTimeout(resolve, 5));
  host.signal("SIGINT");
  const { status, stdout, stderr } = await running;
  expect(status).toBe(130);
  expect(stderr).toContain("SIGINT: what was done is written and marked isPartial");
  expect(stdout).toContain("partial: the part suite was interrupted");
  const file = JSON.parse(readFileSync(json, "utf8")) as EvaluationFile;
  expect(file.parts.suite).toMatchObject({ isPartial: true });
  expect(file.parts.suite!.rows.length).toBeGreaterThan(0);
});

test("the tape of forecasts agrees with the run's own score, baselines too", () => {
  const shape = {
    pressureRatio: 0.95,
    seed: 7,
    durationMicros: 120_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  };
  const demand = getScenario("tide").generate(shape);
  const recorder = new Recording(recordingHeader(demand, "predictive", 7));
  expect(tapedForecast(recorder)).toBeNull();
  const { forecast } = simulate({ demand, policy: "predictive", seed: 7, recorder }).result;
  const taped = tapedForecast(recorder)!;
  expect(taped.maePercentPoints).toBeCloseTo(forecast!.maePercentPoints!, 9);
  for (const id of BASELINE_IDS) {
    const baseline = taped.maePercentPoints - taped.losses[id]!.mean;
    expect(baseline, id).toBeCloseTo(forecast!.baselineMaePercentPoints[id]!, 9);
    expect(taped.losses[id]!.count).toBe(forecast!.predictions);
  }
});
