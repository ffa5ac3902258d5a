// One run of the page, from the request to the result: the same demand and the same options as the command line's.

import type { Demand } from "../../core/demand.ts";
import { DEFAULT_CAPACITY_BYTES, MICROS_PER_SECOND } from "../../core/units.ts";
import { scenarioFromSpec } from "../../scenarios/from-spec.ts";
import { getScenario } from "../../scenarios/registry.ts";
import type { RawTrace } from "../../scenarios/trace/raw-trace.ts";
import { traceToDemand } from "../../scenarios/trace/trace-demand.ts";
import { parseTrace } from "../../scenarios/trace/trace-parser.ts";
import { scheduleAttacks } from "../../sim/attacks.ts";
import { resolvePolicy } from "../../sim/policies/registry.ts";
import { recordingHeader } from "../../sim/recording/recording.ts";
import { Run, simulate } from "../../sim/simulate.ts";
import type { SimulateOptions, SimulateOutcome } from "../../sim/simulate-types.ts";
import { policyBase } from "../../sim/suite/plan.ts";
import { withBursts } from "./burst.ts";
import type { Chunk, RunRequest, Source } from "./protocol.ts";
import { StreamRecorder } from "./stream-recorder.ts";

/** Decisions that come back: more than any run of the page makes. */
const KEPT_DECISIONS = 20_000;

/** After so much of a run there is something to see. */
const FIRST_MICROS = 2 * MICROS_PER_SECOND;

/**
 * Runs it. Errors: those of the scenario, trace and simulator.
 * @param send gets the recording in parts, where one is wanted
 * @param seen is waited for after the first part: on two cores a run takes the page the time to draw it
 */
export async function runJob(
  request: RunRequest,
  send: (chunk: Chunk) => void,
  seen: () => Promise<void>,
): Promise<SimulateOutcome> {
  const demand = withBursts(demandOf(request), request.bursts);
  const { policy, seed } = request;
  const recorder = request.isRecorded ? new StreamRecorder(recordingHeader(demand, policy, seed), send) : null;
  const run = new Run({
    ...optionsOf(request, demand, policy),
    ...pairingOf(request, demand),
    ...(recorder === null ? {} : { recorder, keepDecisions: KEPT_DECISIONS }),
  });
  if (recorder !== null) {
    run.advance(Math.min(FIRST_MICROS, demand.durationMicros));
    recorder.flush();
    await seen();
  }
  const outcome = run.execute();
  recorder?.flush();
  return outcome;
}

function demandOf({ source, pressureRatio, seed, durationSeconds, world }: RunRequest): Demand {
  const { ratePerSecond, capacityBytes } = world;
  const mix = world.mix === null ? {} : { mix: world.mix };
  if (source.kind === "trace")
    return traceToDemand(traceOf(source), {
      pressureRatio,
      seed,
      ratePerSecond,
      ...mix,
      ...(world.stretch === null ? {} : { stretch: world.stretch }),
      ...(capacityBytes === null ? {} : { capacityBytes }),
    });
  const scenario = source.kind === "spec" ? scenarioFromSpec(source.spec) : getScenario(source.id);
  return scenario.generate({
    pressureRatio,
    seed,
    durationMicros: Math.round(durationSeconds * MICROS_PER_SECOND),
    ratePerSecond,
    capacityBytes: capacityBytes ?? DEFAULT_CAPACITY_BYTES,
    ...mix,
  });
}

/** The last one that was read: many seeds and both policies run on it, and reading it takes a quarter of their time. */
let lastTrace: { readonly text: string; readonly file: string; readonly trace: RawTrace } | null = null;

function traceOf({ text, file }: Extract<Source, { kind: "trace" }>): RawTrace {
  if (lastTrace?.file !== file || lastTrace.text !== text) lastTrace = { text, file, trace: parseTrace(text, file) };
  return lastTrace.trace;
}

function optionsOf(request: RunRequest, demand: Demand, policy: string): SimulateOptions {
  const { seed, isAutonomyOn, isWatchdogOn, limits, world } = request;
  const { fit, isShadowOn, retries, reserveBytes, shedOrder, attacks, weights } = world;
  const known = resolvePolicy(policy).definition.parameters ?? {};
  const tuning = Object.fromEntries(Object.entries(request.tuning).filter(([name]) => name in known));
  return {
    ...{ demand, policy, seed, limits, tuning, fit, retries },
    ...{ autonomy: isAutonomyOn, watchdog: isWatchdogOn, shadow: isShadowOn },
    attacks: scheduleAttacks(attacks, seed, demand.durationMicros),
    ...(reserveBytes === null ? {} : { reserveBytes }),
    ...(shedOrder === null ? {} : { shedOrder }),
    ...(weights === null ? {} : { weights: weights === "cold" ? weights : Float64Array.from(weights) }),
  };
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
