// The report as one HTML file: what is inside it, that it is the suite's, and that it overwrites nothing foreign.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { embed } from "../../cli/html-report.ts";
import { type PageReport, pageReport } from "../../cli/render/page-report.ts";
import { fakeResult } from "../sim/suite/fake-run.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const ONE = ["--pressure", "95", "--seeds", "2", "--duration", "10s"];
const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

function inside(html: string): PageReport {
  const json = /<script type="application\/json" id="mempred-embedded">(.*?)<\/script>/.exec(html)![1]!;
  const { schema, packed } = JSON.parse(json) as { schema: string; packed: string };
  expect(schema).toBe("mempred.page/1");
  return JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString()) as PageReport;
}

describe("stress --html", () => {
  test("holds the verdict, the cost and the worst seed; written again it is the same; report gives it too", async () => {
    expect(existsSync(path("dist/ui/index.html")), "npm run build makes the page").toBe(true);
    const folder = temporaryFolder();
    const file = join(folder, "report.html");
    const words = ["stress", "--scenario", "steady", ...ONE, "--html", file, "-o", folder];
    const first = await run(words);
    expect(first.status, first.stderr).toBe(0);
    const html = readFileSync(file, "utf8");
    const report = inside(html);
    expect(first.stdout).toContain(`verdict: ${report.verdicts[0]}`);
    expect(first.stdout).toContain(`cost:    ${report.cost}`);
    expect(first.stdout).toContain(report.digest);
    expect(report.shown).toMatchObject({ scenario: "steady", pressureRatio: 0.95, source: null, weights: null });
    const worst = [...report.seeds].sort((a, b) => b.policy - b.baseline - (a.policy - a.baseline))[0]!;
    const difference = report.seeds.find((one) => one.seed === report.shown.seed)!;
    expect(difference.policy - difference.baseline).toBe(worst.policy - worst.baseline);
    const again = await run(words);
    expect(again.status, again.stderr).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(html);
    const printed = await run(["report", "--format", "html", "-o", folder]);
    expect(printed.stdout).toBe(html);
  });

  test("a scenario of a file and a recording go along", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "own.html");
    const own = path("examples/scenarios/evening-peak.yaml");
    const words = ["stress", "--scenario", own, "--seed", "1", "--duration", "10s", "--html", file, "-o", folder];
    const stressed = await run(words);
    expect(stressed.status, stressed.stderr).toBe(0);
    expect(inside(readFileSync(file, "utf8")).shown.source).toMatchObject({
      kind: "spec",
      spec: { id: "evening-peak" },
    });
    const recording = join(folder, "small.rep");
    writeFileSync(recording, `${Array.from({ length: 40 }, (_, i) => `a ${i} ${16 + i}`).join("\n")}\n`);
    const replayed = await run(["replay", recording, "--seed", "1", "--html", file, "-o", folder]);
    expect(replayed.status, replayed.stderr).toBe(0);
    const { source } = inside(readFileSync(file, "utf8")).shown;
    expect(source).toEqual({
      kind: "trace",
      file: "small.rep",
      text: readFileSync(recording, "utf8"),
    });
  });

  test("nothing foreign is overwritten, and a page does not go to stdout in place of the report", async () => {
    const file = join(temporaryFolder(), "index.html");
    writeFileSync(file, "<!doctype html><title>mine</title>");
    const foreign = await run(["stress", "--scenario", "steady", ...ONE, "--html", file]);
    expect(foreign.status).toBe(2);
    expect(foreign.stderr).toMatch(/--html: .*index\.html is there and was not written by mempred/);
    expect(readFileSync(file, "utf8")).toContain("mine");
    const dash = await run(["stress", "--scenario", "steady", ...ONE, "--html", "-"]);
    expect(dash.status).toBe(2);
    expect(dash.stderr).toContain("--html: a page goes to a file");
  });
});

describe("the report of a result", () => {
  const page = '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8" />\n</head></html>';

  test("names the seed in which the policy did worst, whatever stands first", () => {
    const result = fakeResult(undefined, (_scenario, pressureRatio, seed, policy) => ({
      avoidable: policy.startsWith("reactive") ? 10 : (seed * 7 + 10 * pressureRatio) % 5,
    }));
    const report = pageReport(result);
    expect(report.seeds.length).toBeGreaterThan(1);
    const [baseline, policy] = report.policies;
    const at = (id: string, seed: number) =>
      result.runs.find(
        (one) =>
          one.policy === id &&
          one.seed === seed &&
          one.scenario === report.shown.scenario &&
          one.pressureRatio === report.shown.pressureRatio,
      )!;
    const shown = at(policy, report.shown.seed).ooms.avoidable - at(baseline, report.shown.seed).ooms.avoidable;
    for (const { seed, baseline: a, policy: b } of report.seeds) {
      expect(shown).toBeGreaterThanOrEqual(b - a);
      expect(at(policy, seed).ooms.avoidable - at(baseline, seed).ooms.avoidable).toBe(b - a);
    }
  });

  test("is known by the head of the file, and nothing in it can end its element", () => {
    const report = { ...pageReport(fakeResult()), cost: "</script><script>alert(1)</script>" };
    const html = embed(page, report);
    expect(html.slice(0, 256)).toContain('"mempred.page/');
    expect(html).not.toContain("alert(1)");
    expect(inside(html).cost).toBe(report.cost);
  });
});
