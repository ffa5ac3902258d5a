// What an evaluation runs: the frozen suite, the shipped recordings, the budgets, the forecasts followed tick by tick, the
// hours of autonomy; in full, or short to see that it works. Policies are those of the registry, so a new one competes by
// being there.

import { MempredError } from "../core/errors.ts";
import { DEFAULT_CAPACITY_BYTES } from "../core/units.ts";
import {
  BEST_WATCHER,
  BOUND_POLICIES,
  type EvaluatedPolicy,
  type EvaluationPartId,
  isWatcher,
  type PartDescription,
} from "../sim/suite/evaluation.ts";
import { TEST_SEEDS } from "../sim/suite/seeds.ts";
import type { DemandSource } from "./engine.ts";
import { type EvaluationJob, type EvaluationRun, plainRun } from "./evaluation-cell.ts";
import { DEFAULT_RATE } from "./suite-settings.ts";

/** The order of the report's tables; policies that are not listed come before the bounds. */
const ORDER = [
  ...["none", "reactive", "reactive:window", "reactive:evacuate", "reactive:quick", "reserve", "placebo", "watermark"],
  ...["least-squares", "rate-margin", "blind", "holt", "neural", "predictive", "class-aware", "hinted"],
];
const LEVELS = [0.5, 0.75, 0.85, 0.95, 0.98];
const HEADLINE = 0.95;
/** Of proactive runs, bytes/s; 0 lets a policy make none, null as many as it likes. */
const BUDGETS = [0, 2_500, 10_000, 40_000, null];
/** Curves and forecasts settle with fewer seeds than the suite's differences. */
const CURVE_SEEDS = 5;
/** A recording is one demand; seeds draw its classes and pins alone, so few of them tell what there is to tell. */
const TRACE_SEEDS = 3;
const AUTONOMY_SEEDS = 3;
/** Virtual seconds of a run: of the full evaluation, and of the short form. */
const FULL_SECONDS = 600;
const QUICK_SECONDS = 60;

/** A part that can be run: its description, its demands, its cells. */
export interface PlannedPart {
  readonly id: EvaluationPartId;
  readonly description: PartDescription;
  readonly sources: Readonly<Record<string, DemandSource>>;
  readonly jobs: readonly EvaluationJob[];
}

export interface PlanOptions {
  readonly isQuick: boolean;
  /** Null: the test seeds, or the first two of them for the short form. */
  readonly seeds: readonly number[] | null;
  readonly policies: readonly EvaluatedPolicy[];
}

/** They act on a cache in the heap, and nine of ten families have none: `mempred stress` compares them (docs/pressure.md). */
const ELSEWHERE: readonly string[] = ["cache-ahead", "cache-predictive"];

/** Every policy that there is, variants of `reactive` included, in the order of reports; or those asked for. Throws UNKNOWN_POLICY. */
export async function evaluatedPolicies(asked: readonly string[] | null): Promise<EvaluatedPolicy[]> {
  const { allPolicies, resolvePolicy } = await import("../sim/policies/registry.ts");
  const known = allPolicies().flatMap(({ id }) => (ELSEWHERE.includes(id) ? [] : [id]));
  const others = known.filter((id) => !ORDER.includes(id) && !BOUND_POLICIES.includes(id));
  const everything = [...ORDER, ...others, ...BOUND_POLICIES].filter((id) => {
    try {
      return resolvePolicy(id) !== null;
    } catch (error) {
      if (error instanceof MempredError && error.code === "UNKNOWN_POLICY") return false;
      throw error;
    }
  });
  return (asked ?? everything).map((id) => {
    const { definition, compactor, proactiveCompactor } = resolvePolicy(id);
    return {
      id,
      compactor,
      proactiveCompactor,
      isProactive: definition.isProactive,
      isBound: BOUND_POLICIES.includes(definition.id),
    };
  });
}

/** Plans a part. Reads the recordings where the part needs them. */
export async function planPart(id: EvaluationPartId, options: PlanOptions): Promise<PlannedPart> {
  const { isQuick } = options;
  const seeds = options.seeds ?? (isQuick ? TEST_SEEDS.slice(0, 2) : TEST_SEEDS);
  const ids = options.policies.map((policy) => policy.id);
  const durationSeconds = isQuick ? QUICK_SECONDS : FULL_SECONDS;
  const curve = { isQuick, pressures: [HEADLINE], seeds: seeds.slice(0, CURVE_SEEDS), durationSeconds };
  switch (id) {
    case "suite":
      return generated(
        id,
        {
          isQuick,
          pressures: isQuick ? [0.75, HEADLINE] : LEVELS,
          seeds,
          durationSeconds,
        },
        ids.map((policy) => plainRun(policy)),
      );
    case "budgets": {
      const budgets = isQuick ? [0, 20_000, null] : BUDGETS;
      const runs = options.policies
        .filter((policy) => !isWatcher(policy.id))
        .flatMap((policy) =>
          (policy.isProactive && !policy.isBound ? budgets : [null]).map((budgetBytesPerSecond) =>
            plainRun(policy.id, { budgetBytesPerSecond }),
          ),
        );
      return generated(id, curve, runs);
    }
    case "forecast": {
      const forecasting = await policiesThatForecast(options.policies.filter((policy) => !policy.isBound));
      const { resolvePolicy } = await import("../sim/policies/registry.ts");
      const runs = forecasting.flatMap((policy) => [
        plainRun(policy, { isTaped: true }),
        // Without weights there is no start without them.
        ...(resolvePolicy(policy).definition.signal === "network"
          ? [plainRun(policy, { isTaped: true, isCold: true })]
          : []),
      ]);
      return generated(id, curve, runs);
    }
    case "autonomy": {
      const runs = ids.filter((policy) => policy === "reactive" || policy === "predictive").map((p) => plainRun(p));
      const hour = isQuick ? 2 * QUICK_SECONDS : 3600;
      return generated(
        id,
        { isQuick, pressures: [HEADLINE], seeds: seeds.slice(0, AUTONOMY_SEEDS), durationSeconds: hour },
        runs,
      );
    }
    case "traces":
      // A bound that rehearses on copies of the heap is for arenas of the default size.
      return recorded(
        isQuick,
        seeds.slice(0, TRACE_SEEDS),
        options.policies.filter((policy) => !policy.isBound && !isWatcher(policy.id)).map((policy) => policy.id),
      );
  }
}

