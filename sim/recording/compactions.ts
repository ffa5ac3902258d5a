// The compactions of a recorded run, one by one: when, why, how long, how much, and which requests another run of the same
// demand denied soon afterwards that this one did not. That is how two runs differ, not proof that the compaction was why.

import { EVENT_COMPACT_END, EVENT_COMPACT_START, EVENT_DENY, FLAG_IS_PROACTIVE } from "./columns.ts";
import type { Recording } from "./recording.ts";

/** Within this time after the end of a compaction, what the other run denied is looked at. */
export const USE_MICROS = 5_000_000;

export interface Compaction {
  readonly startMicros: number;
  readonly tookMicros: number;
  /** Started with no request pending; else for a request that could not be placed. */
  readonly isAhead: boolean;
  readonly movedBytes: number;
  /** Ids of requests that the other run denied within USE_MICROS and this one did not; empty without another run. */
  readonly sparedIds: readonly number[];
}

/**
 * The compactions that had ended at a moment, the newest first.
 * @param other a run of the same demand, or null
 * @param most of them; default all
 * Cost: linear in the events up to the moment that are looked at, and for each compaction those of its USE_MICROS.
 */
export function compactionsUntil(
  recording: Recording,
  other: Recording | null,
  untilMicros: number,
  most = Infinity,
): Compaction[] {
  const { events } = recording;
  const found: Compaction[] = [];
  let end = -1;
  for (let row = recording.eventsUntil(untilMicros) - 1; row >= 0 && found.length < most; row--) {
    if (events.kind[row] === EVENT_COMPACT_END) end = row;
    if (events.kind[row] !== EVENT_COMPACT_START || end < 0) continue;
    const startMicros = events.micros[row]!;
    const endMicros = events.micros[end]!;
    found.push({
      startMicros,
      tookMicros: endMicros - startMicros,
      isAhead: (events.flags[end]! & FLAG_IS_PROACTIVE) !== 0,
      movedBytes: events.size[end]!,
      sparedIds: other === null ? [] : sparedIds(recording, other, endMicros),
    });
    end = -1;
  }
  return found;
}

/** What many compactions come to. */
export interface CompactionSums {
  readonly runs: number;
  readonly movedBytes: number;
  readonly longestMicros: number;
  /** Compactions after which some request was spared. */
  readonly sparing: number;
  /** Requests spared, each counted once however many compactions it came after. */
  readonly spared: number;
}

export function sumCompactions(compactions: readonly Compaction[]): CompactionSums {
  const spared = new Set<number>();
  let [movedBytes, longestMicros, sparing] = [0, 0, 0];
  for (const one of compactions) {
    movedBytes += one.movedBytes;
    longestMicros = Math.max(longestMicros, one.tookMicros);
    if (one.sparedIds.length > 0) sparing++;
    for (const id of one.sparedIds) spared.add(id);
  }
  return { runs: compactions.length, movedBytes, longestMicros, sparing, spared: spared.size };
}

function sparedIds(recording: Recording, other: Recording, fromMicros: number): number[] {
  const mine = deniedIds(recording, fromMicros);
  return [...deniedIds(other, fromMicros)].filter((id) => !mine.has(id));
}

function deniedIds(recording: Recording, fromMicros: number): Set<number> {
  const ids = new Set<number>();
  const { events } = recording;
  const end = recording.eventsUntil(fromMicros + USE_MICROS);
  for (let row = recording.eventsUntil(fromMicros); row < end; row++)
    if (events.kind[row] === EVENT_DENY) ids.add(events.id[row]!);
  return ids;
}
