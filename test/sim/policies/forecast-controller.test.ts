// The controller against a signal that says what it is told to: when it acts, with what, and when it leaves things alone.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { getScenario } from "../../../scenarios/registry.ts";
import { Arena } from "../../../sim/arena.ts";
import { DEFAULT_COST } from "../../../sim/cost-model.ts";
import { DecisionLog } from "../../../sim/decisions.ts";
import { demandFacts } from "../../../sim/demand-facts.ts";
import { defaultLimits } from "../../../sim/limiter.ts";
import { CONTROLLER_PARAMETERS, ForecastController } from "../../../sim/policies/forecast-controller.ts";
import { REQUEST_SIZES_BYTES } from "../../../sim/request-sizes.ts";
import { simulate } from "../../../sim/simulate.ts";
import type { Limits } from "../../../sim/simulate-types.ts";
import { handDemand } from "../hand-demand.ts";

const CAPACITY = 16_384;
const SECOND = 1_000_000;
type Tuning = { readonly [K in keyof typeof CONTROLLER_PARAMETERS]?: number };

/** Everything spelled out, so that the tests do not depend on what tuning has found. */
const TUNING: Tuning = {
  exposureRatio: 0.01,
  calmFactor: 4,
  calmPackFactor: 4,
  crowdFactor: 1.5,
  packExposureRatio: 0.2,
  budgetBytes: 20_000,
  worthRatio: 16,
  worthFactor: 1.5,
  spareRuns: 4,
  shedCriticalRatio: 0.04,
  shedCalmRatio: 0.02,
};

interface Scene {
  /** Of a thousand requests, so many had 256 bytes and the rest 64. */
  readonly large: number;
  readonly signal?: boolean;
  readonly tuning?: Tuning;
  readonly limits?: Partial<Limits>;
  readonly reserveBytes?: number;
  readonly isAutonomyOn?: boolean;
}

/** An arena full of blocks of 64 bytes, every fourth of which is then freed; forecast and watchdog are the test's to set. */
function scene({ large, signal = true, tuning, limits, reserveBytes, isAutonomyOn = true }: Scene) {
  const demand = handDemand(() => {}, { capacityBytes: CAPACITY, durationMicros: 60 * SECOND, pressureRatio: 0.9 });
  const arena = new Arena({
    demand,
    facts: demandFacts(demand),
    fit: "segregated",
    compactor: "quick",
    proactiveCompactor: "gather",
    compactsOnDemand: true,
    limits: { ...defaultLimits(CAPACITY), ...limits },
    cost: DEFAULT_COST,
    retries: 0,
    verify: false,
    isMeasured: true,
    recorder: null,
  });
  const said = {
    forecast: 0.99,
    margin: 0,
    confidence: 1,
    isTripped: false,
    trips: [] as { atMicros: number; reason: string }[],
  };
  const forecaster = {
    id: "told",
    stateBytes: 0,
    observe() {},
    noteCompaction() {},
    tick() {},
    forecast: () => said.forecast,
    upperMargin: () => said.margin,
    confidence: () => said.confidence,
  };
  const log = new DecisionLog();
  const controller = new ForecastController({
    arena,
    demand,
    signal: signal
      ? {
          ...forecaster,
          guarded: forecaster,
          get isTripped() {
            return said.isTripped;
          },
          trips: said.trips,
        }
      : null,
    random: new RandomStream(1, "test"),
    log,
    nextRow: 0,
    largestRecentBytes: 0,
    isAutonomyOn,
    reserveBytes: reserveBytes ?? null,
    placeboRuns: 0,
    placeboPacks: 0,
    state: { buffer: new ArrayBuffer(REQUEST_SIZES_BYTES), byteOffset: 0 },
    tuning: { ...TUNING, ...tuning },
  });
  for (let i = 0; i < 1000; i++) controller.onAllocation(0, i % 1000 < large ? 256 : 64);
  expect(log.all).toEqual([]); // an empty arena holds whatever comes
  let handles: number[] = [];
  const fragment = (every = 4) => {
    for (const handle of handles) if (arena.heap.isLive(handle)) arena.heap.free(handle);
    handles = [];
    while (arena.heap.largestHole() >= 64) handles.push(arena.heap.allocate(56));
    for (let i = 0; i < handles.length; i += every) arena.heap.free(handles[i]!);
    expect(arena.heap.largestHole()).toBe(64);
  };
  fragment();
  return {
    arena,
    controller,
    log,
    said,
    fragment,
    handles: () => handles,
    /** One decision of the loop. */
    tick(nowMicros: number) {
      arena.advanceTo(nowMicros);
      controller.onTick(nowMicros);
      return log.all.at(-1)!;
    },
    /** Lets the run that is under way come to its end. */
    settle() {
      while (arena.nextEventMicros !== Infinity) arena.advanceTo(arena.nextEventMicros);
    },
  };
}

