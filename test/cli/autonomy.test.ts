// mempred autonomy, and attacks from the command line.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AutonomyDocument } from "../../cli/autonomy-document.ts";
import type { ResultFile } from "../../sim/result.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const QUICK = ["autonomy", "--duration", "20s", "--seeds", "2"];

describe("K43-48: mempred autonomy", () => {
  test("three ways on the same demand, counted, with a verdict", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "hour.json");
    const { status, stdout, stderr } = await run([...QUICK, "--scenario", "steady,burst", "--json", file], { folder });
    expect(status).toBe(0);
    expect(stderr).toBe(`mempred: wrote ${file}\n`);
    expect(stdout).toContain(
      "2 subsystems: steady, burst · pressure 95 % · 20 s alone · seeds 1..2 · predictive · no attacks",
    );
    expect(stdout).toMatch(/verdict: .*OOMs an hour and subsystem \(mark ≤ 2/);
    expect(stdout).toMatch(/(no difference shown between|coordinated is (better|WORSE)).*uncoordinated/);
    expect(stdout).toContain("watchdog trips without attack: 0 (mark 0: reached)");
    const document = JSON.parse(readFileSync(file, "utf8")) as AutonomyDocument;
    expect(document.schema).toBe("mempred.autonomy/1");
    expect(document.runs.map((one) => [one.seed, one.mode, one.zones.length])).toEqual(
      [1, 2].flatMap((seed) => ["reactive", "uncoordinated", "coordinated"].map((mode) => [seed, mode, 2])),
    );
    for (const { mode, zones, maxRunsInAnySecond } of document.runs) {
      expect(maxRunsInAnySecond).toBeLessThanOrEqual(10);
      expect(zones.map((zone) => zone.scenario)).toEqual(["steady", "burst"]);
      if (mode !== "reactive") for (const zone of zones) expect(zone.autonomy.decisions).toBe(41);
    }
    const again = await run([...QUICK, "--scenario", "steady,burst", "--json"]);
    expect(again.stdout).toBe(readFileSync(file, "utf8"));
  });

  test("scenarios go round; one subsystem has nothing to coordinate with; --quiet is the verdict alone", async () => {
    const three = await run([
      "autonomy",
      "--duration",
      "5s",
      "--seed",
      "1",
      "--scenario",
      "tide",
      "--subsystems",
      "3",
      "-q",
    ]);
    expect(three.stdout).toMatch(/^verdict: 5 s alone at 95 %, 3 subsystem runs/);
    expect(three.stdout).toContain("one seed: no interval");
    const one = await run(["autonomy", "--duration", "5s", "--seed", "1", "--scenario", "tide"]);
    expect(one.stdout).toContain("one subsystem: there is nothing to coordinate.");
  });

  test.each([
    [["--attack", "nann"], /--attack: unknown attack "nann", did you mean "nan"\?/],
    [["--attack", ""], /--attack: the list is empty/],
    [["--subsystems", "0"], /--subsystems: "0" will not do/],
    [["--subsystems", "17"], /--subsystems: "17" will not do/],
    [["--pressure", "85,95"], /--pressure: one level at a time/],
    [["--pressure", "100"], /--pressure: a pressure of 100 % cannot be/],
    [["--policy", "neural,predictive"], /--policy: one policy at a time/],
    [["--policy", "reactive"], /--policy: reactive forecasts nothing/],
    [["--policy", "predictiv"], /did you mean "predictive"\?/],
    [["--scenario", "stedy"], /stedy/],
    [["--duration", "60"], /--duration: "60" has no unit/],
    [["--seeds", "x"], /--seeds: "x" is not a set of seeds/],
    [["--json", "/nowhere/at/all/x.json"], /\/nowhere\/at\/all/],
  ])("bad input %j ends in exit 2 and a sentence", async (words, message) => {
    const { status, stdout, stderr } = await run(["autonomy", "--duration", "5s", ...words]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });

  test("a file of other hands is not overwritten", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "notes.json");
    writeFileSync(file, "mine");
    const { status, stderr } = await run([...QUICK, "--json", file], { folder });
    expect(status).toBe(2);
    expect(stderr).toContain("was not written by mempred");
    expect(readFileSync(file, "utf8")).toBe("mine");
  });
});

