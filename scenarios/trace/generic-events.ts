// One event of a csv or jsonl trace, whoever names the columns: aliases of names, words for operations, classes and units.
// Both readers find out what each column means, and hand over plain values.

import { CLASS_NAMES } from "../../core/demand.ts";
import { alignLog2For } from "./alignment.ts";
import { gfpMeaning } from "./gfp.ts";
import { LineCursor } from "./line-cursor.ts";
import { type BlockKey, LiveKeys } from "./live-keys.ts";
import { CLASS_UNSET, LEAST_ALIGN_LOG2, MOVABILITY_MOVABLE, MOVABILITY_PINNED, MOVABILITY_UNSET } from "./raw-trace.ts";
import type { TraceSink } from "./trace-sink.ts";

/** What a column may mean. */
export type GenericField = "time" | "op" | "id" | "old" | "size" | "class" | "align" | "tenant" | "pinned" | "movable";

/**
 * The names that a column may have, by meaning, the surest first: where two columns would do, the earlier name counts. A
 * time may add a unit, as `time_ms`.
 */
export const COLUMN_NAMES: Readonly<Record<GenericField, readonly string[]>> = {
  time: ["time", "timestamp", "ts", "t"],
  op: ["op", "operation", "event", "action", "kind", "type"],
  id: ["id", "ptr", "pointer", "address", "addr", "handle", "object", "object_id", "block"],
  old: ["old", "old_id", "old_ptr", "old_pointer", "old_address", "old_addr"],
  size: ["size", "bytes", "size_bytes", "nbytes", "length", "len"],
  class: ["class", "request_class", "gfp_flags", "gfp"],
  align: ["align", "alignment", "align_bytes"],
  tenant: ["tenant", "app", "process", "owner"],
  pinned: ["pinned", "is_pinned", "unmovable"],
  movable: ["movable", "is_movable"],
};
const MICROS_OF_UNIT: Readonly<Record<string, number>> = {
  s: 1e6,
  sec: 1e6,
  secs: 1e6,
  seconds: 1e6,
  ms: 1e3,
  msec: 1e3,
  millis: 1e3,
  milliseconds: 1e3,
  us: 1,
  usec: 1,
  µs: 1,
  micros: 1,
  microseconds: 1,
  ns: 1e-3,
  nsec: 1e-3,
  nanos: 1e-3,
  nanoseconds: 1e-3,
};
type Operation = "allocate" | "resize" | "free";
/** The words for operations. */
export const OPERATION_WORDS: Readonly<Record<string, Operation>> = {
  a: "allocate",
  alloc: "allocate",
  allocate: "allocate",
  malloc: "allocate",
  calloc: "allocate",
  memalign: "allocate",
  new: "allocate",
  "+": "allocate",
  r: "resize",
  realloc: "resize",
  reallocate: "resize",
  resize: "resize",
  f: "free",
  free: "free",
  dealloc: "free",
  deallocate: "free",
  release: "free",
  delete: "free",
  "-": "free",
};
const NO_BLOCK = new Set(["", "-1", "0x0", "(nil)", "nil", "null", "NULL", "None"]);
const YES = new Set(["1", "true", "yes"]);
const NO = new Set(["0", "false", "no", ""]);

/** The meaning of a column: which field, how sure (0 = surest), and for times how many µs one unit is. */
export interface ColumnMeaning {
  readonly field: GenericField;
  readonly rank: number;
  readonly unitMicros: number;
}

/** The meaning of a column's name; undefined for one that says nothing here. Case and punctuation do not matter. */
export function columnMeaning(name: string): ColumnMeaning | undefined {
  const plain = name
    .trim()
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-zµ\d]+/g, "_")
    .replace(/^_+|_+$/g, "");
  for (const [field, names] of Object.entries(COLUMN_NAMES) as [GenericField, readonly string[]][]) {
    for (let rank = 0; rank < names.length; rank++) {
      if (plain === names[rank]) return { field, rank, unitMicros: 1 };
      const unit = field === "time" && plain.startsWith(`${names[rank]}_`) ? plain.slice(names[rank].length + 1) : "";
      if (unit !== "" && Object.hasOwn(MICROS_OF_UNIT, unit)) return { field, rank, unitMicros: MICROS_OF_UNIT[unit] };
    }
  }
  return undefined;
}

/** The values of one event as text; "" for a column that is absent or empty. */
export type GenericRecord = Record<GenericField, string>;

/** A record with nothing in it. */
export function emptyRecord(): GenericRecord {
  return {
    time: "",
    op: "",
    id: "",
    old: "",
    size: "",
    class: "",
    align: "",
    tenant: "",
    pinned: "",
    movable: "",
  };
}

