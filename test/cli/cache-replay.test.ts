// mempred cache replay and cache policies, in-process: what is printed and written, that it is the same however it is run, and
// that what it counts is what the oracle counts.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { CACHE_BOUNDS, CACHE_POLICIES, DEFAULT_POLICY_ID } from "../../cache/policies/registry.ts";
import { replayCache } from "../../cache/replay.ts";
import type { CacheDocument, CacheRow } from "../../cli/cache-document.ts";
import { spread } from "../../cli/cache-plan.ts";
import { bar, curveChart } from "../../cli/render/cache-chart.ts";
import { standings } from "../../cli/render/cache-standings.ts";
import { packVbBrotli } from "../../io/cache-vb.ts";
import { drawKeys, SHARED_TRACES } from "../io/cache-files.ts";
import { fakeHost, run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const KEYS = drawKeys(21, 6_000, 800);
const ZIPF = join(folder, "zipf.vb.br");
writeFileSync(ZIPF, packVbBrotli(KEYS));
const WEB = join(folder, "web.csv");
writeFileSync(
  WEB,
  `time,url,size\n${KEYS.slice(0, 3000)
    .map((key, i) => `${i},/page/${key},${100 + ((key * 37) % 900)}`)
    .join("\n")}\n`,
);
const IDS = [...CACHE_POLICIES, ...CACHE_BOUNDS].map((definition) => definition.id);

const schema = JSON.parse(readFileSync(new URL("../../schemas/cache.schema.json", import.meta.url), "utf8")) as object;
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

function documentOf(text: string): CacheDocument {
  const document = JSON.parse(text) as CacheDocument;
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  return document;
}

describe("C29: cache replay", () => {
  test("every policy at every size: rows in order, counts that add up and are those of the engine", async () => {
    const { status, stdout, stderr } = await run(["cache", "replay", ZIPF, "--policies", "all", "--entries", "50,10", "--json"]); // biome-ignore format: one line
    expect([status, stderr]).toEqual([0, ""]);
    const { rows, traces, policies, ...head } = documentOf(stdout);
    expect(head).toMatchObject({ schema: "mempred.cache/1", seed: 1 });
    expect(traces).toEqual([
      { name: "zipf", file: ZIPF, format: "vb", requests: 6000, keys: new Set(KEYS).size, footprintBytes: null },
    ]);
    expect(policies.map(({ id, isBound }) => [id, isBound])).toEqual(
      IDS.map((id) => [id, CACHE_BOUNDS.some((bound) => bound.id === id)]),
    );
    expect(rows.map(({ policy, entries }) => [policy, entries])).toEqual(
      [50, 10].flatMap((n) => IDS.map((id) => [id, n])),
    );
    const keys = Uint32Array.from(KEYS);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(["trace", "policy", "entries", "requests", "hits", "misses", "hitRatio", "evictions"]); // biome-ignore format: one line
      expect([row.trace, row.requests, row.hits + row.misses, row.hits / 6000]).toEqual(["zipf", 6000, 6000, row.hitRatio]); // biome-ignore format: one line
      const definition = [...CACHE_POLICIES, ...CACHE_BOUNDS].find(({ id }) => id === row.policy)!;
      const again = replayCache(definition, { keys }, { capacity: row.entries!, seed: 1 });
      expect([row.hits, row.evictions], row.policy).toEqual([again.hits, again.evictions]);
    }
    const opt = (entries: number) => rows.find((row) => row.policy === "opt-bypass" && row.entries === entries)!.hits;
    for (const row of rows) expect(row.hits, row.policy).toBeLessThanOrEqual(opt(row.entries!));
  });

  test("equal bytes, whatever the workers, the time zone and the locale; the digest tells another seed or policy apart", async () => {
    const words = ["cache", "replay", ZIPF, WEB, "--policies", "lru,arc,opt", "--entries", "5%,20", "--json"];
    const first = await run(words);
    const second = await run([...words, "--jobs", "3"], { environment: { TZ: "Pacific/Chatham", LC_ALL: "tr_TR" } });
    expect(second.stdout).toBe(first.stdout);
    const document = documentOf(first.stdout);
    expect(document.traces.map(({ name }) => name)).toEqual(["zipf", "web"]);
    const sizes = (trace: string) => [...new Set(document.rows.filter((r) => r.trace === trace).map((r) => r.entries))];
    expect(sizes("zipf")).toEqual([Math.round(document.traces[0]!.keys * 0.05), 20]);
    expect(sizes("web")).toEqual([Math.round(document.traces[1]!.keys * 0.05), 20]);
    const other = documentOf((await run([...words, "--policies", "fifo"])).stdout);
    expect(other.digest).not.toBe(document.digest);
  });

  test("sizes in bytes: byte hit ratios, weights as they were put in, everything held when all fits", async () => {
    const { stdout } = await run(["cache", "replay", WEB, "--policies", "all", "--bytes", "10KiB,5%,1GiB", "--json"]);
    const { rows, traces } = documentOf(stdout);
    const footprint = traces[0]!.footprintBytes!;
    expect([...new Set(rows.map((row) => row.bytes))]).toEqual([10_240, Math.round(footprint * 0.05), 2 ** 30]);
    const distinct = traces[0]!.keys;
    for (const row of rows) {
      expect(row.entries).toBeNull();
      expect(row.byteHitRatio).toBe(row.hitBytes! / row.requestedBytes!);
      if (row.bytes === 2 ** 30) {
        expect([row.misses, row.evictions], row.policy).toEqual([distinct, 0]);
        expect(row.requestedBytes! - row.hitBytes!).toBe(footprint);
      }
    }
    const both = documentOf((await run(["cache", "replay", WEB, "--entries", "9", "--bytes", "9k", "--json"])).stdout);
    expect(both.rows.map((row) => [row.entries, row.bytes])).toEqual([
      ...[...Array(both.policies.length)].map(() => [9, undefined]),
      ...[...Array(both.policies.length)].map(() => [null, 9216]),
    ]);
  });

  test("the text: table, bars, bounds, standings, verdict; nothing trails, nothing is coloured without a terminal", async () => {
    const { stdout, status } = await run(["cache", "replay", ZIPF, WEB, "--policies", "fifo,lru,opt", "--entries", "10,1000", "--bytes", "9k"]); // biome-ignore format: one line
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^mempred cache · 2 traces · 3 policies · 5 cells · seed 1 · digest [0-9a-f]{16}$/);
    expect(stdout).toMatch(/^zipf {3}6,000 requests · \d+ keys · vb$/m);
    expect(stdout).toMatch(/^web {3}3,000 requests · \d+ keys · [\d.]+ KiB of objects · csv$/m);
    expect(stdout).toMatch(/^ {2}hit ratio % +10 +1,000$/m);
    expect(stdout).toMatch(/^ {2}byte hit ratio % +9.0KiB$/m);
    expect(stdout).toMatch(/^ {2}lru +[\d.]+\* +[\d.]+\*$/m); // one of the two is best; with all in, both are
    expect(stdout).toMatch(/^ {2}opt \(bound\) +[\d.]+ +[\d.]+$/m);
    expect(stdout).toMatch(/^ {4}opt {3}█+░+ +[\d.]+ % {2}bound$/m);
    expect(stdout).toMatch(/^ {2}over all cells +mean hit % +most hits +over lru +at worst +gap closed$/m);
    expect(stdout).toContain("By bytes the optimum is NP-hard");
    expect(lines.at(-2)).toMatch(
      /^verdict: \w+ finds [\d.]+ % on average over 5 cells, most hits on \d; .*the bound opt/,
    );
    expect(lines.at(-1)).toMatch(/^next: --curve/);
    for (const line of lines) {
      expect(line).toBe(line.trimEnd());
      expect(line.length).toBeLessThan(121);
    }
    expect(stdout).not.toContain("\x1b");
    const quiet = await run(["cache", "replay", ZIPF, "--entries", "10", "--quiet"]);
    expect([quiet.stdout, quiet.stderr]).toEqual([expect.stringMatching(/^verdict: .*\n$/), ""]);
    const ascii = await run(["cache", "replay", ZIPF, "--entries", "10", "--curve"], { environment: { LANG: "C" } });
    expect(ascii.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    const terminal = await run(["cache", "replay", ZIPF, "--entries", "10"], { isTerminal: true, columns: 80 });
    expect(terminal.stdout).toContain("\x1b[");
  });

  test("METRIC lines, in the order of the rows", async () => {
    const { stdout } = await run(["cache", "replay", WEB, "--policies", "lru", "--entries", "10", "--bytes", "9k", "--metrics", "--quiet"]); // biome-ignore format: one line
    expect(stdout.trimEnd().split("\n").map((line) => line.replace(/=[\d.]+ policy/, "=N policy"))).toEqual([ // biome-ignore format: one line
      ...["hit_ratio", "hits", "misses", "evictions"].map((name) => `METRIC cache_${name}=N policy=lru trace=web entries=10 requests=3000`),
      ...["hit_ratio", "hits", "misses", "evictions", "byte_hit_ratio"].map((name) => `METRIC cache_${name}=N policy=lru trace=web bytes=9216 requests=3000`),
    ]); // biome-ignore format: one line
  });

  test("the curve: exact for LRU at every size, falling, and checked against each row", async () => {
    const { stdout } = await run([
      "cache",
      "replay",
      ZIPF,
      "--policies",
      "lru,fifo",
      "--curve",
      "--points",
      "9",
      "--json",
    ]);
    const { curves, rows, traces } = documentOf(stdout);
    const { points } = curves![0]!;
    const keyCount = traces[0]!.keys;
    expect(rows.filter((row) => row.policy === "lru")).toHaveLength(9);
    expect([points[0]!.entries, points.at(-1)!.entries]).toEqual([1, keyCount]);
    expect(points.at(-1)!.misses).toBe(keyCount);
    points.forEach((point, i) => {
      expect(point.missRatio).toBe(point.misses / 6000);
      if (i > 0) expect(point.misses).toBeLessThanOrEqual(points[i - 1]!.misses);
    });
    for (const row of rows.filter((one) => one.policy === "lru"))
      expect(points.find((point) => point.entries === row.entries)?.misses).toBe(row.misses);
    const text = (await run(["cache", "replay", ZIPF, "--policies", "lru,fifo", "--curve"])).stdout;
    expect(text).toContain("miss ratio over the size, zipf");
    expect(text).toMatch(/^ {2}100 % \|/m);
    expect(text).toContain(". lru, exact at every size    a fifo");
  });

  test("--json FILE writes what --json prints, and over an older one; nothing foreign is overwritten", async () => {
    const path = join(folder, "out.json");
    const words = ["cache", "replay", ZIPF, "--entries", "30"];
    const printed = (await run([...words, "--json"])).stdout;
    for (let i = 0; i < 2; i++) {
      const written = await run([...words, "--json", path]);
      expect([written.status, written.stderr]).toEqual([0, `mempred: wrote ${path}\n`]);
      expect(readFileSync(path, "utf8")).toBe(printed);
    }
    writeFileSync(path, "mine\n");
    const refused = await run([...words, "--json", path]);
    expect([refused.status, readFileSync(path, "utf8")]).toEqual([2, "mine\n"]);
    expect((await run([...words, "--json", ZIPF])).stderr).toContain("is an input as well");
    expect(existsSync(join(folder, ".mempred"))).toBe(false);
  });

  test("policies by default: lru, the default of the cache, opt; --policy is the same; the config file has a section", async () => {
    const usual = documentOf((await run(["cache", "replay", ZIPF, "--json"])).stdout);
    expect(usual.policies.map(({ id }) => id)).toEqual([...new Set(["lru", DEFAULT_POLICY_ID, "opt"])]);
    expect([...new Set(usual.rows.map((row) => row.entries))]).toHaveLength(4);
    const config = join(folder, "mempred.yaml");
    writeFileSync(config, "policies: fifo\npolicy: reactive\ncache replay:\n  entries: [7, 9]\n");
    const told = documentOf((await run(["cache", "replay", ZIPF, "--config", config, "--json"])).stdout);
    expect(told.rows.map(({ policy, entries }) => [policy, entries])).toEqual([["fifo", 7], ["fifo", 9]]); // biome-ignore format: one line
    const flag = await run(["cache", "replay", ZIPF, "--config", config, "--policy", "lru", "--json"], {
      environment: { MEMPRED_POLICIES: "arc", MEMPRED_POLICY: "predictive" },
    });
    expect([...new Set(documentOf(flag.stdout).rows.map((row) => row.policy))]).toEqual(["lru"]);
  });

  test("an interrupted replay prints what was done and says so", async () => {
    const long = join(folder, "long.vb.br");
    writeFileSync(long, packVbBrotli(drawKeys(5, 400_000, 30_000)));
    const host = fakeHost();
    const sizes = Array.from({ length: 60 }, (_, i) => 100 + i).join(",");
    const running = run(["cache", "replay", long, "--policies", "lru", "--entries", sizes, "--json"], host);
    while (host.listeners === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    host.signal("SIGINT");
    const { status, stdout, stderr } = await running;
    expect(status).toBe(130);
    expect(stderr).toContain("SIGINT: what was done is printed and marked isPartial");
    const document = documentOf(stdout);
    expect(document.isPartial).toBe(true);
    expect(document.rows.length).toBeLessThan(60);
    expect(host.listeners).toBe(0);
  });
});

describe("mempred cache policies", () => {
  test("lists each policy with its source, bounds as bounds", async () => {
    const { stdout, status } = await run(["cache", "policies"]);
    expect(status).toBe(0);
    for (const { id, source } of [...CACHE_POLICIES, ...CACHE_BOUNDS])
      expect(
        stdout.split("\n").some((line) => line.startsWith(`  ${id} `) && line.endsWith(source)),
        id,
      ).toBe(true);
    expect(stdout.match(/ {2}bound {2}/g)).toHaveLength(CACHE_BOUNDS.length);
    expect(stdout.match(/ default /g)).toHaveLength(1);
    const { policies } = JSON.parse((await run(["cache", "policies", "--json"])).stdout) as {
      policies: { id: string }[];
    };
    expect(policies.map(({ id }) => id)).toEqual(IDS);
  });

  test("a group of commands has help, suggestions and completion", async () => {
    const group = await run(["help", "cache"]);
    expect(group.stdout).toMatch(/replay \[options\] <keys\.\.\.>[\s\S]*policies/);
    expect((await run(["help", "cache", "replay"])).stdout).toContain("Usage: mempred cache replay");
    const wrong = await run(["cache", "repaly"]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("Did you mean replay?")]);
    expect((await run(["cache"])).status).toBe(2);
    expect((await run(["completion", "bash"])).stdout).toContain('own="replay policies"');
    expect((await run(["completion", "zsh"])).stdout).toContain("_values 'command' replay policies");
    expect((await run(["completion", "fish"])).stdout).toContain("__fish_seen_subcommand_from cache; and __fish_seen_");
  });
});

