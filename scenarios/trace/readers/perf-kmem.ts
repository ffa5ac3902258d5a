// `perf script` of the kernel's kmem tracepoints (include/trace/events/kmem.h), and ftrace's own text of the same events:
//   comm pid [cpu] seconds: kmem:kmalloc: call_site=... ptr=... bytes_req=N bytes_alloc=N gfp_flags=...
//   ... kmem:kmem_cache_alloc: (the same)  kmem:kfree: ptr=...  kmem:kmem_cache_free: ptr=...
//   ... kmem:mm_page_alloc: page=... pfn=N order=N migratetype=N gfp_flags=...  kmem:mm_page_free: page=... pfn=N order=N
// Fields are found by name, so that their order and company may differ between kernels; `_node` variants of older kernels
// are read alike. Call chains, comments and other events are passed over. GFP flags give the class of each request.
//
// Movability: the kernel itself says it of pages (__GFP_MOVABLE or pinned). Slab objects cannot move in Linux, because
// their users hold raw pointers; here users hold handles, and a trace in which nothing moves asks nothing of a compactor, so
// that they are left open and the mix pins its share. Slabs live in pages: a recording of both kinds counts memory twice.

import { type GfpMeaning, gfpMeaning } from "../gfp.ts";
import { LineCursor } from "../line-cursor.ts";
import { LiveKeys } from "../live-keys.ts";
import {
  LEAST_ALIGN_LOG2,
  MAX_SIZE_BYTES,
  MOVABILITY_MOVABLE,
  MOVABILITY_PINNED,
  MOVABILITY_UNSET,
  type TraceReader,
} from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const PAGE_BYTES = 4096;
const MAX_ORDER = 20;

type EventKind = "object" | "object-free" | "page" | "page-free";
const EVENTS: Readonly<Record<string, EventKind>> = {
  kmalloc: "object",
  kmalloc_node: "object",
  kmem_cache_alloc: "object",
  kmem_cache_alloc_node: "object",
  kfree: "object-free",
  kmem_cache_free: "object-free",
  mm_page_alloc: "page",
  mm_page_free: "page-free",
  mm_page_free_direct: "page-free",
};

/** Reads perf script's kmem events. */
export class PerfKmemReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #objects: LiveKeys;
  readonly #pages: LiveKeys;
  readonly #cursor = new LineCursor();
  readonly #meanings = new Map<string, GfpMeaning>();
  #objectCount = 0;
  #pageCount = 0;
  #passedOver = ""; // the last line that was
  #lines = 0;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#objects = new LiveKeys(sink);
    this.#pages = new LiveKeys(sink);
  }

  line(text: string, lineNumber: number): void {
    this.#lines = lineNumber;
    const at = eventAt(text);
    const kind = at < 0 ? undefined : eventKind(text, at);
    this.#passedOver = kind === undefined ? text : "";
    if (kind === undefined) return;
    this.#time(text, at, lineNumber);
    const from = text.indexOf(":", at);
    if (kind === "object") this.#object(text, from, lineNumber);
    else if (kind === "object-free") this.#objectFree(text, from, lineNumber);
    else if (kind === "page") this.#page(text, from, lineNumber);
    else this.#pageFree(text, from, lineNumber);
  }

  end(isTerminated = true): void {
    // A cut line that lost its event would pass for a piece of a call chain.
    if (!isTerminated && / \[\d+\]\s/.test(this.#passedOver)) {
      this.#sink.fail(this.#lines, "a whole line with a kmem event", this.#passedOver);
    }
    if (this.#objectCount > 0 && this.#pageCount > 0) this.#sink.warn("slab-and-pages", 0);
  }

  #object(text: string, from: number, lineNumber: number): void {
    const sink = this.#sink;
    const address = this.#field(text, from, "ptr=", lineNumber);
    const hasRequest = text.indexOf(" bytes_req=", from) >= 0;
    const bytes = this.#field(text, from, hasRequest ? "bytes_req=" : "bytes_alloc=", lineNumber);
    const { requestClass } = this.#gfp(text, from, lineNumber);
    if (address === 0) {
      sink.warn("failed-allocation", lineNumber);
      return;
    }
    this.#objectCount++;
    const size = sink.checkSize(bytes, lineNumber, '"bytes_req=<bytes>"', text);
    const tenant = sink.tenant("slab", lineNumber);
    this.#objects.allocate(address, size, lineNumber, LEAST_ALIGN_LOG2, requestClass, MOVABILITY_UNSET, tenant);
  }

  #objectFree(text: string, from: number, lineNumber: number): void {
    const address = this.#field(text, from, "ptr=", lineNumber);
    if (address === 0) this.#sink.warn("free-of-null", lineNumber);
    else this.#objects.free(address, lineNumber, this.#sink.tenant("slab", lineNumber));
  }

  #page(text: string, from: number, lineNumber: number): void {
    const sink = this.#sink;
    const frame = this.#pageKey(text, from, lineNumber);
    const order = this.#field(text, from, "order=", lineNumber);
    const { requestClass, isMovable } = this.#gfp(text, from, lineNumber);
    if (order > MAX_ORDER) sink.fail(lineNumber, `"order=" of at most ${MAX_ORDER}`, text);
    if (frame === 0) {
      sink.warn("failed-allocation", lineNumber);
      return;
    }
    this.#pageCount++;
    // order ≤ 20: at most 4 GiB, which the size limit then refuses.
    const bytes = PAGE_BYTES * (1 << order);
    const size = sink.checkSize(bytes <= MAX_SIZE_BYTES ? bytes : Infinity, lineNumber, '"order=<n>"', text);
    const movability = isMovable ? MOVABILITY_MOVABLE : MOVABILITY_PINNED;
    const tenant = sink.tenant("pages", lineNumber);
    this.#pages.allocate(frame, size, lineNumber, LEAST_ALIGN_LOG2, requestClass, movability, tenant);
  }

  #pageFree(text: string, from: number, lineNumber: number): void {
    const frame = this.#pageKey(text, from, lineNumber);
    if (frame === 0) this.#sink.warn("free-of-null", lineNumber);
    else this.#pages.free(frame, lineNumber, this.#sink.tenant("pages", lineNumber));
  }

  /** The frame number names a page: `page=` is hashed or a frame number itself, depending on the kernel. */
  #pageKey(text: string, from: number, lineNumber: number): number {
    return this.#field(text, from, text.indexOf(" pfn=", from) >= 0 ? "pfn=" : "page=", lineNumber);
  }

  #gfp(text: string, from: number, lineNumber: number): GfpMeaning {
    const at = fieldAt(text, from, "gfp_flags=");
    if (at < 0) this.#sink.fail(lineNumber, '"gfp_flags="', text);
    this.#cursor.set(text, at);
    const flags = this.#cursor.word();
    const known = this.#meanings.get(flags);
    if (known) return known;
    const meaning = gfpMeaning(flags);
    if (!meaning) this.#sink.fail(lineNumber, "GFP flags, as GFP_KERNEL|__GFP_ZERO", text);
    this.#meanings.set(flags, meaning);
    return meaning;
  }

  /** The number after `name`, ≥ 0: addresses in hexadecimal, counts in decimal, frame numbers in either. */
  #field(text: string, from: number, name: string, lineNumber: number): number {
    const at = fieldAt(text, from, name);
    let value = NaN;
    if (at >= 0) {
      this.#cursor.set(text, at);
      const isHex = name === "ptr=" || name === "page=" || text.startsWith("0x", at);
      value = isHex ? this.#cursor.address() : this.#cursor.integer();
    }
    if (!(value >= 0)) this.#sink.fail(lineNumber, `"${name}<number>"`, text);
    return value;
  }

  /** The seconds right before the event, `953.541058:`. Either every event has them or none. */
  #time(text: string, eventStart: number, lineNumber: number): void {
    const sink = this.#sink;
    const micros = microsBefore(text, eventStart);
    const isTimed = !Number.isNaN(micros);
    if (sink.length === 0 && isTimed) sink.timing = "recorded";
    if ((sink.timing === "recorded") !== isTimed)
      sink.fail(lineNumber, "a time before the event, or none at all", text);
    if (isTimed) sink.setTime(micros, lineNumber, text, true);
  }
}

