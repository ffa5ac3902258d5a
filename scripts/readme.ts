// Writes the figures of README.md from a result file, between the markers; nothing in there is typed by hand.
//   npm run figures                     runs the default suite with 20 seeds and writes
//   npx tsx scripts/readme.ts FILE      writes from a result that is there

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readResultFile } from "../cli/read-result.ts";
import { suiteReport } from "../cli/render/suite-report.ts";
import { pooledSentence } from "../cli/render/verdict-text.ts";
import { reproduceCommand } from "../sim/suite/reproduce.ts";
import { headlinePressure, poolComparisons } from "../sim/suite/verdicts.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const SEEDS = "20";
/** The placebo stands in the README too: what the runs alone are worth, without knowing when. */
const POLICIES = "reactive,placebo,predictive";

function runSuite(folder: string): string {
  const file = join(folder, "result.json");
  const words = [
    join(root, "bin", "mempred.js"),
    "stress",
    "--seeds",
    SEEDS,
    "--policy",
    POLICIES,
    "--quiet",
    "--json",
    file,
    "--output",
    folder,
  ];
  const { status } = spawnSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`mempred stress ended with ${status}`);
  return file;
}

async function headline(file: string): Promise<string> {
  const result = await readResultFile(file);
  const report = suiteReport(result);
  const level = headlinePressure(result.suite);
  const placebo = poolComparisons(result.runs, result.comparisons, report.baseline, "placebo", level);
  const control =
    placebo === null
      ? []
      : [`The control, at ${100 * level} %: ${pooledSentence(placebo)} It makes as many runs, at random moments.`];
  const quoted = [...report.verdicts, ...control, `Cost: ${report.cost}.`]
    .map((sentence) => `> ${sentence}`)
    .join("\n>\n");
  return `${quoted}\n\n${report.heading.join(" · ")}; from \`${reproduceCommand(result.suite)}\`.`;
}

function replaceBlock(text: string, name: string, block: string): string {
  const open = `<!-- figures:${name} -->`;
  const close = `<!-- /figures:${name} -->`;
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) throw new Error(`README.md has no block ${name}`);
  return `${text.slice(0, from + open.length)}\n${block}\n${text.slice(to)}`;
}

const folder = mkdtempSync(join(tmpdir(), "mempred-figures-"));
try {
  const file = process.argv[2] ?? runSuite(folder);
  const path = join(root, "README.md");
  writeFileSync(path, replaceBlock(readFileSync(path, "utf8"), "headline", await headline(file)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
