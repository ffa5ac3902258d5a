// Commands in-process with the real simulator, on runs of a few virtual seconds.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, test } from "vitest";
import type { ResultFile } from "../../sim/result.ts";
import { fakeHost, run, temporaryFolder } from "./fake-host.ts";

const QUICK = ["--scenario", "steady", "--pressure", "85,95", "--seeds", "2", "--duration", "20s"];

function validator(name: string) {
  const schema = JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), "utf8"),
  ) as object;
  return new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
}

describe("K26, K30-K32: stress runs a baseline and a predictive policy side by side", () => {
  let text = "";
  let json = "";
  const folder = { path: "" };
  beforeAll(async () => {
    const host = fakeHost();
    folder.path = host.currentFolder;
    const first = await run(["stress", ...QUICK], host);
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    text = first.stdout;
    json = (await run(["stress", ...QUICK, "--json"], { folder: host.currentFolder })).stdout;
  });

  test("the text ends in verdict, cost and what to do next", () => {
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^mempred · arena 100 KiB · 20 s simulated · seeds 1\.\.2 · digest [0-9a-f]{16}$/);
    expect(text).toContain("steady   pressure");
    expect(text).toMatch(/reactive +predictive +difference \[95 % CI\]/);
    for (const label of [
      "avoidable OOM / run",
      "all OOM / run · denied",
      "compactions (proactive)",
      "bytes moved",
      "response p99",
      "denied for",
    ])
      expect(text).toContain(label);
    expect(text).toContain("guards");
    expect(text).toContain("verdict:");
    expect(lines.at(-2)).toMatch(/^cost: .*moved a run/);
    expect(lines.at(-1)).toMatch(/^next: .*mempred report/);
    expect(text).toContain("2 seeds: the intervals are rough");
  });

  test("no line trails, no line is absurdly long, no colour without a terminal", () => {
    for (const line of text.split("\n")) {
      expect(line).toBe(line.trimEnd());
      expect(line.length).toBeLessThan(200);
    }
    expect(text).not.toContain("\x1b");
  });

  test("the JSON is one document of the schema; equal seeds give equal bytes", async () => {
    const document = JSON.parse(json) as ResultFile;
    const validate = validator("result");
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(document.runs).toHaveLength(2 * 2 * 2);
    expect(document.comparisons).toHaveLength(2);
    expect(document.runs.map((one) => [one.pressureRatio, one.seed, one.policy])).toEqual([
      [0.85, 1, "reactive"],
      [0.85, 1, "predictive"],
      [0.85, 2, "reactive"],
      [0.85, 2, "predictive"],
      [0.95, 1, "reactive"],
      [0.95, 1, "predictive"],
      [0.95, 2, "reactive"],
      [0.95, 2, "predictive"],
    ]);
    const environment = { TZ: "Pacific/Chatham", LC_ALL: "tr_TR.ISO-8859-9" };
    for (const workers of ["1", "3"]) {
      const again = await run(["stress", ...QUICK, "--json", "--workers", workers], { environment });
      expect(again.stdout).toBe(json);
    }
  });

  test("the last run is kept, and status and report work on it", async () => {
    expect(readdirSync(join(folder.path, ".mempred")).sort()).toEqual(["last-predictor.bin", "last-run.json"]);
    expect(readFileSync(join(folder.path, ".mempred", "last-run.json"), "utf8")).toBe(json);
  });
});