describe("K57-63: stress --attack", () => {
  const ATTACKED = ["stress", "--scenario", "steady", "--pressure", "95", "--seed", "1", "--duration", "3m"];

  test("the schedule is part of the result, the report has the recovery, the settings repeat it", async () => {
    const folder = temporaryFolder();
    const first = await run([...ATTACKED, "--attack", "nan,input-flip", "--json"], { folder });
    expect(first.status).toBe(0);
    const result = JSON.parse(first.stdout) as ResultFile;
    expect(result.suite).toMatchObject({ settings: { attacks: ["nan", "input-flip"] } });
    for (const one of result.runs)
      expect(one.attacks!.outcomes.map((outcome) => outcome.kind).sort()).toEqual(["input-flip", "nan"]);
    const own = result.runs.find((one) => one.policy === "predictive")!;
    expect(own.watchdog.trips.map((trip) => trip.reason).sort()).toEqual(["bad-input", "nan"]);
    const report = await run(["report"], { folder });
    expect(report.stdout).toContain("autonomy and recovery, over all runs");
    expect(report.stdout).toMatch(/predictive: attacks, over one run/);
    expect(report.stdout).toMatch(/input-flip +1 +bad-input 1/);
    const markdown = await run(["report", "--format", "md"], { folder });
    expect(markdown.stdout).toContain("## autonomy and recovery");
    expect(existsSync(join(folder, ".mempred", "last-run.json"))).toBe(true);
  });

  test("`all` is spelled out; an unknown one ends in exit 2 with a suggestion", async () => {
    const bad = await run([...ATTACKED, "--attack", "clock-jmp"]);
    expect(bad.status).toBe(2);
    expect(bad.stderr).toContain('unknown attack "clock-jmp", did you mean "clock-jump"?');
    const all = await run([
      "stress",
      "--scenario",
      "steady",
      "--pressure",
      "95",
      "--seed",
      "1",
      "--duration",
      "20s",
      "--policy",
      "reactive",
      "--attack",
      "all",
      "--json",
    ]);
    const { suite, runs } = JSON.parse(all.stdout) as ResultFile;
    expect((suite as unknown as { settings: { attacks: string[] } }).settings.attacks).toHaveLength(17);
    expect(runs[0]!.attacks!.outcomes).toHaveLength(17);
  });

  test("without attacks the file has none", async () => {
    const { stdout } = await run([
      "stress",
      "--scenario",
      "steady",
      "--pressure",
      "95",
      "--seed",
      "1",
      "--duration",
      "5s",
      "--json",
    ]);
    const { suite, runs } = JSON.parse(stdout) as ResultFile;
    expect(suite).not.toMatchObject({ settings: { attacks: expect.anything() } });
    expect(runs.every((one) => one.attacks === null)).toBe(true);
  });
});

describe("K82: mempred autonomy --machines", () => {
  test("with and without telling on the same demand, bytes a machine and second, and a verdict", async () => {
    const words = ["autonomy", "--machines", "3", "--duration", "40s", "--seeds", "2", "--loss", "20", "--delay", "1s"];
    const text = await run(words);
    expect(text.status).toBe(0);
    expect(text.stdout).toContain("3 machines: tide");
    expect(text.stdout).toContain("20 % lost, 1 s on the way");
    expect(text.stdout).toMatch(
      /verdict: telling changes the error of a newcomer's first 200 forecasts by .* B a machine and second\./,
    );
    const json = await run([...words, "--json"]);
    const document = JSON.parse(json.stdout) as { schema: string; trials: { seed: number; isExchanging: boolean }[] };
    expect(document.schema).toBe("mempred.machines/1");
    expect(document.trials.map((one) => [one.seed, one.isExchanging])).toEqual(
      [1, 2].flatMap((seed) => [false, true].map((isExchanging) => [seed, isExchanging])),
    );
  });

  test.each([
    [["--loss", "5"], /--loss: of messages between machines/],
    [["--machines", "1"], /--machines: "1" will not do/],
    [["--machines", "2", "--loss", "101"], /--loss: "101" will not do/],
    [["--machines", "2", "--policy", "predictive"], /no network that learns/],
    [["--machines", "2", "--attack", "nan"], /--attack: not together with --machines/],
    [["--machines", "2", "--duration", "5s"], /--duration: too short/],
  ])("bad input %j ends in exit 2 and a sentence", async (words, message) => {
    const { status, stdout, stderr } = await run(["autonomy", "--duration", "30s", "--seed", "1", ...words]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });
});
