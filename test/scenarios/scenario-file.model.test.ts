// Scenario files against random ones: valid declarations always generate valid demands at their level; damaged texts are
// read or refused with a place, never anything else. fast-check prints the seed of a failure.

import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { MempredError } from "../../core/errors.ts";
import { measureLevel } from "../../scenarios/measure-level.ts";
import { SCENARIO_IDS } from "../../scenarios/registry.ts";
import { parseScenario } from "../../scenarios/scenario-file.ts";
import { runs } from "../runs.ts";
import { checkDemand } from "./check-demand.ts";

const number = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map((x) => Math.max(min, Math.min(max, Math.round(x * 1000) / 1000)));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const bounds = fc
  .tuple(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1, max: 6000 }))
  .map(([a, b]) => ({ lowBytes: Math.min(a, b), highBytes: Math.max(a, b) }));
const simpleSizes = fc.oneof(
  bounds.map((b) => ({ law: "uniform", ...b })),
  fc.tuple(bounds, number(0.1, 5)).map(([b, alpha]) => ({ law: "pareto", ...b, alpha })),
  fc
    .tuple(bounds, fc.integer({ min: 1, max: 10_000 }), number(0.05, 3))
    .map(([b, medianBytes, spread]) => ({ law: "lognormal", ...b, medianBytes, spread })),
  fc
    .array(fc.record({ bytes: fc.integer({ min: 1, max: 6000 }), share: number(0.1, 10) }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((choices) => ({ law: "choice", choices })),
);
const sizes = fc.oneof(
  simpleSizes,
  fc
    .array(fc.record({ share: number(0.1, 10), sizes: simpleSizes }), { minLength: 1, maxLength: 4 })
    .map((parts) => ({ law: "blend", parts })),
);
const lifetimes = fc.oneof(
  fc.constantFrom({ law: "exponential" }, { law: "uniform" }),
  number(0, 1).map((jitter) => ({ law: "fixed", jitter })),
  fc.tuple(number(0.01, 0.99), number(1, 1000)).map(([shortShare, ratio]) => ({ law: "two-speed", shortShare, ratio })),
  number(0.2, 5).map((alpha) => ({ law: "pareto", alpha })),
);
const wave = {
  shape: fc.constantFrom("constant", "wave", "triangle", "ramp", "sawtooth", "square", "steps"),
  periodSeconds: number(0.2, 90),
  jitter: number(0, 0.9),
  leastCycles: fc.integer({ min: 1, max: 20 }),
  highShare: number(0.05, 0.95),
  lead: number(0, 1),
  steps: fc.array(number(-1, 1), { minLength: 1, maxLength: 6 }),
};
const level = fc
  .record({
    ...wave,
    swingRatio: number(0, 0.5),
    wanderRatio: number(0, 0.2),
    wanderSeconds: number(0.2, 30),
    leaks: fc.boolean(),
  })
  .map((l) => ({ ...l, leaks: l.leaks && l.shape === "sawtooth" }));
const arrivals = fc.record(
  { law: fc.constantFrom("poisson", "regular"), rate: fc.record({ ...wave, swing: number(0, 0.95) }) },
  { requiredKeys: ["law"] },
);
const regime = fc.record(
  {
    seconds: number(0.5, 20),
    jitter: number(0, 0.9),
    sizes,
    lifetimes,
    rateFactor: number(0.05, 10),
    freesEverySecond: fc.boolean(),
  },
  { requiredKeys: ["seconds"] },
);
const events = fc
  .record(
    {
      gapSeconds: number(0.5, 20),
      schedule: fc.constantFrom("jittered", "poisson"),
      jitter: number(0, 0.9),
      leastGapSeconds: number(0, 5),
      lowSeconds: number(0.1, 5),
      longer: number(0, 5),
      rateFactor: number(1.1, 20),
      herd: fc
        .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 40 }), number(0, 1000))
        .map(([low, more, withinMillis]) => ({ lowRequests: low, highRequests: low + more, withinMillis })),
      isAtomic: fc.boolean(),
      sizes,
      lifeSeconds: number(0.001, 10),
      liftRatio: number(0, 0.5),
      warning: fc.record({ seconds: number(0.1, 5), rateFactor: number(0.1, 5) }),
    },
    {
      requiredKeys: ["gapSeconds", "schedule", "lowSeconds", "longer", "rateFactor", "lifeSeconds", "liftRatio"],
    },
  )
  .map(({ longer, ...rest }) => ({ ...rest, highSeconds: rest.lowSeconds + longer }));
