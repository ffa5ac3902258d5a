// Two requests of one demand, told by what is recorded of them: one that `reactive` denied and `predictive` served, and one that
// nobody served. Which two is a rule and not a choice, so that another seed tells its own.

import { type Engine, loadEngine } from "../cli/engine.ts";
import { recordRun } from "../cli/record-run.ts";
import { CLASS_BUDGET_MICROS, type Demand, OP_ALLOCATE } from "../core/demand.ts";
import { HORIZON_MICROS } from "../core/units.ts";
import { criticalThreshold } from "../sim/pressure-meter.ts";
import * as column from "../sim/recording/columns.ts";
import { CELL_PINNED, FREE_ID, HeapView } from "../sim/recording/heap-view.ts";
import type { Recording } from "../sim/recording/recording.ts";
import { CAUSE_FRAGMENTATION, CAUSE_PINNED } from "../sim/result.ts";

export const RUN = { scenario: "burst", pressureRatio: 0.95, seed: 3, durationSeconds: 600 } as const;
/** Beside the pair: the same controller without a forecast, and the bound that knows every request. */
export const WITNESSES = ["blind", "clairvoyant"] as const;

export interface Denial {
  readonly id: number;
  readonly micros: number;
  readonly sizeBytes: number;
  readonly requestClass: number;
  /** Index into OOM_CAUSES. */
  readonly cause: number;
}

/** An arena at a moment. */
export interface Arena {
  readonly freeBytes: number;
  readonly largestHoleBytes: number;
  readonly holes: number;
  readonly pinnedBlocks: number;
}

/** Runs that ended within the horizon before a moment. */
export interface RunsBefore {
  readonly ahead: number;
  readonly onRequest: number;
  readonly aheadBytes: number;
  /** From the end of the last one until the moment, µs; null: there was none. */
  readonly lastMicrosAgo: number | null;
}

export interface ForecastOfMoment {
  readonly forecastRatio: number;
  readonly upperRatio: number;
  /** What it came to in the arena that the forecast is of. */
  readonly cameRatio: number;
  /** Did the upper bound reach the critical threshold? */
  readonly isAlarm: boolean;
  /** Share of all forecasts of the run whose upper bound did. */
  readonly alarmShare: number;
}

export interface Story {
  readonly denial: Denial;
  readonly arrivalMicros: number;
  /** What `predictive` did: its denial, or null where it served the request. */
  readonly other: Denial | null;
  /** By witness: denied or served. */
  readonly witnesses: readonly { readonly policy: string; readonly isDenied: boolean }[];
  readonly reactive: { readonly arena: Arena; readonly runs: RunsBefore };
  readonly predictive: { readonly arena: Arena; readonly runs: RunsBefore };
  readonly forecast: ForecastOfMoment;
}

export interface Stories {
  readonly reactive: Recording;
  readonly predictive: Recording;
  readonly avoided: Story;
  readonly denied: Story;
}

type Denials = ReadonlyMap<number, Denial>;

/** Cost: four simulated runs. Errors: none of the requests is such a one. */
export async function findStories(): Promise<Stories> {
  const engine = await loadEngine();
  const { scenario, ...about } = RUN;
  const request = { ...about, ratePerSecond: 100, capacityBytes: null, mix: null };
  const demand = await engine.makeDemand({ kind: "scenario", id: scenario }, request);
  const [reactive, predictive] = ["reactive", "predictive"].map((policy) => recorded(engine, demand, policy)) as [
    Recording,
    Recording,
  ];
  const witnesses = WITNESSES.map((policy) => ({ policy, denials: denialsOf(recorded(engine, demand, policy)) }));
  const [late, early] = [denialsOf(reactive), denialsOf(predictive)];
  const arrivals = arrivalsOf(demand);
  const served = servedAtOnce(predictive);

  /** Cause fragmentation under `reactive`; under `predictive` served on arrival, and the last run before it was one ahead. */
  const isAvoided = ({ id, cause }: Denial) =>
    cause === CAUSE_FRAGMENTATION && served.has(id) && isLastRunAhead(predictive, arrivals.get(id)!);
  /** Denied for pinned blocks under both, and denied by every witness. */
  const isDenied = ({ id, cause }: Denial) =>
    cause === CAUSE_PINNED && early.get(id)?.cause === CAUSE_PINNED && witnesses.every((one) => one.denials.has(id));

  const story = (fits: (denial: Denial) => boolean): Story => {
    const denial = largest([...late.values()].filter(fits));
    const arrivalMicros = arrivals.get(denial.id)!;
    const side = (recording: Recording) => ({
      arena: arenaAt(recording, arrivalMicros - 1),
      runs: runsBefore(recording, arrivalMicros),
    });
    return {
      denial,
      arrivalMicros,
      other: early.get(denial.id) ?? null,
      witnesses: witnesses.map(({ policy, denials }) => ({ policy, isDenied: denials.has(denial.id) })),
      reactive: side(reactive),
      predictive: side(predictive),
      forecast: forecastOf(predictive, arrivalMicros),
    };
  };
  return { reactive, predictive, avoided: story(isAvoided), denied: story(isDenied) };
}

