// What a run is made with: demands out of scenarios, scenario files and traces, and the simulator. One small interface,
// loaded by address, so that a worker gets the same one as the main thread and a test can put its own in its place.

import type { Demand, RequestMix } from "../core/demand.ts";
import type { RawTrace } from "../scenarios/trace/raw-trace.ts";
import type { SimulateOptions, SimulateOutcome } from "../sim/simulate-types.ts";

/** Where a demand comes from. Plain data: it travels to workers. */
export type DemandSource =
  | { readonly kind: "scenario"; readonly id: string }
  | { readonly kind: "scenario-file"; readonly path: string; readonly text: string }
  | { readonly kind: "trace"; readonly trace: RawTrace; readonly stretch: number | null };

/** What a demand is made of, beside its source. */
export interface DemandRequest {
  readonly pressureRatio: number;
  readonly seed: number;
  readonly durationSeconds: number;
  readonly ratePerSecond: number;
  /** Null: the trace's peak and the level set it. */
  readonly capacityBytes: number | null;
  /** Null: the scenario's own. */
  readonly mix: RequestMix | null;
}

export interface Engine {
  makeDemand(source: DemandSource, request: DemandRequest): Promise<Demand>;
  simulate(options: SimulateOptions): SimulateOutcome;
  /** The policy whose proactive runs `policy` copies in number, or null. */
  pairOf(policy: string): string | null;
}

/** The engine of the product. */
export async function loadEngine(): Promise<Engine> {
  const [{ simulate }, { resolvePolicy }] = await Promise.all([
    import("../sim/simulate.ts"),
    import("../sim/policies/registry.ts"),
  ]);
  return { makeDemand, simulate, pairOf: (policy) => resolvePolicy(policy).pairedWith };
}

async function makeDemand(source: DemandSource, request: DemandRequest): Promise<Demand> {
  const { pressureRatio, seed, ratePerSecond, capacityBytes } = request;
  const mix = request.mix === null ? {} : { mix: request.mix };
  if (source.kind === "trace") {
    const { traceToDemand } = await import("../scenarios/trace/trace-demand.ts");
    return traceToDemand(source.trace, {
      pressureRatio,
      seed,
      ratePerSecond,
      ...mix,
      ...(source.stretch === null ? {} : { stretch: source.stretch }),
      ...(capacityBytes === null ? {} : { capacityBytes }),
    });
  }
  const { DEFAULT_CAPACITY_BYTES, MICROS_PER_SECOND } = await import("../core/units.ts");
  const scenario =
    source.kind === "scenario"
      ? (await import("../scenarios/registry.ts")).getScenario(source.id)
      : (await import("../scenarios/scenario-file.ts")).parseScenario(source.text, source.path);
  return scenario.generate({
    pressureRatio,
    seed,
    durationMicros: Math.round(request.durationSeconds * MICROS_PER_SECOND),
    ratePerSecond,
    capacityBytes: capacityBytes ?? DEFAULT_CAPACITY_BYTES,
    ...mix,
  });
}