const tenants = fc
  .array(
    fc.record(
      {
        share: number(0.1, 10),
        sizes,
        lifetimes,
        occupies: fc
          .tuple(number(0.02, 0.15), number(0, 0.1))
          .map(([lowRatio, more]) => ({ lowRatio, highRatio: lowRatio + more })),
        active: fc
          .tuple(number(0.1, 30), number(0.1, 1))
          .map(([everySeconds, share]) => ({ everySeconds, forSeconds: Math.max(0.1, everySeconds * share) })),
      },
      { requiredKeys: ["share"] },
    ),
    { minLength: 0, maxLength: 3 },
  )
  .map((rest) => [
    { name: "t", share: 2 },
    ...rest.map((tenant, i) => ({
      ...tenant,
      name: `t${i}`,
      isReclaimable: tenant.occupies !== undefined && i % 2 === 0,
    })),
  ]);
const mix = fc.tuple(number(0, 1), number(0, 1), number(0, 1)).map(([a, b, pinned]) => {
  const deadline = (1 - a) * b;
  return { atomic: a, deadline, wait: Math.max(1 - a - deadline, 0), pinned };
});
const file = fc
  .record({
    base: maybe(fc.constantFrom(...SCENARIO_IDS)),
    mix: maybe(mix),
    sizes: maybe(sizes),
    lifetimes: maybe(lifetimes),
    level: maybe(level),
    arrivals: maybe(arrivals),
    regimes: maybe(fc.array(regime, { minLength: 1, maxLength: 4 })),
    regimeOrder: maybe(fc.constantFrom("cycle", "random")),
    events: maybe(events),
    tenants: maybe(tenants),
    largestBytes: maybe(fc.integer({ min: 16, max: 8192 })),
  })
  .map((parts) => {
    const spec: Record<string, unknown> = { name: "random", ...parts };
    // The base's peak over the heap needs the base's cache.
    if (parts.base === "mixed-tenants" && parts.tenants !== undefined) spec["peakRatio"] = 0.99;
    for (const key of Object.keys(spec)) if (spec[key] === undefined) delete spec[key];
    return spec;
  });

