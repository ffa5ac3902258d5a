// H: what happened last, in words; and the digest, with the command that gives the same one in a terminal.

import { signal, useComputed } from "@preact/signals";
import { formatBytes, formatMicros } from "../../cli/render/format.ts";
import { CLASS_NAMES } from "../../core/demand.ts";
import * as column from "../../sim/recording/columns.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { OOM_CAUSES } from "../../sim/result.ts";
import { alterationsOf, commandOf } from "../options.ts";
import { digestOf } from "../outcome.ts";
import * as state from "../state.ts";
import { Scroll } from "./scroll.tsx";

const SHOWN = 40;
const isComplete = signal(false);

export function EventLogPanel() {
  const rows = useComputed(() => lastEvents());
  return (
    <section class="panel" aria-labelledby="log">
      <h2 id="log">H · events and digest</h2>
      <Digest />
      <label class="row">
        <input type="checkbox" checked={isComplete.value} onChange={() => (isComplete.value = !isComplete.value)} />
        each placement and move as well
      </label>
      <Scroll label="events up to the moment, the last first">
        <table class="wrap">
          <tbody>
            {rows.value.map(({ key, micros, side, text }) => (
              <tr key={key}>
                <td>{(micros / 1e6).toFixed(2)} s</td>
                <td>{side}</td>
                <td style="text-align:left">{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Digest() {
  const digest = digestOf();
  if (state.shownFile.value !== null && digest === null)
    return <p>shown is {state.shownFile.value}: a journal has no digest</p>;
  if (digest === null) return <p data-testid="digest">digest: when both runs are done</p>;
  const altered = alterationsOf(state.options.value);
  const expected = state.opened.value?.shown.digest ?? null;
  return (
    <>
      <p>
        digest <b data-testid="digest">{digest}</b>
        {expected !== null && (digest === expected ? " = equals the report's" : ` ≠ the report's ${expected}`)}
      </p>
      {altered.length > 0 ? (
        <p>The run is altered ({altered.join(", ")}): the digest is not the command line's.</p>
      ) : (
        <p>
          equals the CLI, seed for seed: <code>{commandOf(state.options.value)}</code>
        </p>
      )}
    </>
  );
}

interface Row {
  readonly key: string;
  readonly micros: number;
  readonly side: string;
  readonly text: string;
}

function lastEvents(): Row[] {
  const rows: Row[] = [];
  for (const side of state.bothSides) {
    side.version.value;
    const { recording } = side;
    if (recording === null) continue;
    let found = 0;
    for (let row = recording.eventsUntil(state.calmMoments.events.value) - 1; row >= 0 && found < SHOWN; row--) {
      const text = textOf(recording, row, isComplete.value);
      if (text === null) continue;
      found++;
      rows.push({ key: `${side.key}${row}`, micros: recording.events.micros[row]!, side: side.key, text });
    }
  }
  return rows.sort((a, b) => b.micros - a.micros).slice(0, SHOWN);
}

const EVERYDAY: readonly number[] = [column.EVENT_PLACE, column.EVENT_MOVE, column.EVENT_RESIZE];

function isShed(flags: number): boolean {
  return (flags & column.FLAG_IS_SHED) !== 0;
}

/** Null: not of interest here. */
function textOf({ events, words }: Recording, row: number, isAll: boolean): string | null {
  const kind = events.kind[row]!;
  // Most are passed over: nothing is made for them.
  if (!isAll && (EVERYDAY.includes(kind) || (kind === column.EVENT_FREE && !isShed(events.flags[row]!)))) return null;
  const [id, to, from, size, flags] = [events.id, events.to, events.from, events.size, events.flags].map(
    (one) => one[row]!,
  );
  switch (kind) {
    case column.EVENT_DENY:
      return `▼ OOM: ${formatBytes(size!)} denied, ${OOM_CAUSES[to!]}, ${CLASS_NAMES[flags! & column.FLAG_CLASS_MASK]}`;
    case column.EVENT_COMPACT_END:
      return `compacted ${(flags! & column.FLAG_IS_PROACTIVE) === 0 ? "for a request" : "ahead"}, ${formatBytes(size!)} moved`;
    case column.EVENT_WATCHDOG:
      return `watchdog: ${words[to!]}`;
    case column.EVENT_FREE:
      return isShed(flags!) ? `cache block ${id} shed` : `block ${id} freed`;
    case column.EVENT_PLACE:
      return `block ${id}, ${formatBytes(size!)} at ${to}${from! > 0 ? ` after ${formatMicros(from!)}` : ""}`;
    case column.EVENT_RESIZE:
      return `block ${id} now ${formatBytes(size!)} at ${to}`;
    case column.EVENT_MOVE:
      return `block ${id} moved from ${from} to ${to}`;
    default:
      return null;
  }
}
