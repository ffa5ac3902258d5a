// Charts of a cache replay in characters: bars of hit ratios at one size, and miss ratios over the size on a logarithmic axis.
// Everything but the bars is ASCII, and who is who is told by letters, not by colour.

/** Miss ratios of one policy. */
export interface CurveSeries {
  readonly label: string;
  /** One character; "." for a line under the others. */
  readonly mark: string;
  readonly points: readonly { readonly size: number; readonly missRatio: number }[];
}

export interface CurveChartOptions {
  /** Characters of the plot itself, ≥ 20. */
  readonly width: number;
  /** What a size on the axis is called. */
  readonly formatSize: (size: number) => string;
  readonly unit: string;
}

const ROWS = 17; // labels at every fourth: 100, 75, 50, 25, 0 %
const LABEL_ROWS = 4;
const SEVERAL = "*";
const LINE = ".";

/** `████░░░░`, `width` characters. */
export function bar(ratio: number, width: number): string {
  const full = Math.min(width, Math.max(0, Math.round(ratio * width)));
  return "█".repeat(full) + "░".repeat(width - full);
}

/** The plot with its axes and legend as lines. */
export function curveChart(series: readonly CurveSeries[], options: CurveChartOptions): string[] {
  const { width, formatSize, unit } = options;
  const sizes = series.flatMap(({ points }) => points.map(({ size }) => size));
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const span = Math.log(high / low);
  const columnOf = (size: number) => (span === 0 ? 0 : Math.round((Math.log(size / low) / span) * (width - 1)));
  const cells = Array.from({ length: ROWS }, () => new Array<string>(width).fill(" "));
  let isShared = false;
  for (const { mark, points } of series) {
    for (const { size, missRatio } of mark === LINE ? joined(points, columnOf) : points) {
      const row = cells[Math.round((1 - missRatio) * (ROWS - 1))]!;
      const column = columnOf(size);
      const before = row[column];
      if (before === " " || before === LINE) row[column] = mark;
      else if (before !== mark && mark !== LINE) {
        row[column] = SEVERAL;
        isShared = true;
      }
    }
  }
  const lines = cells.map((row, i) => {
    const label = i % LABEL_ROWS === 0 ? `${100 - (100 * i) / (ROWS - 1)} %` : "";
    return `  ${label.padStart(5)} |${row.join("")}`.trimEnd();
  });
  lines.push(`  ${"".padStart(5)} +${"-".repeat(width)}`);
  lines.push(`  ${"".padStart(5)}  ${axis(low, high, width, columnOf, formatSize)} ${unit}`);
  const legend = series.map(({ mark, label }) => `${mark} ${label}`);
  if (isShared) legend.push(`${SEVERAL} several`);
  return [...lines, ...legendLines(legend, width)];
}

/** The points of a line, with one between each two neighbours for every column that lies between them. */
function joined(
  points: CurveSeries["points"],
  columnOf: (size: number) => number,
): { readonly size: number; readonly missRatio: number }[] {
  const all: { size: number; missRatio: number }[] = [];
  points.forEach((point, i) => {
    const next = points[i + 1];
    all.push(point);
    if (next === undefined) return;
    const steps = columnOf(next.size) - columnOf(point.size);
    for (let step = 1; step < steps; step++) {
      const share = step / steps;
      const size = point.size * Math.exp(share * Math.log(next.size / point.size));
      all.push({ size, missRatio: point.missRatio + share * (next.missRatio - point.missRatio) });
    }
  });
  return all;
}

/** The smallest size, powers of ten, and the largest, where there is room for them. */
function axis(
  low: number,
  high: number,
  width: number,
  columnOf: (size: number) => number,
  formatSize: (size: number) => string,
): string {
  const ticks = [high, low];
  for (let tick = 1; tick < high; tick *= 10) if (tick > low) ticks.push(tick);
  const line = new Array<string>(width).fill(" ");
  for (const tick of ticks) {
    const text = formatSize(tick);
    const start = Math.max(0, Math.min(width - text.length, columnOf(tick)));
    const around = line.slice(Math.max(0, start - 1), start + text.length + 1);
    if (around.every((character) => character === " ")) line.splice(start, text.length, ...text);
  }
  return line.join("").trimEnd();
}

function legendLines(entries: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const entry of entries) {
    if (line !== "" && line.length + entry.length + 4 > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? entry : `    ${entry}`;
  }
  return [...lines, line].map((text) => `         ${text}`);
}
