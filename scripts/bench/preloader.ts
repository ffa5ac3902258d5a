// Benchmark of the component preloader. First what a hit costs whoever asks, against a promise that is resolved, in the same run, and
// what learning and expecting take afterwards (the mark: a few microseconds at most for the hit). Then the planned workload
// (preload/planned-workload.ts), in the time of its own requests, loads of 50 ms: with preloading, and the same object without beside
// it (P46 to P49). Half of the components fit.
//
//   npx tsx scripts/bench/preloader.ts [--smoke]

import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import { ComponentPreloader } from "../../live/preload/component-preloader.ts";
import type { ComponentPreloaderStatistics } from "../../live/preload/preloader-statistics.ts";
import { type PlannedWorkload, plannedWorkload } from "../../preload/planned-workload.ts";
import type { BenchRow } from "./bench-row.ts";

const LOAD_MILLIS = 50;
const BATCH = 64;

export async function benchPreloader({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const digest = new Digest();
  const rows = await benchHits(smoke ? 5_000 : 200_000);
  const workload = plannedWorkload({ requestCount: smoke ? 500 : 10_000 });
  const [ahead, plain] = [await play(workload, true), await play(workload, false)];
  for (const { hits, preloads } of [ahead, plain]) {
    for (const count of [hits, preloads.begun, preloads.inTime, preloads.late, preloads.wasted])
      digest.addInteger(count);
  }
  const note = `${ahead.requests} requests for ${workload.names.length} components, half of them fit; the learning included`;
  return [
    ...rows,
    { name: "planned workload: requests from memory", value: 100 * ahead.hitRatio, unit: "%", mark: "> 90", note },
    { name: "the same, preloading off", value: 100 * plain.hitRatio, unit: "%" },
    {
      name: "answered by preloading, of those that would wait",
      value: 100 * ahead.preloadHitRatio,
      unit: "%",
      note: "nobody foresees noise, detours and what a session begins with",
    },
    { name: "wasted, of preloads with an outcome", value: 100 * ahead.preloads.wastedShare, unit: "%", mark: "< 10" },
    { name: "preloads a request", value: ahead.preloads.begun / ahead.requests, unit: "preloads" },
    {
      name: "response time against cold",
      value: ahead.responses.meanMillis / LOAD_MILLIS,
      unit: "x",
      mark: "<= 0.5",
      note: `off ${(plain.responses.meanMillis / LOAD_MILLIS).toFixed(3)}; of the loads' own time`,
    },
    {
      name: "memory that preloading takes",
      value: ahead.memory.overheadBytes / 1e6,
      unit: "MB",
      mark: "<= 200",
      note: `of it learned ${(ahead.memory.modelBytes / 1e6).toFixed(1)}`,
    },
    { name: "digest of counts", value: 0, unit: "", note: digest.hex() },
  ];
}

/** The hits of one preloader and what comes after them, and resolved promises beside. */
async function benchHits(requests: number): Promise<BenchRow[]> {
  const names = Array.from({ length: 200 }, (_, i) => `component ${i}`);
  const preloader = new ComponentPreloader<string>({ load: (name) => `value of ${name}` });
  for (const name of names) await preloader.get(name);
  await preloader.idle();
  const promiseMillis: number[] = [];
  const hitMillis: number[] = [];
  let laterMillis = 0;
  for (let from = 0; from < requests; from += BATCH) {
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) await Promise.resolve(names[(from + i) % names.length]);
    const begun = performance.now();
    for (let i = 0; i < BATCH; i++) await preloader.get(names[(from + 7 * i) % names.length]!, { user: "u" });
    const answered = performance.now();
    if (from % (16 * BATCH) === 0) {
      preloader.expect("u"); // learns from what waits, and expects once more
      laterMillis += performance.now() - answered;
    }
    promiseMillis.push(begun - start);
    hitMillis.push(answered - begun);
    if (from % (16 * BATCH) === 15 * BATCH) await turn();
  }
  // The median of the batches: what else the machine does is not the preloader's.
  const micros = (millis: number[]) => (1000 * (millis.sort((a, b) => a - b)[millis.length >> 1] as number)) / BATCH;
  const { learned } = preloader.statistics();
  await preloader.close();
  return [
    { name: "hit", value: micros(hitMillis), unit: "µs", mark: "<= 5", note: "awaited; median of batches of 64" },
    { name: "resolved promise", value: micros(promiseMillis), unit: "µs", note: "awaited, in the same loop" },
    { name: "learning, afterwards", value: (1000 * laterMillis) / learned, unit: "µs a request", note: "in batches" },
  ];
}

/** In the time of the workload: between two requests everything that was begun ends. */
async function play(workload: PlannedWorkload, isPreloading: boolean): Promise<ComponentPreloaderStatistics> {
  const { components, names, users, userNames, isFirst, atMillis } = workload;
  const max = Math.round(names.length / 2);
  let [now, duration] = [0, 0];
  const preloader = new ComponentPreloader<string>({
    load: async (name) => {
      await turn();
      duration += LOAD_MILLIS;
      return name;
    },
    max,
    isPreloading,
    policy: "lru",
    nowMillis: () => now,
    durationMillis: () => duration,
  });
  for (let i = 0; i < components.length; i++) {
    now = atMillis[i]!;
    await preloader.get(names[components[i]!]!, { user: userNames[users[i]!]!, isFirst: isFirst[i] === 1 });
    await preloader.idle();
  }
  preloader.check();
  const statistics = preloader.statistics();
  await preloader.close();
  return statistics;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchPreloader({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(3)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