describe("exposure", () => {
  it("acts when requests are longer than the largest hole and what is free would serve them", () => {
    const { tick, arena, settle } = scene({ large: 100 });
    const decision = tick(SECOND);
    expect(decision).toMatchObject({ stage: "predictor", action: "compact", forecast: 0.99, upper: 0.99 });
    expect(decision.reason).toMatch(/^10\.00 % of requests need over 64 B .* upper bound 99\.0 % in 5 s$/);
    expect(arena.runner.compactorKind).toBe("gather");
    settle();
    expect(arena.heap.largestHole()).toBeGreaterThanOrEqual(256);
    expect(arena.runner.proactiveRuns).toBe(1);
  });

  it("holds when the largest request fits already, whatever is forecast", () => {
    const { tick, controller, arena, log } = scene({ large: 0 });
    expect(tick(SECOND)).toMatchObject({ action: "hold", reason: "the hole is there already" });
    const before = log.all.length;
    controller.onAllocation(SECOND, 64);
    expect([log.all.length, arena.runner.runs]).toEqual([before, 0]);
  });

  it("holds when nothing longer could be served: what is free is in the hole", () => {
    const { tick, arena, handles } = scene({ large: 500 });
    for (const handle of handles()) if (arena.heap.isLive(handle)) arena.heap.setPinned(handle, true);
    while (arena.heap.freeBytes > 64) arena.heap.allocate(56);
    expect(tick(SECOND).action).toBe("hold");
    expect(arena.runner.runs).toBe(0);
  });

  it("holds when hardly any request would need more", () => {
    expect(scene({ large: 5 }).tick(SECOND)).toMatchObject({
      action: "hold",
      reason: "hardly any request would need more",
    });
    expect(scene({ large: 15 }).tick(SECOND).action).toBe("compact");
  });
});

