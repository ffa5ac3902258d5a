// The columns of a RawTrace while they grow, and the checks that every format shares: sizes in range, times in order,
// blocks live. Memory is 21 bytes a row and 4 an id, doubled while growing; no text is kept.

import { OP_ALLOCATE, OP_FREE, OP_RESIZE } from "../../core/demand.ts";
import { assert, MempredError } from "../../core/errors.ts";
import {
  CLASS_UNSET,
  LEAST_ALIGN_LOG2,
  MAX_SIZE_BYTES,
  MOVABILITY_UNSET,
  type RawTrace,
  type TraceTiming,
  type TraceWarningCode,
} from "./raw-trace.ts";

const FIRST_ROWS = 1024;
const MAX_TENANTS = 256;
const OTHER_TENANT = "other";
const MAX_QUOTED = 80;

/** Where readers write. Operations take the time that was set last. */
export class TraceSink {
  readonly file: string;
  /** Free text about the recording, for people. */
  description = "";
  /** Counts that the file declares about itself. */
  readonly declared: Record<string, number> = {};
  timing: TraceTiming = "order";
  #timeMicros = NaN;
  #length = 0;
  #idCount = 0;
  #counts = [0, 0, 0];
  #liveBytes = 0;
  #peakLiveBytes = 0;
  readonly #tenantIndex = new Map<string, number>();
  readonly #warnings = new Map<TraceWarningCode, { count: number; firstLine: number }>();

  #time = new Float64Array(FIRST_ROWS);
  #kind = new Uint8Array(FIRST_ROWS);
  #id = new Uint32Array(FIRST_ROWS);
  #size = new Uint32Array(FIRST_ROWS);
  #align = new Uint8Array(FIRST_ROWS);
  #class = new Uint8Array(FIRST_ROWS);
  #movability = new Uint8Array(FIRST_ROWS);
  #tenant = new Uint8Array(FIRST_ROWS);
  #sizeOfId = new Uint32Array(FIRST_ROWS); // 0 = not live

  /** @param file as it shall stand in messages. */
  constructor(file: string) {
    this.file = file;
  }

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /** The time set last, NaN before the first. */
  get timeMicros(): number {
    return this.#timeMicros;
  }

  /**
   * Sets the time of the rows that follow. A time before the last one is an error, or with `isLenient` moved up and counted.
   * @param text the line, for the message
   */
  setTime(micros: number, lineNumber: number, text: string, isLenient = false): void {
    if (!(Math.abs(micros) <= Number.MAX_SAFE_INTEGER)) this.fail(lineNumber, "a time in range", text);
    if (micros < this.#timeMicros) {
      if (!isLenient) this.fail(lineNumber, `a time that is not before ${this.#timeMicros} µs, the one above`, text);
      this.warn("time-went-back", lineNumber);
      return;
    }
    this.#timeMicros = micros;
  }

  /** A size as it may be stored: 0 counts as 1, with a warning. NaN and negative sizes fail as "not `expected`". */
  checkSize(sizeBytes: number, lineNumber: number, expected: string, text: string): number {
    if (sizeBytes > 0 && sizeBytes <= MAX_SIZE_BYTES && sizeBytes === Math.trunc(sizeBytes)) return sizeBytes;
    if (sizeBytes === 0) {
      this.warn("zero-size", lineNumber);
      return 1;
    }
    if (sizeBytes > MAX_SIZE_BYTES) this.fail(lineNumber, `a size of at most ${MAX_SIZE_BYTES} bytes`, text);
    if (sizeBytes < 0) this.fail(lineNumber, "a size that is not negative", text);
    return this.fail(lineNumber, expected, text);
  }