describe("K22, K24: status and report", () => {
  const host = { folder: "" };
  beforeAll(async () => {
    const { host: first } = await run([
      "stress",
      "--scenario",
      "steady,burst",
      "--pressure",
      "95",
      "--seeds",
      "2",
      "--duration",
      "3m",
    ]);
    const kept = temporaryFolder();
    host.folder = kept;
    await run([
      "stress",
      "--scenario",
      "steady,burst",
      "--pressure",
      "95",
      "--seeds",
      "2",
      "--duration",
      "3m",
      "-o",
      kept,
    ]);
    expect(existsSync(join(first.currentFolder, ".mempred"))).toBe(true);
  });

  test("status: run, weights, learned, confidence, watchdog, decisions with reasons", async () => {
    const { folder } = host;
    await run(["stress", "--scenario", "steady", "--pressure", "95", "--seed", "1", "--duration", "3m", "-o", folder]);
    const { status, stdout } = await run(["status", "-o", folder]);
    expect(status).toBe(0);
    for (const label of ["run ", "weights ", "learned ", "confidence ", "watchdog ", "decisions "])
      expect(stdout).toContain(`  ${label}`);
    expect(stdout).toContain("last decisions that did something");
    expect(stdout).toMatch(/steady at 95 %, seed 1/);
    const document = JSON.parse((await run(["status", "--json", "-o", folder])).stdout);
    expect(document).toMatchObject({
      schema: "mempred.status/1",
      startWeights: "shipped",
      run: { scenario: "steady", seed: 1 },
    });
    expect(document.predictor).toMatchObject({ kind: "compact", trainedLabels: null });
    expect(document.predictor.learned.rateWeight).not.toBe(0);
    expect(document.predictor.confidence).toBeGreaterThanOrEqual(0);
    expect(document.predictor.weightsDigest).toMatch(/^[0-9a-f]{8}$/);
    expect(stdout).toContain("constants of the program");
    // the network that learns all of its weights
    const other = join(folder, "neural");
    const words = [
      "stress",
      "--scenario",
      "steady",
      "--pressure",
      "95",
      "--seed",
      "1",
      "--duration",
      "3m",
      "-o",
      other,
    ];
    await run([...words, "--policy", "reactive,neural"]);
    const network = JSON.parse((await run(["status", "--json", "-o", other])).stdout);
    expect(network.predictor.trainedLabels).toBeGreaterThan(100);
    expect(network.predictor).toMatchObject({ kind: "neural", learned: null });
    // of a file the block is not known, the rest is
    const file = join(folder, "last-run.json");
    const ofFile = JSON.parse((await run(["status", file, "--json"])).stdout);
    expect(ofFile.predictor).toBeNull();
    expect((await run(["status", file])).stdout).toMatch(/weights +started as shipped\n/);
  });

  test("a damaged state costs a warning, the result is still told", async () => {
    const { folder } = host;
    const path = join(folder, "last-predictor.bin");
    const { status: before } = await run([
      "stress",
      "--scenario",
      "steady",
      "--pressure",
      "95",
      "--seed",
      "1",
      "--duration",
      "20s",
      "-o",
      folder,
    ]);
    expect(before).toBe(0);
    const bytes = readFileSync(path);
    bytes[20]! ^= 4;
    writeFileSync(path, bytes);
    const { status, stdout, stderr } = await run(["status", "-o", folder]);
    expect(status).toBe(0);
    expect(stderr).toContain("warning: ");
    expect(stderr).toContain("CRC-32");
    expect(stdout).toContain("watchdog");
  });

  test("K49: report has the accuracy table by band, with base rate and skill, calibration, cold start, alarms", async () => {
    const { folder } = host;
    await run([
      "stress",
      "--scenario",
      "steady,burst",
      "--pressure",
      "95",
      "--seeds",
      "2",
      "--duration",
      "3m",
      "-o",
      folder,
    ]);
    const { status, stdout } = await run(["report"], { environment: { MEMPRED_HOME: folder } });
    expect(status).toBe(0);
    for (const band of ["0–50 %", "50–75 %", "75–90 %", "90–95 %", "95–100 %", "overall", "cold start"])
      expect(stdout).toContain(`  ${band}`);
    expect(stdout).toMatch(/band +n +base rate +accuracy +false \+ +false − +balanced +MAE +skill +against/);
    expect(stdout).toContain("insufficient");
    expect(stdout).toContain("predictive: calibration");
    expect(stdout).toContain("precision");
    expect(stdout).toContain("guards, over all runs");
    expect(stdout).toContain("predictive: last decisions");
    const markdown = await run(["report", "--format", "md", "--policy", "predictive", "-o", folder]);
    expect(markdown.stdout).toMatch(/^# mempred\n/);
    expect(markdown.stdout).toContain("| band | n | base rate |");
    const document = JSON.parse((await run(["report", "--json", "-o", folder])).stdout);
    expect(document.schema).toBe("mempred.report/1");
    expect(document.policies.map((one: { policy: string }) => one.policy)).toEqual(["reactive", "predictive"]);
    expect(document.policies[1].forecasts[0].report.bands).toHaveLength(5);
    const wrong = await run(["report", "--policy", "predictve", "-o", folder]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('did you mean "predictive"?');
  });

  test("without a run there is nothing to tell, and that is said", async () => {
    for (const command of ["status", "report"]) {
      const { status, stderr, stdout } = await run([command]);
      expect(status).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toContain("there is no last run");
      expect(stderr).toContain("mempred stress");
    }
  });

  test("a run without a forecaster", async () => {
    const folder = temporaryFolder();
    await run([
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
      "-o",
      folder,
    ]);
    expect((await run(["status", "-o", folder])).stdout).toContain("no predictor ran (reactive forecast nothing)");
    expect((await run(["report", "-o", folder])).stdout).toContain("there is no accuracy to report");
    expect(JSON.parse((await run(["status", "-o", folder, "--json"])).stdout).run).toBeNull();
  });
});

describe("K25: METRIC lines", () => {
  test("name=value first, then interval and labels; one a line; with one seed no interval", async () => {
    const words = ["stress", "--scenario", "steady", "--pressure", "95", "--duration", "20s", "--metrics", "--quiet"];
    const { stdout } = await run([...words, "--seeds", "3"]);
    const lines = stdout.trimEnd().split("\n");
    for (const line of lines)
      expect(line).toMatch(
        /^METRIC [a-z0-9_]+=-?\d+(\.\d+)? lo=-?\d+(\.\d+)? hi=-?\d+(\.\d+)? policy=(reactive|predictive) scenario=steady pressure=0\.95 seeds=3$/,
      );
    const names = lines.map((line) => line.split("=")[0]);
    expect(names).toContain("METRIC oom_events");
    expect(names).toContain("METRIC decisions_per_hour"); // K43-K45
    expect(names).toContain("METRIC predictions_per_hour");
    expect(names[0]).toBe("METRIC oom_events");
    const one = await run([...words, "--seed", "3"]);
    expect(one.stdout).not.toContain("lo=");
    expect(one.stdout).toContain("seeds=1");
    const both = await run([
      "stress",
      "--scenario",
      "steady",
      "--pressure",
      "95",
      "--duration",
      "20s",
      "--metrics",
      "--seed",
      "1",
    ]);
    expect(both.stdout).toContain("one seed: no interval, draw no conclusion");
    expect(both.stdout.endsWith("seeds=1\n")).toBe(true);
  });
});

describe("settings reach the simulator", () => {
  const base = ["stress", "--scenario", "burst", "--pressure", "95", "--seed", "1", "--duration", "60s", "--json"];
  const digestOf = async (...more: string[]) => {
    const { stdout, status, stderr } = await run([...base, ...more]);
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout) as ResultFile;
  };

  test("K69: each option alone and all together change the suite, and run", async () => {
    const plain = await digestOf();
    for (const flags of [
      ["--no-autonomy"],
      ["--no-shadow"],
      ["--no-watchdog"],
      ["--no-autonomy", "--no-shadow", "--no-watchdog"],
    ]) {
      const result = await digestOf(...flags);
      for (const flag of flags) expect(result.suite).toMatchObject({ settings: { [flag.slice(5)]: false } });
      expect(result.runs[1]!.autonomy.isOn).toBe(!flags.includes("--no-autonomy"));
      if (flags.includes("--no-shadow")) expect(result.runs[1]!.compaction.useful).toBeNull();
    }
    expect(plain.runs[1]!.autonomy.isOn).toBe(true);
  });

  test("capacity, mix, rate, fit, retries", async () => {
    const result = await digestOf(
      "--capacity",
      "64KiB",
      "--mix",
      "0,0,100,0",
      "--rate",
      "50",
      "--fit",
      "best",
      "--retries",
      "1",
    );
    const [reactive] = result.runs;
    expect(reactive).toMatchObject({
      capacityBytes: 65_536,
      fit: "best",
      mix: { atomic: 0, deadline: 0, wait: 1, pinned: 0 },
    });
    expect(reactive!.requests.wait).toBe(reactive!.requests.total);
    expect(result.suite).toMatchObject({ rate: 50, settings: { retries: 1 } });
  });

  test("the reserve of policies that have one", async () => {
    const own = await digestOf("--policy", "reserve");
    const large = await digestOf("--policy", "reserve", "--reserve", "16KiB");
    expect(own.suite).not.toMatchObject({ settings: { reserveBytes: expect.anything() } });
    expect(large.suite).toMatchObject({ settings: { reserveBytes: 16_384 } });
    expect(large.runs[0]!.ooms.byCause.reserve).toBeGreaterThan(own.runs[0]!.ooms.byCause.reserve);
    const wrong = await run([...base, "--reserve", "1GiB"]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain("does not fit");
  });

  test("placebo copies the number of proactive runs of its partner, whether or not that is in the suite", async () => {
    const both = await digestOf("--policy", "placebo,neural");
    const alone = await digestOf("--policy", "placebo");
    expect(both.runs.map((one) => one.policy)).toEqual(["placebo", "neural"]);
    expect(alone.runs).toHaveLength(1);
    expect(alone.runs[0]).toEqual(both.runs[0]);
    expect(both.runs[0]!.compaction.proactive).toBeGreaterThan(0);
  });

  test("all policies at once: a ranking, and the baseline is the variant of reactive that denies least", async () => {
    const { stdout, status } = await run([
      ...["stress", "--scenario", "burst", "--pressure", "95", "--seeds", "2", "--duration", "60s"],
      ...["--policy", "all,reactive:window"],
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain("all policies   pressure 95 %");
    expect(stdout).toMatch(/measured against reactive(:window)?, the variant of reactive/);
    expect(stdout).toContain("(baseline)");
  });

  test("weights: a file, and cold", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "w.json");
    const words = [
      "train",
      "--scenario",
      "burst",
      "--pressure",
      "95",
      "--seed",
      "1001",
      "--duration",
      "60s",
      "--epochs",
      "2",
    ];
    expect((await run([...words, "--out", out])).status).toBe(0);
    const refused = await run(["stress", ...base.slice(1, -1), "--weights", "cold"]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("has weights that can be given");
    const network = ["--policy", "reactive,neural"];
    const trained = await digestOf(...network, "--weights", out);
    const cold = await digestOf(...network, "--weights", "cold");
    expect(trained.suite).toMatchObject({ settings: { weights: expect.stringMatching(/^[0-9a-f]{8}$/) } });
    expect(cold.suite).toMatchObject({ settings: { weights: "cold" } });
    expect(trained.runs[1]!.forecast).not.toEqual(cold.runs[1]!.forecast);
    const line = await run(["stress", ...base.slice(1, -1), ...network, "--weights", out, "--markdown", "-"]);
    expect(line.stdout).toContain("--weights FILE-");
  });
});

describe("scenario files", () => {
  const file = (name: string, text: string) => {
    const path = join(temporaryFolder(), `${name}.yaml`);
    writeFileSync(path, `name: ${name}\nbase: steady\n${text}`);
    return path;
  };

  test("one file: what it suggests holds unless something stronger says otherwise", async () => {
    const path = file("my-service", "pressure: 80%\nduration: 15s\nrate: 50\n");
    const result = JSON.parse(
      (await run(["stress", "--scenario", path, "--seed", "1", "--json"])).stdout,
    ) as ResultFile;
    expect(result.suite).toMatchObject({ scenarios: ["my-service"], pressures: [0.8], durationSeconds: 15, rate: 50 });
    const stronger = await run([
      "stress",
      "--scenario",
      path,
      "--seed",
      "1",
      "--json",
      "--pressure",
      "90",
      "--rate",
      "70",
    ]);
    expect((JSON.parse(stronger.stdout) as ResultFile).suite).toMatchObject({
      pressures: [0.9],
      durationSeconds: 15,
      rate: 70,
    });
    const markdown = await run(["stress", "--scenario", path, "--seed", "1", "--markdown", "-"]);
    expect(markdown.stdout).toContain(`mempred stress --scenario ${path} --pressure 80`);
  });

  test("files that disagree: the default holds for all, and that is said", async () => {
    const one = file("one", "duration: 15s\n");
    const two = file("two", "duration: 25s\n");
    const words = [
      "stress",
      "--scenario",
      `${one},${two}`,
      "--pressure",
      "95",
      "--seed",
      "1",
      "--suite",
      "quick",
      "--json",
    ];
    const { stdout, stderr } = await run(words);
    expect((JSON.parse(stdout) as ResultFile).suite).toMatchObject({ scenarios: ["one", "two"], durationSeconds: 120 });
    expect(stderr).toContain("the scenarios suggest different durations");
  });

  test("a file that takes the name of a scenario that runs as well", async () => {
    const path = file("burst", "");
    const { status, stderr } = await run(["stress", "--scenario", path, "burst"]);
    expect(status).toBe(2);
    expect(stderr).toContain('two scenarios are called "burst"');
  });
});

describe("journal, Markdown and files", () => {
  test("a journal is of one run, valid line by line, in order of time", async () => {
    const folder = temporaryFolder();
    const journal = join(folder, "one.jsonl");
    const words = [
      "stress",
      "--scenario",
      "burst",
      "--pressure",
      "95",
      "--seed",
      "1",
      "--duration",
      "60s",
      "--policy",
      "predictive",
    ];
    const { status } = await run([...words, "--journal", journal]);
    expect(status).toBe(0);
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    const validate = validator("journal");
    let last = 0;
    lines.forEach((line, i) => {
      const event = JSON.parse(line) as { t?: number; schema?: string };
      expect(validate(event), `${line} ${JSON.stringify(validate.errors?.slice(0, 2))}`).toBe(true);
      expect(event.schema === undefined).toBe(i > 0);
      expect(event.t ?? 0).toBeGreaterThanOrEqual(last);
      last = event.t ?? 0;
    });
    expect(lines.length).toBeGreaterThan(1000);
    expect(readdirSync(folder)).toEqual(["one.jsonl"]); // no part is left

    const second = join(folder, "two.jsonl");
    await run([...words, "--journal", second]);
    const same = await run(["compare", journal, second]);
    expect(same.status).toBe(0);
    expect(same.stdout).toContain("identical");
    await run([...words.filter((word) => word !== "predictive"), "reactive", "--journal", second]);
    const differs = await run(["compare", journal, second, "--json"]);
    expect(differs.status).toBe(1);
    expect(JSON.parse(differs.stdout).first.line).toBe(1);
    const [header, ...events] = lines;
    writeFileSync(second, `${[header, ...events.slice(0, 40), '{"t":99999999,"e":"free","id":1}'].join("\n")}\n`);
    const told = await run(["compare", journal, second]);
    expect(told.stdout).toMatch(/the journals part at line 42, at .* after 41 equal lines/);
    writeFileSync(second, `${lines.slice(0, 10).join("\n")}\n`);
    expect((await run(["compare", journal, second])).stdout).toContain("after   (ends here)");
  });

  test("more than one run cannot be journalled: the message says what there is too much of", async () => {
    const { status, stderr } = await run(["stress", "--journal", join(temporaryFolder(), "x.jsonl")]);
    expect(status).toBe(2);
    expect(stderr).toContain(
      "10 scenarios, 5 levels (--pressure 95), 5 seeds (--seed 1), 2 policies (--policy predictive)",
    );
  });

  test("Markdown to a file, with the line that reproduces it; written again over its own", async () => {
    const path = join(temporaryFolder(), "report.md");
    for (let i = 0; i < 2; i++) expect((await run(["stress", ...QUICK, "--markdown", path])).status).toBe(0);
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(/^# mempred\n/);
    expect(text).toContain(
      "mempred stress --scenario steady --pressure 85,95 --seeds 2 --policy reactive,predictive --duration 20s",
    );
    expect(text).toContain("## All levels");
  });
});

describe("K23: train", () => {
  const words = [
    "train",
    "--scenario",
    "burst",
    "--pressure",
    "95",
    "--seeds",
    "1001..1002",
    "--duration",
    "2m",
    "--epochs",
    "3",
  ];

  test("writes weights that load again and says how they do on data held out; the same bytes with any workers", async () => {
    const folder = temporaryFolder();
    const paths = ["1", "2"].map((workers) => ({ workers, path: join(folder, `w${workers}.json`) }));
    for (const { workers, path } of paths) {
      const { status, stdout } = await run([...words, "--out", path, "--workers", workers]);
      expect(status).toBe(0);
      expect(stdout).toContain("mempred train · online");
      expect(stdout).toContain("held out");
      expect(stdout).toContain("MAE of the anchor alone");
      expect(stdout).toMatch(/verdict: on held-out data the network is (better|NO better) than its anchor alone/);
    }
    expect(readFileSync(paths[0]!.path)).toEqual(readFileSync(paths[1]!.path));
    const { weightsFromJson } = await import("../../predictor/weights-file.ts");
    expect(weightsFromJson(readFileSync(paths[0]!.path, "utf8"))).toHaveLength(49);
    const document = JSON.parse((await run([...words, "--out", paths[0]!.path, "--json"])).stdout);
    expect(document).toMatchObject({ schema: "mempred.train/1", engine: "online", epochs: 3 });
    expect(document.lossCurve).toHaveLength(3);
    expect(document.heldOut.samples + document.training.samples).toBe(2 * 231);
  });

  test("with TensorFlow.js where it is installed", async () => {
    const out = join(temporaryFolder(), "w.json");
    const { status, stdout } = await run([...words, "--engine", "tfjs", "--out", out]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/mempred train · (tfjs cpu|tfjs-node) ·/);
    expect(existsSync(out)).toBe(true);
  });

  test("on a trace", async () => {
    const out = join(temporaryFolder(), "w.json");
    const { status, stdout } = await run([
      "train",
      "--trace",
      "ls",
      "--pressure",
      "95",
      "--seed",
      "1001",
      "--epochs",
      "1",
      "--out",
      out,
      "--verbose",
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain("samples of 1 runs");
  });

  test("runs too short to learn from, and two sources at once", async () => {
    const out = join(temporaryFolder(), "w.json");
    const short = await run([...words, "--duration", "2s", "--out", out]);
    expect(short.status).toBe(2);
    expect(short.stderr).toContain("not one label matured");
    const both = await run([...words, "--trace", "ls", "--out", out]);
    expect(both.status).toBe(2);
    expect(both.stderr).toContain("--trace and --scenario exclude each other");
    expect(existsSync(out)).toBe(false);
  });
});

describe("replay", () => {
  test("shipped recordings by name, several at once, with their timing said", async () => {
    const { status, stdout } = await run(["replay", "ls", "bash", "--seeds", "2"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ls {3}pressure 95 %/m);
    expect(stdout).toMatch(/^bash {3}pressure 95 %/m);
    expect(stdout).toContain("timing: stretched x");
    expect(stdout).toContain("a recording is the same for every seed");
  });

  test("capacity sets the level in place of --pressure; both at once cannot be", async () => {
    const { stdout } = await run(["replay", "ls", "--seed", "1", "--capacity", "4MiB", "--json"]);
    const result = JSON.parse(stdout) as ResultFile;
    expect(result.runs[0]!.capacityBytes).toBe(4_194_304);
    expect(result.suite.pressures).toEqual([result.runs[0]!.pressureRatio]);
    expect(result.comparisons).toHaveLength(1);
    const both = await run(["replay", "ls", "--capacity", "4MiB", "--pressure", "95"]);
    expect(both.status).toBe(2);
    expect(both.stderr).toContain("--capacity and --pressure both set the level of a trace");
  });

  test("stretch and rate, formats", async () => {
    const stretched = await run(["replay", "ls", "--seed", "1", "--stretch", "100", "--json"]);
    expect((JSON.parse(stretched.stdout) as ResultFile).runs[0]!.timing).toContain("stretched x 100");
    expect((await run(["replay", "ls", "--stretch", "2", "--rate", "5"])).stderr).toContain("both set the pace");
    const format = await run(["replay", "ls", "--format", "tre"]);
    expect(format.status).toBe(2);
    expect(format.stderr).toContain('unknown trace format "tre"');
    expect((await run(["replay", "ls", "--seed", "1", "--format", "trep", "--stretch", "100"])).status).toBe(0);
  });

  test("two traces of one name", async () => {
    const folder = temporaryFolder();
    const copy = join(folder, "ls.trep.gz");
    writeFileSync(copy, readFileSync(new URL("../../traces/ls.trep.gz", import.meta.url)));
    const { status, stderr } = await run(["replay", "ls", copy]);
    expect(status).toBe(2);
    expect(stderr).toContain('two traces are called "ls"');
  });
});

describe("lists, help and completion", () => {
  test("scenarios and policies, as text and as JSON", async () => {
    const scenarios = await run(["scenarios"]);
    for (const id of [
      "steady",
      "ramp",
      "burst",
      "tide",
      "sawtooth",
      "phase-shift",
      "stampede",
      "swiss-cheese",
      "mixed-tenants",
      "slow-leak",
    ])
      expect(scenarios.stdout).toContain(`  ${id}`);
    expect(scenarios.stdout).toContain("perl");
    expect(JSON.parse((await run(["scenarios", "--json"])).stdout).scenarios.length).toBeGreaterThanOrEqual(10);
    const policies = await run(["policies"]);
    expect(policies.stdout).toContain("reactive");
    expect(JSON.parse((await run(["policies", "--json"])).stdout).policies[0]).toHaveProperty("isProactive");
  });

  test("help, by topic and by command; exit codes", async () => {
    expect((await run([])).stdout).toContain("Usage: mempred");
    expect((await run(["--help"])).stdout).toContain("Start here:");
    expect((await run(["help"])).stdout).toContain("Usage: mempred");
    expect((await run(["help", "stress"])).stdout).toContain("--pressure");
    expect((await run(["stress", "--help"])).stdout).toContain("Examples:");
    const codes = await run(["help", "exit-codes"]);
    for (const code of ["0", "1", "2", "3", "4", "130", "143"])
      expect(codes.stdout).toMatch(new RegExp(`^ +${code} {3}`, "m"));
    expect((await run(["help", "units"])).stdout).toContain("100KiB");
    expect((await run(["help", "settings"])).stdout).toContain("MEMPRED_PRESSURE");
    const wrong = await run(["help", "exit-code"]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('did you mean "exit-codes"?');
    for (const words of [["--version"], ["stress", "--version"]]) {
      const version = await run(words);
      expect(version.status).toBe(0);
      expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
  });

  test("completion scripts know commands, options, scenarios and policies", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { status, stdout } = await run(["completion", shell]);
      expect(status).toBe(0);
      for (const word of ["stress", "pressure", "swiss-cheese", "predictive", "exit-codes", "perl"])
        expect(stdout).toContain(word);
    }
    const wrong = await run(["completion", "zhs"]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('did you mean "zsh"?');
  });
});
