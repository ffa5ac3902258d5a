// mempred report --chart: the worst seed, made again and drawn; a result that cannot be made again is told, not drawn.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runAgain } from "../../cli/run-again.ts";
import { HeapView } from "../../sim/recording/heap-view.ts";
import type { ResultFile } from "../../sim/result.ts";
import type { Suite } from "../../sim/suite/plan.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const FILE = join(folder, "result.json");
let result: ResultFile;

beforeAll(async () => {
  const words = `stress --scenario burst --pressure 95 --seeds 3 --duration 30s --json ${FILE} --output ${folder}`;
  expect((await run(words.split(" "))).status).toBe(0);
  result = JSON.parse(readFileSync(FILE, "utf8"));
});

describe("report --chart", () => {
  test("names the worst seed and draws both of its runs, in ASCII where the locale asks", async () => {
    const difference = (seed: number) => {
      const of = (policy: string) => result.runs.find((one) => one.seed === seed && one.policy === policy)!;
      return of("predictive").ooms.avoidable - of("reactive").ooms.avoidable;
    };
    const worst = [1, 2, 3].reduce((a, b) => (difference(b) > difference(a) ? b : a));
    const { status, stdout } = await run(["report", FILE, "--chart"], { environment: { LANG: "C" } });
    expect(status).toBe(0);
    const chart = stdout.slice(stdout.indexOf("worst seed"));
    expect(chart).toContain(`worst seed: burst, pressure 95 %, seed ${worst}\n`);
    for (const line of ["reactive: pressure", "predictive: pressure", "predictive: forecast, at the moment it was for"])
      expect(chart).toContain(`\n${line}\n`);
    expect(chart).not.toContain("reactive: forecast, at");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing outside ASCII
    expect(chart).toMatch(/^[\x00-\x7f]+$/);
    for (const line of chart.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(chart).toMatch(/^ {7}[x ]*x[x ]*$/m);
    expect((await run(["report", FILE])).stdout).not.toContain("worst seed");
  });

  test("what is drawn is the run of the result", async () => {
    const pair = result.runs.filter(({ seed }) => seed === 2);
    const recordings = await runAgain(result.suite as Suite, pair);
    recordings.forEach((recording, i) => {
      const view = new HeapView(recording);
      view.seek(Infinity);
      expect(view.counts.ooms).toBe(pair[i]!.ooms.total);
      expect(view.counts.movedBytes).toBe(pair[i]!.compaction.movedBytes);
    });
  });

  test("a run that comes out differently is told and not drawn", async () => {
    const runs = result.runs.map((one) => ({ ...one, hash: one.hash.replace(/^./, (c) => (c === "0" ? "1" : "0")) }));
    writeFileSync(join(folder, "other.json"), JSON.stringify({ ...result, runs }));
    const { status, stdout, stderr } = await run(["report", join(folder, "other.json"), "--chart"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/comes out differently when it is run again/);
  });
});
