// Models as JSON documents: schema, check value and content in an envelope, and values that nobody vouches for, looked at one by one.
// The check value is over the text of the content; it finds damage, not malice, since anyone can compute a CRC.
//
//   { "schema": "mempred.markov/1", "crc32": "8 hex digits", "content": { ... } }

import { MempredError } from "../core/errors.ts";
import { crc32 } from "../core/hash.ts";

/** Something in a document that cannot be; `readModelDocument` makes an INVALID_MODEL of it. */
export class Malformed extends Error {}

/** The document as one line of JSON with a newline. Equal contents give equal texts. */
export function writeModelDocument(schema: string, content: unknown): string {
  const text = JSON.stringify(content);
  return `{"schema":"${schema}","crc32":"${checkValue(text)}","content":${text}}\n`;
}

/**
 * What `read` makes of the content.
 * @param file named in errors @param read throws Malformed
 * @throws MempredError INVALID_MODEL: not JSON, another schema or version, damaged, or malformed
 */
export function readModelDocument<Model>(
  text: string,
  schema: string,
  file: string | undefined,
  read: (content: unknown) => Model,
): Model {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw invalid("the model is not JSON", file, `a ${schema} document`, cause);
  }
  const { schema: found, crc32: stated, content } = Object(parsed) as Record<string, unknown>;
  if (found !== schema) throw invalid(`the schema of the model is ${brief(found)}`, file, schema);
  const computed = checkValue(JSON.stringify(content) ?? "");
  if (stated !== computed) {
    throw invalid(`the check value of the model is ${computed} and not ${brief(stated)}`, file, "an undamaged model");
  }
  try {
    return read(content);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw invalid(`the model is malformed: ${cause.message}`, file, `a ${schema} document`);
  }
}

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

/** CRC-32 over the text's UTF-16 units, the low byte first. */
function checkValue(text: string): string {
  const bytes = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit & 255;
    bytes[2 * i + 1] = unit >>> 8;
  }
  return crc32(bytes).toString(16).padStart(8, "0");
}

function invalid(message: string, file: string | undefined, expected: string, cause?: unknown): MempredError {
  const where = file === undefined ? message : `${file}: ${message}`;
  return new MempredError("INVALID_MODEL", where, { file, expected }, cause);
}
