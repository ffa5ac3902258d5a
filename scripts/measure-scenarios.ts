// Measures what the families come to, and writes the table into docs/scenarios.md between its two marks. Times go to
// stderr only: they are the machine's, not the scenarios'.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DEFAULT_CAPACITY_BYTES } from "../core/units.ts";
import { measureLevel } from "../scenarios/measure-level.ts";
import { getScenario, SCENARIO_IDS } from "../scenarios/registry.ts";
import { DEFAULT_RATE_PER_SECOND, fillEndMicros, PRESSURE_LEVELS } from "../scenarios/scenario.ts";

const SEEDS = 10;
const MINUTES = 10;
const BEGIN = "<!-- measured by scripts/measure-scenarios.ts -->";
const END = "<!-- end of measured -->";

let worst = 0;
let requests = 0;
const lines = [`| family | ${PRESSURE_LEVELS.map((level) => `${level * 100} %`).join(" | ")} |`];
lines.push(`|---|${PRESSURE_LEVELS.map(() => "---").join("|")}|`);
const start = process.cpuUsage();
for (const id of SCENARIO_IDS) {
  const cells: string[] = [];
  for (const pressureRatio of PRESSURE_LEVELS) {
    let off = 0;
    let peak = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const demand = getScenario(id).generate({
        pressureRatio,
        seed,
        durationMicros: MINUTES * 60_000_000,
        ratePerSecond: DEFAULT_RATE_PER_SECOND,
        capacityBytes: DEFAULT_CAPACITY_BYTES,
      });
      const level = measureLevel(demand, fillEndMicros(demand.durationMicros));
      off = Math.max(off, Math.abs(level.meanRatio - pressureRatio));
      peak = Math.max(peak, level.peakRatio);
      requests += demand.idCount;
    }
    worst = Math.max(worst, off);
    cells.push(`${(off * 100).toFixed(3)} · ${(peak * 100).toFixed(1)}`);
  }
  lines.push(`| \`${id}\` | ${cells.join(" | ")} |`);
}
const used = process.cpuUsage(start);
console.error(
  `${requests} requests, ${((used.user + used.system) / requests).toFixed(2)} µs of CPU each, measured too`,
);

const text = [
  BEGIN,
  "",
  `Greatest distance of the mean from the level, and greatest peak, both in % of capacity, over seeds 1 to ${SEEDS}; ${MINUTES} min at`,
  `${DEFAULT_RATE_PER_SECOND} requests/s on ${DEFAULT_CAPACITY_BYTES} bytes. The worst of all: ${(worst * 100).toFixed(3)} points off.`,
  "",
  ...lines,
  "",
  END,
].join("\n");
const path = fileURLToPath(new URL("../docs/scenarios.md", import.meta.url));
const page = readFileSync(path, "utf8");
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`${path} has lost its marks`);
writeFileSync(path, before + text + after);