describe("random files", () => {
  it("valid ones generate valid demands, under their peaks, for any options", () => {
    fc.assert(
      fc.property(
        file,
        fc.constantFrom(0.05, 0.3, 0.5, 0.85, 0.95, 0.98, 0.985),
        fc.constantFrom(16_384, 102_400, 1_000_000),
        fc.constantFrom(1, 30, 200),
        fc.constantFrom(1_000, 900_000, 20_000_000),
        fc.nat(1000),
        (spec, pressureRatio, capacityBytes, ratePerSecond, durationMicros, seed) => {
          const scenario = parseScenario(stringify(spec, { aliasDuplicateObjects: false }), "random.yaml");
          const demand = scenario.generate({ pressureRatio, capacityBytes, ratePerSecond, durationMicros, seed });
          checkDemand(demand);
          const { heldPeakRatio, peakRatio } = measureLevel(demand, 0);
          expect(heldPeakRatio).toBeLessThan(0.99);
          expect(peakRatio).toBeLessThan(1.1);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it("in a small arena the initial population of several pools stays under the peak", () => {
    // Found by the property above: 0.998 of the capacity at the end of the fill.
    const spec = {
      name: "pools",
      tenants: [
        { name: "t", share: 2 },
        { name: "t0", share: 0.1 },
        { name: "t1", share: 0.1, occupies: { lowRatio: 0.02, highRatio: 0.11 } },
      ],
    };
    const options = { pressureRatio: 0.95, capacityBytes: 16_384, ratePerSecond: 200, durationMicros: 20_000_000 };
    for (let seed = 1; seed <= 40; seed++) {
      const demand = parseScenario(JSON.stringify(spec), "pools.json").generate({ ...options, seed });
      checkDemand(demand);
      expect(measureLevel(demand, 0).heldPeakRatio, `seed ${seed}`).toBeLessThan(0.99);
    }
  });

  it("JSON means the same as YAML", () => {
    fc.assert(
      fc.property(file, (spec) => {
        const asYaml = parseScenario(stringify(spec, { aliasDuplicateObjects: false }), "f");
        const asJson = parseScenario(JSON.stringify(spec, null, "\t"), "f");
        expect({ ...asJson, generate: 0 }).toEqual({ ...asYaml, generate: 0 });
      }),
      { numRuns: runs(50) },
    );
  });

  it("damaged ones are read, or refused with file, line and path", () => {
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(30),
      put: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom(
          "-1",
          ".nan",
          "null",
          "[]",
          "{}",
          "\n",
          ":",
          "- ",
          "  ",
          "*x",
          "&a",
          "'",
          "\t",
          "1e999",
          "true",
        ),
      ),
    });
    let refused = 0;
    fc.assert(
      fc.property(file, damage, (spec, { at, cut, put }) => {
        const text = stringify(spec, { aliasDuplicateObjects: false });
        const from = Math.floor(at * text.length);
        const damaged = text.slice(0, from) + put + text.slice(from + cut);
        try {
          parseScenario(damaged, "damaged.yaml");
        } catch (error) {
          if (!(error instanceof MempredError)) throw error;
          refused++;
          expect(error.code).toBe("INVALID_SCENARIO");
          expect(error.details.file).toBe("damaged.yaml");
          expect(error.details.line).toBeGreaterThanOrEqual(1);
          expect(error.details.line).toBeLessThanOrEqual(damaged.split(/\r\n|[\n\r]/).length);
          expect(typeof error.details["path"]).toBe("string");
          expect(error.message.startsWith(`damaged.yaml:${error.details.line}: `)).toBe(true);
        }
      }),
      { numRuns: runs(500) },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("what the JSON Schema refuses, the reader refuses with a path: any value of the wrong kind, anywhere", () => {
    const schema = JSON.parse(readFileSync(new URL("../../schemas/scenario.schema.json", import.meta.url), "utf8"));
    const validate = new Ajv2020().compile(schema);
    const wrong = fc.constantFrom<unknown>("text", -5, 0.3, [], { a: 1 }, true, null, 1e12);
    let refused = 0;
    fc.assert(
      fc.property(file, fc.nat(1000), wrong, (spec, which, value) => {
        const leaves = leafPaths(spec);
        const changed = withValue(spec, leaves[which % leaves.length]!, value);
        try {
          parseScenario(JSON.stringify(changed), "f.json");
        } catch (error) {
          if (!(error instanceof MempredError)) throw error;
          refused++;
          expect(error.code).toBe("INVALID_SCENARIO");
          expect(error.details["path"]).not.toBe("");
          return;
        }
        expect(validate(changed), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: runs(400) },
    );
    expect(refused).toBeGreaterThan(200);
  });
});

type Path = readonly (string | number)[];

function leafPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) =>
    leafPaths(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function withValue(value: unknown, path: Path, leaf: unknown): unknown {
  if (path.length === 0) return leaf;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[path[0]!] = withValue(copy[path[0]!], path.slice(1), leaf);
  return copy;
}
