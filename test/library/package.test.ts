// The package as others get it: packed, installed into an empty project elsewhere, then used as a command, as a library and by
// a TypeScript compiler. Nothing of the checkout is in reach there but node, npm, tsc and tsx themselves.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);
const execute = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), "mempred-package-"));
const project = join(folder, "project");
let packed: { files: readonly { path: string; size: number }[]; filename: string; size: number };

/** Runs a program in the project. The answer is its stdout; a status other than 0 is an error that shows both outputs. */
async function run(file: string, words: readonly string[], cwd = project): Promise<string> {
  // What npm tells its scripts about this checkout is no business of the other project.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  const env = { ...environment, NO_COLOR: "1", CI: "" };
  try {
    return (await execute(file, words, { cwd, env, maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

const mempred = (...words: string[]): Promise<string> => run(join(project, "node_modules/.bin/mempred"), words);

beforeAll(async () => {
  expect(existsSync(join(root, "dist/index.js")), "`npm run build` comes first").toBe(true);
  // npm test has built already; packing must not build again under the feet of other tests.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  packed = JSON.parse(await run("npm", pack, root))[0];
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const tarball = join(folder, packed.filename);
  await run("npm", ["install", "--no-audit", "--no-fund", "--omit=optional", "--prefer-offline", tarball]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package", () => {
  it("holds what it needs and nothing else", () => {
    const paths = packed.files.map((file) => file.path);
    const allowed =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/mempred\.js|dist\/[\w./-]+\.(?:js|d\.ts)|dist\/ui\/index\.html|schemas\/[\w.-]+\.schema\.json|traces\/(?:[\w-]+\.trep\.gz|[A-Z]+\.md)|docs\/[\w./-]+\.(?:md|svg|png))$/;
    expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
    const stale = paths.filter((path) => {
      const source = /^dist\/(.*?)(?:\.d)?\.[jt]s$/.exec(path)?.[1];
      return source !== undefined && !existsSync(join(root, `${source}.ts`));
    });
    expect(stale, "made by no source: remove dist and build again").toEqual([]);
    expect(paths.filter((path) => /^dist\/(?:test|scripts|examples)\//.test(path))).toEqual([]);
    for (const needed of [
      "bin/mempred.js",
      "dist/cli/main.js",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/ui/index.html",
      "LICENSE",
    ])
      expect(paths).toContain(needed);
    expect(paths.filter((path) => path.endsWith(".trep.gz"))).toHaveLength(
      readdirSync(join(root, "traces")).filter((name) => name.endsWith(".trep.gz")).length,
    );
  });

  it("installs without an install script and without the optional native engine", () => {
    const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8")) as {
      packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>;
    };
    const required = Object.entries(lock.packages).filter(([, entry]) => entry.optional !== true);
    expect(required.filter(([path, entry]) => path !== "" && entry.hasInstallScript === true)).toEqual([]);
    expect(existsSync(join(project, "node_modules/@tensorflow/tfjs-node"))).toBe(false);
  });
});

describe("the installed command", () => {
  it("says its version", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect((await mempred("--version")).trim()).toBe(version);
  });

  it("K26: runs a stress test", async () => {
    const words = ["--scenario", "steady", "--pressure", "85", "--seeds", "1", "--duration", "10s"];
    const output = await mempred("stress", ...words, "--json", "-");
    const result = JSON.parse(output) as { schema: string; runs: { policy: string; requests: { total: number } }[] };
    expect(result.schema).toBe("mempred.result/1");
    expect(result.runs.map((each) => each.policy)).toEqual(["reactive", "predictive"]);
    const totals = result.runs.map((each) => each.requests.total);
    expect(totals[0]).toBeGreaterThan(800);
    expect(totals[1]).toBe(totals[0]);
  });

  it("replays a recording of the user's and one that ships with it", async () => {
    writeFileSync(join(project, "three.rep"), "a 0 100\na 1 200\nf 0\n");
    const requestsOf = async (trace: string) => {
      const output = await mempred("replay", trace, "--policy", "reactive", "--seeds", "1", "--json", "-");
      const { runs } = JSON.parse(output) as { runs: { scenario: string; requests: { total: number } }[] };
      return runs.map((each) => [each.scenario, each.requests.total]);
    };
    expect(await requestsOf("three.rep")).toEqual([["three", 2]]);
    expect(await requestsOf("tar-xz")).toEqual([["tar-xz", 3709]]);
  });
});

describe("the installed library", () => {
  it("K01: is imported by its name, whole and pure", async () => {
    const program = `
      const whole = await import("mempred");
      const pure = await import("mempred/pure");
      const { parseScenario } = await import("mempred/scenario-file");
      const heap = new whole.Heap();
      const predictor = new pure.PressurePredictor();
      predictor.tick(0, 0.5, 0.5, false);
      const scenario = parseScenario("name: mine\\nbase: ramp\\n", "mine.yaml");
      console.log(JSON.stringify([
        Object.keys(pure).every((name) => whole[name] === pure[name]),
        heap.capacityBytes, predictor.predictions, scenario.id, whole.shippedTraces().length > 0,
      ]));`;
    const output = await run(process.execPath, ["--input-type=module", "--eval", program]);
    expect(JSON.parse(output)).toEqual([true, 102_400, 1, "mine", true]);
  });

  it("has types that a strict compiler takes, by Node's rules and by a bundler's", async () => {
    const program = [
      'import { getScenario, type RunResult, simulate } from "mempred";',
      'import { PressurePredictor } from "mempred/pure";',
      'import { parseScenario } from "mempred/scenario-file";',
      "const options = { pressureRatio: 0.9, seed: 1, durationMicros: 1e6, ratePerSecond: 100, capacityBytes: 102_400 };",
      'const demand = (Math.abs(1) > 0 ? getScenario("tide") : parseScenario("", "x.yaml")).generate(options);',
      'export const run: RunResult = simulate({ demand, policy: "predictive", seed: 1, weights: "cold" }).result;',
      "export const bytes: number = new PressurePredictor().stateBytes;",
      "// @ts-expect-error a policy is a text",
      "simulate({ demand, policy: 7, seed: 1 });",
    ];
    writeFileSync(join(project, "consumer.ts"), program.join("\n"));
    const tsc = require.resolve("typescript/bin/tsc");
    const strict = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, target: "es2022", types: [] };
    for (const [module, moduleResolution] of [
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ]) {
      const compilerOptions = { ...strict, module, moduleResolution };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
      await run(process.execPath, [tsc, "-p", "."]);
    }
  });

  it("runs the examples, copied into the project", async () => {
    cpSync(join(root, "examples"), join(project, "copied"), { recursive: true });
    const tsx = pathToFileURL(require.resolve("tsx")).href;
    const example = (name: string) => run(process.execPath, ["--import", tsx, join("copied", `${name}.ts`)]);
    expect(await example("own-scenario")).toContain("INVALID_SCENARIO: typo.yaml:3");
    expect(await example("replay-recording")).toContain("ls: ");
  });
});
