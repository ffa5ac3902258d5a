// When the operations of a recording arrive in virtual time. Three ways, and every result says which: real time; real
// times stretched by a constant factor, because a few milliseconds of a busy program leave a forecaster nothing to forecast;
// and logical time for recordings that keep only the order.

import { OP_FREE } from "../../core/demand.ts";
import { MempredError } from "../../core/errors.ts";
import { MICROS_PER_SECOND } from "../../core/units.ts";
import type { RawTrace } from "./raw-trace.ts";

/** Requests/s of stretched and logical time unless stated. */
export const DEFAULT_RATE_PER_SECOND = 100;
/** A recording with more requests/s than this is stretched. */
export const DENSE_RATE_PER_SECOND = 10_000;

/** How fast to replay. */
export interface Pace {
  /** Requests (allocations and reallocations) per second of stretched and of logical time, > 0. */
  readonly ratePerSecond: number;
  /** Stretch recorded times by this factor, > 0, instead of judging by density. */
  readonly stretch?: number | undefined;
}

/** Arrival times of the first rows of a trace. */
export interface ArrivalTimes {
  /** Integer µs from 0, never decreasing. */
  readonly timeMicros: Float64Array;
  /** "real time", "stretched x 12.3 (recorded span 0.070 s)" or "logical time, 100 requests/s". */
  readonly timing: string;
}

/**
 * The arrival times of the first `rows` rows. Recordings whose times do not advance count as order only.
 * Throws INVALID_INPUT when a stretch is asked of a recording without times. Cost: two passes.
 */
export function arrivalTimes(trace: RawTrace, rows: number, pace: Pace): ArrivalTimes {
  const span = rows > 0 && trace.timing !== "order" ? trace.timeMicros[rows - 1] - trace.timeMicros[0] : 0;
  if (span <= 0) {
    if (pace.stretch !== undefined) {
      throw new MempredError("INVALID_INPUT", `${trace.file} has no times to stretch: give a rate instead`, {
        file: trace.file,
        expected: "a rate",
      });
    }
    return logicalTimes(trace, rows, pace.ratePerSecond);
  }
  const requests = countRequests(trace, rows);
  const isDense = requests * MICROS_PER_SECOND > DENSE_RATE_PER_SECOND * span || trace.timing === "steps";
  const wantedMicros = (requests / pace.ratePerSecond) * MICROS_PER_SECOND;
  const factor = pace.stretch ?? (isDense ? wantedMicros / span : 1);
  const timeMicros = new Float64Array(rows);
  const first = trace.timeMicros[0];
  for (let i = 0; i < rows; i++) timeMicros[i] = Math.round((trace.timeMicros[i] - first) * factor);
  const shownSpan = trace.timing === "steps" ? `${span} steps` : `${(span / MICROS_PER_SECOND).toFixed(3)} s`;
  const shownFactor = Number(factor.toFixed(factor >= 10 ? 1 : 4));
  const timing = factor === 1 ? "real time" : `stretched x ${shownFactor} (recorded span ${shownSpan})`;
  return { timeMicros, timing };
}

/** Requests at a constant rate; the frees between two of them evenly between. */
function logicalTimes(trace: RawTrace, rows: number, ratePerSecond: number): ArrivalTimes {
  const timeMicros = new Float64Array(rows);
  const gapMicros = MICROS_PER_SECOND / ratePerSecond;
  let requests = 0;
  for (let i = 0; i < rows; ) {
    if (trace.kind[i] !== OP_FREE) {
      timeMicros[i++] = Math.floor(requests++ * gapMicros);
      continue;
    }
    let end = i;
    while (end < rows && trace.kind[end] === OP_FREE) end++;
    const lastRequest = Math.max(0, requests - 1) * gapMicros;
    for (let j = i; j < end; j++) {
      timeMicros[j] = Math.floor(lastRequest + (gapMicros * (j - i + 1)) / (end - i + 1));
    }
    i = end;
  }
  return { timeMicros, timing: `logical time, ${ratePerSecond} requests/s` };
}

function countRequests(trace: RawTrace, rows: number): number {
  let requests = 0;
  for (let i = 0; i < rows; i++) if (trace.kind[i] !== OP_FREE) requests++;
  return requests;
}
