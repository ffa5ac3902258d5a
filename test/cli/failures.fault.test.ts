// What goes wrong, in-process: every bad input ends in a sentence and the documented exit status, nothing is overwritten, and
// a stack is shown for a mistake of ours alone.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { describeError, exitStatusOf, RunFailure } from "../../cli/exit.ts";
import { packError, unpackError } from "../../cli/packed-error.ts";
import { stringifyResult } from "../../cli/stored-result.ts";
import { AssertionError, type ErrorCode, EXIT_STATUS, MempredError } from "../../core/errors.ts";
import { encodeWeights, weightsToJson } from "../../predictor/weights-file.ts";
import { fakeResult } from "../sim/suite/fake-run.ts";
import { fakeHost, run, temporaryFolder } from "./fake-host.ts";

const engineUrl = new URL("./fixtures/fake-engine.ts", import.meta.url).href;
const ONE = ["stress", "--scenario", "steady", "--pressure", "95", "--seed", "1", "--duration", "10s"];

function fixture(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

const weights = Float64Array.from({ length: 49 }, (_, i) => i / 49);
const trace = readFileSync(new URL("../../traces/ls.trep.gz", import.meta.url));

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

/** Name, command line, what stderr says. All exit with 2. */
const BAD_INPUT: readonly (readonly [string, () => readonly string[], RegExp])[] = [
  ["no such command", () => ["stres"], /did you mean stress/i],
  ["no such option", () => ["stress", "--presure", "95"], /did you mean --pressure/i],
  ["a word too many", () => ["stress", "steady"], /too many arguments/],
  ["no trace at all", () => ["replay"], /missing required argument/],
  ["an option without its value", () => ["stress", "--seeds"], /argument missing/],
  [
    "unknown scenario",
    () => ["stress", "--scenario", "stedy"],
    /unknown scenario "stedy", did you mean "steady"\?[\s\S]*see: mempred scenarios/,
  ],
  [
    "unknown policy",
    () => [...ONE, "--policy", "reactve"],
    /--policy: unknown policy "reactve", did you mean "reactive"\?[\s\S]*see: mempred policies/,
  ],
  ["unknown compactor", () => [...ONE, "--policy", "reactive:slid"], /unknown compactor "slid"/],
  ["unknown suite", () => ["stress", "--suite", "regresion"], /unknown suite "regresion", did you mean "regression"\?/],
  ["unknown format", () => ["report", "--format", "txt"], /unknown format "txt", did you mean "text"\?/],
  ["pressure 140 %", () => ["stress", "--pressure", "140"], /--pressure: a pressure of 140 % cannot be/],
  ["pressure as a ratio", () => ["stress", "--pressure", "0.95"], /percent: 95/],
  [
    "a level that no scenario can hold",
    () => ["stress", "--scenario", "steady", "--pressure", "99", "--seed", "1", "--duration", "10s"],
    /pressure|level/i,
  ],
  ["negative capacity", () => [...ONE, "--capacity", "-1"], /--capacity: "-1" is negative/],
  ["capacity of 2^53", () => [...ONE, "--capacity", "9007199254740992"], /too large/],
  ["negative seed", () => ["stress", "--seed", "-3"], /not a seed/],
  ["seed of 2^53", () => ["stress", "--seed", "9007199254740992"], /not a seed/],
  ["more runs than a result can hold", () => ["stress", "--seeds", "100000"], /10000000 runs are more than one result/],
  ["both kinds of seeds", () => ["stress", "--seed", "1", "--seeds", "5"], /--seeds and --seed exclude each other/],
  ["no workers", () => [...ONE, "--workers", "0"], /from 1 to 256/],
  ["a duration without unit", () => ["stress", "--duration", "10"], /10s, 10m or 10h/],
  ["a scenario file that is not there", () => ["stress", "--scenario", "./nowhere.yaml"], /no such scenario file/],
  [
    "a scenario file that makes no sense",
    () => ["stress", "--scenario", fixture("odd.yaml", "id: odd\nlevel: nonsense\n")],
    /odd\.yaml/,
  ],
  [
    "a config file that is not there",
    () => ["stress", "--config", "./nowhere.yaml"],
    /config file \.\/nowhere\.yaml cannot be read/,
  ],
  ["a trace that is not there", () => ["replay", "nowhere"], /no such trace/],
  [
    "a truncated gz",
    () => ["replay", fixture("cut.trep.gz", trace.subarray(0, trace.length - 40))],
    /cut\.trep\.gz.*truncated gzip/,
  ],
  ["a damaged gz", () => ["replay", fixture("bad.trep.gz", flipped(trace, trace.length >> 1))], /bad\.trep\.gz/],
  ["half a line", () => ["replay", fixture("half.trep", gunzipSync(trace).subarray(0, 60_001))], /half\.trep/],
  ["an empty trace", () => ["replay", fixture("empty.rep", "")], /empty\.rep/],
  ["a folder for a trace", () => ["replay", temporaryFolder()], /folder/],
  [
    "binary rubbish for a trace",
    () => [
      "replay",
      fixture(
        "rubbish.bin",
        new Uint8Array(300).map((_, i) => (i * 37) % 256),
      ),
    ],
    /rubbish\.bin/,
  ],
  ["weights that are not there", () => [...ONE, "--weights", "./nowhere.json"], /no weights that can be read/],
  [
    "NaN in weights",
    () => [...ONE, "--weights", fixture("nan.json", weightsToJson(weights).replace(/0\.5\d+/, "NaN"))],
    /nan\.json/,
  ],
  [
    "null in weights",
    () => [...ONE, "--weights", fixture("null.json", weightsToJson(weights).replace(/0\.5\d+/, "null"))],
    /null\.json: weight \d+ is null/,
  ],
  [
    "a flipped digit in weights",
    () => [...ONE, "--weights", fixture("digit.json", weightsToJson(weights).replace(/0\.5/, "0.6"))],
    /digit\.json: the check value/,
  ],
  [
    "a flipped bit in binary weights",
    () => [...ONE, "--weights", fixture("bit.bin", flipped(encodeWeights(weights), 99))],
    /bit\.bin: .*damaged/,
  ],
  ["weights that are something else", () => [...ONE, "--weights", fixture("else.json", "{}")], /else\.json/],
  ["a result that is not there", () => ["report", "./nowhere.json"], /no such file/],
  ["a result that is no JSON", () => ["report", fixture("x.json", '{"schema":')], /x\.json: not JSON/],
  [
    "a result of another schema",
    () => ["report", fixture("y.json", '{"schema":"mempred.result/2"}')],
    /y\.json: schema/,
  ],
  [
    "a result with a hole",
    () => [
      "report",
      fixture("z.json", stringifyResult(fakeResult()).replace('"deniedBytes":500', '"deniedBytes":null')),
    ],
    /z\.json: runs\.\d+\.ooms\.deniedBytes/,
  ],
  ["two wishes for stdout", () => [...ONE, "--json", "--markdown", "-"], /--json and --markdown both want stdout/],
  ["METRIC lines in a JSON document", () => [...ONE, "--json", "--metrics"], /--json and --metrics both want stdout/],
  ["a journal on stdout", () => [...ONE, "--policy", "none", "--journal", "-"], /a journal goes to a file/],
  [
    "one path for two outputs",
    () => {
      const path = join(temporaryFolder(), "same");
      return [...ONE, "--json", path, "--markdown", path];
    },
    /the output of --json as well/,
  ],
  ["a tolerance that is none", () => ["compare", "--tolerance", "lots", "a", "b"], /--tolerance|not a tolerance/],
  [
    "an unknown key in the config file",
    () => ["stress", "--config", fixture("c.yaml", "presure: 95")],
    /unknown key "presure", did you mean "pressure"\?/,
  ],
];

describe("bad input: exit 2, a sentence, no stack, nothing on stdout, nothing written", () => {
  test.each(BAD_INPUT)("%s", async (_, words, message) => {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = await run(words(), { folder });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^mempred: /m);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toMatch(/\n\s+at .*:\d+/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("outputs are looked at before the work starts", () => {
  // The engine would fail at once: a message about the output shows that it was not asked.
  const words = ["stress", "--scenario", "ramp", "--pressure", "95", "--seed", "2", "--policy", "reactive"];

  test.each(["--json", "--markdown", "--journal"])(
    "%s below a file, in no folder, or onto a folder",
    async (option) => {
      const folder = temporaryFolder();
      const file = join(folder, "file");
      writeFileSync(file, "kept");
      mkdirSync(join(folder, "sub"));
      for (const [path, reason] of [
        [join(file, "x.json"), "a part of the path is not a folder"],
        [join(folder, "none", "x.json"), "its folder does not exist"],
        [join(folder, "sub"), "it is a folder"],
        [file, "was not written by mempred"],
      ] as const) {
        const { status, stdout, stderr } = await run([...words, option, path], { engineUrl });
        expect(stderr).toContain(reason);
        expect(status).toBe(2);
        expect(stdout).toBe("");
      }
      expect(readFileSync(file, "utf8")).toBe("kept");
      expect(readdirSync(folder).sort()).toEqual(["file", "sub"]);
    },
  );

  test("an input is never written over, by whatever name", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "ls.trep.gz");
    writeFileSync(path, trace);
    const { status, stderr } = await run(["replay", path, "--json", join(folder, ".", "ls.trep.gz")]);
    expect(status).toBe(2);
    expect(stderr).toContain("is an input as well");
    expect(readFileSync(path)).toEqual(trace);
  });

  test("train: weights are not written where something else stands, and nothing is trained first", async () => {
    const out = fixture("notes.txt", "my notes");
    const { status, stderr } = await run(["train", "--scenario", "steady", "--out", out]);
    expect(status).toBe(2);
    expect(stderr).toContain("was not written by mempred");
    expect(readFileSync(out, "utf8")).toBe("my notes");
  });

  test("the last run cannot be kept: a warning, and the result stands", async () => {
    const output = join(fixture("file", "x"), "below");
    const { status, stdout, stderr } = await run([...ONE, "--output", output]);
    expect(status).toBe(0);
    expect(stdout).toContain("mempred · arena");
    expect(stderr).toContain("warning: the last run is not kept");
  });
});

describe("a mistake of ours: exit 3 and the line that repeats it", () => {
  test("an invariant broken in a worker: scenario, level, seed, policy, command, stack", async () => {
    const words = [
      "stress",
      "--scenario",
      "ramp",
      "--pressure",
      "95",
      "--seeds",
      "3",
      "--duration",
      "10s",
      "--capacity",
      "64KiB",
    ];
    const folder = temporaryFolder();
    const { status, stdout, stderr } = await run([...words, "--json", join(folder, "r.json")], { engineUrl, folder });
    expect(status).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain("mempred: an invariant broke: two blocks overlap");
    expect(stderr).toContain("in: scenario ramp, pressure 95 %, seed 2, policy reactive");
    expect(stderr).toContain(
      "reproduce: mempred stress --scenario ramp --pressure 95 --seed 2 --policy reactive --duration 10s --capacity 65536",
    );
    expect(stderr).toMatch(/\n\s+at .*fake-engine\.ts:\d+/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a thread that dies", async () => {
    const words = [
      "stress",
      "--scenario",
      "tide",
      "--pressure",
      "95",
      "--seeds",
      "2",
      "--duration",
      "10s",
      "--workers",
      "1",
    ];
    const { status, stderr } = await run(words, { engineUrl });
    expect(status).toBe(3);
    expect(stderr).toContain("a worker thread ended by itself with status 7");
    expect(stderr).toContain("in: scenario tide, pressure 95 %, seed 2");
  });

  test("an engine that cannot be loaded", async () => {
    const { status, stderr } = await run(ONE, { engineUrl: "file:///nowhere/engine.mjs" });
    expect(status).toBe(3);
    expect(stderr).toContain("internal error");
  });

  test("an operating error in a worker is told as it is", async () => {
    const { status, stderr } = await run(["stress", "--scenario", "burst", "--seed", "1"], { engineUrl });
    expect(status).toBe(2);
    expect(stderr).toBe("mempred: no such burst\n  expected: another\n");
  });

  test("errors keep what they are on their way between threads", () => {
    const original = new RunFailure(
      "x",
      { scenario: "steady" },
      new MempredError("INVALID_TRACE", "m", { file: "f", line: 3 }),
    );
    const rebuilt = unpackError(structuredClone(packError(original)));
    expect(rebuilt).toBeInstanceOf(RunFailure);
    expect((rebuilt as RunFailure).context).toEqual({ scenario: "steady" });
    expect(rebuilt.cause).toBeInstanceOf(MempredError);
    expect(rebuilt.cause).toMatchObject({ code: "INVALID_TRACE", details: { file: "f", line: 3 } });
    expect(unpackError(packError(new AssertionError("a")))).toBeInstanceOf(AssertionError);
    expect(unpackError(packError(new TypeError("t"))).message).toBe("t");
    expect(unpackError(packError("thrown text")).message).toBe("thrown text");
  });

  test("every code has its exit status, and INTERNAL shows where", () => {
    for (const code of Object.keys(EXIT_STATUS) as ErrorCode[])
      expect(exitStatusOf(new MempredError(code, "m"))).toBe(EXIT_STATUS[code]);
    expect(exitStatusOf(new AssertionError("a"))).toBe(3);
    expect(exitStatusOf("text")).toBe(3);
    expect(describeError(new MempredError("INTERNAL", "m"), ["stress"])).toContain("reproduce: mempred stress");
    expect(describeError("text", ["x"])).toContain("internal error: text");
    expect(describeError(new MempredError("INVALID_TRACE", "bad", { file: "f.rep", line: 3 }), [])).toBe(
      "mempred: f.rep:3: bad\n",
    );
    expect(describeError(new MempredError("NOT_FOUND", "bad", { file: "f.rep" }), [])).toBe("mempred: f.rep: bad\n");
  });
});

describe("signals: what was done is written and marked", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends with %d and a smaller suite", async (signal, status) => {
    const folder = temporaryFolder();
    const json = join(folder, "r.json");
    const host = fakeHost({ engineUrl, folder, isTerminal: true, environment: { NO_COLOR: "1" } });
    const words = [
      "stress",
      "--scenario",
      "sawtooth",
      "--pressure",
      "95",
      "--seeds",
      "1..40",
      "--duration",
      "10s",
      "--workers",
      "2",
    ];
    const running = run([...words, "--json", json], host);
    while (!host.stderr.text.includes(" of 80 runs")) await new Promise((resolve) => setTimeout(resolve, 5));
    host.signal(signal);
    const finished = await running;
    expect(finished.status).toBe(status);
    expect(finished.stderr).toContain(`${signal}: what was done is written and marked isPartial`);
    const result = JSON.parse(readFileSync(json, "utf8"));
    expect(result.isPartial).toBe(true);
    expect(result.runs.length).toBeGreaterThan(0);
    expect(result.runs.length).toBeLessThan(80);
    expect(finished.stdout).toContain("partial: interrupted after");
    expect(host.listeners).toBe(0);
    const compared = await run(["compare", json, json]);
    expect(compared.status).toBe(4);
    expect(compared.stderr).toContain("partial");
    expect((await run(["report", json])).stdout).toContain("(partial: interrupted)");
  });

  test("before anything was finished", async () => {
    const folder = temporaryFolder();
    const host = fakeHost({ engineUrl, folder });
    const json = join(folder, "r.json");
    const running = run(
      ["stress", "--scenario", "sawtooth", "--seeds", "2..40", "--json", json, "--markdown", join(folder, "r.md")],
      host,
    );
    while (host.listeners === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    host.signal("SIGINT");
    const finished = await running;
    expect(finished.status).toBe(130);
    expect(finished.stdout).toContain("nothing was finished");
    expect(JSON.parse(readFileSync(json, "utf8")).runs).toEqual([]);
    expect((await run(["report", "-o", join(folder, ".mempred")])).stdout).toContain("nothing was finished");
    expect((await run(["status", "-o", join(folder, ".mempred")])).stdout).toContain("nothing was finished");
  });
});

describe("progress", () => {
  const words = ["stress", "--scenario", "steady", "--pressure", "95", "--seeds", "40", "--duration", "10s"];

  test("on a terminal one line, rewritten, cleared at the end; with runs, rate, time left and an estimate", async () => {
    const { stderr, status } = await run(words, { engineUrl, isTerminal: true, columns: 200 });
    expect(status).toBe(0);
    const shown = stderr.split("\r\x1b[2K").filter((line) => line !== "");
    for (const line of shown) expect(line).toMatch(/^[\d,]+ of 80 runs · [\d.]+ runs\/s · .* left/);
    expect(stderr).toContain("avoidable OOM a run");
    expect(stderr.endsWith("\r\x1b[2K")).toBe(true);
    expect(stderr).not.toContain("\n");
    const narrow = await run(words, { engineUrl, isTerminal: true, columns: 30 });
    for (const line of narrow.stderr.split("\r\x1b[2K")) expect(line.length).toBeLessThan(30);
  });

  test("without a terminal a plain line every 10 s; with --quiet none", async () => {
    const slow = fakeHost({ engineUrl });
    let now = 0;
    const host = { ...slow, stdout: slow.stdout, stderr: slow.stderr, listeners: 0, nowMillis: () => (now += 4000) };
    const { stderr } = await run(words, host);
    const lines = stderr.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(20);
    for (const line of lines) expect(line).toMatch(/^[\d,]+ of 80 runs/);
    expect(stderr).not.toContain("\x1b");
    expect((await run([...words, "--quiet"], { engineUrl, isTerminal: true })).stderr).toBe("");
  });

  test("ASCII where the locale is not UTF-8, in both streams", async () => {
    const { stdout, stderr } = await run(words, {
      engineUrl,
      isTerminal: true,
      columns: 200,
      environment: { LANG: "C", NO_COLOR: "1" },
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is asked for
    expect(stdout + stderr).toMatch(/^[\x00-\x7f]*$/);
    expect(stdout).toContain("reactive -> predictive".slice(0, 8));
  });

  test("colour on a terminal, none with --no-color, and the words are there in both", async () => {
    const coloured = await run(words, { engineUrl, isTerminal: true, environment: { COLORTERM: "truecolor" } });
    const plain = await run([...words, "--no-color"], { engineUrl, isTerminal: true });
    expect(coloured.stdout).toContain("\x1b[38;2;230;159;0mreactive");
    expect(plain.stdout).not.toContain("\x1b");
    const { stripVTControlCharacters } = await import("node:util");
    expect(stripVTControlCharacters(coloured.stdout)).toBe(plain.stdout);
  });
});

test("the fake engine's folder stays clean", () => {
  expect(existsSync(new URL("./fixtures/.mempred", import.meta.url))).toBe(false);
});
