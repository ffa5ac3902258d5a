// The entries of the package: what they name, that the names are documented, and that none loads what it does not need.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as wholeModule from "../../index.ts";
import * as pureModule from "../../pure.ts";

const whole: Readonly<Record<string, unknown>> = { ...wholeModule };
const pure: Readonly<Record<string, unknown>> = { ...pureModule };
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every name that an entry exports, types included. */
function exportsOf(entry: string): string[] {
  const path = `${root}/${entry}`;
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram([path], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path) as ts.SourceFile) as ts.Symbol;
  return checker.getExportsOfModule(module).map((symbol) => symbol.name);
}

/** Packages and Node modules that loading an entry loads at once; what is loaded on first use is left out. */
async function eagerImports(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [`${root}/${entry}`],
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const eager = imports.filter((one) => one.external === true && one.kind === "import-statement");
  return [...new Set(eager.map((one) => one.path))].sort();
}

describe("entries of the package", () => {
  const names = exportsOf("index.ts");

  it("mempred is mempred/pure and recordings on disk", () => {
    const more = Object.keys(whole).filter((name) => !(name in pure));
    expect(more.sort()).toEqual(["readTrace", "resolveTrace", "shippedTraces"]);
    for (const [name, value] of Object.entries(pure)) expect(whole[name], name).toBe(value);
  });

  it("the names that users start from are there", () => {
    const expected = ["Heap", "PressurePredictor", "simulate", "readTrace", "GuardedForecaster", "registerPolicy"];
    const further = [
      ...["createForecaster", "WorkloadClassifier", "TenantProfiles", "simulateFleet", "scheduleAttacks"],
      ...["registerSignal", "allSignals", "signFlipTest", "holmAdjust", "dieboldMariano"],
    ];
    for (const name of further) expect(typeof pure[name], name).toBe("function");
    for (const name of expected) expect(typeof whole[name], name).toBe("function");
    expect(names).toEqual(
      expect.arrayContaining([...expected, "Demand", "RunResult", "PolicyDefinition", "Forecaster"]),
    );
  });

  it("docs/library.md names every one of them, and every example", () => {
    const text = readFileSync(`${root}/docs/library.md`, "utf8");
    const words = new Set(text.match(/[A-Za-z_]\w*/g));
    expect(names.length).toBeGreaterThan(150);
    expect(names.filter((name) => !words.has(name))).toEqual([]);
    const examples = readdirSync(`${root}/examples`).filter((name) => name.endsWith(".ts"));
    expect(examples.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it("docs/library.md tells every field of a definition and every method of a policy", () => {
    const text = readFileSync(`${root}/docs/library.md`, "utf8");
    const section = text.slice(text.indexOf("### A policy of your own"), text.indexOf("## Many runs"));
    const source = readFileSync(`${root}/sim/policies/policy.ts`, "utf8");
    const membersOf = (name: string) => {
      const from = source.indexOf(`export interface ${name} {`);
      const body = source.slice(from, source.indexOf("\n}\n", from));
      return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map((match) => match[1] as string);
    };
    const members = [...membersOf("PolicyDefinition"), ...membersOf("Policy")];
    expect(members.length).toBeGreaterThan(15);
    // Of no use to others: a world without cost is for one bound alone. And `create` is what makes a policy.
    const words = new Set(section.match(/\w+/g));
    expect(members.filter((name) => !words.has(name))).toEqual(["isFreeOfCost", "create"]);
  });

  it("the pages on the caches name everything of mempred/cache; docs/smart-cache.md each option", () => {
    const wordsOf = (page: string) => readFileSync(`${root}/docs/${page}.md`, "utf8").match(/[A-Za-z_]\w*/g) ?? [];
    const words = new Set(wordsOf("smart-cache"));
    const pages = ["smart-cache", "prediction", "pressure", "backends", "components"];
    const everywhere = new Set(pages.flatMap(wordsOf));
    expect(exportsOf("live/entry.ts").filter((name) => !everywhere.has(name))).toEqual([]);
    const source = readFileSync(`${root}/live/smart-cache-options.ts`, "utf8");
    const options = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] as string);
    expect(options.length).toBeGreaterThan(40);
    expect(options.filter((name) => !words.has(name))).toEqual([]);
  });

  it("docs/service.md names everything of mempred/service, each limit with its default, each route, code and status", async () => {
    const text = readFileSync(`${root}/docs/service.md`, "utf8");
    const words = new Set(text.match(/[A-Za-z_]\w*/g));
    expect(exportsOf("service/entry.ts").filter((name) => !words.has(name))).toEqual([]);
    const source = readFileSync(`${root}/service/http/options.ts`, "utf8");
    const options = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] as string);
    expect(options.length).toBeGreaterThan(12);
    expect(options.filter((name) => !words.has(name))).toEqual([]);
    const { PROBLEMS } = await import("../../service/http/problem.ts");
    for (const [code, { status }] of Object.entries(PROBLEMS))
      expect(text).toMatch(new RegExp(`\\| ${status} \\|.*\`${code}\``));
    const { createApp } = await import("../../service/http/app.ts");
    const { MemoryItemStore } = await import("../../service/store/memory-store.ts");
    const { FakeEngine } = await import("../service/fake-engine.ts");
    const store = new MemoryItemStore();
    for (const { method, path } of createApp({ store, engine: new FakeEngine(store) }).routes)
      expect(text, `${method} ${path}`).toMatch(
        new RegExp(`\`[A-Z, ]*${method.toUpperCase()}[A-Z, ]* ${path.replaceAll(/[{}.]/g, "\\$&")}[?\`]`),
      );
  });

  it("docs/preload.md names everything of mempred/preload, each option and each figure", () => {
    const words = new Set(readFileSync(`${root}/docs/preload.md`, "utf8").match(/[A-Za-z_]\w*/g));
    const exported = exportsOf("live/preload/entry.ts");
    for (const name of ["ComponentPreloader", "NextComponentPredictor", "BenefitRouter", "LeaseBook", "IntRing"]) {
      expect(exported).toContain(name);
    }
    expect(exported.filter((name) => !words.has(name))).toEqual([]);
    const source = readFileSync(`${root}/live/preload/preloader-options.ts`, "utf8");
    const from = source.indexOf("export interface ComponentPreloaderOptions<V> {");
    const options = [...source.slice(from, source.indexOf("\n}\n", from)).matchAll(/^ {2}readonly (\w+)\??:/gm)];
    expect(options.length).toBeGreaterThan(20);
    expect(options.map((match) => match[1] as string).filter((name) => !words.has(name))).toEqual([]);
  });

  it("names in code in docs/library.md exist", () => {
    const text = readFileSync(`${root}/docs/library.md`, "utf8");
    const imports = [...text.matchAll(/import \{ ([^}]+) \} from "mempred(?:\/pure)?";/g)];
    expect(imports.length).toBeGreaterThan(2);
    for (const [, list] of imports) for (const name of (list as string).split(", ")) expect(names).toContain(name);
    const constants = [...text.matchAll(/`([A-Z][A-Z_]{3,})`/g)].map((match) => match[1] as string);
    const codes = new Set(Object.keys(wholeModule.EXIT_STATUS));
    expect(constants.filter((name) => !names.includes(name) && !codes.has(name))).toEqual([]);
  });

  it("mempred loads neither schemas nor YAML nor TensorFlow nor the command line's parts", async () => {
    const found = await eagerImports("index.ts");
    expect(found.filter((path) => !path.startsWith("node:"))).toEqual(["seedrandom/lib/alea.js"]);
    expect(await eagerImports("pure.ts")).toEqual(["seedrandom/lib/alea.js"]);
    const ofCache = await eagerImports("live/entry.ts");
    expect(ofCache.filter((path) => !path.startsWith("node:"))).toEqual(["seedrandom/lib/alea.js"]);
    const ofPreload = await eagerImports("live/preload/entry.ts");
    expect(ofPreload.filter((path) => !path.startsWith("node:"))).toEqual(["seedrandom/lib/alea.js"]);
    const ofService = await eagerImports("service/entry.ts");
    expect(ofService.filter((path) => !path.startsWith("node:"))).toEqual([
      ...["@hono/node-server", "@hono/zod-openapi", "pino", "prom-client", "seedrandom/lib/alea.js"],
    ]);
    expect(await eagerImports("scenarios/scenario-file.ts")).toEqual(["seedrandom/lib/alea.js", "yaml", "zod"]);
  });

  it("package.json points to what the build makes of them", () => {
    const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
      exports: Record<string, string | { types: string; default: string }>;
    };
    const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target === "object");
    expect(entries.map(([name]) => name)).toEqual([
      ...[".", "./pure", "./cache", "./preload", "./service", "./scenario-file"],
    ]);
    for (const [, target] of entries as [string, { types: string; default: string }][]) {
      expect(target.types).toBe(target.default.replace(/\.js$/, ".d.ts"));
      const source = target.default.replace("./dist/", "").replace(/\.js$/, ".ts");
      expect(readFileSync(`${root}/${source}`, "utf8")).toContain("export");
    }
  });
});
