// E: the compactions up to the moment: when, what started it, how long, how much it moved, and what came of it.

import { signal, useComputed } from "@preact/signals";
import { formatBytes, formatMicros } from "../../cli/render/format.ts";
import { type Compaction, compactionsUntil } from "../../sim/recording/compactions.ts";
import { seek } from "../player.ts";
import { areComparable, calmMoments, type Side, sides } from "../state.ts";
import { Scroll } from "./scroll.tsx";

const SHOWN = 40;

const chosen = signal<"A" | "B">("B");

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
                <td>{row.sparedIds.length === 0 ? "" : `✓ ${row.sparedIds.length}`}</td>
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
  const partner = areComparable.value ? other.recording : null;
  return recording === null ? [] : compactionsUntil(recording, partner, calmMoments.compactions.value, SHOWN);
}
