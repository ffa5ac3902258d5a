// Writes the figures of README.md from an evaluation, between the markers; nothing in there is typed by hand.
//   npm run figures                     runs `mempred evaluate --parts suite` and writes
//   npx tsx scripts/readme.ts FILE      writes from a document that is there

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEvaluation } from "../cli/evaluation-file.ts";
import { evaluationDigest, headlines } from "../cli/render/evaluation-report.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

function runEvaluation(folder: string): string {
  const file = join(folder, "evaluation.json");
  const words = [join(root, "bin", "mempred.js"), "evaluate", "--parts", "suite", "--quiet", "--json", file];
  const { status } = spawnSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`mempred evaluate ended with ${status}`);
  return file;
}

async function headline(file: string): Promise<string> {
  const evaluation = await readEvaluation(file);
  const { suite } = evaluation.parts;
  if (suite === undefined) throw new Error(`${file} has no suite`);
  const quoted = headlines(evaluation)
    .map((sentence) => `> ${sentence}`)
    .join("\n>\n");
  const about = `${suite.scenarios.length} families · arena 100 KiB · 10 min simulated · seeds ${suite.seeds[0]}..${suite.seeds.at(-1)}`;
  return `${quoted}\n\n${about} · digest ${evaluationDigest(evaluation)}; from \`mempred evaluate\`, all of it in [docs/results.md](docs/results.md).`;
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
  const file = process.argv[2] ?? runEvaluation(folder);
  const path = join(root, "README.md");
  writeFileSync(path, replaceBlock(readFileSync(path, "utf8"), "headline", await headline(file)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
