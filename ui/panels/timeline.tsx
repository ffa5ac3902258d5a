// C: pressure of both runs, the forecast drawn at the moment that it was for with the band up to its upper bound, every OOM and
// every compaction. A click goes to that moment.

import { signal } from "@preact/signals";
import type uPlot from "uplot";
import { formatMoment } from "../../cli/render/format.ts";
import { EVENT_COMPACT_START, EVENT_DENY, FLAG_IS_PROACTIVE } from "../../sim/recording/columns.ts";
import { Chart } from "../draw/chart.tsx";
import { seek } from "../player.ts";
import { forecaster, timelineOf } from "../series.ts";
import { bothSides, headMicros, moment, sides } from "../state.ts";
import { colour } from "../theme.ts";
import { DataTable } from "./data-table.tsx";

const WINDOW_SECONDS = 60;

export const isZoomed = signal(false);
/** For the export: the canvas of the chart. */
export const timelineCanvas: { current: HTMLCanvasElement | null } = { current: null };

export function TimelinePanel() {
  return (
    <section class="panel full" aria-labelledby="timeline">
      <div class="row">
        <h2 id="timeline">C · pressure, and the forecast at the moment it was for</h2>
        <button type="button" aria-pressed={isZoomed.value} onClick={() => (isZoomed.value = !isZoomed.value)}>
          {WINDOW_SECONDS} s around the moment
        </button>
        <TimelineLegend />
      </div>
      <Chart
        label="Pressure over time in percent, both runs, with forecast, OOMs and compactions; the table below has the figures"
        height={190}
        series={[
          { label: "A", stroke: () => colour("a"), width: 2, points: { show: false } },
          { label: "B", stroke: () => colour("b"), width: 2, points: { show: false } },
          { label: "upper", stroke: () => colour("b"), width: 0.5, dash: [1, 3], points: { show: false } },
          { label: "forecast", stroke: () => colour("b"), width: 1.5, dash: [5, 4], points: { show: false } },
        ]}
        bands={[{ series: [3, 4], fill: () => colour("band") } as uPlot.Band]}
        data={data}
        range={range}
        y={{ from: null, to: 112, suffix: " %" }}
        after={drawMarks}
        onPick={(seconds) => seek(Math.round(seconds * 1e6))}
        onCanvas={(canvas) => (timelineCanvas.current = canvas)}
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
      <li>- - forecast 5 s earlier, shaded up to its upper bound</li>
      <li>▼ OOM of A · ▲ OOM of B</li>
      <li>| compaction, above the axis: low A, high B; thick: ahead of need</li>
    </ul>
  );
}

function data(): uPlot.AlignedData {
  for (const side of bothSides) side.version.value;
  const { seconds, pressureA, pressureB, forecast, upper } = timelineOf(sides.A.recording, sides.B.recording);
  return [seconds, pressureA, pressureB, upper, forecast];
}

function range(): [number, number] | null {
  if (!isZoomed.value) return null;
  const from = Math.max(0, Math.min(moment.value, headMicros.value) / 1e6 - WINDOW_SECONDS * 0.7);
  return [from, from + WINDOW_SECONDS];
}

/** OOMs as triangles along the top, compactions as strokes along the bottom. */
function drawMarks(plot: uPlot): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales["x"]!;
  if (min == null || max == null) return;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { key, recording } of bothSides) {
    if (recording === null) continue;
    const { events } = recording;
    const end = recording.eventsUntil(max * 1e6);
    const isA = key === "A";
    ctx.strokeStyle = colour(isA ? "a" : "b");
    ctx.fillStyle = colour("oom");
    const ooms = new Path2D();
    const runs = [new Path2D(), new Path2D()];
    for (let row = recording.eventsUntil(min * 1e6); row < end; row++) {
      const kind = events.kind[row];
      if (kind !== EVENT_DENY && kind !== EVENT_COMPACT_START) continue;
      const x = bbox.left + ((events.micros[row]! / 1e6 - min) / (max - min)) * bbox.width;
      if (kind === EVENT_DENY) {
        const [y, size] = [bbox.top + (isA ? 4 : 18) * scale, 4 * scale];
        const [base, tip] = isA ? [y, y + 2 * size] : [y + 2 * size, y];
        ooms.moveTo(x - size, base);
        ooms.lineTo(x + size, base);
        ooms.lineTo(x, tip);
        ooms.closePath();
      } else {
        const y = bbox.top + bbox.height - (isA ? 0 : 9) * scale;
        const path = runs[(events.flags[row]! & FLAG_IS_PROACTIVE) === 0 ? 0 : 1]!;
        path.moveTo(x, y);
        path.lineTo(x, y - 7 * scale);
      }
    }
    ctx.fill(ooms);
    runs.forEach((path, isProactive) => {
      ctx.lineWidth = (isProactive ? 2 : 1) * scale;
      ctx.stroke(path);
    });
  }
  ctx.restore();
}

function rows(): (string | number)[][] {
  for (const side of bothSides) side.version.value;
  const { seconds, pressureA, pressureB, forecast, upper } = timelineOf(sides.A.recording, sides.B.recording);
  const found: (string | number)[][] = [];
  const percent = (value: number | null | undefined) => (value == null ? "" : value.toFixed(1));
  const has = forecaster(sides.A.recording, sides.B.recording) !== null;
  for (let row = 0; row < seconds.length; row += 10) {
    if (seconds[row]! * 1e6 > headMicros.value) break;
    const [from, to] = [seconds[row]! * 1e6, seconds[row]! * 1e6 + 5e6];
    const counts = (kind: number) =>
      bothSides.map(({ recording }) => (recording === null ? 0 : countOf(recording, kind, from, to)));
    found.push([
      ...[formatMoment(from), percent(pressureA[row]), percent(pressureB[row])],
      ...(has ? [percent(forecast[row]), percent(upper[row])] : ["", ""]),
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
