// Lines over time: axes with round numbers, lines with gaps, a band between two of them, marks. The same code draws the
// picture on the page and the SVG file; a plotting library would take a fifth of the page's 120 KB.

import type { Box, Stroke, Surface } from "./surface.ts";

export interface PlotLine {
  /** NaN: a gap. */
  readonly values: ArrayLike<number>;
  readonly stroke: Stroke;
}

export interface Plot {
  readonly seconds: ArrayLike<number>;
  readonly lines: readonly PlotLine[];
  /** Between these two lines. */
  readonly band: { readonly low: number; readonly high: number; readonly fill: string } | null;
  /** What is shown. */
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
  readonly unit: string;
  readonly ink: string;
  readonly grid: string;
  /** Drawn over the lines, cut off at the plot's box. `xOf` is of seconds. */
  readonly marks?: (surface: Surface, box: Box, xOf: (seconds: number) => number, x: readonly [number, number]) => void;
}

const MARGIN = { left: 48, right: 10, top: 6, bottom: 20 };

export function plotBox(width: number, height: number): Box {
  const { left, right, top, bottom } = MARGIN;
  return { left, top, width: Math.max(10, width - left - right), height: Math.max(10, height - top - bottom) };
}

export function drawPlot(surface: Surface, plot: Plot, width: number, height: number): void {
  const box = plotBox(width, height);
  const [[x0, x1], [y0, y1]] = [plot.x, plot.y];
  const xOf = (value: number) => box.left + ((value - x0) / (x1 - x0)) * box.width;
  const yOf = (value: number) => box.top + box.height - ((value - y0) / (y1 - y0)) * box.height;
  const hair = { colour: plot.grid, width: 1 };
  for (const value of roundSteps(y0, y1, Math.max(2, box.height / 28))) {
    surface.line([box.left, yOf(value), box.left + box.width, yOf(value)], hair);
    surface.text(box.left - 5, yOf(value) + 4, `${value}${plot.unit}`, plot.ink, "end");
  }
  for (const value of roundSteps(x0, x1, Math.max(2, box.width / 80))) {
    surface.line([xOf(value), box.top, xOf(value), box.top + box.height], hair);
    surface.text(xOf(value), height - 5, `${value} s`, plot.ink, "middle");
  }
  surface.clip(box);
  const [first, end] = shownRows(plot);
  const pointsOf = ({ values }: PlotLine): number[] => {
    const points: number[] = [];
    for (let row = first; row < end; row++) points.push(xOf(plot.seconds[row]!), yOf(values[row]!));
    return points;
  };
  if (plot.band !== null) {
    const [low, high] = [plot.lines[plot.band.low]!, plot.lines[plot.band.high]!];
    for (const points of bandPieces(pointsOf(low), pointsOf(high))) surface.area(points, plot.band.fill);
  }
  for (const line of plot.lines) surface.line(pointsOf(line), line.stroke);
  plot.marks?.(surface, box, xOf, plot.x);
  surface.clip(null);
}

/** Rows inside the range and one more on each side. */
function shownRows({ seconds, x }: Plot): [number, number] {
  let first = 0;
  while (first < seconds.length - 1 && seconds[first + 1]! < x[0]) first++;
  let end = first;
  while (end < seconds.length && seconds[end]! <= x[1]) end++;
  return [first, Math.min(seconds.length, end + 1)];
}

/** Closed outlines of where both lines are. */
function bandPieces(low: readonly number[], high: readonly number[]): number[][] {
  const pieces: number[][] = [];
  let start = -1;
  for (let i = 0; i <= low.length; i += 2) {
    const isThere = i < low.length && !Number.isNaN(low[i + 1]!) && !Number.isNaN(high[i + 1]!);
    if (isThere && start < 0) start = i;
    if (isThere || start < 0) continue;
    const back: number[] = [];
    for (let j = i - 2; j >= start; j -= 2) back.push(high[j]!, high[j + 1]!);
    pieces.push([...low.slice(start, i), ...back]);
    start = -1;
  }
  return pieces;
}

/** About so many multiples of 1, 2 or 5 times a power of ten. */
function roundSteps(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const steps: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) steps.push(Number((i * step).toPrecision(6)));
  return steps;
}
