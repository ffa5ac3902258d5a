// Columns that grow: typed arrays of one length, doubled together when they are full. A run has some hundred thousand events;
// as objects they would take ten times the memory and could not be handed to another thread.

/** What happened, by its number. */
export const EVENT_PLACE = 0;
export const EVENT_RESIZE = 1;
export const EVENT_FREE = 2;
export const EVENT_MOVE = 3;
export const EVENT_DENY = 4;
export const EVENT_COMPACT_START = 5;
export const EVENT_COMPACT_END = 6;
export const EVENT_WATCHDOG = 7;
export const EVENT_NAMES = ["place", "resize", "free", "move", "deny", "start", "end", "watchdog"] as const;

/** Bits 0 and 1 of `flags`: the request class. */
export const FLAG_CLASS_MASK = 3;
export const FLAG_IS_PINNED = 4;
export const FLAG_IS_RECLAIMABLE = 8;
export const FLAG_IS_SHED = 16;
export const FLAG_IS_PROACTIVE = 32;

/** Columns of the events, in order of time. What `to`, `from` and `size` hold is said by `Recording`. */
export interface EventColumns {
  count: number;
  micros: Float64Array;
  kind: Uint8Array;
  flags: Uint8Array;
  id: Int32Array;
  to: Float64Array;
  from: Float64Array;
  size: Float64Array;
}

/** One row each 500 ms; NaN where nothing forecasts. */
export interface TickColumns {
  count: number;
  micros: Float64Array;
  occupancy: Float64Array;
  pressure: Float64Array;
  watched: Float64Array;
  forecast: Float64Array;
  upper: Float64Array;
  confidence: Float64Array;
}

export function newEvents(rows = 4096): EventColumns {
  return {
    count: 0,
    micros: new Float64Array(rows),
    kind: new Uint8Array(rows),
    flags: new Uint8Array(rows),
    id: new Int32Array(rows),
    to: new Float64Array(rows),
    from: new Float64Array(rows),
    size: new Float64Array(rows),
  };
}

export function newTicks(rows = 256): TickColumns {
  return {
    count: 0,
    micros: new Float64Array(rows),
    occupancy: new Float64Array(rows),
    pressure: new Float64Array(rows),
    watched: new Float64Array(rows),
    forecast: new Float64Array(rows),
    upper: new Float64Array(rows),
    confidence: new Float64Array(rows),
  };
}

type Column = Float64Array | Float32Array | Int32Array | Uint8Array;

/** Makes room for one more row in every column. Amortised constant. */
export function reserveRow(columns: EventColumns | TickColumns): void {
  if (columns.count < columns.micros.length) return;
  const table = columns as unknown as Record<string, number | Column>;
  for (const [name, column] of Object.entries(table)) if (typeof column !== "number") table[name] = doubled(column);
}

export function doubled<C extends Column>(column: C): C {
  const Kind = column.constructor as new (length: number) => C;
  const grown = new Kind(Math.max(16, column.length * 2));
  grown.set(column);
  return grown;
}