function recorded(engine: Engine, demand: Demand, policy: string): Recording {
  return recordRun(engine, demand, policy, RUN.seed).recording;
}

/** Of equals the one that might have waited longest, then the first. */
function largest(denials: readonly Denial[]): Denial {
  const budget = (denial: Denial) => CLASS_BUDGET_MICROS[denial.requestClass]!;
  const sorted = [...denials].sort(
    (a, b) => b.sizeBytes - a.sizeBytes || budget(b) - budget(a) || a.micros - b.micros || a.id - b.id,
  );
  if (sorted[0] === undefined) throw new Error(`no such request in ${RUN.scenario}, seed ${RUN.seed}`);
  return sorted[0];
}

function denialsOf({ events }: Recording): Denials {
  const found = new Map<number, Denial>();
  for (let row = 0; row < events.count; row++) {
    if (events.kind[row] !== column.EVENT_DENY) continue;
    const id = events.id[row]!;
    found.set(id, {
      id,
      micros: events.micros[row]!,
      sizeBytes: events.size[row]!,
      requestClass: events.flags[row]! & column.FLAG_CLASS_MASK,
      cause: events.to[row]!,
    });
  }
  return found;
}

/** Ids of blocks that were placed without a wait. */
function servedAtOnce({ events }: Recording): ReadonlySet<number> {
  const ids = new Set<number>();
  for (let row = 0; row < events.count; row++)
    if (events.kind[row] === column.EVENT_PLACE && events.from[row] === 0) ids.add(events.id[row]!);
  return ids;
}

/** By id of an allocation: when it was asked for, µs. */
function arrivalsOf(demand: Demand): ReadonlyMap<number, number> {
  const arrivals = new Map<number, number>();
  for (let row = 0; row < demand.length; row++)
    if (demand.kind[row] === OP_ALLOCATE) arrivals.set(demand.id[row]!, demand.timeMicros[row]!);
  return arrivals;
}

function isLastRunAhead(recording: Recording, micros: number): boolean {
  const row = lastRunEnd(recording, micros);
  if (row < 0 || micros - recording.events.micros[row]! > HORIZON_MICROS) return false;
  return (recording.events.flags[row]! & column.FLAG_IS_PROACTIVE) !== 0;
}

function lastRunEnd(recording: Recording, micros: number): number {
  let row = recording.eventsUntil(micros - 1) - 1;
  while (row >= 0 && recording.events.kind[row] !== column.EVENT_COMPACT_END) row--;
  return row;
}

function runsBefore(recording: Recording, micros: number): RunsBefore {
  const { events } = recording;
  let [ahead, onRequest, aheadBytes] = [0, 0, 0];
  const end = recording.eventsUntil(micros - 1);
  for (let row = recording.eventsUntil(micros - HORIZON_MICROS); row < end; row++) {
    if (events.kind[row] !== column.EVENT_COMPACT_END) continue;
    if ((events.flags[row]! & column.FLAG_IS_PROACTIVE) === 0) onRequest++;
    else {
      ahead++;
      aheadBytes += events.size[row]!;
    }
  }
  const last = lastRunEnd(recording, micros);
  return { ahead, onRequest, aheadBytes, lastMicrosAgo: last < 0 ? null : micros - events.micros[last]! };
}

/** After everything up to and with this moment. */
function arenaAt(recording: Recording, micros: number): Arena {
  const view = new HeapView(recording);
  view.seek(micros);
  const { granuleBytes, capacityBytes } = recording.header;
  let [holes, run, longest] = [0, 0, 0];
  for (const owner of view.owners) {
    run = owner === FREE_ID ? run + 1 : 0;
    if (run === 1) holes++;
    if (run > longest) longest = run;
  }
  const pinnedBlocks = [...view.blocks.values()].filter((block) => block.cell === CELL_PINNED).length;
  return {
    freeBytes: capacityBytes - view.usedBytes,
    largestHoleBytes: longest * granuleBytes,
    holes,
    pinnedBlocks,
  };
}

/** The forecast of the last tick that is a whole horizon before the moment, and the pressure at the tick it was for. */
function forecastOf(recording: Recording, micros: number): ForecastOfMoment {
  const { ticks, header } = recording;
  const threshold = criticalThreshold(header.pressureRatio);
  const bounds = ticks.upper.subarray(0, ticks.count).filter((upper) => !Number.isNaN(upper));
  const made = recording.ticksUntil(micros - HORIZON_MICROS) - 1;
  const came = recording.ticksUntil(ticks.micros[made]! + HORIZON_MICROS) - 1;
  return {
    forecastRatio: ticks.forecast[made]!,
    upperRatio: Math.min(1, ticks.upper[made]!),
    cameRatio: ticks.watched[came]!,
    isAlarm: ticks.upper[made]! >= threshold,
    alarmShare: bounds.filter((upper) => upper >= threshold).length / bounds.length,
  };
}