describe("the forecast sets the threshold", () => {
  it("calm, the same exposure is not enough; more is", () => {
    const act = (large: number, forecast: number, margin = 0) => {
      const { said, tick } = scene({ large });
      said.forecast = forecast;
      said.margin = margin;
      return tick(SECOND).action;
    };
    expect([act(20, 0.99), act(20, 0.5), act(60, 0.5)]).toEqual(["compact", "hold", "compact"]);
    expect(act(20, 0.5, 0.49)).toBe("compact"); // it is the upper bound that counts
  });

  it.each([-1, Number.NaN])("refuses %d for a parameter, by name", (value) => {
    for (const name of Object.keys(CONTROLLER_PARAMETERS))
      expect(() => scene({ large: 0, tuning: { [name]: value } })).toThrow(name);
  });

  it("another lookahead goes by the line from the pressure now to the upper bound", () => {
    const upper = (lookaheadSeconds: number) => {
      const { said, tick, arena } = scene({ large: 100, tuning: { lookaheadSeconds } });
      said.forecast = 0.95;
      said.margin = 0.03;
      const now = arena.pressureRatio();
      const decision = tick(SECOND);
      if (decision.action === "compact") expect(decision.reason).toMatch(new RegExp(`in ${lookaheadSeconds} s$`));
      return [decision.upper, now] as const;
    };
    expect(upper(5)[0]).toBe(0.95 + 0.03); // to the bit
    const [[atOnce, now], [half], [further]] = [upper(0), upper(2.5), upper(10)];
    expect(atOnce).toBeCloseTo(now, 12);
    expect(half).toBeCloseTo((now + 0.98) / 2, 12);
    expect(further).toBeCloseTo(2 * 0.98 - now, 12);
  });

  it("packs the whole heap when much is at stake, and calm only when more is", () => {
    const kind = (large: number, forecast: number) => {
      const { said, tick, arena } = scene({ large });
      said.forecast = forecast;
      expect(tick(SECOND).action).toBe("compact");
      return arena.runner.compactorKind;
    };
    expect([kind(100, 0.99), kind(300, 0.99), kind(300, 0.5), kind(900, 0.5)]).toEqual([
      "gather",
      "pack",
      "gather",
      "pack",
    ]);
  });

  it("cold, it expects the worst, and the watermark stage decides", () => {
    const { said, tick } = scene({ large: 20 });
    said.forecast = 0.1;
    said.confidence = 0;
    expect(tick(SECOND)).toMatchObject({ stage: "watermark", action: "compact" });
    expect(scene({ large: 20, signal: false }).tick(SECOND)).toMatchObject({ stage: "watermark", action: "compact" });
  });

  it("tripped, it compacts on demand only, from the moment of the trip", () => {
    const { said, tick, controller, arena, log } = scene({ large: 500 });
    said.isTripped = true; // between two ticks
    controller.onAllocation(SECOND / 2, 256);
    expect(log.all).toEqual([]);
    said.trips.push({ atMicros: SECOND / 2, reason: "nan" });
    expect(tick(SECOND)).toMatchObject({
      stage: "watchdog",
      action: "fallback",
      reason: "nan; compacting on demand only",
    });
    expect(arena.runner.runs).toBe(0);
    said.isTripped = false;
    expect(tick(2 * SECOND).action).toBe("compact");
  });

  it("holds the reserve while pressure is forecast to be critical, not otherwise and not when tripped", () => {
    const { said, tick, arena, log } = scene({ large: 0, reserveBytes: 512 });
    tick(SECOND);
    expect(arena.reserveBytes).toBe(512);
    tick(2 * SECOND);
    said.forecast = 0.5;
    tick(3 * SECOND);
    expect(arena.reserveBytes).toBe(0);
    said.forecast = 0.99;
    said.isTripped = true;
    tick(4 * SECOND);
    expect(arena.reserveBytes).toBe(0);
    expect(log.all.filter((one) => one.action === "reserve")).toHaveLength(2);
  });
});

describe("runs of the last second", () => {
  it("raise the threshold; when they are a second old it is what it was", () => {
    const { tick, settle, fragment, arena } = scene({ large: 13 });
    expect(tick(SECOND).action).toBe("compact");
    settle();
    fragment();
    // 1.3 % is over 1.0, and not over 1.0 × 1.5
    expect(tick(1.5 * SECOND)).toMatchObject({ action: "hold", reason: "hardly any request would need more" });
    expect(tick(2 * SECOND).action).toBe("compact");
    expect(arena.runner.runs).toBe(2);
  });

  it("leave so many starts of each second to requests", () => {
    const { arena, controller, settle, fragment, log } = scene({
      large: 150,
      tuning: { crowdFactor: 1, spareRuns: 4 },
    });
    for (let i = 0; i < 12; i++) {
      const now = SECOND + i * 60_000; // the cooldown is 50 ms
      arena.advanceTo(now);
      fragment();
      controller.onAllocation(now, 64);
      settle();
    }
    expect(arena.runner.proactiveRuns).toBe(6);
    expect(log.all.filter((one) => one.action === "compact")).toHaveLength(6);
    expect(arena.refusedByLimiter).toBeGreaterThan(0);
  });

  it("and the limits of the run bind whoever is in charge", () => {
    const demand = getScenario("burst").generate({
      pressureRatio: 0.95,
      seed: 101,
      durationMicros: 20 * SECOND,
      ratePerSecond: 200,
      capacityBytes: 102_400,
    });
    for (const policy of ["blind", "neural"])
      for (const runsPerSecond of [1, 3]) {
        const { result } = simulate({ demand, policy, seed: 101, limits: { runsPerSecond } });
        expect(result.compaction.maxRunsInAnySecond).toBe(runsPerSecond);
      }
  });
});

