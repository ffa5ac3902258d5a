// mempred preload replay and preload workload, in-process: what is printed and written, that it is the same however it is run, and
// that what it counts is what the engine counts.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { LRU } from "../../cache/policies/lru.ts";
import { replayCache } from "../../cache/replay.ts";
import type { PreloadDocument } from "../../cli/preload-document.ts";
import { readSequenceText } from "../../io/sequence-reader.ts";
import { REPLAY_MODES } from "../../preload/replay/replay-types.ts";
import { drawSequence } from "../preload/sequences.ts";
import { fakeHost, run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const put = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const { components, names } = drawSequence(1, 700, 14, 0.1);
const RING = put("ring.txt", [...components].map((id) => names[id]).join("\n"));
const SITE = put("site.seq", `% pages\n${"a b c d\nb c a\n".repeat(30)}`);

const schema = JSON.parse(
  readFileSync(new URL("../../schemas/preload.schema.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

function documentOf(text: string): PreloadDocument {
  const document = JSON.parse(text) as PreloadDocument;
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  return document;
}

describe("P46 P47 P49: preload replay", () => {
  test("every mode on every sequence: rows in order, counts that add up, LRU to the hit", async () => {
    const { status, stdout, stderr } = await run(["preload", "replay", RING, SITE, "--components", "5", "--json"]);
    expect([status, stderr]).toEqual([0, ""]);
    const { rows, sequences, settings } = documentOf(stdout);
    expect(settings).toMatchObject({ components: 5, preloadsPerRequest: 0.25, lookahead: 1, wasteRatio: null });
    expect(sequences.map(({ name, format, requests, sessions }) => [name, format, requests, sessions])).toEqual([
      ["ring", "text", 700, 1],
      ["site", "sessions", 210, 60],
    ]);
    expect(rows.map(({ sequence, mode }) => `${sequence} ${mode}`)).toEqual(
      ["ring", "site"].flatMap((name) => REPLAY_MODES.map((mode) => `${name} ${mode}`)),
    );
    const lru = replayCache(LRU, { keys: components }, { capacity: 5 });
    expect(rows[0]).toMatchObject({ hits: lru.hits, begun: 0, gainPoints: 0, wastedShare: null });
    expect(sequences[0]!.hitRatioLru).toBe(lru.hitRatio);
    for (const row of rows) {
      expect(row.begun).toBe(row.inTime + row.late + row.wasted + row.failed + row.open);
      expect(row.sources.reduce((sum, one) => sum + one.begun, 0)).toBe(row.begun);
      expect(row.preloadsPerRequest).toBeLessThanOrEqual(0.25);
      const { hitRatioLru } = sequences.find(({ name }) => name === row.sequence)!;
      expect(row.gainPoints).toBeCloseTo(100 * (row.hitRatio - hitRatioLru), 9);
    }
    const gainOf = (mode: string) => rows.find((row) => row.mode === mode)!.gainPoints;
    expect(gainOf("benefit")).toBeGreaterThan(10);
    expect(gainOf("clairvoyant")).toBeGreaterThanOrEqual(gainOf("benefit"));
    expect(sequences[0]!.accuracy!.top1).toBeGreaterThan(0.7);
    expect(sequences[0]!.accuracy!.baseTop1).toBeLessThan(0.2);
  });

  test("equal bytes whatever the time zone and the locale; another setting has another digest", async () => {
    const words = ["preload", "replay", SITE, "--components", "2", "--json"];
    const first = await run(words);
    const second = await run(words, { environment: { TZ: "Pacific/Chatham", LC_ALL: "tr_TR" } });
    expect(second.stdout).toBe(first.stdout);
    const { digest } = documentOf(first.stdout);
    for (const more of [
      ["--mode", "off"],
      ["--prefetches", "unlimited"],
      ["--load", "2s"],
      ["--model", "sequence"],
    ]) {
      const other = documentOf((await run([...words, ...more])).stdout);
      expect(other.digest, more.join(" ")).not.toBe(digest);
    }
  });

  test("the text: tables, yardsticks, means, a verdict; --quiet leaves that and --metrics the lines", async () => {
    const words = ["preload", "replay", RING, SITE, "--components", "3", "--mode", "off,benefit"];
    const { stdout } = await run(words);
    expect(stdout).toMatch(/^mempred preload · 2 sequences · 3 components · at most 0.25 a request · lookahead 1/);
    expect(stdout).toMatch(/ring {3}700 requests · 14 components · 1 user · 1 session · text/);
    expect(stdout).toMatch(/mode +hits % +gain +preloads\/request +in time +late +wasted +wasted % +full +wait ms/);
    expect(stdout).toMatch(/without preloading: LRU [\d.]+ %, the optimum [\d.]+ % · model [\d.]+ % at 1/);
    expect(stdout).toMatch(/all sequences, each counting the same/);
    expect(stdout).toMatch(/verdict: benefit finds \+[\d.]+ points more than LRU alone, on the average/);
    expect(stdout).not.toContain("clairvoyant");
    expect((await run([...words, "--quiet"])).stdout).toMatch(/^verdict: .*\n$/);
    const metrics = (await run([...words, "--quiet", "--metrics"])).stdout.trimEnd().split("\n");
    for (const line of metrics)
      expect(line).toMatch(/^METRIC preload_\w+=-?[\d.]+ .*sequence=(ring|site) components=3$/);
    expect(metrics.some((line) => line.startsWith("METRIC preload_wasted_ratio="))).toBe(true);
  });

  test("writes a file, and over its own; late loads show; a price of memory stops it", async () => {
    const out = join(folder, "out.json");
    for (let i = 0; i < 2; i++) {
      const { status, stderr } = await run(["preload", "replay", SITE, "--json", out]);
      expect([status, stderr]).toEqual([0, `mempred: wrote ${out}\n`]);
    }
    documentOf(readFileSync(out, "utf8"));
    const slow = ["preload", "replay", RING, "--components", "3", "--mode", "thresholds", "--json"];
    const late = documentOf((await run([...slow, "--load", "1500ms", "--gap", "1s"])).stdout).rows[0]!;
    expect(late.late).toBeGreaterThan(50);
    const dear = documentOf(
      (await run(["preload", "replay", RING, "--mode", "benefit", "--price", "1", "--json"])).stdout,
    );
    expect(dear.rows[0]!.begun).toBe(0);
  });

  test("interrupted: what was done is printed, marked, and the status says so", async () => {
    const host = fakeHost();
    const running = run(["preload", "replay", RING, SITE, "--json"], host);
    const interrupt = (): void => {
      if (host.listeners > 0) host.signal("SIGINT");
      else setImmediate(interrupt);
    };
    setImmediate(interrupt);
    const { status, stdout, stderr } = await running;
    expect(status).toBe(130);
    expect(stderr).toContain("SIGINT");
    expect(documentOf(stdout).isPartial).toBe(true);
    expect(host.listeners).toBe(0);
  });
});

describe("preload workload", () => {
  test("is CSV that the replay reads, the same for the same seed", async () => {
    const words = ["preload", "workload", "--requests", "800", "--users", "4"];
    const first = await run(words);
    expect(first.status).toBe(0);
    expect(first.stderr).toMatch(
      /800 requests for \d+ components by 4 users in \d+ sessions; 9\d\.\d % are foreseeable/,
    );
    expect((await run(words)).stdout).toBe(first.stdout);
    expect((await run([...words, "--seed", "2"])).stdout).not.toBe(first.stdout);
    const trace = readSequenceText(first.stdout, "planned.csv");
    expect(trace).toMatchObject({ format: "csv", userNames: expect.arrayContaining(["clerk-0", "clerk-3"]) });
    expect(trace.components.length).toBe(800);
    const path = put("planned.csv", first.stdout);
    const replayed = await run(["preload", "replay", path, "--mode", "off", "--json"]);
    expect(documentOf(replayed.stdout).sequences[0]).toMatchObject({ requests: 800, users: 4 });
  });
});
