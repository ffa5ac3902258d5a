// Benchmark of the command's start: `mempred --help` from the built package against node that does nothing, in processes of
// their own, one after the other in turns. What counts is the ratio; medians, as the first start of either warms the disk.
//
//   npx tsx scripts/bench/startup.ts [--smoke]

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import type { BenchRow } from "./bench-row.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUNS = 21;

/** Needs `npm run build`. The digest is that of the help's text. */
export async function benchStartup(options: { smoke: boolean }): Promise<BenchRow[]> {
  if (!existsSync(`${ROOT}/dist/cli/main.js`)) throw new Error("the command is not built: run `npm run build` first");
  const runs = options.smoke ? 1 : RUNS;
  const digest = new Digest();
  const helpMillis: number[] = [];
  const bareMillis: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const help = start(["bin/mempred.js", "--help"]);
    const bare = start(["--eval", "0"]);
    if (run === 0)
      digest.addText(help.output); // and the disk is warm
    else {
      helpMillis.push(help.millis);
      bareMillis.push(bare.millis);
    }
  }
  const help = median(helpMillis);
  const bare = median(bareMillis);
  const note = `median of ${runs}, in turns`;
  return [
    { name: "mempred --help", value: help, unit: "ms", note },
    { name: "node --eval 0", value: bare, unit: "ms", note },
    { name: "mempred --help over bare node", value: help / bare, unit: "x", mark: "< 2" },
    { name: "digest of the help", value: 0, unit: "", note: digest.hex() },
  ];
}

function start(words: readonly string[]): { readonly millis: number; readonly output: string } {
  const env = { ...process.env, NO_COLOR: "1", LC_ALL: "C.UTF-8" };
  const begin = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, env, encoding: "utf8" });
  const millis = Number(process.hrtime.bigint() - begin) / 1e6;
  if (status !== 0) throw new Error(`node ${words.join(" ")} ended with status ${status}: ${stderr}`);
  return { millis, output: stdout };
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)]!;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchStartup({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
