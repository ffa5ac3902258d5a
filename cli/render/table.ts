// Columns of text: the first is aligned left, the rest right, widths from the content. Colour codes take no room.

/** One row; a cell that is left out is blank. */
export type TableRow = readonly string[];

export interface TableOptions {
  /** Columns aligned left, by index; the first by default. */
  readonly leftColumns?: readonly number[];
  /** Spaces before each row. */
  readonly indent?: number;
  /** Spaces between columns. */
  readonly gap?: number;
}

/** The rows as lines, without a newline at the end. Trailing spaces are dropped. */
export function renderTable(rows: readonly TableRow[], options: TableOptions = {}): string[] {
  const { leftColumns = [0], indent = 2, gap = 2 } = options;
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(0, ...rows.map((row) => visibleWidth(row[i] ?? ""))),
  );
  return rows.map((row) => {
    const cells = widths.map((width, i) => {
      const text = row[i] ?? "";
      const padding = " ".repeat(width - visibleWidth(text));
      return leftColumns.includes(i) ? text + padding : padding + text;
    });
    return `${" ".repeat(indent)}${cells.join(" ".repeat(gap))}`.trimEnd();
  });
}

/** Markdown: header, rule, rows. Pipes in cells are escaped. */
export function renderMarkdownTable(
  header: TableRow,
  rows: readonly TableRow[],
  leftColumns: readonly number[] = [0],
): string[] {
  const line = (row: TableRow) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = header.map((_, i) => (leftColumns.includes(i) ? ":---" : "---:"));
  const padded = rows.map((row) => header.map((_, i) => row[i] ?? ""));
  return [line(header), `| ${rule.join(" | ")} |`, ...padded.map(line)];
}

/** Characters on screen. Everything printed here is one cell wide, colour codes excepted. */
export function visibleWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that starts a colour code
  return [...text.replace(/\x1b\[[0-9;]*m/g, "")].length;
}