/** Takes in the events of a csv or jsonl trace. */
export class GenericEvents {
  readonly #sink: TraceSink;
  readonly #keys: LiveKeys;
  readonly #cursor = new LineCursor();
  readonly #classes = new Map<string, number>();

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#keys = new LiveKeys(sink);
    for (const [index, name] of CLASS_NAMES.entries()) this.#classes.set(name, index).set(String(index), index);
  }

  /**
   * Takes in one event.
   * @param unitMicros µs in one unit of the time column; NaN when there is no such column
   * @param text the line, for messages
   */
  event(record: GenericRecord, unitMicros: number, lineNumber: number, text: string): void {
    const sink = this.#sink;
    this.#time(record.time, unitMicros, lineNumber, text);
    const word = record.op.toLowerCase();
    const operation = Object.hasOwn(OPERATION_WORDS, word) ? OPERATION_WORDS[word] : undefined;
    if (operation === undefined) sink.fail(lineNumber, "an operation: alloc, realloc or free", text);
    const tenant = record.tenant === "" ? 0 : sink.tenant(ownText(record.tenant), lineNumber);
    const hasBlock = !NO_BLOCK.has(record.id);
    if (operation === "free") {
      if (hasBlock) this.#keys.free(this.#key(record.id), lineNumber, tenant);
      else sink.warn("free-of-null", lineNumber);
      return;
    }
    this.#cursor.set(record.size);
    const bytes = this.#cursor.integer();
    const size = sink.checkSize(
      this.#cursor.atEnd() ? bytes : NaN,
      lineNumber,
      "a size in bytes, a whole number",
      text,
    );
    const requestClass = this.#class(record.class, lineNumber, text);
    if (!hasBlock) {
      sink.warn("failed-allocation", lineNumber);
    } else if (operation === "resize") {
      const old = NO_BLOCK.has(record.old) ? record.id : record.old;
      this.#keys.resize(this.#key(old), this.#key(record.id), size, lineNumber, requestClass, tenant);
    } else {
      const alignLog2 = this.#align(record.align, lineNumber, text);
      const movability = this.#movability(record, lineNumber, text);
      this.#keys.allocate(this.#key(record.id), size, lineNumber, alignLog2, requestClass, movability, tenant);
    }
  }

  #time(value: string, unitMicros: number, lineNumber: number, text: string): void {
    const sink = this.#sink;
    const isTimed = !Number.isNaN(unitMicros);
    if (sink.length === 0 && isTimed) sink.timing = "recorded";
    if ((sink.timing === "recorded") !== isTimed) sink.fail(lineNumber, "a time on every line or on none", text);
    if (!isTimed) return;
    let count = value === "" ? NaN : Number(value);
    let unit = unitMicros;
    if (Number.isNaN(count)) {
      const match = /^(.*[\d.])\s*([a-zµ]+)$/.exec(value.toLowerCase());
      const word = match?.[2] ?? "";
      count = match && Object.hasOwn(MICROS_OF_UNIT, word) ? Number(match[1]) : NaN;
      unit = MICROS_OF_UNIT[word];
    }
    if (Number.isNaN(count)) sink.fail(lineNumber, "a time: a number, perhaps with s, ms, us or ns", text);
    // A thousandth is not exact in binary; dividing rounds once.
    sink.setTime(unit < 1 ? count / 1000 : count * unit, lineNumber, text);
  }

  #key(name: string): BlockKey {
    this.#cursor.set(name);
    if (name.startsWith("0x") || name.startsWith("0X")) {
      const address = this.#cursor.address();
      if (address >= 0 && this.#cursor.atEnd()) return address;
    } else {
      const number = this.#cursor.integer();
      if (number >= 0 && number < Infinity && this.#cursor.atEnd()) return number;
    }
    return ownText(name);
  }

  #class(value: string, lineNumber: number, text: string): number {
    if (value === "") return CLASS_UNSET;
    const word = value.toLowerCase();
    let known = this.#classes.get(word);
    if (known === undefined) {
      known = /gfp_/i.test(value) ? gfpMeaning(value)?.requestClass : undefined;
      if (known === undefined) this.#sink.fail(lineNumber, "a class: atomic, deadline or wait, or GFP flags", text);
      this.#classes.set(word, known);
    }
    return known;
  }

  #align(value: string, lineNumber: number, text: string): number {
    if (value === "") return LEAST_ALIGN_LOG2;
    this.#cursor.set(value);
    const bytes = this.#cursor.integer();
    const alignLog2 = this.#cursor.atEnd() ? alignLog2For(bytes) : -1;
    if (alignLog2 < 0) this.#sink.fail(lineNumber, "an alignment in bytes, at most 16 MiB", text);
    return alignLog2;
  }

  #movability(record: GenericRecord, lineNumber: number, text: string): number {
    if (record.pinned === "" && record.movable === "") return MOVABILITY_UNSET;
    const value = (record.pinned === "" ? record.movable : record.pinned).toLowerCase();
    if (!YES.has(value) && !NO.has(value)) this.#sink.fail(lineNumber, "pinned as 0, 1, true or false", text);
    return YES.has(value) === (record.pinned !== "") ? MOVABILITY_PINNED : MOVABILITY_MOVABLE;
  }
}

/** The same text in memory of its own: a slice would keep the whole chunk that it was cut from. */
function ownText(text: string): string {
  const codes: number[] = [];
  for (let i = 0; i < text.length; i++) codes.push(text.charCodeAt(i));
  return String.fromCharCode(...codes);
}
