// What happens when: the moments of bursts and herds, and the succession of regimes. All drawn beforehand from streams
// of their own, so that neither sizes nor lifetimes shift them.

import type { RandomStream } from "../core/random.ts";
import { MICROS_PER_MILLI, MICROS_PER_SECOND } from "../core/units.ts";
import type { EventSpec, RegimeSpec } from "./spec.ts";

/** Events of a run, in time order, never overlapping. */
export interface EventSchedule {
  readonly startMicros: Float64Array;
  readonly endMicros: Float64Array;
  /** When the requests of the herds arrive, integers in time order. */
  readonly herdMicros: Float64Array;
  /** To which event each of them belongs. */
  readonly herdEvent: Uint32Array;
  /** Number of requests of each event's herd. */
  readonly herdSize: Uint32Array;
}

/** Regimes of a run: `regime[i]` holds from `startMicros[i]` up to `startMicros[i + 1]`, the last to the end. */
export interface RegimeSchedule {
  readonly startMicros: Float64Array;
  readonly regime: Uint8Array;
}

/** Draws the events between two moments. Starts fall on multiples of `cellMicros`. */
export function scheduleEvents(
  spec: EventSpec,
  fromMicros: number,
  toMicros: number,
  cellMicros: number,
  stream: RandomStream,
): EventSchedule {
  const starts: number[] = [];
  const ends: number[] = [];
  const herdMicros: number[] = [];
  const herdEvent: number[] = [];
  const herdSize: number[] = [];
  let t = fromMicros;
  for (;;) {
    t += gapSeconds(spec, stream) * MICROS_PER_SECOND;
    const start = Math.ceil(t / cellMicros) * cellMicros;
    const seconds = spec.lowSeconds + (spec.highSeconds - spec.lowSeconds) * stream.next();
    const end = start + Math.max(cellMicros, Math.round((seconds * MICROS_PER_SECOND) / cellMicros) * cellMicros);
    if (end >= toMicros) break;
    const event = starts.length;
    starts.push(start);
    ends.push(end);
    const count = spec.herd === undefined ? 0 : stream.between(spec.herd.lowRequests, spec.herd.highRequests);
    herdSize.push(count);
    // Never longer than the event: herds of neighbouring events do not mingle, and none reaches beyond the run.
    const withinMicros = Math.min((spec.herd?.withinMillis ?? 0) * MICROS_PER_MILLI, end - start);
    for (let k = 0; k < count; k++) {
      herdMicros.push(Math.floor(start + ((k + stream.next()) / count) * withinMicros));
      herdEvent.push(event);
    }
    t = end;
  }
  return {
    startMicros: Float64Array.from(starts),
    endMicros: Float64Array.from(ends),
    herdMicros: Float64Array.from(herdMicros),
    herdEvent: Uint32Array.from(herdEvent),
    herdSize: Uint32Array.from(herdSize),
  };
}

/** Draws the succession of regimes between two moments. */
export function scheduleRegimes(
  regimes: readonly RegimeSpec[],
  order: "cycle" | "random",
  fromMicros: number,
  toMicros: number,
  stream: RandomStream,
): RegimeSchedule {
  const starts: number[] = [];
  const chosen: number[] = [];
  let now = 0;
  for (let t = fromMicros; t < toMicros; ) {
    starts.push(Math.floor(t));
    chosen.push(now);
    const regime = regimes[now]!;
    const jitter = regime.jitter ?? 0;
    t += regime.seconds * (1 + jitter * (2 * stream.next() - 1)) * MICROS_PER_SECOND;
    // A random step of 1..n-1 never stays where it is.
    now =
      (now + (order === "random" && regimes.length > 1 ? 1 + stream.integer(regimes.length - 1) : 1)) % regimes.length;
  }
  return { startMicros: Float64Array.from(starts), regime: Uint8Array.from(chosen) };
}

function gapSeconds(spec: EventSpec, stream: RandomStream): number {
  if (spec.schedule === "jittered") return spec.gapSeconds * (1 + (spec.jitter ?? 0) * (2 * stream.next() - 1));
  const least = Math.min(spec.leastGapSeconds ?? 0, spec.gapSeconds);
  return least + stream.exponential(spec.gapSeconds - least);
}
