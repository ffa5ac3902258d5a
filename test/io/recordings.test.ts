// Whole recordings: the ones that are shipped, and the shared ones where they are present. Each states its own counts in a
// comment, which reading must reach.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measureDemand } from "../../core/demand.ts";
import { packageRoot, resolveTrace, shippedTraces } from "../../io/find-trace.ts";
import { readTrace } from "../../io/read-trace.ts";
import type { RawTrace } from "../../scenarios/trace/raw-trace.ts";
import { traceToDemand } from "../../scenarios/trace/trace-demand.ts";
import { checkRawTrace, warnings } from "../scenarios/trace/check-raw-trace.ts";

const SHARED = join(packageRoot(), "..", "shared", "traces", "heap");

/** What a recording declares of itself, and what was found, under the same names. */
function expectDeclaredCounts(trace: RawTrace): void {
  const found: Readonly<Record<string, number>> = {
    ids: trace.idCount,
    ops: trace.length,
    a: trace.allocations,
    r: trace.resizes,
    f: trace.frees,
    peak_live_bytes: trace.peakLiveBytes,
    end_live_bytes: trace.endLiveBytes,
  };
  for (const name of ["ids", "ops", "a", "r", "f", "peak_live_bytes"]) {
    expect(trace.declared[name], name).toBeGreaterThanOrEqual(0);
  }
  for (const [name, value] of Object.entries(found)) expect(value, name).toBe(trace.declared[name]);
}

function expectDemandAtLevel(trace: RawTrace): void {
  const demand = traceToDemand(trace, { pressureRatio: 0.95, seed: 1 });
  const { peakBytes, allocations, resizes, frees } = measureDemand(demand);
  expect(peakBytes / demand.capacityBytes).toBeLessThanOrEqual(0.95);
  expect(peakBytes / demand.capacityBytes).toBeGreaterThan(0.95 * (1 - 16 / peakBytes) - 1e-9);
  expect([allocations, resizes, frees]).toEqual([trace.allocations, trace.resizes, trace.frees]);
}

describe("shipped recordings", () => {
  it("are thirteen", () => {
    expect(shippedTraces()).toHaveLength(13);
  });

  it.each(shippedTraces())("%s reads with the counts that it states", async (name) => {
    const trace = await readTrace(resolveTrace(name));
    expect([trace.format, trace.name, trace.timing]).toEqual(["trep", name, "recorded"]);
    expect(trace.description).not.toBe("");
    expect(trace.warnings).toEqual([]);
    expectDeclaredCounts(trace);
    checkRawTrace(trace);
    expectDemandAtLevel(trace);
    const spanMicros = trace.timeMicros[trace.length - 1] - trace.timeMicros[0];
    expect(Math.abs(spanMicros / 1000 - trace.declared["span_ms"])).toBeLessThanOrEqual(1);
    const { timing } = traceToDemand(trace, { pressureRatio: 0.95, seed: 1, maxOperations: trace.length });
    expect(timing).toMatch(name.startsWith("long-") || name === "tar-xz" ? /^real time$/ : /^stretched x [\d.]+ \(rec/);
  });
});

const SHARED_FILES = ["dogfood", "ffmpeg", "find", "grep-recursive", "ls", "source-map"].map((name) =>
  join("wee_alloc", `${name}.rep.gz`),
);

describe("shared recordings", () => {
  const isHere = existsSync(SHARED);
  if (!isHere) console.warn("SKIPPED: ../shared/traces is not there: the rep.gz and Android recordings are not read");

  it.skipIf(!isHere).each(SHARED_FILES)("%s reads with the counts that it states", async (file) => {
    const trace = await readTrace(join(SHARED, file));
    expect(trace.format).toBe("rep");
    expectDeclaredCounts(trace);
    checkRawTrace(trace);
    expectDemandAtLevel(trace);
    for (const code of Object.keys(warnings(trace))) expect(code).toBe("zero-size");
  });

  it.skipIf(!isHere)("aosp/systemui.zip reads, every operation accounted for", async () => {
    const trace = await readTrace(join(SHARED, "aosp", "systemui.zip"));
    expect([trace.format, trace.name, trace.timing]).toEqual(["aosp", "systemui", "order"]);
    checkRawTrace(trace);
    expectDemandAtLevel(trace);
    // Lines are operations, frees of NULL and ends of threads; reallocations of NULL are allocations.
    expect(trace.lines).toBe(786_454);
    expect(trace.allocations + trace.resizes).toBe(383_154 + 29_167 + 7_847 + 1_066);
    expect(trace.frees + warnings(trace)["free-of-null"]).toBe(364_863);
    expect(Object.keys(warnings(trace)).sort()).toEqual(["free-of-null", "zero-size"]);
    const named = await readTrace(`${join(SHARED, "aosp", "systemui.zip")}:systemui.txt`);
    expect(named.length).toBe(trace.length);
    expect(named.name).toBe("systemui");
  });
});
