// Lookups of a cache tenant: they change nothing in the demand, follow their law, and scale with the tenant and not with the
// rate (K19).

import { describe, expect, it } from "vitest";
import { FLAG_RECLAIMABLE, OP_ALLOCATE } from "../../core/demand.ts";
import { mixedTenants } from "../../scenarios/families/mixed-tenants.ts";
import { scenarioFromSpec } from "../../scenarios/from-spec.ts";
import type { LookupSpec, ScenarioSpec } from "../../scenarios/spec.ts";
import { checkSpec } from "../../scenarios/spec-check.ts";

const SECONDS = 60;
const options = (more = {}) => ({
  pressureRatio: 0.95,
  seed: 5,
  durationMicros: SECONDS * 1e6,
  ratePerSecond: 100,
  capacityBytes: 102_400,
  ...more,
});
const withLookups = (lookups: LookupSpec | undefined): ScenarioSpec => ({
  ...mixedTenants,
  tenants: mixedTenants.tenants!.map(({ lookups: own, ...tenant }) =>
    own === undefined || lookups === undefined ? tenant : { ...tenant, lookups },
  ),
});
const generate = (lookups: LookupSpec | undefined, more = {}) =>
  scenarioFromSpec(withLookups(lookups)).generate(options(more));
const LAW: LookupSpec = { perInsertion: 7, keysPerBlock: 2, skew: 0.9, driftSeconds: 1 };

describe("lookups", () => {
  it("leave the demand as it is without them", () => {
    const { lookups, ...demand } = generate(LAW, { durationMicros: 20e6 });
    expect(generate(undefined, { durationMicros: 20e6 })).toEqual(demand);
    expect(lookups).toBeDefined();
  });

  it("are as many an insertion as declared, in order, in the run, of keys that there are", () => {
    const demand = generate(LAW);
    const { tenant, length, keyCount, key, timeMicros, countedFromMicros } = demand.lookups!;
    expect(demand.tenants[tenant]).toBe("cache");
    let insertions = 0;
    let isReclaimable = true;
    for (let row = 0; row < demand.length; row++) {
      const isOfTenant = demand.tenant[row] === tenant && demand.kind[row] === OP_ALLOCATE;
      isReclaimable &&= !isOfTenant || (demand.flags[row]! & FLAG_RECLAIMABLE) !== 0;
      if (isOfTenant && demand.timeMicros[row]! >= countedFromMicros) insertions++;
    }
    expect(isReclaimable).toBe(true);
    const counted = timeMicros.filter((t) => t >= countedFromMicros).length;
    expect(Math.abs(counted / insertions - 7)).toBeLessThan(0.2);
    expect(length).toBe(key.length);
    expect(key.every((one) => one < keyCount)).toBe(true);
    expect(timeMicros.every((at, i) => at >= (i === 0 ? 0 : timeMicros[i - 1]!))).toBe(true);
    expect(timeMicros.at(-1)).toBeLessThan(demand.durationMicros);
    expect(timeMicros.every(Number.isInteger)).toBe(true);
  });

  it("have Zipf popularity: without drift the hottest key has its share; with drift no key keeps it", () => {
    const shareOfHottest = (law: LookupSpec) => {
      const { key, keyCount, length } = generate(law).lookups!;
      const counts = new Float64Array(keyCount);
      for (const one of key) counts[one]!++;
      let harmonic = 0;
      for (let rank = 1; rank <= keyCount; rank++) harmonic += rank ** -law.skew;
      return (Math.max(...counts) / length) * harmonic;
    };
    const still = shareOfHottest({ ...LAW, driftSeconds: 1e6 });
    expect(still).toBeGreaterThan(0.93);
    expect(still).toBeLessThan(1.07);
    expect(shareOfHottest({ ...LAW, driftSeconds: 0.02 })).toBeLessThan(0.6);
    expect(shareOfHottest({ ...LAW, skew: 0, driftSeconds: 1e6 })).toBeLessThan(1.6); // all alike, but for chance
  });

  it("scale with the tenant: as many keys at ten times the rate, some ten times the keys in ten times the heap", () => {
    const keys = (more: object) => generate(LAW, { durationMicros: 60e6, ...more }).lookups!.keyCount;
    const plain = keys({});
    expect(keys({ ratePerSecond: 1000 }) / plain).toBeCloseTo(1, 0);
    // Some: a larger heap has larger blocks too.
    expect(Math.abs(keys({ capacityBytes: 1_024_000, ratePerSecond: 1000 }) / plain - 10)).toBeLessThan(4);
  });

  it("equal seeds give equal lookups, others give others", () => {
    expect(generate(LAW).lookups).toEqual(generate(LAW).lookups);
    expect(generate(LAW, { seed: 6 }).lookups!.key.slice(0, 50)).not.toEqual(generate(LAW).lookups!.key.slice(0, 50));
  });

  it("are of one tenant, a cache", () => {
    expect(checkSpec(mixedTenants)).toEqual([]);
    const web = { ...mixedTenants.tenants![0]!, lookups: LAW };
    const problems = checkSpec({ ...mixedTenants, tenants: [web, ...mixedTenants.tenants!.slice(1)] });
    expect(problems.map(({ path, found }) => `${path.join(".")} ${found}`)).toEqual([
      "tenants.0.lookups are of a tenant that is no cache",
      "tenants.2.lookups are there for a second tenant",
    ]);
  });
});
