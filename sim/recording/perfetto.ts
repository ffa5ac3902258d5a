// A recording as a trace that Perfetto and Chrome's own viewer open: JSON of "traceEvents", times in µs. One process a run. In it:
// counters of pressure and occupancy, and of the forecast at the moment it was *for*; compactions as slices on a track of their own
// (there is one compactor, so they never overlap: asserted); denied requests as instants; each forecast as a short slice, with a
// flow to the tick it was for.
// Format: "Trace Event Format", Google 2016, phases M, C, X, i, s and f.

import { CLASS_NAMES } from "../../core/demand.ts";
import { assert } from "../../core/errors.ts";
import { HORIZON_MICROS } from "../../core/units.ts";
import { OOM_CAUSES } from "../result.ts";
import * as column from "./columns.ts";
import type { Recording } from "./recording.ts";

const COMPACTION_TRACK = 1;
const DENIED_TRACK = 2;
const FORECAST_TRACK = 3;
/** How long the slice of a forecast is drawn: a flow needs a slice at both of its ends. */
const FORECAST_SLICE_MICROS = 1000;

type TraceEvent = Readonly<Record<string, unknown>>;

/** The whole document. Cost: a line an event that is shown; blocks are not. */
export function perfettoTrace(recordings: readonly Recording[]): string {
  const lines: string[] = [];
  recordings.forEach((recording, i) => {
    for (const event of runEvents(recording, i + 1)) lines.push(JSON.stringify(event));
  });
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.join(",\n")}\n]}\n`;
}

/** Events of one run, in order of time within each track. */
export function* runEvents(recording: Recording, pid: number): Generator<TraceEvent> {
  const { policy, scenario, pressureRatio, seed } = recording.header;
  const name = `${policy}: ${scenario}, ${100 * pressureRatio} %, seed ${seed}`;
  yield { ph: "M", pid, name: "process_name", args: { name } };
  for (const [tid, track] of TRACKS) yield { ph: "M", pid, tid, name: "thread_name", args: { name: track } };
  yield* counters(recording, pid);
  yield* compactions(recording, pid);
  yield* denials(recording, pid);
  yield* forecasts(recording, pid);
}

const TRACKS: readonly (readonly [number, string])[] = [
  [COMPACTION_TRACK, "compactions"],
  [DENIED_TRACK, "out of memory"],
  [FORECAST_TRACK, "forecasts, 5 s ahead"],
];

function* counters({ ticks }: Recording, pid: number): Generator<TraceEvent> {
  for (let row = 0; row < ticks.count; row++) {
    const ts = ticks.micros[row]!;
    const args = { effective: ticks.pressure[row], occupancy: ticks.occupancy[row] };
    yield { ph: "C", pid, ts, name: "pressure", args };
  }
  for (let row = 0; row < ticks.count; row++) {
    const forecast = ticks.forecast[row]!;
    if (Number.isNaN(forecast)) continue;
    const ts = ticks.micros[row]! + HORIZON_MICROS;
    const upper = ticks.upper[row]!;
    yield { ph: "C", pid, ts, name: "forecast of this moment", args: { forecast, upper: finiteOr(upper, forecast) } };
  }
}

function* compactions({ events, words, endMicros }: Recording, pid: number): Generator<TraceEvent> {
  let startRow = -1;
  for (let row = 0; row < events.count; row++) {
    const kind = events.kind[row];
    if (kind === column.EVENT_COMPACT_START) {
      assert(startRow < 0, "a compaction begins when the one before has ended");
      startRow = row;
    } else if (kind === column.EVENT_COMPACT_END) {
      assert(startRow >= 0 && events.id[startRow] === events.id[row], "a compaction ends that has begun");
      yield compactionSlice(startRow, events.micros[row]!, events.size[row]!);
      startRow = -1;
    }
  }
  if (startRow >= 0) yield compactionSlice(startRow, endMicros, 0); // the run ended meanwhile

  function compactionSlice(start: number, end: number, movedBytes: number): TraceEvent {
    const ts = events.micros[start]!;
    const name = (events.flags[start]! & column.FLAG_IS_PROACTIVE) !== 0 ? "proactive" : "reactive";
    const args = { run: events.id[start], trigger: words[events.to[start]!], movedBytes };
    return { ph: "X", pid, tid: COMPACTION_TRACK, ts, dur: end - ts, name, args };
  }
}

function* denials({ events }: Recording, pid: number): Generator<TraceEvent> {
  for (let row = 0; row < events.count; row++) {
    if (events.kind[row] !== column.EVENT_DENY) continue;
    const requestClass = CLASS_NAMES[events.flags[row]! & column.FLAG_CLASS_MASK];
    const args = { bytes: events.size[row], class: requestClass, request: events.id[row] };
    const name = `OOM: ${OOM_CAUSES[events.to[row]!]}`;
    yield { ph: "i", s: "t", pid, tid: DENIED_TRACK, ts: events.micros[row], name, args };
  }
}

function* forecasts({ ticks }: Recording, pid: number): Generator<TraceEvent> {
  const base = { pid, tid: FORECAST_TRACK };
  for (let row = 0; row < ticks.count; row++) {
    const [ts, forecast] = [ticks.micros[row]!, ticks.forecast[row]!];
    if (Number.isNaN(forecast)) continue;
    const args = { forecast, upper: ticks.upper[row], confidence: ticks.confidence[row], pressure: ticks.watched[row] };
    yield { ph: "X", ...base, ts, dur: FORECAST_SLICE_MICROS, name: `forecast ${percent(forecast)}`, args };
    const target = row + HORIZON_MICROS / (ticks.micros[1]! - ticks.micros[0]!);
    if (!(target < ticks.count) || Number.isNaN(ticks.forecast[target]!)) continue;
    const flow = { ...base, cat: "forecast", name: "is of", id: `${pid}.${row}` };
    yield { ph: "s", ...flow, ts };
    yield { ph: "f", bp: "e", ...flow, ts: ticks.micros[target] };
  }
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}

function percent(ratio: number): string {
  return `${Math.round(1000 * ratio) / 10} %`;
}
