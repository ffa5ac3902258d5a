// Values of a document that nobody vouches for, looked at one by one.

/** Something in a document that cannot be; becomes an INVALID_MODEL where the document is read. */
export class Malformed extends Error {}

/** [number, text, when seen] at the start of a row. */
export function namedRow(
  row: unknown,
  length: number,
  most: number,
  units: number,
  what: string,
): [number, string, number] {
  const [number, text, seenAt] = listOf(row, length, length, what);
  if (typeof text !== "string" || text.length > units) throw new Malformed(`${what} is ${brief(text)}`);
  return [
    integer(number, 0, most - 1, `the number of ${what}`),
    text,
    integer(seenAt, 0, Number.MAX_SAFE_INTEGER, `the time of ${what}`),
  ];
}

export function different(rows: readonly (readonly [number, string, number])[], what: string): void {
  const numbers = new Set(rows.map(([number]) => number));
  const texts = new Set(rows.map(([, text]) => text));
  if (numbers.size !== rows.length || texts.size !== rows.length) throw new Malformed(`two ${what} are the same`);
}

export function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed(`${what} is no object`);
  return value as Record<string, unknown>;
}

export function listOf(value: unknown, least: number, most: number, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what}: no list`);
  if (value.length < least || value.length > most) throw new Malformed(`${what}: ${value.length} parts`);
  return value;
}

export function integers(value: unknown, least: number, most: number, mostCount: number, what: string): number[] {
  return listOf(value, 0, mostCount, what).map((one) => integer(one, least, most, what));
}

export function integer(value: unknown, least: number, most: number, what: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Malformed(`${what}: ${brief(value)} is no whole number from ${least} to ${most}`);
}

export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