describe("rendering", () => {
  test("bars, and a plot of known points", () => {
    expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(1.5, 4)]).toEqual(["░░░░", "██░░", "████", "████"]);
    const lines = curveChart(
      [
        { label: "lru", mark: ".", points: [{ size: 1, missRatio: 1 }, { size: 100, missRatio: 0 }] }, // biome-ignore format: one line
        { label: "x", mark: "a", points: [{ size: 1, missRatio: 1 }, { size: 100, missRatio: 0.5 }] }, // biome-ignore format: one line
        { label: "y", mark: "b", points: [{ size: 100, missRatio: 0.5 }] },
      ],
      { width: 21, formatSize: String, unit: "entries" },
    );
    expect(lines[0]).toBe("  100 % |a");
    expect(lines[8]).toBe("   50 % |          .         *");
    expect(lines[16]).toBe("    0 % |                    .");
    expect(lines[18]!.trimEnd()).toBe("         1         10      100 entries");
    expect(lines.at(-1)).toBe("         * several");
    const one = curveChart([{ label: "z", mark: "a", points: [{ size: 5, missRatio: 0 }] }], {
      width: 20,
      formatSize: String,
      unit: "entries",
    });
    expect(one[16]).toBe("    0 % |a");
  });

  test("sizes of a curve are spread evenly by their logarithm, each once, both ends in", () => {
    expect(spread(1, 1000, 4)).toEqual([1, 10, 100, 1000]);
    expect(spread(1, 5, 16)).toEqual([1, 2, 3, 4, 5]);
    expect(spread(1, 1, 16)).toEqual([1]);
  });

  test("standings count cells, not requests; ties count for everybody; bounds win nothing", () => {
    const row = (trace: string, policy: string, requests: number, hits: number): CacheRow => {
      return {
        trace,
        policy,
        entries: 1,
        requests,
        hits,
        misses: requests - hits,
        hitRatio: hits / requests,
        evictions: 0,
      };
    };
    const policies = ["lru", "x", "opt"].map((id) => ({ id, title: id, isBound: id === "opt" }));
    const rows = [
      ...[row("a", "lru", 1000, 100), row("a", "x", 1000, 300), row("a", "opt", 1000, 500)],
      ...[row("b", "lru", 10, 5), row("b", "x", 10, 5), row("b", "opt", 10, 9)],
    ];
    const [lru, x, opt] = standings({ policies, rows } as unknown as CacheDocument);
    expect(lru).toMatchObject({ meanHitRatio: 0.3, most: 1, meanAgainstLru: null, gapClosed: null });
    expect(x).toMatchObject({ meanHitRatio: 0.4, most: 2, worstAgainstLru: 0 });
    expect(x!.meanAgainstLru).toBeCloseTo(0.1, 12);
    expect(x!.gapClosed).toBeCloseTo(0.2 / 0.8, 12);
    expect(opt).toMatchObject({ most: 0, isBound: true });
  });
});

