// C: pressure of both runs, the forecast drawn at the moment that it was for with the band up to its upper bound, every OOM and
// every compaction. A click goes to that moment.

import { computed, signal } from "@preact/signals";
import { formatMoment } from "../../cli/render/format.ts";
import { EVENT_COMPACT_START, EVENT_DENY, FLAG_IS_PROACTIVE } from "../../sim/recording/columns.ts";
import { Chart } from "../draw/chart.tsx";
import type { Plot } from "../draw/plot.ts";
import type { Box, Surface } from "../draw/surface.ts";
import { seek } from "../player.ts";
import { floorOf, timelineOf } from "../series.ts";
import { bothSides, headMicros, moment, sides } from "../state.ts";
import { colour } from "../theme.ts";
import { DataTable } from "./data-table.tsx";

const WINDOW_SECONDS = 60;

export const isZoomed = signal(false);

export function TimelinePanel() {
  return (
    <section class="panel full" aria-labelledby="timeline">
      <div class="row">
        <h2 id="timeline">C · pressure, forecast at the moment it was for</h2>
        <button type="button" aria-pressed={isZoomed.value} onClick={() => (isZoomed.value = !isZoomed.value)}>
          {WINDOW_SECONDS} s around the moment
        </button>
        <TimelineLegend />
      </div>
      <Chart
        label="Pressure over time in percent, both runs, with forecast, OOMs and compactions; the table below has the figures"
        height={150}
        plot={timelinePlot}
        onPick={(seconds) => seek(Math.round(seconds * 1e6))}
      />
      <DataTable
        caption="pressure, forecast, OOMs and compactions, each 5 s"
        head={[
          "moment",
          "A %",
          "B %",
          "forecast for then %",
          "upper %",
          "OOM A",
          "OOM B",
          "compactions A",
          "compactions B",
        ]}
        rows={rows}
      />
    </section>
  );
}

function TimelineLegend() {
  return (
    <ul class="legend">
      <li>
        <span class="name">A</span> <span class="name b">B</span> pressure
      </li>
      <li>- - forecast, shaded up to its upper bound</li>
      <li>▼ OOM of A · ▲ OOM of B</li>
      <li>| compaction: low A, high B; thick: ahead of need</li>
    </ul>
  );
}

/** Made once for what is there: in the window around the moment the plot is drawn with each frame. */
const shownTimeline = computed(() => {
  for (const side of bothSides) side.version.value;
  const timeline = timelineOf(sides.A.recording, sides.B.recording);
  return { ...timeline, floor: floorOf(timeline) };
});

/** Reads signals. The lines are those of TimelineLegend. */
export function timelinePlot(): Plot {
  const timeline = shownTimeline.value;
  const { seconds, pressureA, pressureB, forecast, upper } = timeline;
  const [a, b] = [colour("a"), colour("b")];
  return {
    seconds,
    lines: [
      { values: pressureA, stroke: { colour: a, width: 2 } },
      { values: pressureB, stroke: { colour: b, width: 2 } },
      { values: upper, stroke: { colour: b, width: 0.7, dash: [1, 3] } },
      { values: forecast, stroke: { colour: b, width: 1.5, dash: [5, 4] } },
    ],
    band: { low: 3, high: 2, fill: colour("band") },
    x: range(),
    y: [timeline.floor, 104],
    unit: " %",
    ink: colour("quiet"),
    grid: colour("line"),
    marks: drawMarks,
  };
}

function range(): [number, number] {
  if (!isZoomed.value) return [0, Math.max(1, headMicros.value / 1e6 + 5)];
  const from = Math.max(0, Math.min(moment.value, headMicros.value) / 1e6 - WINDOW_SECONDS * 0.7);
  return [from, from + WINDOW_SECONDS];
}

/** OOMs as triangles along the top, compactions as strokes along the bottom. */
function drawMarks(surface: Surface, box: Box, xOf: (seconds: number) => number, [x0, x1]: readonly [number, number]) {
  const { top, height } = box;
  for (const { key, recording } of bothSides) {
    if (recording === null) continue;
    const { events } = recording;
    const isA = key === "A";
    const ooms: number[] = [];
    const runs: [number[], number[]] = [[], []];
    const end = recording.eventsUntil(1e6 * x1);
    for (let row = recording.eventsUntil(1e6 * x0); row < end; row++) {
      const kind = events.kind[row];
      if (kind !== EVENT_DENY && kind !== EVENT_COMPACT_START) continue;
      const x = xOf(events.micros[row]! / 1e6);
      if (kind === EVENT_DENY) {
        const y = top + (isA ? 3 : 14);
        const [base, tip] = isA ? [y, y + 8] : [y + 8, y];
        ooms.push(x - 4, base, x + 4, base, x, tip, x, Number.NaN);
      } else {
        const y = top + height - (isA ? 0 : 9);
        runs[(events.flags[row]! & FLAG_IS_PROACTIVE) === 0 ? 0 : 1].push(x, y, x, y - 7, x, Number.NaN);
      }
    }
    surface.area(ooms, colour("oom"));
    const line = colour(isA ? "a" : "b");
    surface.line(runs[0], { colour: line, width: 1 });
    surface.line(runs[1], { colour: line, width: 2 });
  }
}

function rows(): (string | number)[][] {
  const { seconds, pressureA, pressureB, forecast, upper } = shownTimeline.value;
  const found: (string | number)[][] = [];
  const percent = (value: number) => (Number.isNaN(value) ? "" : value.toFixed(1));
  for (let row = 0; row < seconds.length; row += 10) {
    if (seconds[row]! * 1e6 > headMicros.value) break;
    const [from, to] = [seconds[row]! * 1e6, seconds[row]! * 1e6 + 5e6];
    const counts = (kind: number) =>
      bothSides.map(({ recording }) => (recording === null ? 0 : countOf(recording, kind, from, to)));
    found.push([
      ...[formatMoment(from), ...[pressureA, pressureB, forecast, upper].map((column) => percent(column[row]!))],
      ...counts(EVENT_DENY),
      ...counts(EVENT_COMPACT_START),
    ]);
  }
  return found;
}

function countOf(recording: NonNullable<typeof sides.A.recording>, kind: number, from: number, to: number): number {
  let count = 0;
  const end = recording.eventsUntil(to - 1);
  for (let row = recording.eventsUntil(from - 1); row < end; row++) if (recording.events.kind[row] === kind) count++;
  return count;
}
