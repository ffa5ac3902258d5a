// Sequences in text whose lines are records: CSV with a header, JSON Lines with the same names. Only the component is needed; the
// user, the time and the session are taken where they are there, and what else there is is passed over.

import { delimiterOf, splitFields } from "../scenarios/trace/delimited.ts";
import { quoted } from "./cache-trace.ts";
import { findColumn, isNumber, normalisedName } from "./column-names.ts";
import type { LineReader } from "./line-feed.ts";
import type { SequenceBuilder } from "./sequence-trace.ts";

const COMPONENT_NAMES =
  "component component_id page page_id command cmd screen view form module item path url key".split(" ");
const USER_NAMES = "user user_id uid client client_id account".split(" ");
const SESSION_NAMES = "session session_id sid".split(" ");
const MILLIS_NAMES = "time_millis time_ms at_millis at_ms millis ms time timestamp at date".split(" ");
const SECONDS_NAMES = "time_seconds time_s seconds".split(" ");
const EXPECTED_HEADER = `a header that names the component (${COMPONENT_NAMES.slice(0, 5).join(", ")}, ...), as "time,user,component"`;
const EXPECTED_OBJECT =
  'an object with a component, as {"time":1,"user":"u","component":"c"}, or a component in quotes';
const EXPECTED_TIME = "a time in milliseconds, or a date as 2026-01-31T12:00:00Z";

/** Where things are on a line; −1: not there. */
interface Columns {
  readonly delimiter: string;
  readonly count: number;
  readonly component: number;
  readonly user: number;
  readonly session: number;
  readonly time: number;
  /** Of the time's unit. */
  readonly millis: number;
}

/** Reads CSV with a header: comma, semicolon or tab. */
export class CsvSequenceReader implements LineReader {
  readonly #builder: SequenceBuilder;
  readonly #fields: string[] = [];
  #columns: Columns | undefined;

  constructor(builder: SequenceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    const builder: SequenceBuilder = this.#builder;
    if (text.trim() === "" || (text.startsWith("#") && builder.length === 0)) return;
    if (this.#columns === undefined) {
      this.#columns = headerColumns(text);
      if (this.#columns === undefined) builder.fail({ line }, EXPECTED_HEADER, quoted(text));
      return;
    }
    const { delimiter, count, component, user, session, time, millis } = this.#columns;
    const found = splitFields(text, delimiter, this.#fields);
    if (found < 0) builder.fail({ line }, "a closing quote", quoted(text));
    if (found !== count) builder.fail({ line }, `${count} fields`, quoted(text));
    const field = (at: number) => (at < 0 ? undefined : this.#fields[at]!);
    const name = field(component)!;
    if (name === "") builder.fail({ line }, "a component", quoted(text));
    const atMillis = time < 0 ? NaN : millisOf(field(time)!, millis);
    if (time >= 0 && Number.isNaN(atMillis)) builder.fail({ line }, EXPECTED_TIME, quoted(text));
    builder.request({ component: name, user: field(user) ?? "", atMillis, session: field(session) }, line);
  }
}

/** Reads JSON Lines: an object a line, or a component alone. */
export class JsonlSequenceReader implements LineReader {
  readonly #builder: SequenceBuilder;

  constructor(builder: SequenceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    if (text.trim() === "") return;
    const builder: SequenceBuilder = this.#builder;
    const found = jsonRecord(text);
    if (found === undefined || found.component === "") builder.fail({ line }, EXPECTED_OBJECT, quoted(text));
    const { component, user, session, time, millis } = found;
    const atMillis = time === undefined ? NaN : millisOf(time, millis);
    if (time !== undefined && Number.isNaN(atMillis)) builder.fail({ line }, EXPECTED_TIME, quoted(text));
    builder.request({ component, user: user ?? "", atMillis, session }, line);
  }
}

/** True when the first line is such a header of two columns or more. */
export function looksLikeSequenceCsv(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#"));
  const columns = first === undefined ? undefined : headerColumns(first);
  return columns !== undefined && columns.count > 1;
}

/** True when the first line is such JSON. */
export function looksLikeSequenceJsonl(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "");
  return first !== undefined && /^\s*[{"]/.test(first) && jsonRecord(first) !== undefined;
}

function headerColumns(text: string): Columns | undefined {
  const fields: string[] = [];
  const delimiter = delimiterOf(text);
  const count = splitFields(text, delimiter, fields);
  const names = fields.slice(0, Math.max(0, count)).map(normalisedName);
  const component = findColumn(names, COMPONENT_NAMES);
  if (component < 0 || names.some(isNumber)) return;
  const seconds = findColumn(names, SECONDS_NAMES);
  return {
    delimiter,
    count,
    component,
    user: findColumn(names, USER_NAMES),
    session: findColumn(names, SESSION_NAMES),
    time: seconds >= 0 ? seconds : findColumn(names, MILLIS_NAMES),
    millis: seconds >= 0 ? 1000 : 1,
  };
}

interface JsonRecord {
  readonly component: string;
  readonly user: string | undefined;
  readonly session: string | undefined;
  readonly time: string | undefined;
  readonly millis: number;
}

function jsonRecord(text: string): JsonRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof value === "string")
    return { component: value, user: undefined, session: undefined, time: undefined, millis: 1 };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const entries = Object.entries(value).map(([name, content]) => [normalisedName(name), content] as const);
  const first = (names: readonly string[]): string | undefined => {
    for (const name of names) {
      const content: unknown = entries.find(([known]) => known === name)?.[1];
      if (typeof content === "string" || typeof content === "number") return String(content);
    }
    return;
  };
  const component = first(COMPONENT_NAMES);
  if (component === undefined) return;
  const seconds = first(SECONDS_NAMES);
  return {
    component,
    user: first(USER_NAMES),
    session: first(SESSION_NAMES),
    time: seconds ?? first(MILLIS_NAMES),
    millis: seconds === undefined ? 1 : 1000,
  };
}

/** NaN where it is none. */
function millisOf(text: string, millis: number): number {
  if (isNumber(text)) return Number(text) * millis;
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
}
