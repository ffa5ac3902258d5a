// mempred compare on result files made up for it: verdicts, exit statuses and formats.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { stringifyResult } from "../../cli/stored-result.ts";
import type { BaselineFile } from "../../sim/suite/baseline.ts";
import { type FakeFigures, fakeResult, fakeSuite } from "../sim/suite/fake-run.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const before = join(folder, "before.json");
writeFileSync(before, stringifyResult(fakeResult()));

function resultFile(
  name: string,
  figures: (scenario: string, pressure: number, seed: number, policy: string) => FakeFigures,
  suite = fakeSuite(),
) {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, stringifyResult(fakeResult(suite, figures)));
  return path;
}

const same = resultFile("same", () => ({}));
const changed = resultFile("changed", (_, __, seed) => (seed === 1 ? { hash: "new" } : {}));
const better = resultFile("better", (scenario, _, __, policy) =>
  scenario === "burst" && policy === "predictive" ? { avoidable: 0 } : {},
);
const worse = resultFile("worse", (scenario, pressure, seed, policy) =>
  scenario === "burst" && pressure === 0.95 && policy === "predictive" ? { avoidable: 2 + seed } : {},
);

describe("verdicts and exit statuses", () => {
  test.each([
    ["identical", same, 0, "verdict: identical: all 8 rows, bit by bit"],
    ["changed", changed, 0, "verdict: changed, same: of 8 rows 0 worse, 0 better, 8 changed but the same, 0 identical"],
    ["better", better, 0, "verdict: better: of 8 rows 0 worse, 2 better, 0 changed but the same, 6 identical"],
    ["worse", worse, 1, "verdict: worse: of 8 rows 1 worse, 0 better, 0 changed but the same, 7 identical"],
  ])("%s", async (_, current, status, verdict) => {
    const full = await run(["compare", before, current]);
    expect(full.stdout.trimEnd().split("\n").at(-1)).toBe(verdict);
    expect(full.status).toBe(status);
    const quiet = await run(["compare", before, current, "--quiet"]);
    expect(quiet.stdout).toBe(`${verdict}\n`);
    expect(quiet.status).toBe(status);
  });

  test("a row that got worse: figure, interval, worst seeds, and the line that shows it", async () => {
    const { stdout } = await run(["compare", before, worse]);
    expect(stdout).toContain("✗ worse   burst 95 % predictive");
    expect(stdout).toMatch(/avoidable OOM +2 +→ 4\.50 +\+2\.50 \(\+125 %\) \[/);
    expect(stdout).toContain("worst seeds: 4, 3, 2");
    expect(stdout).toContain(
      "reproduce:   mempred stress --scenario burst --pressure 95 --seed 4 --policy predictive --duration 1m",
    );
    expect(stdout).toContain("--journal");
  });

  test("another suite is exit 4", async () => {
    const other = resultFile("other", () => ({}), fakeSuite({ seeds: [1, 2] }));
    const { status, stdout, stderr } = await run(["compare", before, other]);
    expect(status).toBe(4);
    expect(stdout).toBe("");
    expect(stderr).toContain("seeds: 1,2,3,4 against 1,2");
    expect(stderr).toContain("see: mempred help exit-codes");
  });

  test("the tolerance is a setting", async () => {
    const high = resultFile("high", () => ({ avoidable: 100 }));
    const higher = resultFile("higher", () => ({ avoidable: 104 }));
    expect((await run(["compare", high, higher])).status).toBe(0);
    expect((await run(["compare", high, higher, "--tolerance", "3%"])).status).toBe(1);
  });
});

describe("baselines", () => {
  test("--save writes the current result reduced, valid by its schema, and it compares as the result does", async () => {
    const path = join(folder, "baseline.json");
    const { status, stderr } = await run(["compare", before, worse, "--save", path]);
    expect(status).toBe(1);
    expect(stderr).toContain(`baseline written to ${path}`);
    const document = JSON.parse(readFileSync(path, "utf8")) as BaselineFile;
    const schema = JSON.parse(
      readFileSync(new URL("../../schemas/baseline.schema.json", import.meta.url), "utf8"),
    ) as object;
    const validate = new Ajv2020({ strict: true }).compile(schema);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(document.rows).toHaveLength(8);
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(8 + 4); // a row a line
    expect((await run(["compare", path, worse])).stdout).toContain("identical");
    expect((await run(["compare", path, before])).stdout).toContain("better");
    // a baseline may be brought up to date in place, a result is not written over
    expect((await run(["compare", path, before, "--save", path])).status).toBe(0);
    expect((await run(["compare", path, before])).stdout).toContain("identical");
    const refused = await run(["compare", path, before, "--save", before]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("is an input as well");
  });

  test("a baseline keeps too little for a report; a damaged one is refused", async () => {
    const path = join(folder, "b2.json");
    await run(["compare", before, same, "--save", path]);
    const report = await run(["report", path]);
    expect(report.status).toBe(2);
    expect(report.stderr).toContain("this is a baseline");
    const damaged = join(folder, "b3.json");
    writeFileSync(damaged, readFileSync(path, "utf8").replace('"hashes":["', '"hashes":[5,"'));
    const refused = await run(["compare", damaged, same]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/b3\.json: rows\.0\.hashes\.0/);
  });
});

describe("formats", () => {
  test("JUnit: well formed, a case a row, a failure with what reproduces it", async () => {
    const odd = fakeSuite({ scenarios: ['<odd> & "quoted"', "burst"] });
    const base = resultFile("odd-before", () => ({}), odd);
    const current = resultFile(
      "odd-after",
      (_, pressure, seed, policy) => (pressure === 0.95 && policy === "predictive" ? { avoidable: 2 + seed } : {}),
      odd,
    );
    const { stdout, status } = await run(["compare", base, current, "--format", "junit"]);
    expect(status).toBe(1);
    const root = parseXml(stdout);
    expect(root.name).toBe("testsuites");
    const suite = root.children[0]!;
    expect(suite.attributes).toMatchObject({ tests: "8", failures: "2", errors: "0" });
    expect(suite.children).toHaveLength(8);
    const failures = suite.children.flatMap((one) =>
      one.children.filter((child) => child.name === "failure").map((child) => ({ one, child })),
    );
    expect(failures.map(({ one }) => one.attributes["name"])).toEqual([
      '<odd> & "quoted" 95 % predictive',
      "burst 95 % predictive",
    ]);
    expect(failures[1]!.child.attributes["message"]).toContain("avoidable OOM +2.50");
    expect(failures[1]!.child.text).toContain("reproduce: mempred stress --scenario burst");
  });

  test("Markdown and JSON", async () => {
    const markdown = await run(["compare", before, worse, "--format", "md"]);
    expect(markdown.stdout).toContain("| burst 95 % predictive | ✗ worse | avoidable OOM worse | 2 | 4.50 |");
    expect(markdown.stdout).toContain("```sh\nmempred stress --scenario burst");
    const quiet = await run(["compare", before, changed, "--format", "md"]);
    expect(quiet.stdout).toContain("| ~ changed, same |");
    const json = JSON.parse((await run(["compare", before, worse, "--json"])).stdout);
    expect(json).toMatchObject({ schema: "mempred.compare/1", verdict: "worse", counts: { worse: 1 } });
    expect(json.rows.filter((row: { reproduce: string | null }) => row.reproduce !== null)).toHaveLength(1);
  });

  test("GitHub: annotations escaped, at most 10 of a kind, and a step summary", async () => {
    const summary = join(folder, "summary.md");
    writeFileSync(summary, "earlier step\n");
    const one = await run(["compare", before, worse, "--format", "github"], {
      environment: { GITHUB_STEP_SUMMARY: summary },
    });
    expect(one.status).toBe(1);
    const [annotation] = one.stdout.split("\n");
    expect(annotation).toMatch(/^::error title=worse%3A burst 95 %25 predictive::avoidable OOM \+2\.50/);
    expect(annotation).toContain("%0Areproduce: mempred stress");
    expect(readFileSync(summary, "utf8")).toMatch(/^earlier step\n# mempred compare\n/);

    const many = fakeSuite({ scenarios: Array.from({ length: 7 }, (_, i) => `s${i}`) });
    const base = resultFile("many-before", () => ({}), many);
    const current = resultFile("many-after", (_, __, seed) => ({ avoidable: 2 + seed }), many);
    const { stdout, stderr } = await run(["compare", base, current, "--format", "github"], {
      environment: { GITHUB_STEP_SUMMARY: join(folder, "none", "x.md") },
    });
    const errors = stdout.split("\n").filter((line) => line.startsWith("::error"));
    expect(errors).toHaveLength(10);
    expect(errors[9]).toContain("worse%3A 19 more rows");
    expect(stderr).toContain("warning: the step summary is not written");
    const improved = await run(["compare", current, base, "--format", "github"]);
    expect(improved.stdout.split("\n").filter((line) => line.startsWith("::notice"))).toHaveLength(10);
    expect(improved.status).toBe(0);
  });

  test("a step summary stays under GitHub's limit", async () => {
    const { MOST_SUMMARY_BYTES, stepSummary } = await import("../../cli/render/compare-report.ts");
    const { toBaseline } = await import("../../sim/suite/baseline.ts");
    const { compareBaselines } = await import("../../sim/suite/regression.ts");
    const suite = fakeSuite({
      scenarios: Array.from({ length: 900 }, (_, i) => `scenario-with-a-long-name-${i}`),
      seeds: [1],
    });
    const baseline = toBaseline(fakeResult(suite));
    const current = toBaseline(fakeResult(suite, () => ({ avoidable: 50 })));
    const text = stepSummary({
      baselinePath: "a",
      currentPath: "b",
      baseline,
      current,
      report: compareBaselines(baseline, current),
    });
    expect(Buffer.byteLength(text)).toBeGreaterThan(MOST_SUMMARY_BYTES / 2);
    expect(Buffer.byteLength(text)).toBeLessThan(MOST_SUMMARY_BYTES + 100);
    expect(text.endsWith("(cut: the whole comparison is in the log)\n")).toBe(true);
  });
});

interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Element[];
  text: string;
}

/** A strict little XML reader: it throws on anything that is not well formed. */
function parseXml(source: string): Element {
  const decode = (text: string) => {
    if (/&(?!(amp|lt|gt|quot);)/.test(text) || text.includes("<")) throw new Error(`not escaped: ${text}`);
    return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  };
  const top: Element = { name: "", attributes: {}, children: [], text: "" };
  const stack = [top];
  const body = source.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "");
  expect(body).not.toBe(source);
  const token = /<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let at = 0;
  for (const match of body.matchAll(token)) {
    if (match.index !== at) throw new Error(`not well formed at ${at}: ${body.slice(at, at + 40)}`);
    at += match[0].length;
    const parent = stack.at(-1)!;
    if (match[5] !== undefined) parent.text += decode(match[5]);
    else if (match[1] === "/") {
      if (parent.name !== match[2]) throw new Error(`</${match[2]}> closes <${parent.name}>`);
      stack.pop();
    } else {
      const attributes = Object.fromEntries(
        [...match[3]!.matchAll(/([\w-]+)="([^"]*)"/g)].map((m) => [m[1]!, decode(m[2]!)]),
      );
      const element: Element = { name: match[2]!, attributes, children: [], text: "" };
      parent.children.push(element);
      if (match[4] !== "/") stack.push(element);
    }
  }
  if (at !== body.length || stack.length !== 1 || top.children.length !== 1) throw new Error("not one document");
  return top.children[0]!;
}
