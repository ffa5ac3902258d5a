// E: the compactions up to the moment: when, what started it, how long, how much it moved, and what came of it.

import { signal, useComputed } from "@preact/signals";
import { formatBytes, formatMicros } from "../../cli/render/format.ts";
import * as column from "../../sim/recording/columns.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { seek } from "../player.ts";
import { calmMoments, type Side, sides } from "../state.ts";
import { Scroll } from "./scroll.tsx";

const SHOWN = 40;
/** Within this time after a run that looked ahead, it counts what was served. */
const USE_MICROS = 5_000_000;

const chosen = signal<"A" | "B">("B");

interface Compaction {
  readonly startMicros: number;
  readonly tookMicros: number;
  readonly isAhead: boolean;
  readonly movedBytes: number;
  /** Requests that the other run denied within 5 s and this one did not. */
  readonly spared: number;
}

export function CompactionsPanel() {
  const side = sides[chosen.value];
  const rows = useComputed(() => compactionsOf(sides[chosen.value], sides[chosen.value === "A" ? "B" : "A"]));
  const compaction = side.result.value?.compaction;
  return (
    <section class="panel" aria-labelledby="compactions">
      <div class="row">
        <h2 id="compactions">E · compactions of</h2>
        {(["A", "B"] as const).map((key) => (
          <button
            key={key}
            type="button"
            aria-pressed={chosen.value === key}
            aria-label={`compactions of ${key}`}
            onClick={() => (chosen.value = key)}
          >
            {key}
          </button>
        ))}
      </div>
      {compaction !== undefined && (
        <p>
          {compaction.useful === null
            ? "no run of its own accord"
            : `useful: ${compaction.useful} of ${compaction.proactive} made ahead of need`}{" "}
          · {formatBytes(compaction.movedBytes)} moved · longest pause {formatMicros(compaction.maxPauseMicros)}
        </p>
      )}
      <Scroll label="compactions up to the moment, the last first">
        <table>
          <thead>
            <tr>
              {["moment", "why", "took", "moved", "spared"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.value.map((row) => (
              <tr key={row.startMicros}>
                <td>
                  <button type="button" onClick={() => seek(row.startMicros)}>
                    {(row.startMicros / 1e6).toFixed(2)} s
                  </button>
                </td>
                <td>
                  {row.isAhead ? "▷" : "●"}
                  <span class="spoken">{row.isAhead ? " ahead of need" : " for a request"}</span>
                </td>
                <td>{formatMicros(row.tookMicros)}</td>
                <td>{formatBytes(row.movedBytes)}</td>
                <td>{row.spared === 0 ? "" : `✓ ${row.spared}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="quiet">▷ ahead of need · ● for a request · spared: served, and denied by the other run within 5 s</p>
    </section>
  );
}

/** The last ones that had ended at the moment, newest first. */
function compactionsOf(side: Side, other: Side): Compaction[] {
  side.version.value;
  other.version.value;
  const { recording } = side;
  if (recording === null) return [];
  const { events } = recording;
  const found: Compaction[] = [];
  let end = -1;
  for (let row = recording.eventsUntil(calmMoments.compactions.value) - 1; row >= 0 && found.length < SHOWN; row--) {
    if (events.kind[row] === column.EVENT_COMPACT_END) end = row;
    if (events.kind[row] !== column.EVENT_COMPACT_START || end < 0) continue;
    const startMicros = events.micros[row]!;
    found.push({
      startMicros,
      tookMicros: events.micros[end]! - startMicros,
      isAhead: (events.flags[end]! & column.FLAG_IS_PROACTIVE) !== 0,
      movedBytes: events.size[end]!,
      spared: other.recording === null ? 0 : sparedBy(recording, other.recording, events.micros[end]!),
    });
    end = -1;
  }
  return found;
}

function sparedBy(recording: Recording, other: Recording, fromMicros: number): number {
  const mine = deniedIds(recording, fromMicros);
  let spared = 0;
  for (const id of deniedIds(other, fromMicros)) if (!mine.has(id)) spared++;
  return spared;
}

function deniedIds(recording: Recording, fromMicros: number): Set<number> {
  const ids = new Set<number>();
  const { events } = recording;
  const end = recording.eventsUntil(fromMicros + USE_MICROS);
  for (let row = recording.eventsUntil(fromMicros); row < end; row++)
    if (events.kind[row] === column.EVENT_DENY) ids.add(events.id[row]!);
  return ids;
}