describe("the stages", () => {
  it("a run under way is not disturbed", () => {
    const { tick, controller, arena } = scene({ large: 300 });
    tick(SECOND);
    controller.onAllocation(SECOND + 10, 256);
    controller.onTick(SECOND + 20);
    expect(arena.runner.runs).toBe(1);
    expect(arena.runner.isActive).toBe(true);
  });

  it("without the loop the consult at each allocation acts alone", () => {
    const { tick, controller, log } = scene({ large: 300, isAutonomyOn: false });
    expect(tick(SECOND)).toBeUndefined();
    controller.onAllocation(SECOND, 64);
    expect(log.all).toMatchObject([{ stage: "predictor", action: "compact" }]);
  });
});

describe("shedding ahead", () => {
  const shedding = (forecast: number, freeBlocks: number) => {
    const { said, tick, arena, handles } = scene({ large: 0 });
    const live = handles().filter((handle) => arena.heap.isLive(handle));
    for (const [id, handle] of live.slice(0, 50).entries()) arena.shrinker.add(id, handle, 64);
    while (arena.heap.freeBytes > 64 * freeBlocks) arena.heap.allocate(56);
    said.forecast = forecast;
    return tick(SECOND);
  };

  it("keeps a share free, a larger one when pressure is forecast to be critical", () => {
    // 4 % of the arena are 655 B, 2 % are 328
    expect(shedding(0.99, 11).action).toBe("hold");
    expect(shedding(0.99, 8)).toMatchObject({ action: "shed", reason: "144 B short of what is kept free" });
    expect(shedding(0.5, 8).action).toBe("hold");
    expect(shedding(0.5, 4)).toMatchObject({ action: "shed", reason: "72 B short of what is kept free" });
  });

  it("with nothing to shed, sheds nothing", () => {
    const { tick, arena } = scene({ large: 0 });
    while (arena.heap.freeBytes > 64) arena.heap.allocate(56);
    expect(tick(SECOND).action).toBe("hold");
    expect(arena.shrinker.sheds).toBe(0);
  });
});

describe("blind", () => {
  it("is the same controller, on no forecast: the watermark stage decides, and it pays for its request sizes alone", () => {
    const demand = getScenario("steady").generate({
      pressureRatio: 0.95,
      seed: 101,
      durationMicros: 30 * SECOND,
      ratePerSecond: 100,
      capacityBytes: 102_400,
    });
    const { result, decisions, forecastCounts, predictorState } = simulate({ demand, policy: "blind", seed: 101 });
    expect([result.forecast, forecastCounts, predictorState]).toEqual([null, null, null]);
    expect(result.predictor).toEqual({ stateBytes: REQUEST_SIZES_BYTES, watchdogBytes: 0, trainedLabels: 0 });
    expect(result.compaction.proactive).toBeGreaterThan(0);
    expect(result.watchdog.fallbackTicks).toBe(0);
    expect(Object.keys(result.autonomy.byStage).filter((stage) => stage !== "autonomy")).toEqual(["watermark"]);
    for (const one of decisions) expect([one.forecast, one.upper]).toEqual([null, null]);
  });
});
