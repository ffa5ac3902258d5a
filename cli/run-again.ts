// A run of a result, made again to be looked at: from the suite's description, and held against what the result says of it.

import type { Demand } from "../core/demand.ts";
import { MempredError } from "../core/errors.ts";
import { scheduleAttacks } from "../sim/attacks.ts";
import type { Recording } from "../sim/recording/recording.ts";
import type { RunResult } from "../sim/result.ts";
import type { Suite } from "../sim/suite/plan.ts";
import { type Engine, loadEngine } from "./engine.ts";
import { recordRun } from "./record-run.ts";

/**
 * Records the runs again; all are of one scenario, level and seed.
 * Errors: INVALID_RESULT where a run comes out differently (weights from a file, a recording or scenario file that has changed, a
 * placebo that copies a partner), and those of reading what the demand is made of.
 */
export async function runAgain(suite: Suite, runs: readonly RunResult[]): Promise<Recording[]> {
  const engine = await loadEngine();
  const { settings } = suite;
  const demand = await demandOf(engine, suite, runs[0]!);
  const attacks = scheduleAttacks(settings.attacks ?? [], runs[0]!.seed, demand.durationMicros);
  const { fit, autonomy, watchdog, shadow, retries, reserveBytes, shedOrder } = settings;
  return runs.map((run) => {
    const { recording, result } = recordRun(engine, demand, run.policy, run.seed, {
      ...{ fit, autonomy, watchdog, shadow, retries, attacks },
      ...(settings.weights === "cold" ? { weights: "cold" as const } : {}),
      ...(reserveBytes === undefined ? {} : { reserveBytes }),
      ...(shedOrder === undefined ? {} : { shedOrder }),
    });
    if (result.hash !== run.hash)
      throw new MempredError(
        "INVALID_RESULT",
        `${run.policy} on ${run.scenario} comes out differently when it is run again`,
        {
          expected: `hash ${run.hash}, got ${result.hash}: another version, or weights or files that are not in the result`,
        },
      );
    return recording;
  });
}

async function demandOf(engine: Engine, suite: Suite, run: RunResult): Promise<Demand> {
  const { settings } = suite;
  const file = settings.files?.[run.scenario];
  const made = await engine.makeDemand(await sourceOf(run.scenario, file, settings.command), {
    pressureRatio: run.pressureRatio,
    seed: run.seed,
    durationSeconds: suite.durationSeconds,
    ratePerSecond: suite.rate,
    capacityBytes: settings.capacityBytes,
    mix: suite.mix,
  });
  return { ...made, name: run.scenario };
}

async function sourceOf(scenario: string, file: string | undefined, command: "stress" | "replay") {
  if (command === "replay") {
    const { resolveTrace } = await import("../io/find-trace.ts");
    const { readTrace } = await import("../io/read-trace.ts");
    return { kind: "trace", trace: await readTrace(resolveTrace(file ?? scenario)), stretch: null } as const;
  }
  if (file === undefined) return { kind: "scenario", id: scenario } as const;
  const { readText } = await import("../io/read-text.ts");
  return { kind: "scenario-file", path: file, text: await readText(file) } as const;
}