/** Where the name of a kmem event starts in the line, −1 when there is none: after `kmem:`, or after the time. */
function eventAt(text: string): number {
  const prefixed = text.indexOf("kmem:");
  if (prefixed >= 0 && (prefixed === 0 || text.charCodeAt(prefixed - 1) === 32)) return prefixed + 5;
  // ftrace: `comm-pid [cpu] flags seconds: kmalloc: ...`
  const colon = text.indexOf(": ");
  if (colon <= 0) return -1;
  const c = text.charCodeAt(colon - 1);
  return c >= 48 && c <= 57 ? colon + 2 : -1;
}

function eventKind(text: string, at: number): EventKind | undefined {
  const end = text.indexOf(":", at);
  if (end < 0) return undefined;
  const name = text.slice(at, end);
  return Object.hasOwn(EVENTS, name) ? EVENTS[name] : undefined;
}

/** Where the value of the field `name` starts, −1 when there is none. */
function fieldAt(text: string, from: number, name: string): number {
  let at = text.indexOf(name, from);
  while (at > 0 && text.charCodeAt(at - 1) !== 32) at = text.indexOf(name, at + 1); // `bytes_req=` is no `req=`
  return at < 0 ? -1 : at + name.length;
}

/** The `seconds.fraction:` that ends before `end`, in µs; NaN when there is none. Digits beyond the µs are dropped. */
function microsBefore(text: string, end: number): number {
  let at = end;
  if (text.startsWith("kmem:", at - 5)) at -= 5;
  at--;
  while (at >= 0 && text.charCodeAt(at) === 32) at--;
  if (at < 0 || text.charCodeAt(at) !== 58) return NaN;
  const colon = at;
  while (at > 0 && text.charCodeAt(at - 1) !== 32) at--;
  const dot = text.indexOf(".", at);
  if (dot < 0 || dot > colon) return NaN;
  let micros = 0;
  for (let i = at; i < dot; i++) micros = micros * 10 + digit(text, i);
  for (let i = 1; i <= 6; i++) micros = micros * 10 + (dot + i < colon ? digit(text, dot + i) : 0);
  return micros;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}

/** True when the first lines look like perf script's kmem events. */
export function looksLikePerfKmem(lines: readonly string[]): boolean {
  return lines.some((line) => {
    const at = eventAt(line);
    return at >= 0 && eventKind(line, at) !== undefined;
  });
}
