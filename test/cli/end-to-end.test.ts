// The command as people run it: the built package in a process of its own.

import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "bin", "mempred.js");
const folder = mkdtempSync(join(tmpdir(), "mempred-e2e-"));
const QUICK = ["stress", "--scenario", "steady", "--pressure", "95", "--seeds", "2", "--duration", "10s"];

beforeAll(() => {
  // `npm test` builds before; a bare `vitest run` in a fresh checkout does not.
  if (!existsSync(join(root, "dist", "cli", "main.js")))
    spawnSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
  // A result, and the same with 50 more denials in each run.
  const before = join(folder, "before.json");
  const after = join(folder, "after.json");
  expect(mempred([...QUICK, "--json", before]).status).toBe(0);
  const result = JSON.parse(readFileSync(before, "utf8"));
  for (const run of result.runs) {
    run.hash = "0";
    run.ooms.total += 50;
    run.ooms.avoidable += 50;
  }
  writeFileSync(after, JSON.stringify(result));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function mempred(words: readonly string[], environment: Record<string, string> = {}): SpawnSyncReturns<string> {
  const { PATH = "" } = process.env;
  return spawnSync(process.execPath, [bin, ...words], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH, LANG: "C.UTF-8", ...environment },
  });
}

function shell(script: string): SpawnSyncReturns<string> {
  return spawnSync("bash", ["--noprofile", "--norc", "-c", script], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", MEMPRED: `${process.execPath} ${bin}` },
  });
}

