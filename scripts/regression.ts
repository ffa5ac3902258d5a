// The regression check: runs the suite of baselines/stress.json and holds it against that file. Exit 1 when a row got worse.
// `npm run regression -- --update` writes the baseline anew: say in the commit why behaviour changed.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const baseline = join(root, "baselines", "stress.json");
const folder = mkdtempSync(join(tmpdir(), "mempred-regression-"));
const current = join(folder, "current.json");

function mempred(...words: string[]): number {
  const { status } = spawnSync(process.execPath, [join(root, "bin", "mempred.js"), ...words], {
    stdio: "inherit",
    cwd: root,
  });
  return status ?? 3;
}

function main(): number {
  const ran = mempred("stress", "--suite", "regression", "--quiet", "--json", current, "--output", folder);
  if (ran !== 0) return ran;
  if (process.argv.includes("--update") || !existsSync(baseline)) {
    if (process.env["CI"] && !process.argv.includes("--update")) {
      process.stderr.write("mempred: there is no baselines/stress.json to compare with\n");
      return 4;
    }
    return mempred("compare", current, current, "--quiet", "--save", baseline);
  }
  const status = mempred("compare", baseline, current);
  if (status === 1) {
    process.stderr.write("reproduce: npm run regression · accept: npm run regression -- --update\n");
  }
  return status;
}

const status = main();
rmSync(folder, { recursive: true, force: true });
process.exitCode = status;
