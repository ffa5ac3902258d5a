// Runs made up for tests of what is done with runs: every figure a plain number, overridable.

import type { ResultFile, RunResult, SuiteDescription } from "../../../sim/result.ts";
import { compareRuns } from "../../../sim/suite/comparisons.ts";
import type { Suite } from "../../../sim/suite/plan.ts";

export interface FakeFigures {
  readonly avoidable?: number;
  readonly total?: number;
  readonly deniedBytes?: number;
  readonly movedBytes?: number;
  readonly p99?: number;
  readonly hash?: string;
}

export function fakeRun(
  scenario: string,
  pressureRatio: number,
  seed: number,
  policy: string,
  figures: FakeFigures = {},
): RunResult {
  const { avoidable = 2, total = avoidable + 3, deniedBytes = total * 100, movedBytes = 1000, p99 = 10 } = figures;
  return {
    scenario,
    pressureRatio,
    seed,
    policy,
    compactor: "slide",
    fit: "segregated",
    capacityBytes: 102_400,
    durationSeconds: 60,
    timing: "scenario",
    mix: { atomic: 0.15, deadline: 0.15, wait: 0.7, pinned: 0.03 },
    demandLevel: { mean: pressureRatio, peak: 0.985 },
    requests: { total: 6000, atomic: 900, deadline: 900, wait: 4200, served: 6000 - total },
    ooms: {
      total,
      avoidable,
      byCause: { capacity: total - avoidable, pinned: 0, reserve: 0, limit: 0, fragmentation: avoidable },
      byClass: { atomic: total, deadline: 0, wait: 0 },
      deniedBytes,
      episodes: Math.min(total, 2),
    },
    compaction: {
      runs: 10,
      proactive: policy === "reactive" ? 0 : 7,
      proactivePacks: policy === "reactive" ? 0 : 1,
      reactive: policy === "reactive" ? 10 : 3,
      useful: policy === "reactive" ? null : 2,
      movedBytes,
      allocatedBytes: movedBytes * 3,
      meanMicros: 800,
      maxPauseMicros: 100,
      maxRunMicros: 1200,
      dutyRatio: 0.001,
      maxRunsInAnySecond: 3,
      refusedByLimiter: 1,
    },
    pressure: {
      peakOccupancy: 0.98,
      meanOccupancy: 0.95,
      peakEffective: 0.99,
      meanEffective: 0.96,
      criticalThreshold: Math.max(0.95, (1 + pressureRatio) / 2),
      criticalExit: 0.93,
      criticalEpisodes: 4,
      criticalRatio: 0.2,
      peakStallRatio: 0.01,
      meanStallRatio: 0.001,
    },
    responseMicros: { mean: 1.5, p50: 0, p95: 2, p99, p999: 700, max: 1200 },
    reclaim: { sheds: 0, shedBytes: 0, shedBlocks: 0 },
    closedLoop: { retries: 0, recovered: 0 },
    forecast: null,
    predictor: policy === "reactive" ? null : { stateBytes: 656, watchdogBytes: 300, trainedLabels: 100 },
    watchdog: { trips: [], fallbackTicks: 0, readmissions: 0 },
    attacks: null,
    autonomy: {
      isOn: policy !== "reactive",
      decisions: 121,
      predictions: 121,
      decisionsPerHour: 7260,
      predictionsPerHour: 7260,
      byStage: { predictor: 100, none: 21 },
      byAction: { hold: 114, compact: 7 },
      recent: [],
    },
    notes: [],
    hash: figures.hash ?? `${scenario}-${pressureRatio}-${seed}-${policy}-${avoidable}-${total}`,
  };
}

export function fakeSuite(parts: Partial<Suite> = {}): Suite {
  return {
    scenarios: ["steady", "burst"],
    pressures: [0.75, 0.95],
    seeds: [1, 2, 3, 4],
    policies: ["reactive", "predictive"],
    durationSeconds: 60,
    mix: null,
    rate: 100,
    settings: {
      command: "stress",
      capacityBytes: 102_400,
      fit: "segregated",
      autonomy: true,
      watchdog: true,
      shadow: true,
      weights: "shipped",
      retries: 0,
    },
    ...parts,
  };
}

/** A whole result; `figures` says what each run came to. */
export function fakeResult(
  suite: SuiteDescription = fakeSuite(),
  figures: (scenario: string, pressureRatio: number, seed: number, policy: string) => FakeFigures = () => ({}),
): ResultFile {
  const runs = suite.scenarios.flatMap((scenario) =>
    suite.pressures.flatMap((pressure) =>
      suite.seeds.flatMap((seed) =>
        suite.policies.map((policy) =>
          fakeRun(scenario, pressure, seed, policy, figures(scenario, pressure, seed, policy)),
        ),
      ),
    ),
  );
  return { schema: "mempred.result/1", version: "0.0.0", suite, runs, comparisons: compareRuns(suite, runs) };
}
