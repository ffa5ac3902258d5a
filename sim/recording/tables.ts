// A recording as plain tables, for spreadsheets and notebooks: one of ticks, one of events. Columns have units in their names.

import { CLASS_NAMES } from "../../core/demand.ts";
import { OOM_CAUSES } from "../result.ts";
import * as column from "./columns.ts";
import type { Recording } from "./recording.ts";

/** Of one length; text, or numbers in which NaN is "nothing". */
export interface TableColumn {
  readonly name: string;
  readonly values: readonly string[] | Float64Array;
}

/** A row each 500 ms: the arena, and the forecast made then. */
export function tickTable(recording: Recording): TableColumn[] {
  const { ticks } = recording;
  const numbers = (name: string, values: Float64Array) => ({ name, values: values.slice(0, ticks.count) });
  return [
    { name: "policy", values: new Array<string>(ticks.count).fill(recording.header.policy) },
    numbers("micros", ticks.micros),
    numbers("occupancy_ratio", ticks.occupancy),
    numbers("pressure_ratio", ticks.pressure),
    numbers("forecast_of_ratio", ticks.watched),
    numbers("forecast_ratio", ticks.forecast),
    numbers("upper_ratio", ticks.upper),
    numbers("confidence", ticks.confidence),
  ];
}

/** A row an event. What does not belong to an event is empty. */
export function eventTable(recording: Recording): TableColumn[] {
  const { events, words } = recording;
  const rows = Array.from({ length: events.count }, (_, row) => row);
  const kindOf = (row: number) => events.kind[row]!;
  const text = (name: string, of: (row: number) => string) => ({ name, values: rows.map(of) });
  const number = (name: string, kinds: readonly number[], values: Float64Array | Int32Array) => ({
    name,
    values: Float64Array.from(rows, (row) => (kinds.includes(kindOf(row)) ? values[row]! : NaN)),
  });
  const has = (row: number, flag: number) => (events.flags[row]! & flag) !== 0;
  const blocks = [column.EVENT_PLACE, column.EVENT_RESIZE, column.EVENT_FREE, column.EVENT_MOVE];
  const runs = [column.EVENT_COMPACT_START, column.EVENT_COMPACT_END];
  const classed = [column.EVENT_PLACE, column.EVENT_DENY];
  return [
    text("policy", () => recording.header.policy),
    { name: "micros", values: events.micros.slice(0, events.count) },
    text("event", (row) => column.EVENT_NAMES[kindOf(row)]!),
    number("block_id", [...blocks, column.EVENT_DENY], events.id),
    number("run_id", runs, events.id),
    number("address_bytes", [column.EVENT_PLACE, column.EVENT_RESIZE, column.EVENT_MOVE], events.to),
    number("from_bytes", [column.EVENT_MOVE], events.from),
    number("length_bytes", [column.EVENT_PLACE, column.EVENT_RESIZE], events.size),
    number("asked_bytes", [column.EVENT_DENY], events.size),
    number("moved_bytes", [column.EVENT_COMPACT_END], events.size),
    number("waited_micros", [column.EVENT_PLACE, column.EVENT_RESIZE], events.from),
    text("class", (row) =>
      classed.includes(kindOf(row)) ? CLASS_NAMES[events.flags[row]! & column.FLAG_CLASS_MASK]! : "",
    ),
    text("kind", (row) => {
      if (runs.includes(kindOf(row))) return has(row, column.FLAG_IS_PROACTIVE) ? "proactive" : "reactive";
      if (kindOf(row) === column.EVENT_FREE && has(row, column.FLAG_IS_SHED)) return "shed";
      return "";
    }),
    text("why", (row) => {
      if (kindOf(row) === column.EVENT_DENY) return OOM_CAUSES[events.to[row]!]!;
      return runs.includes(kindOf(row)) || kindOf(row) === column.EVENT_WATCHDOG ? words[events.to[row]!]! : "";
    }),
  ];
}

/** Tables of the same columns, one below the other. */
export function stack(tables: readonly (readonly TableColumn[])[]): TableColumn[] {
  const [first = []] = tables;
  return first.map(({ name, values }, i) => {
    const parts = tables.map((table) => table[i]!.values);
    if (!(values instanceof Float64Array)) return { name, values: (parts as string[][]).flat() };
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts as Float64Array[]) {
      all.set(part, at);
      at += part.length;
    }
    return { name, values: all };
  });
}

/** Comma-separated values with a header (RFC 4180, line feeds): numbers in full precision, nothing where a number is NaN. */
export function toCsv(table: readonly TableColumn[]): string {
  const lines = [table.map(({ name }) => name).join(",")];
  const count = table[0]?.values.length ?? 0;
  for (let row = 0; row < count; row++) lines.push(table.map(({ values }) => csvCell(values[row]!)).join(","));
  return `${lines.join("\n")}\n`;
}

function csvCell(value: string | number): string {
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
