// The benchmarks in their smoke mode: that they run, what they print, and that what they compute is the same every time.
// Times and marks are looked at by people, never by a test.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mempred-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  part: string;
  name: string;
  value: number;
  unit: string;
  mark?: string;
  isReached: boolean | null;
}
interface Document {
  schema: string;
  isSmoke: boolean;
  rows: Row[];
  digests: Record<string, string>;
  digest: string;
}

async function bench(...words: string[]): Promise<{ text: string; document: Document }> {
  const json = join(folder, `${words.join("-") || "all"}-${Math.round(process.uptime() * 1e6)}.json`);
  const program = ["--import", "tsx", "scripts/bench/main.ts", "--smoke", "--json", json, ...words];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root });
  return { text: stdout, document: JSON.parse(readFileSync(json, "utf8")) as Document };
}

describe("npm run bench -- --smoke", () => {
  it("K54 K55 K56: every part has its figures, each with a unit and its mark", async () => {
    const { text, document } = await bench();
    expect(document.schema).toBe("mempred.bench/1");
    expect(document.isSmoke).toBe(true);
    expect(Object.keys(document.digests)).toEqual([
      "heap",
      "predictor",
      "simulation",
      "cache",
      "cache-hits",
      "prediction",
      "components",
      "preloader",
      "ring",
      "backends",
      "preload-cache",
      "service",
      "startup",
    ]);
    for (const digest of [...Object.values(document.digests), document.digest])
      expect(digest).toMatch(/^[0-9a-f]{16}$/);
    const names = document.rows.map((row) => `${row.part}: ${row.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const row of document.rows) {
      expect(row.unit, row.name).not.toBe("");
      expect(Number.isFinite(row.value) && row.value >= 0, `${row.name} is ${row.value}`).toBe(true);
      expect(row.isReached === null, row.name).toBe(row.mark === undefined);
      expect(text, row.name).toContain(row.name);
    }
    const marked = document.rows.filter((row) => row.mark !== undefined);
    const reached = marked.filter((row) => row.isReached === true);
    expect(text).toContain(`\n${reached.length} of ${marked.length} marks reached\n`);
    expect(text.match(/ missed$/gm) ?? []).toHaveLength(marked.length - reached.length);
    expect(text.trimEnd().split("\n").at(-1)).toBe(`digest of the results ${document.digest}`);

    const of = (part: string) => document.rows.filter((row) => row.part === part);
    expect(
      of("simulation")
        .filter((row) => row.mark === ">= 2")
        .map((row) => row.name),
    ).toEqual(["predictive, steady 50 %", "predictive, steady 95 %", "predictive, all families at 95 %"]);
    expect(of("simulation").filter((row) => row.unit === "B/request")).toHaveLength(2);
    expect(of("startup").find((row) => row.unit === "x")?.mark).toBe("< 2");
    expect(of("cache").find((row) => row.name === "loads for 100 misses at once")?.value).toBe(1);
    // The state of the predictor is no time: it must be what it says, here and everywhere.
    const bytes = of("predictor").find((row) => row.name === "state of the predictor");
    expect([bytes?.value, bytes?.isReached]).toEqual([656, true]);
  });

  it("parts run alone, and compute the same again", async () => {
    const first = await bench("simulation");
    const second = await bench("simulation");
    expect(Object.keys(first.document.digests)).toEqual(["simulation"]);
    expect(second.document.digests).toEqual(first.document.digests);
    expect(second.document.digest).toBe(first.document.digest);
  });

  it("an unknown part is a usage error", async () => {
    await expect(bench("heat")).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("heap, predictor") });
  });
});
