// mempred report --format svg: one dot a seed and policy, the interval that the result holds, bounds as lines; one document.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatSigned } from "../../cli/render/format.ts";
import { seedsFigure } from "../../cli/render/seeds-figure.ts";
import { stringifyResult } from "../../cli/stored-result.ts";
import type { ResultFile } from "../../sim/result.ts";
import { fakeResult, fakeSuite } from "../sim/suite/fake-run.ts";
import { run, temporaryFolder } from "./fake-host.ts";
import { XmlCheck } from "./xml-check.ts";

const folder = temporaryFolder();
const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
const marks = (svg: string, pattern: RegExp) => svg.match(pattern)?.length ?? 0;

function fileOf(name: string, result: ResultFile): string {
  const path = join(folder, name);
  writeFileSync(path, stringifyResult(result));
  return path;
}

/** predictive: 4 fewer, but as many on seed 5 and 2 more on seed 6; clairvoyant 9 fewer. */
const denied = (policy: string, seed: number) =>
  10 - (policy === "clairvoyant" ? 9 : policy !== "predictive" ? 0 : seed === 5 ? 0 : seed === 6 ? -2 : 4);

const result = fakeResult(
  fakeSuite({ seeds, policies: ["reactive", "holt", "predictive", "clairvoyant"] }),
  (_, __, seed, policy) => ({ avoidable: denied(policy, seed) }),
);

describe("the picture of many seeds", () => {
  test("a panel for each scenario, level and policy; a dot a seed; the interval of the comparison", async () => {
    const { status, stdout: svg } = await run(["report", fileOf("many.json", result), "--format", "svg"]);
    expect(status).toBe(0);
    expect(svg).toBe(seedsFigure(result, result.suite.policies));
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg.startsWith("<svg xmlns")).toBe(true);
    expect(marks(svg, /<svg /g)).toBe(1);
    const panels = 2 * 2 * 2; // no panel of the bound
    expect(marks(svg, /class="mean"/g)).toBe(panels);
    expect(marks(svg, /class="band"/g)).toBe(panels);
    expect(marks(svg, /class="clairvoyant"/g)).toBe(panels);
    expect(marks(svg, /class="fewer circle"/g)).toBe(4 * 18);
    expect(marks(svg, /class="more circle"/g)).toBe(4);
    expect(marks(svg, /class="same circle"/g)).toBe(4 * (1 + 20));
    const row = result.comparisons.find((one) => one.policy === "predictive")!.avoidableOoms;
    const [low, high] = row.ci95!.map(formatSigned);
    expect(svg).toContain(`>−3.50 of 10 [${low}, ${high}] fewer<`);
    expect(svg).toContain(">0 of 10 [0, 0] equal<");
    expect(svg).toContain("Dotted: clairvoyant, who knows every request.");
    expect(svg).not.toContain("Dashed: perfect-forecast");
    expect(svg).not.toContain("rough");
    expect(svg).toContain("each policy minus reactive, seeds 1..20");
  });

  test("--policy chooses; a bound alone has panels, and is no line in its own", async () => {
    const file = fileOf("many.json", result);
    const one = await run(["report", file, "--format", "svg", "--policy", "predictive"]);
    expect(marks(one.stdout, /class="mean"/g)).toBe(4);
    const bound = await run(["report", file, "--format", "svg", "--policy", "clairvoyant"]);
    expect(marks(bound.stdout, /class="mean"/g)).toBe(4);
    expect(bound.stdout).not.toContain('class="clairvoyant"');
    const none = await run(["report", file, "--format", "svg", "--policy", "reactive"]);
    expect([none.status, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toContain("there is nothing to compare");
  });

  test("one seed has no interval and says so; few seeds are called rough; partial ones partial", () => {
    const of = (count: number, more: object = {}) => {
      const few = fakeResult(fakeSuite({ seeds: seeds.slice(0, count) }), (_, __, seed, policy) => ({ avoidable: denied(policy, seed) })); // biome-ignore format: one line
      return seedsFigure({ ...few, ...more }, few.suite.policies)!;
    };
    expect(of(1)).toContain("One seed: no interval, draw no conclusion.");
    expect(of(1)).toContain(">−4 of 10: one seed, no interval<");
    expect(of(1)).not.toContain('class="band"');
    expect(of(4)).toContain("4 seeds: the intervals are rough, claim nothing under 20.");
    expect(of(4)).not.toContain("interrupted");
    expect(of(4, { isPartial: true })).toContain("interrupted, not all of it was run");
  });

  test("what was worse is called that", () => {
    const worse = fakeResult(fakeSuite({ seeds }), (_, __, seed, policy) => ({ avoidable: policy === "reactive" ? 3 : 5 + (seed % 2) })); // biome-ignore format: one line
    expect(seedsFigure(worse, worse.suite.policies)).toMatch(/>\+2\.50 of 3 \[\+2\.\d+, \+2\.\d+\] MORE</);
  });

  test("one policy, runs of other seeds, no run at all: nothing to compare", async () => {
    const alone = fakeResult(fakeSuite({ policies: ["neural"] }));
    const apart = { ...result, runs: result.runs.filter((one) => (one.policy === "reactive") === (one.seed === 1)) };
    for (const one of [alone, apart, { ...result, runs: [], comparisons: [] }]) {
      const { status, stdout, stderr } = await run(["report", fileOf("x.json", one), "--format", "svg"]);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("--format svg: there is nothing to compare");
    }
  });

  test("names of files as scenarios are escaped", () => {
    const odd = fakeResult(fakeSuite({ scenarios: ['my <own> & "odd"'], pressures: [0.95], seeds: [1, 2] }));
    const svg = seedsFigure(odd, odd.suite.policies)!;
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg).toContain("my &lt;own&gt; &amp; &quot;odd&quot; 95 %: predictive");
  });
});
