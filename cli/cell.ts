// One cell of a suite: its demand is made once and every policy runs on it. This is all that a worker does.

import type { TrainingSamples } from "../predictor/trainer.ts";
import { type AttackKind, scheduleAttacks } from "../sim/attacks.ts";
import type { RunResult } from "../sim/result.ts";
import type { ShedOrderName } from "../sim/shed-order.ts";
import type { SimulateOptions } from "../sim/simulate-types.ts";
import { policyBase } from "../sim/suite/plan.ts";
import type { DemandRequest, DemandSource, Engine } from "./engine.ts";
import { RunFailure } from "./exit.ts";
import { JournalFile } from "./journal-file.ts";

/** What all cells of a suite share; it goes to a worker once. */
export interface CellSettings {
  readonly policies: readonly string[];
  readonly fit: "segregated" | "best";
  readonly autonomy: boolean;
  readonly watchdog: boolean;
  readonly shadow: boolean;
  readonly retries: number;
  /** Null: each policy's own. */
  readonly reserveBytes: number | null;
  /** Null: the default; see SimulateOptions. */
  readonly shedOrder?: ShedOrderName | null;
  /** Null: the shipped ones. */
  readonly weights: Float64Array | "cold" | null;
  /** Kinds of attack on each run, scheduled from its seed; none: an empty list. */
  readonly attacks: readonly AttackKind[];
  readonly keepDecisions: number;
  /** The journal's path; the suite then has one run. */
  readonly journalPath: string | null;
  /** Whether to bring back what the forecaster saw, for training. */
  readonly collectSamples: boolean;
}

export interface CellJob extends DemandRequest {
  /** Name under which results appear. */
  readonly scenario: string;
  /** Whether to bring back the predictor's state of each run. */
  readonly wantsState: boolean;
}

export interface CellRun {
  readonly result: RunResult;
  /** predictor/forecast-counts ForecastCounts, or null. */
  readonly forecastCounts: unknown;
  readonly predictorState: Uint8Array | null;
  /** Null unless they were asked for. */
  readonly samples: TrainingSamples | null;
}

/** Runs a cell. The runs are in the order of `settings.policies`. Errors become a RunFailure that says where. */
export async function runCell(
  job: CellJob,
  source: DemandSource,
  settings: CellSettings,
  engine: Engine,
): Promise<CellRun[]> {
  let policy: string | undefined;
  let journal: JournalFile | null = null;
  try {
    const made = await engine.makeDemand(source, job);
    const demand = { ...made, name: job.scenario };
    const attacks = scheduleAttacks(settings.attacks, job.seed, demand.durationMicros);
    const compactions = new Map<string, RunResult["compaction"]>();
    const runs = new Map<string, CellRun>();
    const Collector = settings.collectSamples
      ? (await import("../predictor/sample-collector.ts")).SampleCollector
      : null;
    const run = (id: string, extra: Partial<SimulateOptions>): RunResult => {
      policy = id;
      const collector = Collector === null ? null : new Collector();
      const {
        fit,
        autonomy,
        watchdog,
        shadow,
        retries,
        reserveBytes,
        shedOrder = null,
        keepDecisions,
        weights,
      } = settings;
      const outcome = engine.simulate({
        demand,
        policy: id,
        seed: job.seed,
        fit,
        autonomy,
        watchdog,
        shadow,
        retries,
        keepDecisions,
        attacks,
        ...(weights === null ? {} : { weights }),
        ...(reserveBytes === null ? {} : { reserveBytes }),
        ...(shedOrder === null ? {} : { shedOrder }),
        ...(collector === null ? {} : { samples: collector }),
        ...extra,
      });
      compactions.set(id, outcome.result.compaction);
      runs.set(id, {
        result: outcome.result,
        forecastCounts: outcome.forecastCounts,
        predictorState: job.wantsState ? outcome.predictorState : null,
        samples: collector?.samples() ?? null,
      });
      return outcome.result;
    };
    if (settings.journalPath !== null) journal = new JournalFile(settings.journalPath);
    const sink = journal === null ? {} : { journal: (line: string) => journal!.write(line) };
    const paired = settings.policies.filter((id) => engine.pairOf(id) !== null);
    for (const id of settings.policies) if (!paired.includes(id)) run(id, sink);
    for (const id of paired) {
      const partner = partnerIn(settings.policies, engine.pairOf(id)!);
      // A partner that is not of the suite runs for its count alone.
      const { proactive, proactivePacks } = compactions.get(partner) ?? run(partner, {}).compaction;
      run(id, { placeboRuns: proactive, placeboPacks: proactivePacks, ...sink });
    }
    journal?.finish();
    return settings.policies.map((id) => runs.get(id)!);
  } catch (error) {
    journal?.discard();
    throw new RunFailure(error instanceof Error ? error.message : String(error), { ...placeOf(job), policy }, error);
  }
}

/** The policy to copy: the paired one by its full id, else the first variant of it in the suite. */
function partnerIn(policies: readonly string[], pairedWith: string): string {
  if (policies.includes(pairedWith)) return pairedWith;
  return policies.find((id) => policyBase(id) === pairedWith) ?? pairedWith;
}

function placeOf({ scenario, pressureRatio, seed }: CellJob) {
  return { scenario, pressureRatio, seed };
}
