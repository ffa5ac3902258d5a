// K40: no crash in any run. Random demands, arenas, policies, limits and costs, each run of a swarm switching things off and
// weighting the rest wildly; every heap is walked after every operation, and the books must balance at the end.
// FUZZ_RUNS=5000 FUZZ_FIRST_SEED=1001 npx vitest run test/sim/fuzz.model.test.ts takes other seeds.

import { describe, expect, it } from "vitest";
import { COMPACTOR_KINDS } from "../../allocator/compactor.ts";
import { DemandBuilder, FLAG_PINNED, FLAG_RECLAIMABLE } from "../../core/demand.ts";
import { RandomStream } from "../../core/random.ts";
import { ZERO_COST } from "../../sim/cost-model.ts";
import { allPolicies, resolvePolicy } from "../../sim/policies/registry.ts";
import { simulate } from "../../sim/simulate.ts";
import type { SimulateOptions } from "../../sim/simulate-types.ts";

const FIRST_SEED = Number(process.env["FUZZ_FIRST_SEED"] ?? 1);
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);
const MACHINERIES = [...COMPACTOR_KINDS, "quick"];
/** Every policy by itself and with every machinery; the clairvoyant, which runs many others, by itself alone. */
const POLICIES = allPolicies().flatMap(({ id }) =>
  id === "clairvoyant" ? [id] : [id, ...MACHINERIES.map((kind) => `${id}:${kind}`)],
);

/** A swarm run from one seed. */
function randomRun(seed: number): SimulateOptions {
  const random = new RandomStream(seed, "fuzz");
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const capacityBytes = 16 * pick([4, 16, 64, 256, 1024, 4096]);
  const builder = new DemandBuilder();
  const chanceOf = (): number => pick([0, 0.05, 0.3, 1]);
  const [pins, reclaimable, resizes, reuse] = [chanceOf(), chanceOf(), chanceOf() * 0.5, chanceOf()];
  const largest = Math.max(1, Math.floor(capacityBytes * pick([0.02, 0.1, 0.5, 1.2])));
  const gap = pick([1, 100, 5_000, 60_000]);
  const keep = pick([1, 5, 40, 200]);
  const classes = pick([[0], [1], [2], [0, 1, 2], [2, 2, 2, 1]]);
  const live: number[] = [];
  const freed: number[] = [];
  let nextId = 0;
  let now = 0;
  for (let i = 0; i < 300; i++) {
    now += random.integer(gap + 1);
    const flags = (random.chance(pins) ? FLAG_PINNED : 0) | (random.chance(reclaimable) ? FLAG_RECLAIMABLE : 0);
    if (live.length > 0 && random.chance(resizes)) {
      builder.resize(now, pick(live), random.between(1, largest), pick(classes), flags);
    } else if (live.length >= keep || (live.length > 0 && random.chance(0.3))) {
      const [id] = live.splice(random.integer(live.length), 1);
      builder.free(now, id!);
      freed.push(id!);
    } else {
      const id = freed.length > 0 && random.chance(reuse) ? freed.pop()! : nextId++;
      builder.allocate(now, id, random.between(1, largest), pick(classes), flags, 0, pick([4, 4, 4, 5, 8]));
      live.push(id);
    }
  }
  const demand = builder.finish({
    name: "fuzz",
    tenants: ["main"],
    durationMicros: now + random.integer(3_000_000),
    capacityBytes,
    pressureRatio: pick([0.5, 0.95, 0.98]),
    mix: { atomic: 0, deadline: 0, wait: 1, pinned: 0 },
    timing: "scenario",
    shedBytesPerSecond: pick([16, 4096, 1_000_000]),
  });
  return {
    demand,
    policy: pick(POLICIES),
    seed,
    verify: true,
    fit: pick(["segregated", "best"]),
    autonomy: random.chance(0.8),
    shadow: random.chance(0.8),
    watchdog: random.chance(0.8),
    retries: pick([0, 0, 3]),
    placeboRuns: pick([0, 5, 100]),
    reserveBytes: Math.floor(capacityBytes * pick([0, 0.1, 0.9])),
    weights: pick(["cold", new Float64Array(49), new Float64Array(49).fill(Number.NaN)]),
    ...(random.chance(0.3) ? { cost: ZERO_COST } : {}),
    ...(random.chance(0.3)
      ? {
          limits: {
            runsPerSecond: pick([1, 1000, Number.POSITIVE_INFINITY]),
            movedBytesPerSecond: pick([100, 1e9]),
            proactiveCooldownMicros: 0,
          },
        }
      : {}),
  };
}

describe("K40", () => {
  it(`${RUNS} runs of a swarm end without a crash, and their books balance`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      const options = randomRun(seed);
      const where = `seed ${seed}, policy ${options.policy}`;
      try {
        const { result } = simulate(options);
        expect(result.requests.served + result.ooms.total, where).toBe(result.requests.total);
        const { byCause, byClass, total } = result.ooms;
        expect(
          Object.values(byCause).reduce((sum, n) => sum + n),
          where,
        ).toBe(total);
        expect(
          Object.values(byClass).reduce((sum, n) => sum + n),
          where,
        ).toBe(total);
        const isFree = resolvePolicy(options.policy).definition.isFreeOfCost === true;
        const limit = isFree ? Infinity : (options.limits?.runsPerSecond ?? 10);
        expect(result.compaction.maxRunsInAnySecond, where).toBeLessThanOrEqual(limit);
        expect(result.compaction.proactive + result.compaction.reactive, where).toBe(result.compaction.runs);
      } catch (error) {
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});
