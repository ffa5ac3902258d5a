// What it came to up to the moment, under each map, with the difference to A under B, all of it counted from the recording.

import { useComputed } from "@preact/signals";
import { formatBytes, formatCount, formatMicros } from "../../cli/render/format.ts";
import { CAUSE_FRAGMENTATION, CAUSE_LIMIT } from "../../sim/result.ts";
import { areComparable, calmMoments, moment, type Side, sides } from "../state.ts";

interface Counter {
  readonly label: string;
  readonly text: string;
  readonly value: number;
  readonly format: (value: number) => string;
}

export function Counters({ side }: { readonly side: Side }) {
  const counters = useComputed(() => countersOf(side));
  const others = useComputed(() => (side.key === "B" && areComparable.value ? countersOf(sides.A) : []));
  return (
    <dl class="counters" data-testid={`counters-${side.key}`}>
      {counters.value.map(({ label, text, value, format }, i) => {
        const other = others.value[i];
        const difference = other === undefined ? null : value - other.value;
        return (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {text} {difference === null ? "" : <Difference value={difference} format={format} />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** Less is better in every counter here. */
function Difference({ value, format }: { readonly value: number; readonly format: (value: number) => string }) {
  if (value === 0) return <span class="quiet">= A</span>;
  const isLess = value < 0;
  return (
    <span class={isLess ? "good" : "bad"}>
      {isLess ? "▾" : "▴"} {isLess ? "−" : "+"}
      {format(Math.abs(value))}
    </span>
  );
}

function countersOf(side: Side): Counter[] {
  side.version.value;
  calmMoments.words.value;
  const view = side.view;
  if (view === null) return [];
  // The map's effect may come after this one.
  try {
    view.seek(moment.peek()); // nothing to do where the map has been drawn
  } catch {
    return [];
  }
  const { ooms, oomsByCause, runs, proactiveRuns, movedBytes, longestWaitMicros } = view.counts;
  const avoidable = oomsByCause[CAUSE_LIMIT]! + oomsByCause[CAUSE_FRAGMENTATION]!;
  const p99 = view.responsePercentile(0.99);
  const plain = (value: number) => formatCount(value);
  return [
    { label: "avoidable OOM", text: plain(avoidable), value: avoidable, format: plain },
    { label: "all OOM", text: plain(ooms), value: ooms, format: plain },
    { label: "compacted (ahead)", text: `${plain(runs)} (${plain(proactiveRuns)})`, value: runs, format: plain },
    { label: "moved", text: formatBytes(movedBytes), value: movedBytes, format: formatBytes },
    { label: "longest wait", text: formatMicros(longestWaitMicros), value: longestWaitMicros, format: formatMicros },
    { label: "p99 response", text: formatMicros(p99), value: p99, format: formatMicros },
  ];
}
