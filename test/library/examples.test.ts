// Every example (those of the caches: cache-examples.test.ts) runs as a user would run it, against the built package by its own name, and its output says what the example
// promises. Two runs print the same.

import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { numbersIn as numbers, root, runExample as run } from "./run-example.ts";

const CHECKS: Readonly<Record<string, (output: string) => void>> = {
  "heap-by-hand"(output) {
    expect(output).toContain("full: 64 blocks, 0 B free\n");
    expect(output).toContain("fragmented: 8192 B free in 32 holes, largest 256 B\n");
    expect(output).toContain("1000 B: refused, effective pressure 1\n");
    expect(output).toContain("1 hole\n1000 B: placed, contents intact\nintegrity: 0 violations\n");
    const [moved, steps] = numbers(output, /compacted: (\d+) B moved in (\d+) steps/);
    expect(moved).toBe(31 * 256); // all but the first block, which lies where it should
    expect(steps).toBe(Math.ceil(31 / 4));
  },

  "predictor-alone"(output) {
    const [scored, learned] = numbers(output, /hour of samples: (\d+) forecasts scored, (\d+) labels learned/);
    expect(scored).toBe(7190); // 10 of 7,200 have not matured
    expect(learned).toBe(7190);
    const [error] = numbers(output, /error 5 s ahead: ([\d.]+) percentage points/);
    const [persistence] = numbers(output, /persistence +([\d.]+) percentage points/);
    expect(error).toBeGreaterThan(0.5);
    expect(error).toBeLessThan(persistence as number);
    const [skill] = numbers(output, /skill against the best of them, [a-z-]+: (-?[\d.]+)/);
    expect(skill).toBeGreaterThan(0);
    expect(output).toContain("watchdog: 0 trips; the predictor is 656 bytes");
  },

  "compare-policies"(output) {
    const [reactive, predictive, difference, low, high] = numbers(
      output,
      /avoidable OOM +([\d.]+) +([\d.]+) +(-?[\d.]+) \[(-?[\d.]+), (-?[\d.]+)\]/,
    ) as [number, number, number, number, number];
    expect(reactive).toBeGreaterThan(0);
    expect(difference).toBeCloseTo(predictive - reactive, 0);
    expect(low).toBeLessThanOrEqual(difference);
    expect(high).toBeGreaterThanOrEqual(difference);
    const digests = /digests of seed 1: ([0-9a-f]{16}) ([0-9a-f]{16})/.exec(output);
    expect(digests?.[1]).toBeDefined();
    expect(digests?.[1]).not.toBe(digests?.[2]);
  },

  "replay-recording"(output) {
    const [allocations, resizes] = numbers(output, /ls: (\d+) allocations, (\d+) resizes/) as [number, number];
    expect(output).toMatch(/arena \d+ B, [\d.]+ s, stretched x /);
    for (const policy of ["none", "reactive", "predictive"]) {
      const [denied, requests, avoidable] = numbers(
        output,
        new RegExp(`${policy} +(\\d+) of (\\d+) denied, (\\d+) of them avoidable`),
      ) as [number, number, number];
      expect(requests).toBe(allocations + resizes); // the same demand for every policy
      expect(avoidable).toBeLessThanOrEqual(denied);
    }
    expect(output).toMatch(/none .* 0 compactions moved 0 B/);
    const denied = ["none", "reactive"].map(
      (policy) => numbers(output, new RegExp(`${policy} +(\\d+) of`))[0] as number,
    );
    expect(denied[1]).toBeLessThan(denied[0] as number); // compaction is what serves it
  },

  "own-policy"(output) {
    const of = (policy: string) =>
      numbers(
        output,
        new RegExp(
          `${policy} +(\\d+) avoidable of +(\\d+) OOM; (\\d+) proactive runs \\((\\d+) useful\\), (\\d+) reactive`,
        ),
      ) as [number, number, number, number, number];
    const [none, reactive, own] = [of("none"), of("reactive"), of("keep-a-hole")];
    expect(none.slice(2)).toEqual([0, 0, 0]);
    expect(reactive[2]).toBe(0);
    expect(own[2]).toBeGreaterThan(0);
    expect(own[3]).toBeGreaterThan(0);
    expect(own[3]).toBeLessThanOrEqual(own[2]);
    expect(own[0]).toBeLessThan(none[0]);
    expect(own[4]).toBeLessThan(reactive[4]); // runs of its own spare requests the wait for one
  },

  "own-scenario"(output) {
    const [mean, peak] = numbers(output, /asked for: mean ([\d.]+) %, peak ([\d.]+) % of the arena/) as [
      number,
      number,
    ];
    expect(mean).toBeGreaterThan(90);
    expect(peak).toBeGreaterThan(mean);
    expect(peak).toBeLessThan(99);
    const [share] = numbers(output, /deadline requests: ([\d.]+) % of/);
    expect(Math.abs((share as number) - 30)).toBeLessThan(3); // the file's mix, not the default
    expect(output).toMatch(/INVALID_SCENARIO: typo\.yaml:3: unknown key "perodSeconds".*"periodSeconds"/);
  },

  "read-journal"(output) {
    const [place, free] = numbers(output, /(\d+) place, .*?(\d+) free/) as [number, number];
    const [overlaps, live] = numbers(output, /(\d+) overlaps; at the end (\d+) blocks live/) as [number, number];
    expect(overlaps).toBe(0);
    expect(live).toBe(place - free);
    expect(output).toMatch(/\n\[[#+.]{64}\]\n$/);
    expect(numbers(output, /(\d+) move/)[0]).toBeGreaterThan(0);
  },

  "resume-predictor"(output) {
    expect(output).toContain("after 1000 ticks: 990 labels learned from, saved in 676 bytes\n");
    expect(output).toContain("forecasts equal, bit by bit\nstates equal");
    expect(output).toContain("INVALID_WEIGHTS: the file is damaged");
  },
};

describe("examples", () => {
  it("each example has a check, and each check an example", () => {
    const files = readdirSync(`${root}/examples`).filter((name) => /^(?!cache-|preload-).*\.ts$/.test(name));
    expect(files.map((name) => name.replace(/\.ts$/, "")).sort()).toEqual(Object.keys(CHECKS).sort());
  });

  it.concurrent.each(Object.keys(CHECKS))("%s", async (example) => {
    const output = await run(example);
    (CHECKS[example] as (output: string) => void)(output);
  });

  it.concurrent("examples take files of the user's own", async () => {
    expect(await run("own-scenario", "examples/scenarios/evening-peak.yaml")).toContain("evening-peak: ");
    expect(await run("replay-recording", "tar-xz")).toContain("arena ");
  });

  it.concurrent("two runs print the same", async () => {
    const [first, second] = await Promise.all([run("compare-policies"), run("compare-policies")]);
    expect(second).toBe(first);
  });
});
