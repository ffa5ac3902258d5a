// What a worker does, in the main thread: demands from all kinds of sources, policies on one demand, journals.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CellJob, type CellSettings, runCell } from "../../cli/cell.ts";
import { loadEngine } from "../../cli/engine.ts";
import { RunFailure } from "../../cli/exit.ts";
import { JournalFile } from "../../cli/journal-file.ts";
import { MempredError } from "../../core/errors.ts";
import { readTrace } from "../../io/read-trace.ts";
import { temporaryFolder } from "./fake-host.ts";
import { loadEngine as loadFake } from "./fixtures/fake-engine.ts";

const JOB: CellJob = {
  scenario: "steady",
  pressureRatio: 0.95,
  seed: 3,
  durationSeconds: 20,
  ratePerSecond: 100,
  capacityBytes: 102_400,
  mix: null,
  wantsState: false,
};
const SETTINGS: CellSettings = {
  policies: ["reactive", "neural"],
  fit: "segregated",
  autonomy: true,
  watchdog: true,
  shadow: true,
  retries: 0,
  reserveBytes: null,
  attacks: [],
  weights: null,
  keepDecisions: 3,
  journalPath: null,
  collectSamples: false,
};
const STEADY = { kind: "scenario", id: "steady" } as const;

describe("a cell", () => {
  test("every policy runs on one and the same demand; results are named as asked", async () => {
    const engine = await loadEngine();
    let made = 0;
    const counting = {
      ...engine,
      makeDemand: (...all: Parameters<typeof engine.makeDemand>) => {
        made++;
        return engine.makeDemand(...all);
      },
    };
    const runs = await runCell({ ...JOB, scenario: "my name", wantsState: true }, STEADY, SETTINGS, counting);
    expect(made).toBe(1);
    expect(runs.map(({ result }) => [result.scenario, result.policy, result.seed])).toEqual([
      ["my name", "reactive", 3],
      ["my name", "neural", 3],
    ]);
    expect(runs[0]!.result.requests).toMatchObject({ total: runs[1]!.result.requests.total });
    expect(runs[0]!.predictorState).toBeNull();
    expect(runs[1]!.predictorState).toHaveLength(656);
    expect(runs[1]!.result.autonomy.recent.length).toBeLessThanOrEqual(3);
    expect(runs.map((run) => run.samples)).toEqual([null, null]);
  });

  test("samples for training, one row a matured label", async () => {
    const [run] = await runCell(
      JOB,
      STEADY,
      { ...SETTINGS, policies: ["neural"], collectSamples: true },
      await loadEngine(),
    );
    // ticks at 0, 0.5, ... 20 s; the label of a tick is known ten ticks later
    expect(run!.samples!.labels).toHaveLength(41 - 10);
    expect(run!.samples!.features).toHaveLength(4 * 31);
  });

  test("placebo runs after its partner and copies its number of runs", async () => {
    const fake = await loadFake();
    const order: string[] = [];
    const noting = {
      ...fake,
      simulate: (options: Parameters<typeof fake.simulate>[0]) => {
        order.push(options.policy);
        return fake.simulate(options);
      },
    };
    const avoidable = async (policies: string[]) => {
      order.length = 0;
      const runs = await runCell(JOB, STEADY, { ...SETTINGS, policies }, noting);
      return runs.map((run) => [run.result.policy, run.result.ooms.avoidable]);
    };
    expect(await avoidable(["placebo", "predictive"])).toEqual([
      ["placebo", 3 + 7],
      ["predictive", 3],
    ]);
    expect(order).toEqual(["predictive", "placebo"]);
    expect(await avoidable(["placebo"])).toEqual([["placebo", 3 + 7]]);
    expect(order).toEqual(["predictive", "placebo"]);
    expect(await avoidable(["predictive:window", "placebo"])).toHaveLength(2);
    expect(order).toEqual(["predictive:window", "placebo"]);
  });

  test("a failure says in which run", async () => {
    const fake = await loadFake();
    const ramp = { kind: "scenario", id: "ramp" } as const;
    const error = await runCell({ ...JOB, scenario: "ramp", seed: 2 }, ramp, SETTINGS, fake).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(RunFailure);
    expect((error as RunFailure).context).toEqual({
      scenario: "ramp",
      pressureRatio: 0.95,
      seed: 2,
      policy: "reactive",
    });
    const thrown = { ...fake, makeDemand: () => Promise.reject("text") };
    expect(await runCell(JOB, STEADY, SETTINGS, thrown).catch((caught: Error) => caught.message)).toBe("text");
  });

  test("a journal appears when the run is over, and not at all when it fails", async () => {
    const folder = temporaryFolder();
    const journalPath = join(folder, "j.jsonl");
    const fake = await loadFake();
    const settings = { ...SETTINGS, policies: ["reactive"], journalPath };
    await runCell(JOB, STEADY, settings, fake);
    expect(readFileSync(journalPath, "utf8").split("\n")).toHaveLength(3);
    writeFileSync(journalPath, "older");
    const ramp = { kind: "scenario", id: "ramp" } as const;
    await expect(runCell({ ...JOB, scenario: "ramp", seed: 2 }, ramp, settings, fake)).rejects.toThrow("overlap");
    expect(readFileSync(journalPath, "utf8")).toBe("older");
    expect(readdirSync(folder)).toEqual(["j.jsonl"]);
  });
});

describe("the engine", () => {
  test("demands from ids, files and traces", async () => {
    const engine = await loadEngine();
    const request = { ...JOB, mix: { atomic: 0, deadline: 0, wait: 1, pinned: 0 } };
    const steady = await engine.makeDemand(STEADY, request);
    expect(steady).toMatchObject({ durationMicros: 20_000_000, capacityBytes: 102_400, mix: request.mix });
    const plain = await engine.makeDemand(STEADY, { ...JOB, capacityBytes: null });
    expect(plain.capacityBytes).toBe(102_400);

    const trace = await readTrace(new URL("../../traces/ls.trep.gz", import.meta.url).pathname);
    const replayed = await engine.makeDemand(
      { kind: "trace", trace, stretch: 50 },
      { ...request, capacityBytes: null },
    );
    expect(replayed.name).toBe("ls");
    expect(replayed.timing).toContain("stretched x 50");
    const sized = await engine.makeDemand({ kind: "trace", trace, stretch: null }, { ...JOB, capacityBytes: 1 << 20 });
    expect(sized.capacityBytes).toBe(1 << 20);
    await expect(engine.makeDemand({ kind: "scenario", id: "none" }, JOB)).rejects.toThrow(MempredError);
  });

  test("placebo is paired, others are not", async () => {
    const engine = await loadEngine();
    expect(engine.pairOf("placebo")).toBe("predictive");
    expect(engine.pairOf("reactive:window")).toBeNull();
  });
});

describe("a journal on disk", () => {
  test("large ones are written in pieces, in order", () => {
    const path = join(temporaryFolder(), "big.jsonl");
    const journal = new JournalFile(path);
    const line = "x".repeat(1000);
    for (let i = 0; i < 1000; i++) journal.write(`${i} ${line}`);
    expect(existsSync(path)).toBe(false);
    journal.finish();
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(1000);
    expect(lines[999]).toBe(`999 ${line}`);
  });

  test("nowhere to write", () => {
    expect(() => new JournalFile(join(temporaryFolder(), "none", "x.jsonl"))).toThrow(/cannot be written/);
  });
});
