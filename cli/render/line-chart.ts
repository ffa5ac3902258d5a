// A line over time in characters: eight dots a cell in braille where the locale has it, one mark a cell in ASCII where not. Each
// column shows the range that the line has within it and joins it to the column before: a peak of one sample is seen.

export interface LineChartOptions {
  /** In ASCII; in braille a line is dots. One character. */
  readonly mark: string;
  /** Cells of the plot, ≥ 10 wide and ≥ 2 high. */
  readonly width: number;
  readonly height: number;
  /** Values at the bottom and at the top; what lies outside is drawn at the edge. */
  readonly low: number;
  readonly high: number;
  readonly isUnicode: boolean;
  /** Of a value on the axis. */
  readonly formatValue: (value: number) => string;
}

/** Dots of a braille cell by (row, column), Unicode 10.9: bits of U+2800. */
const DOTS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80] as const;

/** Lines of text, the axis at the left; the first value is the first column. NaN: nothing there. */
export function lineChart(values: ArrayLike<number>, options: LineChartOptions): string[] {
  const { width, height, isUnicode, mark } = options;
  const [dotsAcross, dotsDown] = isUnicode ? [2, 4] : [1, 1];
  const [columns, rows] = [width * dotsAcross, height * dotsDown];
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const marks = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  let before: readonly [number, number] | null = null;
  for (let column = 0; column < columns; column++) {
    const range = rangeOf(values, column, columns, options, rows);
    const [first, last] = range === null ? [0, -1] : joined(range, before);
    before = range;
    for (let row = first; row <= last; row++) {
      const [y, x] = [Math.floor(row / dotsDown), Math.floor(column / dotsAcross)];
      cells[y]![x]! |= DOTS[(row % dotsDown) * 2 + (column % dotsAcross)]!;
      marks[y]![x] = mark;
    }
  }
  const { formatValue, low, high } = options;
  const labels = [formatValue(high), formatValue(low)];
  const margin = Math.max(...labels.map((label) => label.length));
  const bar = isUnicode ? "│" : "|";
  return cells.map((row, y) => {
    const label = y === 0 ? labels[0]! : y === height - 1 ? labels[1]! : "";
    const body = isUnicode ? row.map((bits) => (bits === 0 ? " " : String.fromCodePoint(0x2800 + bits))) : marks[y]!;
    return `${label.padStart(margin)} ${bar}${body.join("")}`.trimEnd();
  });
}

/** The range, made longer to where the column before ends: a line, not dots. */
function joined(range: readonly [number, number], before: readonly [number, number] | null): [number, number] {
  const [first, last] = range;
  if (before === null) return [first, last];
  return [Math.min(first, before[1] + 1), Math.max(last, before[0] - 1)];
}

/** First and last row of dots, from the top, that the values of a column cover; null where there is none. */
function rangeOf(
  values: ArrayLike<number>,
  column: number,
  columns: number,
  { low, high }: LineChartOptions,
  rows: number,
): readonly [number, number] | null {
  const from = Math.floor((column * values.length) / columns);
  const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
  let [least, most] = [Infinity, -Infinity];
  for (let i = from; i < to && i < values.length; i++) {
    if (values[i]! < least) least = values[i]!;
    if (values[i]! > most) most = values[i]!;
  }
  if (least > most) return null;
  const rowOf = (value: number) => {
    const share = (Math.min(high, Math.max(low, value)) - low) / (high - low);
    return rows - 1 - Math.round(share * (rows - 1));
  };
  return [rowOf(most), rowOf(least)];
}
