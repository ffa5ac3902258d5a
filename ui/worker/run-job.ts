// One run of the page, from the request to the result: the same demand and the same options as the command line's.

import type { Demand } from "../../core/demand.ts";
import { DEFAULT_CAPACITY_BYTES, GRANULE_BYTES, MICROS_PER_SECOND } from "../../core/units.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { DEFAULT_RATE_PER_SECOND } from "../../scenarios/scenario.ts";
import { traceToDemand } from "../../scenarios/trace/trace-demand.ts";
import { parseTrace, traceName } from "../../scenarios/trace/trace-parser.ts";
import { resolvePolicy } from "../../sim/policies/registry.ts";
import { simulate } from "../../sim/simulate.ts";
import type { SimulateOptions, SimulateOutcome } from "../../sim/simulate-types.ts";
import { policyBase } from "../../sim/suite/plan.ts";
import { withBursts } from "./burst.ts";
import type { Chunk, RunRequest } from "./protocol.ts";
import { StreamRecorder } from "./stream-recorder.ts";

/** Decisions that come back: more than any run of the page makes. */
const KEPT_DECISIONS = 20_000;

/** Runs it. `send` gets the recording in parts, where one is wanted. Errors: those of the scenario, trace and simulator. */
export function runJob(request: RunRequest, send: (chunk: Chunk) => void): SimulateOutcome {
  const demand = withBursts(demandOf(request), request.bursts);
  const { policy, seed, pressureRatio } = request;
  const { capacityBytes, name: scenario } = demand;
  const header = { capacityBytes, granuleBytes: GRANULE_BYTES, scenario, pressureRatio, seed, policy };
  const recorder = request.isRecorded ? new StreamRecorder(header, send) : null;
  const outcome = simulate({
    ...optionsOf(request, demand, policy),
    ...pairingOf(request, demand),
    ...(recorder === null ? {} : { recorder, keepDecisions: KEPT_DECISIONS }),
  });
  recorder?.flush();
  return outcome;
}

export function demandOf({ source, pressureRatio, seed, durationSeconds }: RunRequest): Demand {
  if (source.kind === "trace") {
    const trace = parseTrace(source.text, source.file);
    const demand = traceToDemand(trace, { pressureRatio, seed, ratePerSecond: DEFAULT_RATE_PER_SECOND });
    return { ...demand, name: traceName(source.file) };
  }
  return getScenario(source.id).generate({
    pressureRatio,
    seed,
    durationMicros: Math.round(durationSeconds * MICROS_PER_SECOND),
    ratePerSecond: DEFAULT_RATE_PER_SECOND,
    capacityBytes: DEFAULT_CAPACITY_BYTES,
  });
}

function optionsOf(request: RunRequest, demand: Demand, policy: string): SimulateOptions {
  const { seed, isAutonomyOn, isWatchdogOn, limits } = request;
  const known = resolvePolicy(policy).definition.parameters ?? {};
  const tuning = Object.fromEntries(Object.entries(request.tuning).filter(([name]) => name in known));
  return { demand, policy, seed, limits, tuning, autonomy: isAutonomyOn, watchdog: isWatchdogOn };
}

/** For a paired policy: how much work its partner does on the same demand. */
function pairingOf(request: RunRequest, demand: Demand): Partial<SimulateOptions> {
  const { pairedWith } = resolvePolicy(request.policy);
  if (pairedWith === null) return {};
  const others = request.policies;
  const partner = others.includes(pairedWith)
    ? pairedWith
    : (others.find((id) => policyBase(id) === pairedWith) ?? pairedWith);
  const { proactive, proactivePacks } = simulate(optionsOf(request, demand, partner)).result.compaction;
  return { placeboRuns: proactive, placeboPacks: proactivePacks };
}
