// Benchmark of the whole simulation on one core: requests per second of `simulate`, arena, shadow, forecaster, scores and all,
// for the plain baseline and for what ships; of making a demand; and how much garbage a request leaves. Each figure is the
// median of repetitions that alternate between the policies within one run, as the machine may be shared. A request is an
// allocation or a resize; the frees in between are part of the time and not of the count.
//
//   npx tsx scripts/bench/simulation.ts [--smoke]

import { type HeapProfiler, Session } from "node:inspector/promises";
import { pathToFileURL } from "node:url";
import type { Demand } from "../../core/demand.ts";
import { Digest } from "../../core/hash.ts";
import { DEFAULT_CAPACITY_BYTES, MICROS_PER_SECOND } from "../../core/units.ts";
import { getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { DEFAULT_RATE_PER_SECOND } from "../../scenarios/scenario.ts";
import { demandFacts } from "../../sim/demand-facts.ts";
import { simulate } from "../../sim/simulate.ts";
import type { SimulateOptions } from "../../sim/simulate-types.ts";
import type { BenchRow } from "./bench-row.ts";

const SEED = 1;
const POLICIES = ["reactive", "predictive"] as const;
type BenchPolicy = (typeof POLICIES)[number];
const MARK = ">= 2";
const SAMPLING_BYTES = 512;

/** Runs it all; `smoke` shortens each part to a moment. The digest is that of what was simulated, never of a time. */
export async function benchSimulation(options: { smoke: boolean }): Promise<BenchRow[]> {
  const { smoke } = options;
  const seconds = smoke ? 5 : 600;
  const repetitions = smoke ? 1 : 9;
  const digest = new Digest();
  const rows: BenchRow[] = [];
  const makeDemand = (scenario: string, pressureRatio: number): Demand =>
    getScenario(scenario).generate({
      pressureRatio,
      seed: SEED,
      durationMicros: seconds * MICROS_PER_SECOND,
      ratePerSecond: DEFAULT_RATE_PER_SECOND,
      capacityBytes: DEFAULT_CAPACITY_BYTES,
    });

  const demands = new Map<string, Demand>();
  let makingSeconds = 0;
  let made = 0;
  for (const scenario of SCENARIO_IDS) {
    const start = process.hrtime.bigint();
    const demand = makeDemand(scenario, 0.95);
    makingSeconds += Number(process.hrtime.bigint() - start) / 1e9;
    made += requestsOf(demand);
    demands.set(scenario, demand);
  }
  if (!smoke) for (const policy of POLICIES) for (const demand of demands.values()) simulate(runOf(demand, policy));

  for (const percent of [50, 95]) {
    const demand = percent === 95 ? demands.get("steady")! : makeDemand("steady", percent / 100);
    const times = timeAll([demand], repetitions, digest)[0]!;
    for (const policy of POLICIES)
      rows.push(speedRow(`${policy}, steady ${percent} %`, policy, requestsOf(demand), times));
  }

  const families = timeAll([...demands.values()], repetitions, digest);
  for (const policy of POLICIES) {
    const total = { reactive: 0, predictive: 0 };
    for (const times of families) total[policy] += times[policy];
    const slowest = [...demands.keys()].map((scenario, i) => ({
      scenario,
      speed: requestsOf(demands.get(scenario)!) / families[i]![policy] / 1e6,
    }));
    slowest.sort((a, b) => a.speed - b.speed);
    const row = speedRow(`${policy}, all families at 95 %`, policy, made, total);
    const { scenario, speed } = slowest[0]!;
    rows.push({ ...row, note: `${row.note}; slowest: ${scenario} ${speed.toFixed(2)}` });
  }
  rows.push({
    name: "making a demand, all families at 95 %",
    value: made / makingSeconds / 1e6,
    unit: "M requests/s",
    note: `cold, ${made} requests`,
  });
  for (const policy of POLICIES) rows.push(await garbageRow(policy, demands.get("steady")!));
  rows.push({ name: "digest of the simulations", value: 0, unit: "", note: digest.hex() });
  return rows;
}

type Times = Record<BenchPolicy, number>;

/** Median seconds of a run, by demand and policy. */
function timeAll(demands: readonly Demand[], repetitions: number, digest: Digest): Times[] {
  const all = demands.map(() => ({ reactive: [] as number[], predictive: [] as number[] }));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    demands.forEach((demand, i) => {
      for (const policy of POLICIES) {
        const start = process.hrtime.bigint();
        const { result } = simulate(runOf(demand, policy));
        all[i]![policy].push(Number(process.hrtime.bigint() - start) / 1e9);
        if (repetition === 0) digest.addText(`${result.scenario} ${policy} ${result.hash}`);
      }
    });
  }
  return all.map((times) => ({ reactive: median(times.reactive), predictive: median(times.predictive) }));
}

/** Lets the engine compile for this policy what the last one has shaped. */
function warmUp(policy: BenchPolicy, demand: Demand): void {
  for (let run = 0; run < 3; run++) simulate(runOf(demand, policy));
}

function runOf(demand: Demand, policy: BenchPolicy): SimulateOptions {
  return { demand, policy, seed: SEED };
}

function speedRow(name: string, policy: BenchPolicy, requests: number, times: Times): BenchRow {
  const row = { name, value: requests / times[policy] / 1e6, unit: "M requests/s" };
  const note = `${requests} requests in ${(1000 * times[policy]).toFixed(1)} ms`;
  return policy === "predictive" ? { ...row, mark: MARK, note: `${note}, shadow on` } : { ...row, note };
}

/**
 * Bytes that the engine's own heap takes per request, collected or not, as its sampling profiler estimates them. Typed
 * arrays' contents lie outside of that heap: they are made once a run and are not counted.
 */
async function garbageRow(policy: BenchPolicy, demand: Demand): Promise<BenchRow> {
  warmUp(policy, demand);
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: SAMPLING_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  simulate(runOf(demand, policy));
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  const bytes = bytesOf(profile.head);
  const note = `${(bytes / 1024).toFixed(0)} KiB in a run of ${requestsOf(demand)} requests, steady 95 %, typed arrays apart`;
  return { name: `garbage, ${policy}`, value: bytes / requestsOf(demand), unit: "B/request", note };
}

function bytesOf(node: HeapProfiler.SamplingHeapProfileNode): number {
  return node.children.reduce((sum, child) => sum + bytesOf(child), node.selfSize);
}

function requestsOf(demand: Demand): number {
  return demandFacts(demand).requests.total;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)]!;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchSimulation({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
