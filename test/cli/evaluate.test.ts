// evaluate: the short form end to end with the real simulator, parts run alone and merged, the page and its figures, what is
// refused. That the numbers are right is the business of test/sim/suite.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, test } from "vitest";
import { getScenario } from "../../scenarios/registry.ts";
import { simulate } from "../../sim/simulate.ts";
import { EVALUATION_FIGURES, type EvaluationFile } from "../../sim/suite/evaluation.ts";
import { run, temporaryFolder } from "./fake-host.ts";
import { XmlCheck } from "./xml-check.ts";

const POLICIES = ["--policy", "reactive,reactive:evacuate,placebo,watermark,predictive"];
const state = { folder: "", json: "", text: "" };

beforeAll(async () => {
  state.folder = temporaryFolder();
  state.json = join(state.folder, "e.json");
  const page = join(state.folder, "results.md");
  const words = [
    "evaluate",
    "--quick",
    ...POLICIES,
    "--json",
    state.json,
    "--docs",
    page,
    "--metrics",
    "--workers",
    "1",
  ];
  const finished = await run(words, { folder: state.folder });
  expect(finished.stderr).toContain("wrote");
  expect(finished.status).toBe(0);
  state.text = finished.stdout;
}, 300_000);

const document = (): EvaluationFile => JSON.parse(readFileSync(state.json, "utf8")) as EvaluationFile;

describe("the document", () => {
  test("fits the schema, has every part, and a row for each policy", () => {
    const schema = JSON.parse(readFileSync(new URL("../../schemas/evaluation.schema.json", import.meta.url), "utf8"));
    const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
    const file = document();
    expect(validate(file), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(Object.keys(file.parts).sort()).toEqual(["autonomy", "budgets", "forecast", "suite", "traces"]);
    const { suite, budgets, forecast } = file.parts;
    expect(suite!.rows).toHaveLength(3 * (4 + 5)); // reactive:evacuate at the headline's level alone
    expect(budgets!.rows).toHaveLength(3 * (2 + 3 * 3));
    expect(forecast!.rows).toHaveLength(3); // the compact network has no cold start to be held against
    for (const row of suite!.rows) {
      expect(row.seeds).toEqual([1, 2]);
      expect(row.isEachSeedDistinct).toBe(true);
      for (const figure of EVALUATION_FIGURES) expect(row.values[figure]).toHaveLength(2);
      expect(row.forecast === null).toBe(row.policy !== "predictive");
    }
  });

  test("rows are those of a plain run with the same settings", () => {
    const row = document().parts.suite!.rows.find((one) => one.policy === "watermark" && one.scenario === "burst")!;
    const demand = getScenario("burst").generate({
      pressureRatio: row.pressureRatio,
      seed: 2,
      durationMicros: 60_000_000,
      ratePerSecond: 100,
      capacityBytes: 102_400,
    });
    const { result } = simulate({ demand, policy: "watermark", seed: 2 });
    expect(row.values.oom_avoidable[1]).toBe(result.ooms.avoidable);
    expect(row.values.compaction_moved_bytes[1]).toBe(result.compaction.movedBytes);
    expect(row.values.oom_cause_fragmentation[1]).toBe(result.ooms.byCause.fragmentation);
  });

  test("a budget of nothing leaves no proactive run; the placebo copies predictive at the same budget", () => {
    const { rows } = document().parts.budgets!;
    const proactive = (policy: string, budget: number | null) =>
      rows
        .filter((row) => row.policy === policy && row.budgetBytesPerSecond === budget)
        .flatMap((row) => row.values.compaction_proactive);
    expect(proactive("predictive", 0).every((count) => count === 0)).toBe(true);
    const most = (policy: string) => Math.max(...(proactive(policy, null) as number[]));
    expect(most("predictive")).toBeGreaterThan(0);
    expect(most("placebo")).toBeGreaterThan(0);
  });

  test("equal seeds give equal bytes, whatever the workers", async () => {
    const words = ["evaluate", "--quick", ...POLICIES, "--parts", "suite,forecast", "--json", "--workers", "3"];
    const { stdout } = await run(words, { environment: { LC_ALL: "tr_TR.UTF-8" } });
    const parts = (JSON.parse(stdout) as EvaluationFile).parts;
    const one = document().parts;
    expect(JSON.stringify([parts.suite, parts.forecast])).toBe(JSON.stringify([one.suite, one.forecast]));
  });
});

describe("the text", () => {
  test("has policies, marks, a verdict with its cost, METRIC lines, and says that it is short", () => {
    for (const part of [
      "All policies at 95 %",
      "Family by family at 95 %",
      "At equal bytes moved",
      "Marks",
      "quick: a trial of the machinery",
      "verdict: at 95 %, against reactive",
      "× the bytes moved",
      "METRIC oom_avoidable=",
      "METRIC marks_met=",
    ])
      expect(state.text).toContain(part);
    expect(state.text).not.toContain("NaN");
    expect(state.text).not.toContain("undefined");
    expect(state.text).not.toContain("\x1b");
  });
});

describe("the page", () => {
  test("has its sections and figures; every link leads to a file; tables are even", () => {
    const page = readFileSync(join(state.folder, "results.md"), "utf8");
    expect(page.startsWith("# mempred: results\n")).toBe(true);
    for (const title of [
      "Headline",
      "What was to be reached",
      "Policies",
      "Equal bytes moved",
      "Forecasts",
      "On its own",
    ])
      expect(page).toContain(`\n## ${title}\n`);
    expect(page).not.toMatch(/NaN|undefined|\[object/);
    const links = [...page.matchAll(/\]\((figures\/[^)]+)\)/g)].map((match) => match[1]!);
    expect(links.length).toBe(4);
    for (const link of links) expect(existsSync(join(state.folder, link)), link).toBe(true);
    const columns = page
      .split("\n")
      .map((line) => (line.startsWith("|") ? line.replaceAll("\\|", "").split("|").length : 0));
    columns.forEach((count, i) => {
      if (count > 0 && columns[i - 1]! > 0) expect(count, page.split("\n")[i]).toBe(columns[i - 1]);
    });
  });

  test("figures are well-formed XML with title, description and names; no colour stands alone", () => {
    const folder = join(state.folder, "figures");
    for (const name of readdirSync(folder)) {
      const svg = readFileSync(join(folder, name), "utf8");
      expect(new XmlCheck(svg).trouble(), name).toBeNull();
      expect(svg).toMatch(/<title id="title">[^<]+<\/title>/);
      expect(svg).toMatch(/<desc id="description">[^<]+<\/desc>/);
      expect(svg).toContain("prefers-color-scheme:dark");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg).toContain("predictive");
    }
  });

  test("it is made from the document alone: --parts none writes the same again", async () => {
    const folder = temporaryFolder();
    const again = join(folder, "results.md");
    const words = ["evaluate", "--quick", "--parts", "none", "--from", state.json, "--docs", again];
    const { status } = await run(words, { folder });
    expect(status).toBe(0);
    expect(readFileSync(again)).toEqual(readFileSync(join(state.folder, "results.md")));
    expect(readdirSync(join(folder, "figures"))).toEqual(readdirSync(join(state.folder, "figures")));
  });
});

