// Trains the weights that ship with the package and writes predictor/shipped-weights.ts, shipped-wide.ts and shipped-gru.ts.
// The training seeds are far from those of any test or report. The loss and the held-out error go into each file's header.
//
//   npx tsx scripts/ship-weights.ts [neural] [wide] [gru]     all three when none is named

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shipGru, shipWide } from "./forecast/ship.ts";

const KNOWN = ["neural", "wide", "gru"];
const asked = process.argv.length > 2 ? process.argv.slice(2) : KNOWN;
const unknown = asked.find((name) => !KNOWN.includes(name));
if (unknown !== undefined) throw new Error(`unknown model "${unknown}", expected ${KNOWN.join(", ")}`);

const root = fileURLToPath(new URL("..", import.meta.url));
const WORDS = ["train", "--pressure", "50,75,85,95,98", "--seeds", "100001..100006", "--epochs", "30"];

if (asked.includes("neural")) shipNeural();
if (asked.includes("wide")) shipWide();
if (asked.includes("gru")) shipGru();

function shipNeural(): void {
  const folder = mkdtempSync(join(tmpdir(), "mempred-weights-"));
  try {
    const out = join(folder, "weights.json");
    const words = [join(root, "bin", "mempred.js"), ...WORDS, "--out", out, "--output", folder];
    const { status, stdout } = spawnSync(process.execPath, words, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`mempred train ended with ${status}`);
    const { weights, crc32 } = JSON.parse(readFileSync(out, "utf8")) as { weights: number[]; crc32: string };
    const report = stdout
      .split("\n")
      .filter((line) => /samples|trained on|held out|loss by epoch/.test(line))
      .map((line) => `//   ${line.trimEnd()}`);
    const lines = [
      "// Weights to start from, so that a fresh predictor is of use before its first label (K64). Written by",
      `// scripts/ship-weights.ts, which runs \`mempred ${WORDS.join(" ")}\`:`,
      "//",
      ...report,
      "",
      `/** CRC-32 of the weights file that these came from. */`,
      `export const SHIPPED_WEIGHTS_CRC32 = "${crc32}";`,
      "",
      "/** The 49 shipped weights, order as in network.ts. A copy for each caller: training writes to it. */",
      "export function shippedWeights(): Float64Array {",
      "  return Float64Array.from(WEIGHTS);",
      "}",
      "",
      "const WEIGHTS = [",
      ...weights.map((weight) => `  ${weight},`),
      "];",
      "",
    ];
    writeFileSync(join(root, "predictor", "shipped-weights.ts"), lines.join("\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
