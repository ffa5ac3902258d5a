// What a forecaster is told of a shadow arena, recorded once per (family, level, seed) so that any number of forecasters can
// be replayed over it without simulating again. The shadow is the one that `simulate` keeps beside `neural`: it compacts on demand
// with the machinery and gives up the bytes that its definition names. A record is a function of its key, kept in .mempred/forecast-lab; delete it after a change of the
// simulator, or pass `isFresh`.
//
// Two parts: a stream of every observation and compaction in order, exact, for the real `Forecaster`s, and one row of figures
// a tick, for training and for asking what carries information.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLASS_NAMES, OP_FREE } from "../../core/demand.ts";
import { DEFAULT_CAPACITY_BYTES, TICK_MICROS } from "../../core/units.ts";
import { BASELINE_IDS, createBaseline } from "../../predictor/baselines/registry.ts";
import { PREDICTOR_STATE_BYTES } from "../../predictor/state-layout.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { Arena } from "../../sim/arena.ts";
import { DEFAULT_COST } from "../../sim/cost-model.ts";
import { demandFacts } from "../../sim/demand-facts.ts";
import { defaultLimits } from "../../sim/limiter.ts";
import { neural } from "../../sim/policies/neural.ts";
import { criticalThreshold } from "../../sim/pressure-meter.ts";

/** Raised whenever a record's content changes. */
const RECORD_VERSION = 4;
const FOLDER = fileURLToPath(new URL("../../.mempred/forecast-lab/", import.meta.url));

/** Figures of a tick; "since" = since the tick before. */
export const COLUMNS = [
  "occupancy",
  "pressure",
  "meanOccupancy", // over the observations since; that of the tick where there were none
  "meanPressure",
  "leastPressure",
  "mostPressure",
  "largestHole", // bytes
  "holeCount",
  "reference", // bytes
  "largestRecent", // bytes
  "arrivals", // since
  "requestedBytes", // since
  "atomic", // since, as the two below
  "deadline",
  "large", // requests of at least the reference
  "compactions", // ended since
  "denials", // since
  "waiting", // 1 while someone waits
  // 1 − usable / capacity were the reference 128, 256, 384, 512, 768, 1024, 2048 bytes
  "pressure128",
  "pressure256",
  "pressure384",
  "pressure512",
  "pressure768",
  "pressure1024",
  "pressure2048",
] as const;
export type ColumnName = (typeof COLUMNS)[number];
const OTHER_REFERENCES = [128, 256, 384, 512, 768, 1024, 2048] as const;

/** In `streamAllocated`: the row is the end of a compaction run and no observation. */
export const COMPACTION_MARK = 0xffffffff;

export interface RecordKey {
  readonly family: string;
  readonly level: number;
  readonly seed: number;
}

export interface RunRecord extends RecordKey {
  readonly capacityBytes: number;
  readonly threshold: number;
  readonly ticks: number;
  /** One column (ticks) each. */
  readonly columns: Readonly<Record<ColumnName, Float32Array>>;
  /** U and P at the tick, exact. */
  readonly occupancy: Float64Array;
  readonly pressure: Float64Array;
  /** Stream rows before the tick. */
  readonly streamEnd: Uint32Array;
  readonly streamMicros: Float64Array;
  readonly streamAllocated: Uint32Array;
  readonly streamUsable: Uint32Array;
  /** (ticks × 6): what the simple baselines said at each tick, in the order of BASELINE_IDS. */
  readonly baselines: Float64Array;
}

export const LAB_DURATION_SECONDS = 600;
const LAB_RATE = 100;