describe.skipIf(SHARED_TRACES === null)("C29: against the oracle", () => {
  test("LRU, FIFO, CLOCK, LFU, SIEVE and OPT to the hit over the command line", async () => {
    const oracle = JSON.parse(readFileSync(join(SHARED_TRACES!, "oracles/hit-rates.json"), "utf8")) as {
      results: ({ trace: string; size: number } & Record<string, number>)[];
    };
    const names = ["lirs_gli", "lirs_cs", "lirs_multi1", "cache2k_web07"];
    const cells = oracle.results.filter(({ trace }) => names.includes(trace));
    const files = names.map((name) => join(SHARED_TRACES!, "cache", `${name}.vb.br`));
    const entries = [...new Set(cells.map(({ size }) => size))].join(",");
    const exact = { lru: "lru", fifo: "fifo", clock: "clock", lfu: "lfu", sieve: "sieve", opt: "opt" };
    const words = [
      "cache",
      "replay",
      ...files,
      "--policies",
      Object.keys(exact).join(","),
      "--entries",
      entries,
      "--json",
    ];
    const { rows } = documentOf((await run(words, { processors: 2 })).stdout);
    let compared = 0;
    for (const cell of cells) {
      for (const [id, name] of Object.entries(exact)) {
        const row = rows.find((one) => one.trace === cell.trace && one.entries === cell.size && one.policy === id)!;
        expect((100 * row.hitRatio).toFixed(4), `${id} on ${cell.trace} at ${cell.size}`).toBe(cell[name]!.toFixed(4));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(60);
  });
});