  /** Appends an allocation of a checked size and returns its fresh id. */
  allocate(
    sizeBytes: number,
    alignLog2 = LEAST_ALIGN_LOG2,
    requestClass = CLASS_UNSET,
    movability = MOVABILITY_UNSET,
    tenant = 0,
  ): number {
    const id = this.#idCount++;
    if (id === this.#sizeOfId.length) this.#sizeOfId = grown(this.#sizeOfId, new Uint32Array(id * 2));
    this.#push(OP_ALLOCATE, id, sizeBytes, alignLog2, requestClass, movability, tenant);
    this.#setLive(id, sizeBytes);
    return id;
  }

  /** Appends a reallocation of a live id to a checked size. */
  resize(id: number, sizeBytes: number, requestClass = CLASS_UNSET, tenant = 0): void {
    assert(this.isLive(id), "a resize needs a live id");
    this.#push(OP_RESIZE, id, sizeBytes, LEAST_ALIGN_LOG2, requestClass, MOVABILITY_UNSET, tenant);
    this.#setLive(id, sizeBytes);
  }

  /** Appends the free of a live id. */
  free(id: number, tenant = 0): void {
    assert(this.isLive(id), "a free needs a live id");
    this.#push(OP_FREE, id, 0, LEAST_ALIGN_LOG2, 0, 0, tenant);
    this.#setLive(id, 0);
  }

  isLive(id: number): boolean {
    return id < this.#idCount && this.#sizeOfId[id] > 0;
  }

  /** The index of a tenant's name, made on first sight. */
  tenant(name: string, lineNumber: number): number {
    const known = this.#tenantIndex.get(name);
    if (known !== undefined) return known;
    if (this.#tenantIndex.size < MAX_TENANTS - 1) {
      const index = this.#tenantIndex.size;
      this.#tenantIndex.set(name, index);
      return index;
    }
    this.warn("too-many-tenants", lineNumber);
    this.#tenantIndex.set(OTHER_TENANT, this.#tenantIndex.get(OTHER_TENANT) ?? this.#tenantIndex.size);
    return this.#tenantIndex.get(OTHER_TENANT)!;
  }

  /** Spreads the times of the rows from `fromRow` on evenly over [start, end): for formats that stamp only now and then. */
  spreadTimes(fromRow: number, startMicros: number, endMicros: number): void {
    const rows = this.#length - fromRow;
    for (let i = 0; i < rows; i++) {
      this.#time[fromRow + i] = startMicros + Math.floor(((endMicros - startMicros) * i) / rows);
    }
  }

  /** Moves the rows later, evenly: the first by nothing, the last by `lateMicros`. */
  driftTimes(lateMicros: number): void {
    const last = this.#length - 1;
    for (let i = 1; i <= last; i++) this.#time[i] += (lateMicros * i) / last;
  }

  /** Counts something that was let pass. */
  warn(code: TraceWarningCode, lineNumber: number): void {
    const known = this.#warnings.get(code);
    if (known) known.count++;
    else this.#warnings.set(code, { count: 1, firstLine: lineNumber });
  }

  /** How often `code` was let pass. */
  warned(code: TraceWarningCode): number {
    return this.#warnings.get(code)?.count ?? 0;
  }

  /** Throws INVALID_TRACE: `file:line: expected ..., got "..."`. */
  fail(lineNumber: number, expected: string, text: string): never {
    this.failWith(lineNumber, expected, quoted(text));
  }

  /** `fail` where no line is to blame: `got` stands in the message as it is. */
  failWith(lineNumber: number, expected: string, got: string): never {
    throw new MempredError("INVALID_TRACE", `${this.file}:${lineNumber}: expected ${expected}, got ${got}`, {
      file: this.file,
      line: lineNumber,
      expected,
    });
  }

  /**
   * Compares the operations found with what the file declares. More, or fewer with a whole last line (a copy of the first
   * lines), is a warning; fewer and a last line without its end is a file that was cut.
   */
  checkOperationCount(declared: number | undefined, found: number, lines: number, isTerminated: boolean): void {
    if (declared === undefined || declared === found) return;
    if (found < declared && !isTerminated) {
      this.failWith(lines, `${declared} operations, as declared at the top`, `${found}: the file is cut short`);
    }
    this.warn("operation-count", 0);
  }

  /** The trace, columns cut to length. Throws INVALID_TRACE when no operation was found. Cost: one copy. */
  finish(labels: { readonly format: string; readonly name: string; readonly lines: number }): RawTrace {
    const n = this.#length;
    if (n === 0) this.failWith(Math.max(1, labels.lines), "at least one operation", "none");
    const warnings = [...this.#warnings].map(([code, { count, firstLine }]) => ({ code, count, firstLine }));
    return {
      ...labels,
      file: this.file,
      description: this.description,
      length: n,
      idCount: this.#idCount,
      timing: this.timing,
      timeMicros: this.#time.slice(0, n),
      kind: this.#kind.slice(0, n),
      id: this.#id.slice(0, n),
      sizeBytes: this.#size.slice(0, n),
      alignLog2: this.#align.slice(0, n),
      requestClass: this.#class.slice(0, n),
      movability: this.#movability.slice(0, n),
      tenant: this.#tenant.slice(0, n),
      tenants: this.#tenantIndex.size > 0 ? [...this.#tenantIndex.keys()] : ["trace"],
      allocations: this.#counts[OP_ALLOCATE],
      resizes: this.#counts[OP_RESIZE],
      frees: this.#counts[OP_FREE],
      peakLiveBytes: this.#peakLiveBytes,
      endLiveBytes: this.#liveBytes,
      declared: { ...this.declared },
      warnings,
    };
  }

  #setLive(id: number, sizeBytes: number): void {
    this.#liveBytes += sizeBytes - this.#sizeOfId[id];
    this.#sizeOfId[id] = sizeBytes;
    if (this.#liveBytes > this.#peakLiveBytes) this.#peakLiveBytes = this.#liveBytes;
  }

  #push(
    kind: number,
    id: number,
    sizeBytes: number,
    alignLog2: number,
    requestClass: number,
    movability: number,
    tenant: number,
  ): void {
    if (this.#length === this.#kind.length) this.#grow();
    const i = this.#length++;
    this.#counts[kind]++;
    this.#time[i] = this.#timeMicros;
    this.#kind[i] = kind;
    this.#id[i] = id;
    this.#size[i] = sizeBytes;
    this.#align[i] = alignLog2;
    this.#class[i] = requestClass;
    this.#movability[i] = movability;
    this.#tenant[i] = tenant;
  }

  #grow(): void {
    const rows = this.#kind.length * 2;
    this.#time = grown(this.#time, new Float64Array(rows));
    this.#kind = grown(this.#kind, new Uint8Array(rows));
    this.#id = grown(this.#id, new Uint32Array(rows));
    this.#size = grown(this.#size, new Uint32Array(rows));
    this.#align = grown(this.#align, new Uint8Array(rows));
    this.#class = grown(this.#class, new Uint8Array(rows));
    this.#movability = grown(this.#movability, new Uint8Array(rows));
    this.#tenant = grown(this.#tenant, new Uint8Array(rows));
  }
}

/** `text` in quotes, shortened, control characters shown as `?`: messages must not garble a terminal. */
function quoted(text: string): string {
  let shown = "";
  for (let i = 0; i < text.length && i < MAX_QUOTED; i++) {
    const c = text.charCodeAt(i);
    shown += c < 32 || (c >= 127 && c < 160) ? "?" : text[i];
  }
  return `"${shown}${text.length > MAX_QUOTED ? "..." : ""}"`;
}

function grown<A extends Uint8Array | Uint32Array | Float64Array>(old: A, fresh: A): A {
  fresh.set(old as never);
  return fresh;
}