interface Shape {
  readonly isQuick: boolean;
  readonly pressures: readonly number[];
  readonly seeds: readonly number[];
  readonly durationSeconds: number;
}

async function generated(
  id: EvaluationPartId,
  { isQuick, pressures, seeds, durationSeconds }: Shape,
  runs: readonly EvaluationRun[],
): Promise<PlannedPart> {
  const { SCENARIO_IDS } = await import("../scenarios/registry.ts");
  const scenarios = isQuick ? ["steady", "burst", "ramp"] : [...SCENARIO_IDS];
  const sources = Object.fromEntries(scenarios.map((name) => [name, { kind: "scenario", id: name } as const]));
  const shape = { pressures, seeds, durationSeconds, capacityBytes: DEFAULT_CAPACITY_BYTES };
  return { id, sources, ...cells(scenarios, shape, runs) };
}

/** The shipped recordings, each in an arena that its own peak and the level set. */
async function recorded(isQuick: boolean, seeds: readonly number[], policies: readonly string[]): Promise<PlannedPart> {
  const { resolveTrace, shippedTraces } = await import("../io/find-trace.ts");
  const { readTrace } = await import("../io/read-trace.ts");
  const names = isQuick ? ["ls"] : shippedTraces();
  const sources: Record<string, DemandSource> = {};
  for (const name of names) {
    const trace = await readTrace(resolveTrace(name));
    sources[trace.name] = { kind: "trace", trace, stretch: null };
  }
  const shape = {
    pressures: isQuick ? [HEADLINE] : [0.85, HEADLINE],
    seeds,
    durationSeconds: 0,
    capacityBytes: null,
  };
  const runs = policies.map((policy) => plainRun(policy));
  return { id: "traces", sources, ...cells(Object.keys(sources), shape, runs, true) };
}

function cells(
  scenarios: readonly string[],
  shape: Omit<Shape, "isQuick"> & { readonly capacityBytes: number | null },
  runs: readonly EvaluationRun[],
  isEverywhere = false,
): { description: PartDescription; jobs: EvaluationJob[] } {
  const { pressures, seeds, durationSeconds, capacityBytes } = shape;
  const jobs = scenarios.flatMap((scenario) =>
    pressures.flatMap((pressureRatio) =>
      seeds.map(
        (seed): EvaluationJob => ({
          scenario,
          pressureRatio,
          seed,
          durationSeconds,
          ratePerSecond: DEFAULT_RATE,
          capacityBytes,
          mix: null,
          runs: pressureRatio === HEADLINE || isEverywhere ? runs : runs.filter((run) => !onlyAtHeadline(run.policy)),
        }),
      ),
    ),
  );
  const policies = [...new Set(runs.map((run) => run.policy))];
  return { description: { scenarios, pressures, seeds, policies, durationSeconds }, jobs };
}

/** Asks each policy by a run of a few seconds whether it makes forecasts. */
async function policiesThatForecast(policies: readonly EvaluatedPolicy[]): Promise<string[]> {
  const { loadEngine } = await import("./engine.ts");
  const engine = await loadEngine();
  const demand = await engine.makeDemand(
    { kind: "scenario", id: "steady" },
    {
      ...{ pressureRatio: HEADLINE, seed: TEST_SEEDS[0]!, durationSeconds: 2, ratePerSecond: DEFAULT_RATE },
      ...{ capacityBytes: DEFAULT_CAPACITY_BYTES, mix: null },
    },
  );
  return policies
    .filter((policy) => engine.simulate({ demand, policy: policy.id, seed: 1 }).forecastCounts !== null)
    .map((policy) => policy.id);
}

/** At the other levels run what the questions there are about: does it harm, what does it cost, how good is the forecast. */
const EVERYWHERE = [
  "reactive",
  "reactive:quick",
  "watermark",
  "placebo",
  "blind",
  "neural",
  "predictive",
  BEST_WATCHER,
];

function onlyAtHeadline(policy: string): boolean {
  return !EVERYWHERE.includes(policy);
}