/** The record of a key, from the cache or simulated. Cost: some 0.2 s to simulate, 1 ms from the cache. */
export function recordOf(key: RecordKey, isFresh = false): RunRecord {
  const path = join(FOLDER, `${key.family}-${Math.round(key.level * 1000)}-${key.seed}-v${RECORD_VERSION}.bin`);
  if (!isFresh && existsSync(path)) return decode(key, readFileSync(path));
  const record = simulateRecord(key);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${path}.part`, encode(record));
  renameSync(`${path}.part`, path);
  return record;
}

function simulateRecord(key: RecordKey): RunRecord {
  const demand = getScenario(key.family).generate({
    pressureRatio: key.level,
    seed: key.seed,
    durationMicros: LAB_DURATION_SECONDS * 1e6,
    ratePerSecond: LAB_RATE,
    capacityBytes: DEFAULT_CAPACITY_BYTES,
  });
  const facts = demandFacts(demand);
  const capacity = demand.capacityBytes;
  const arena = new Arena({
    demand,
    facts,
    fit: "segregated",
    compactor: neural.compactor ?? "slide",
    proactiveCompactor: neural.proactiveCompactor ?? "slide",
    compactsOnDemand: neural.compactsOnDemand,
    limits: defaultLimits(capacity),
    cost: DEFAULT_COST,
    retries: 0,
    verify: false,
    isMeasured: false,
    recorder: null,
  });
  arena.placeOwnBlock(PREDICTOR_STATE_BYTES + (neural.stateBytes ?? 0));
  const ticks = Math.floor(demand.durationMicros / TICK_MICROS) + 1;
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, new Float32Array(ticks)])) as Record<
    ColumnName,
    Float32Array
  >;
  const record = {
    ...key,
    capacityBytes: capacity,
    threshold: criticalThreshold(key.level),
    ticks,
    columns,
    occupancy: new Float64Array(ticks),
    pressure: new Float64Array(ticks),
    streamEnd: new Uint32Array(ticks),
    baselines: new Float64Array(ticks * BASELINE_IDS.length),
  };
  const micros: number[] = [];
  const allocated: number[] = [];
  const usable: number[] = [];
  const since = {
    n: 0,
    u: 0,
    p: 0,
    least: 1,
    most: 0,
    bytes: 0,
    atomic: 0,
    deadline: 0,
    large: 0,
    runs: 0,
    denials: 0,
  };
  arena.observer = {
    servedLate() {},
    denied: () => since.denials++,
    runEnded: (runner) => {
      since.runs++;
      micros.push(runner.endedMicros);
      allocated.push(COMPACTION_MARK);
      usable.push(0);
    },
  };
  const baselines = BASELINE_IDS.map(createBaseline);
  const [ATOMIC, DEADLINE] = [CLASS_NAMES.indexOf("atomic"), CLASS_NAMES.indexOf("deadline")];
  let tick = 0;
  const doTick = (): void => {
    const now = tick * TICK_MICROS;
    if (arena.nextEventMicros <= now) arena.advanceTo(now);
    arena.setReferenceLength(facts.referenceBytes[tick]);
    const u = arena.occupancyRatio();
    const p = arena.pressureRatio();
    record.occupancy[tick] = u;
    record.pressure[tick] = p;
    record.streamEnd[tick] = micros.length;
    columns.occupancy[tick] = u;
    columns.pressure[tick] = p;
    columns.meanOccupancy[tick] = since.n === 0 ? u : since.u / since.n;
    columns.meanPressure[tick] = since.n === 0 ? p : since.p / since.n;
    columns.leastPressure[tick] = since.n === 0 ? p : since.least;
    columns.mostPressure[tick] = since.n === 0 ? p : since.most;
    columns.largestHole[tick] = arena.heap.largestHole();
    columns.holeCount[tick] = arena.heap.holeCount;
    columns.reference[tick] = facts.referenceBytes[tick];
    columns.largestRecent[tick] = facts.largestBytes[tick];
    columns.arrivals[tick] = since.n;
    columns.requestedBytes[tick] = since.bytes;
    columns.atomic[tick] = since.atomic;
    columns.deadline[tick] = since.deadline;
    columns.large[tick] = since.large;
    columns.compactions[tick] = since.runs;
    columns.denials[tick] = since.denials;
    columns.waiting[tick] = arena.hasWaiting ? 1 : 0;
    for (const length of OTHER_REFERENCES) {
      arena.setReferenceLength(length);
      columns[`pressure${length}`][tick] = arena.pressureRatio();
    }
    arena.setReferenceLength(facts.referenceBytes[tick]);
    Object.assign(since, { n: 0, u: 0, p: 0, least: 1, most: 0, bytes: 0 });
    Object.assign(since, { atomic: 0, deadline: 0, large: 0, runs: 0, denials: 0 });
    baselines.forEach((baseline, i) => {
      baseline.tick(now, u, p, false);
      record.baselines[tick * BASELINE_IDS.length + i] = baseline.forecast(now);
    });
    tick++;
  };
  for (let row = 0; row < demand.length; row++) {
    const now = demand.timeMicros[row];
    while (tick * TICK_MICROS <= now) doTick();
    if (arena.nextEventMicros <= now) arena.advanceTo(now);
    arena.apply(row, now);
    if (demand.kind[row] === OP_FREE) continue;
    const u = arena.occupancyRatio();
    const p = arena.pressureRatio();
    since.n++;
    since.u += u;
    since.p += p;
    since.least = Math.min(since.least, p);
    since.most = Math.max(since.most, p);
    since.bytes += facts.lengthBytes[row];
    if (demand.requestClass[row] === ATOMIC) since.atomic++;
    if (demand.requestClass[row] === DEADLINE) since.deadline++;
    if (facts.lengthBytes[row] >= arena.heap.referenceLengthBytes) since.large++;
    micros.push(now);
    allocated.push(arena.heap.allocatedBytes);
    usable.push(arena.heap.usableBytes);
  }
  while (tick < ticks) doTick();
  return {
    ...record,
    streamMicros: Float64Array.from(micros),
    streamAllocated: Uint32Array.from(allocated),
    streamUsable: Uint32Array.from(usable),
  };
}

/** Header of four doubles (capacity, threshold, ticks, stream rows), then the arrays, widest first. */
function encode(record: RunRecord): Buffer {
  const header = new Float64Array([record.capacityBytes, record.threshold, record.ticks, record.streamMicros.length]);
  const arrays = [
    header,
    record.occupancy,
    record.pressure,
    record.baselines,
    record.streamMicros,
    record.streamEnd,
    record.streamAllocated,
    record.streamUsable,
    ...COLUMNS.map((name) => record.columns[name]),
  ];
  return Buffer.concat(arrays.map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)));
}

function decode(key: RecordKey, file: Buffer): RunRecord {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
  let at = 0;
  const doubles = (n: number): Float64Array => {
    const array = new Float64Array(buffer, at, n);
    at += n * 8;
    return array;
  };
  const words = (n: number): Uint32Array => {
    const array = new Uint32Array(buffer, at, n);
    at += n * 4;
    return array;
  };
  const [capacityBytes, threshold, ticks, rows] = doubles(4);
  const occupancy = doubles(ticks);
  const pressure = doubles(ticks);
  const baselines = doubles(ticks * BASELINE_IDS.length);
  const streamMicros = doubles(rows);
  const streamEnd = words(ticks);
  const streamAllocated = words(rows);
  const streamUsable = words(rows);
  const columns = {} as Record<ColumnName, Float32Array>;
  for (const name of COLUMNS) {
    columns[name] = new Float32Array(buffer, at, ticks);
    at += ticks * 4;
  }
  const streams = { streamEnd, streamMicros, streamAllocated, streamUsable };
  return { ...key, capacityBytes, threshold, ticks, columns, occupancy, pressure, baselines, ...streams };
}
