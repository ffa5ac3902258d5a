// What a declaration must fulfil beyond the type and range of each value: rules between values. Families are held to
// them by a test, files by `parseScenario`.

import type { ScenarioSpec, SizeLaw, TenantSpec } from "./spec.ts";

/** One rule that is broken: where, and what was expected there. */
export interface SpecProblem {
  readonly path: readonly (string | number)[];
  /** What there is, in words: "is 1.05 in sum". */
  readonly found: string;
  readonly expected: string;
}

const SHARE_TOLERANCE = 1e-6;

/** The rules that `spec` breaks, none for a valid one. */
export function checkSpec(spec: ScenarioSpec): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const report = (path: readonly (string | number)[], found: string, expected: string): void => {
    problems.push({ path, found, expected });
  };
  const sum = spec.mix.atomic + spec.mix.deadline + spec.mix.wait;
  if (Math.abs(sum - 1) > SHARE_TOLERANCE)
    report(["mix"], `has classes that add to ${Math.round(sum * 1e6) / 1e6}`, "atomic + deadline + wait = 1");
  checkSizes(spec.sizes, ["sizes"], report);
  if (spec.level.leaks === true && spec.level.shape !== "sawtooth")
    report(["level", "leaks"], `is true with the shape ${spec.level.shape}`, "the shape sawtooth where blocks leak");
  checkWave(spec.level, ["level"], report);
  if (spec.arrivals.rate !== undefined) checkWave(spec.arrivals.rate, ["arrivals", "rate"], report);
  (spec.regimes ?? []).forEach((regime, i) => {
    if (regime.sizes !== undefined) checkSizes(regime.sizes, ["regimes", i, "sizes"], report);
  });
  const events = spec.events;
  if (events !== undefined) {
    if (events.sizes !== undefined) checkSizes(events.sizes, ["events", "sizes"], report);
    if (events.highSeconds < events.lowSeconds)
      report(["events", "highSeconds"], `is ${events.highSeconds}`, `at least lowSeconds, ${events.lowSeconds}`);
    if (events.herd !== undefined && events.herd.highRequests < events.herd.lowRequests)
      report(
        ["events", "herd", "highRequests"],
        `is ${events.herd.highRequests}`,
        `at least lowRequests, ${events.herd.lowRequests}`,
      );
    if (events.herd === undefined && !((events.rateFactor ?? 1) > 1))
      report(["events"], "brings no requests", "a herd or a rateFactor over 1");
  }
  checkTenants(spec.tenants ?? [], report);
  if ((spec.peakRatio ?? 0) > 0.99 && !(spec.tenants ?? []).some((tenant) => tenant.isReclaimable === true))
    report(["peakRatio"], `is ${spec.peakRatio}`, "at most 0.99 where no tenant is reclaimable");
  return problems;
}

type Report = (path: readonly (string | number)[], found: string, expected: string) => void;

function checkTenants(tenants: readonly TenantSpec[], report: Report): void {
  const names = new Set<string>();
  let occupied = 0;
  let isAsked = false;
  tenants.forEach((tenant, i) => {
    if (names.has(tenant.name)) report(["tenants", i, "name"], `is "${tenant.name}" again`, "a name of its own");
    names.add(tenant.name);
    if (tenant.sizes !== undefined) checkSizes(tenant.sizes, ["tenants", i, "sizes"], report);
    if (tenant.isReclaimable === true && tenant.occupies === undefined)
      report(["tenants", i], "is reclaimable without occupies", "occupies: the share of the heap that it holds");
    if (tenant.lookups !== undefined) {
      if (tenant.isReclaimable !== true)
        report(["tenants", i, "lookups"], "are of a tenant that is no cache", "isReclaimable: true beside them");
      if (isAsked) report(["tenants", i, "lookups"], "are there for a second tenant", "one tenant with lookups");
      isAsked = true;
    }
    if (tenant.occupies !== undefined) {
      const { lowRatio, highRatio } = tenant.occupies;
      if (highRatio < lowRatio)
        report(["tenants", i, "occupies", "highRatio"], `is ${highRatio}`, `at least lowRatio, ${lowRatio}`);
      occupied += highRatio;
    }
    if (tenant.active !== undefined && tenant.active.forSeconds > tenant.active.everySeconds)
      report(
        ["tenants", i, "active", "forSeconds"],
        `is ${tenant.active.forSeconds}`,
        `at most everySeconds, ${tenant.active.everySeconds}`,
      );
  });
  if (occupied > 0.9) report(["tenants"], `occupy ${occupied} of the heap`, "at most 0.9 together");
  if (tenants.length > 0 && tenants.every((tenant) => tenant.occupies !== undefined))
    report(["tenants"], "all have occupies", "at least one tenant without");
}

function checkWave(
  wave: { readonly shape: string; readonly steps?: readonly number[] },
  path: readonly string[],
  report: Report,
): void {
  if (wave.shape === "steps" && wave.steps === undefined)
    report([...path, "steps"], "is missing", "the values of the steps, each from -1 to 1");
}

function checkSizes(law: SizeLaw, path: readonly (string | number)[], report: Report): void {
  if (law.law === "blend") {
    law.parts.forEach((part, i) => {
      checkSizes(part.sizes, [...path, "parts", i, "sizes"], report);
    });
  } else if (law.law !== "choice" && law.highBytes < law.lowBytes) {
    report([...path, "highBytes"], `is ${law.highBytes}`, `at least lowBytes, ${law.lowBytes}`);
  }
}
