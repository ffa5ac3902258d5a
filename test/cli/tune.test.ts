// K76: tune. A known landscape of parameters is searched right, differences are to the defaults, test seeds are refused.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PASSIVE_POLICY } from "../../sim/policies/policy.ts";
import { registerPolicy } from "../../sim/policies/registry.ts";
import { type Finished, run, temporaryFolder } from "./fake-host.ts";
import { avoidableAt } from "./fixtures/tunable-engine.ts";

const engineUrl = new URL("./fixtures/tunable-engine.ts", import.meta.url).href;
const BASE = ["tune", "--policy", "tunable", "--scenario", "steady,burst", "--duration", "10s"];

const tune = (...words: string[]): Promise<Finished> => run([...BASE, ...words], { engineUrl });

beforeAll(() => {
  registerPolicy({
    id: "tunable",
    title: "tunable",
    description: "for tests of tune",
    isProactive: false,
    compactsOnDemand: true,
    signal: null,
    isBound: false,
    pairedWith: null,
    compactor: "slide",
    proactiveCompactor: "slide",
    parameters: { gain: 1, holeBytes: 16 },
    create: () => PASSIVE_POLICY,
  });
});

describe("tune", () => {
  test("without a parameter it lists what there is", async () => {
    const { status, stdout } = await tune();
    expect(status).toBe(0);
    expect(stdout).toMatch(/gain +1\n/);
    expect(stdout).toMatch(/holeBytes +16\n/);
    const none = await run(["tune", "--policy", "reactive"]);
    expect(none.status).toBe(0);
    expect(none.stdout).toBe("reactive has no parameters to tune.\n");
  });

  test("a grid: every combination but the defaults, differences paired by seed, the best marked", async () => {
    const { status, stdout, stderr } = await tune("--parameter", "gain=1,3,5", "holeBytes=16,64", "--json");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schema: "mempred.tune/1",
      policy: "tunable",
      defaults: { gain: 1, holeBytes: 16 },
      seeds: [101, 102, 103],
      best: { gain: 3, holeBytes: 64 },
    });
    expect(document.trials).toHaveLength(5);
    for (const { tuning, avoidableOoms } of document.trials) {
      const mean = (at: Record<string, number>) => [101, 102, 103].reduce((sum, s) => sum + avoidableAt(at, s), 0) / 3;
      expect(avoidableOoms.policy).toBeCloseTo(mean(tuning), 9);
      expect(avoidableOoms.baseline).toBeCloseTo(mean({}), 9);
      // seeds differ by a constant, so the difference is the same in each
      const difference = avoidableAt(tuning, 0) - avoidableAt({}, 0);
      expect(avoidableOoms.ci95[0]).toBeCloseTo(difference, 9);
      expect(avoidableOoms.ci95[1]).toBeCloseTo(difference, 9);
    }
    const text = (await tune("--parameter", "gain=3")).stdout;
    expect(text).toContain("* gain=3");
    expect(text).toContain("gain=1 (defaults)");
    expect(text).toMatch(/verdict: gain=3 denies least, −8 /);
  });

  test("coordinate search finds the same with fewer trials; the number of workers does not show", async () => {
    const words = ["--parameter", "gain=2,3,4,5", "holeBytes=32,64,128", "--search", "coordinate", "--json"];
    const one = await tune(...words, "--workers", "1");
    const document = JSON.parse(one.stdout);
    expect(document.best).toEqual({ gain: 3, holeBytes: 64 });
    expect(document.trials).toHaveLength(7);
    expect((await tune(...words, "--workers", "3")).stdout).toBe(one.stdout);
  });

  test("nothing better is said to be nothing better; a file is written; METRIC lines", async () => {
    const path = join(temporaryFolder(), "tune.json");
    const { stdout } = await tune("--parameter", "gain=-4", "--json", path, "--metrics");
    expect(stdout).toContain("verdict: nothing tried denies less than the defaults");
    expect(stdout).toMatch(/METRIC oom_avoidable=43 policy=tunable tuning=gain=-4 seeds=3/);
    expect(JSON.parse(readFileSync(path, "utf8")).best).toBeNull();
    expect((await tune("--parameter", "gain=2", "--seed", "101")).stdout).toContain("one seed: no interval");
  });

  test.each([
    [["--parameter", "gain=2", "--seeds", "5"], "seeds 1, 2, 3 and 2 more are test seeds"],
    [["--parameter", "gain=2", "--seed", "100"], "seed 100 is a test seed"],
    [["--parameter", "gian=2"], 'no parameter "gian", did you mean "gain"?'],
    [["--parameter", "gain=much"], '"much" is not a number'],
    [["--parameter", "gain=1e999"], "is not a number"],
    [["--parameter", "gain="], "is not a number"],
    [["--parameter", "2"], "belongs to no parameter"],
    [["--parameter", "gain=1"], "these are the defaults"],
    [["--parameter", "gain=2,2"], "gain has 2 twice"],
    [["--parameter", "gain=2", "gain=3"], '"gain" is named twice'],
    [["--parameter", "gain=2", "--policy", "tunable,reactive"], "one policy is tuned at a time"],
    [["--parameter", "gain=2", "--policy", "tunabel"], 'unknown policy "tunabel"'],
    [["--parameter", "gain=2", "--policy", "reactive"], "reactive has no parameters to tune"],
    [["--parameter", "gain=2", "--search", "gird"], 'did you mean "grid"?'],
    [["--parameter", "gain=2", "--json", "--metrics"], "both want stdout"],
    [["--parameter", `gain=${Array.from({ length: 300 }, (_, i) => i + 2).join(",")}`], "too many for a grid"],
  ])("%j is refused", async (words, message) => {
    const { status, stdout, stderr } = await tune(...words);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
    expect(stdout).toBe("");
  });
});