describe("parts", () => {
  test("a part that runs alone joins the last evaluation; others stay as they were", async () => {
    const json = join(state.folder, "merged.json");
    const words = ["evaluate", "--quick", "--parts", "autonomy", ...POLICIES, "--json", json, "--quiet"];
    const { status, stdout } = await run(words, { folder: state.folder });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^verdict: /);
    expect(JSON.parse(readFileSync(json, "utf8"))).toEqual(document());
  });

  test("the short form does not join a full one", async () => {
    const full = join(temporaryFolder(), "full.json");
    writeFileSync(full, JSON.stringify({ ...document(), isQuick: false }));
    const finished = await run(["evaluate", "--quick", "--parts", "autonomy", "--from", full]);
    expect(finished.status).toBe(2);
    expect(finished.stderr).toContain("one is the short form and the other is not");
  });
});

describe("what is refused", () => {
  test.each([
    [["--parts", "siute"], 'unknown part "siute", did you mean "suite"?'],
    [["--policy", "reactiv"], 'unknown policy "reactiv"'],
    [["--seeds", "0..x"], "is not a set of seeds"],
    [["--seeds", "101..103", "--docs", "x.md"], "results are quoted from test seeds alone"],
    [["--parts", "none"], "there is no last evaluation"],
    [["--parts", "none", "--from", "nowhere.json"], "there is no evaluation that can be read"],
    [["--json", "--metrics"], "both want stdout"],
    [["--json", "/nowhere/e.json"], "/nowhere/e.json"],
  ])("%j", async (words, message) => {
    const { status, stdout, stderr } = await run(["evaluate", "--quick", ...words]);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
    expect(stdout).toBe("");
  });

  test("a foreign file is not written over, a damaged evaluation is said to be one", async () => {
    const folder = temporaryFolder();
    const foreign = join(folder, "notes.md");
    writeFileSync(foreign, "# My notes\n");
    const over = await run(["evaluate", "--parts", "none", "--from", state.json, "--docs", foreign]);
    expect(over.status).toBe(2);
    expect(readFileSync(foreign, "utf8")).toBe("# My notes\n");
    const damaged = join(folder, "e.json");
    writeFileSync(damaged, JSON.stringify({ ...document(), parts: { suite: {} } }));
    const read = await run(["evaluate", "--parts", "none", "--from", damaged]);
    expect(read.stderr).toContain("parts.suite");
    expect(read.status).toBe(2);
  });

  test("an engine that fails ends it with the run in which it failed", async () => {
    const engineUrl = new URL("./fixtures/fake-engine.ts", import.meta.url).href;
    const words = ["evaluate", "--quick", "--parts", "suite", "--policy", "reactive,predictive"];
    const bad = await run(words, { engineUrl });
    expect([2, 3]).toContain(bad.status); // burst refuses its demand, ramp breaks an invariant: whichever is first
    expect(bad.stderr).toMatch(/no such burst|two blocks overlap/);
  });
});