describe("exit codes, each as documented", () => {
  test("0: it ran; stdout has the result, stderr nothing", () => {
    const { status, stdout, stderr } = mempred(QUICK);
    expect(stderr).toBe("");
    expect(stdout).toContain("verdict:");
    expect(status).toBe(0);
    expect(existsSync(join(folder, ".mempred", "last-run.json"))).toBe(true);
    expect(mempred(["status"]).status).toBe(0);
    expect(mempred(["report"]).status).toBe(0);
  });

  test("1: a regression", () => {
    const { status, stdout } = mempred(["compare", "before.json", "after.json"]);
    expect(status).toBe(1);
    expect(stdout).toContain("verdict: worse");
    expect(mempred(["compare", "before.json", "before.json"]).status).toBe(0);
  });

  test("2: usage and invalid input", () => {
    for (const words of [
      ["stress", "--scenario", "stedy"],
      ["stress", "--pressure", "140"],
      ["stress", "--bogus"],
      ["nonsense"],
    ]) {
      const { status, stdout, stderr } = mempred(words);
      expect(status).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^mempred: /);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  test("3: not built, so nothing runs, and it says what to do", () => {
    const copy = mkdtempSync(join(folder, "unbuilt-"));
    const path = join(copy, "mempred.mjs");
    writeFileSync(path, readFileSync(bin, "utf8"));
    const { status, stderr } = spawnSync(process.execPath, [path], { encoding: "utf8" });
    expect(status).toBe(3);
    expect(stderr).toContain("npm run build");
  });

  test("4: another suite", () => {
    const one = join(folder, "one.json");
    const two = join(folder, "two.json");
    mempred([...QUICK, "--json", one]);
    mempred(
      [...QUICK, "--seed", "9", "--json", two].filter((word, i, all) => word !== "--seeds" && all[i - 1] !== "--seeds"),
    );
    const { status, stderr } = mempred(["compare", one, two]);
    expect(status).toBe(4);
    expect(stderr).toContain("not the same suite: seeds");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s: %d, partial results written and marked", async (signal, code) => {
    const json = join(folder, `${signal}.json`);
    const words = [
      "stress",
      "--scenario",
      "steady",
      "--pressure",
      "95",
      "--seeds",
      "20000",
      "--duration",
      "60s",
      "--json",
      json,
    ];
    const child = spawn(process.execPath, [bin, ...words], {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", LANG: "C" },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    child.kill(signal);
    const status = await new Promise((resolve) => child.on("exit", (exit) => resolve(exit)));
    expect(status, stderr).toBe(code);
    expect(stderr).toContain("marked isPartial");
    expect(JSON.parse(readFileSync(json, "utf8")).isPartial).toBe(true);
    expect(stdout.length).toBeGreaterThan(0);
  });
});

describe("streams", () => {
  test("a reader that closes the pipe ends it quietly", () => {
    const { status, stdout, stderr } = shell(
      `set -o pipefail; $MEMPRED ${QUICK.join(" ")} --metrics | head -1; echo "status $?"`,
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("mempred · arena");
    expect(stdout).toContain("status 0");
    expect(status).toBe(0);
  });

  test("a closed pipe does not turn a regression into a success", () => {
    const { stdout, stderr } = shell(
      'set -o pipefail; $MEMPRED compare before.json after.json | true; echo "status $?"',
    );
    expect(stderr).toBe("");
    expect(stdout).toBe("status 1\n");
  });

  test("a full device is an error that is told, not a crash", () => {
    if (!existsSync("/dev/full")) return;
    const { stderr, stdout } = shell(`$MEMPRED ${QUICK.join(" ")} --json /dev/full --quiet; echo "status $?"`);
    expect(stderr).toContain("disk is full");
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toContain("status 2");
  });

  test("stdout that cannot be written, and stderr that nobody reads", () => {
    if (existsSync("/dev/full")) {
      const { stderr, stdout } = shell("$MEMPRED scenarios > /dev/full; echo status $?");
      expect(stderr).toBe("mempred: stdout cannot be written: ENOSPC\n");
      expect(stdout).toBe("status 2\n");
    }
    const unread = shell(`$MEMPRED ${QUICK.join(" ")} --verbose 2> >(true); echo status $?`);
    expect(unread.stdout).toContain("verdict:");
    expect(unread.stdout).toContain("status 0");
  });

  test("--json alone gives exactly one document on stdout", () => {
    const { stdout, stderr } = mempred([...QUICK, "--json"]);
    expect(JSON.parse(stdout)).toHaveProperty("schema", "mempred.result/1");
    expect(stderr).toBe("");
  });
});

describe("the same bytes everywhere", () => {
  test("whatever the workers, the time zone, the locale; and as text", () => {
    const variants: readonly (readonly [string[], Record<string, string>])[] = [
      [["--workers", "1"], {}],
      [["--workers", "2"], { TZ: "Asia/Kathmandu" }],
      [["--jobs", "5"], { LC_ALL: "de_DE.UTF-8", TZ: "America/St_Johns" }],
      [[], { LC_ALL: "ar_EG.UTF-8", LANGUAGE: "ar" }],
    ];
    const json = new Set(
      variants.map(([words, environment]) => mempred([...QUICK, "--json", ...words], environment).stdout),
    );
    expect(json.size).toBe(1);
    const text = new Set(variants.map(([words, environment]) => mempred([...QUICK, ...words], environment).stdout));
    expect(text.size).toBe(1);
    const ascii = mempred([...QUICK, "--json"], { LC_ALL: "C" }).stdout;
    expect(json.has(ascii)).toBe(true);
  });

  test("a journal written twice is the same file", () => {
    const words = [
      "stress",
      "--scenario",
      "burst",
      "--pressure",
      "95",
      "--seed",
      "4",
      "--duration",
      "30s",
      "--policy",
      "predictive",
      "--quiet",
    ];
    mempred([...words, "--journal", "a.jsonl"]);
    mempred([...words, "--journal", "b.jsonl"], { TZ: "Asia/Tokyo" });
    expect(readFileSync(join(folder, "a.jsonl"))).toEqual(readFileSync(join(folder, "b.jsonl")));
    expect(mempred(["compare", "a.jsonl", "b.jsonl"]).status).toBe(0);
  });
});

describe("shells", () => {
  test("the bash completion works in bash", () => {
    const complete = (line: string) => {
      const words = line.split(" ");
      const script = `eval "$($MEMPRED completion bash)"; COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length - 1}; _mempred; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = shell(script);
      expect(stderr).toBe("");
      return stdout.trim().split("\n");
    };
    expect(complete("mempred st")).toEqual(["stress", "status"]);
    expect(complete("mempred stress --sc")).toEqual(["--scenario"]);
    expect(complete("mempred stress --scenario swi")).toEqual(["swiss-cheese"]);
    expect(complete("mempred stress --policy reactive,pred")).toEqual(["reactive,predictive"]);
    expect(complete("mempred replay per")).toEqual(["perl"]);
    expect(complete("mempred completion z")).toEqual(["zsh"]);
    expect(complete("mempred help exi")).toEqual(["exit-codes"]);
  });

  test("help needs nothing heavy: no simulator, no schema, no YAML is loaded for it", () => {
    const hook = join(folder, "hook.mjs");
    writeFileSync(
      hook,
      "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }\n",
    );
    const register = `data:text/javascript,import{register}from"node:module";register(${JSON.stringify(`file://${hook}`)});`;
    const { stderr, status } = spawnSync(process.execPath, ["--import", register, bin, "--help"], { encoding: "utf8" });
    expect(status).toBe(0);
    const loaded = stderr.split("\n").filter((url) => url.startsWith("file:"));
    expect(loaded.some((url) => url.includes("/commander/"))).toBe(true);
    expect(
      loaded.filter((url) =>
        /\/(zod|yaml|yauzl|@tensorflow|seedrandom)\/|dist\/(sim|scenarios|predictor|allocator|io)\//.test(url),
      ),
    ).toEqual([]);
    expect(loaded.length).toBeLessThan(40);
  });
});

test("nothing is left behind but what was asked for", () => {
  expect(readdirSync(folder).filter((name) => name.includes(".part-") || name.includes(".tmp"))).toEqual([]);
});
