// Cache traces in text whose lines are keys alone: one key a line, and the block ranges of the ARC traces.

import type { CacheLineReader } from "./cache-formats.ts";
import { type CacheTraceBuilder, quoted } from "./cache-trace.ts";

/** The largest range of an ARC line: beyond it the line is damaged. */
const MOST_RANGE_BLOCKS = 1_048_576;
const TWO_POW_32 = 4_294_967_296;

/**
 * One key a line, blanks around it removed. Empty lines are passed over, lines that start with # above the first key (further
 * down they are keys), and a "*" alone, which marks a place in the LIRS traces.
 */
export class TextKeysReader implements CacheLineReader {
  readonly #builder: CacheTraceBuilder;

  constructor(builder: CacheTraceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    const key = text.trim();
    if (key === "" || (key.startsWith("#") && this.#builder.length === 0)) return;
    if (key === "*") this.#builder.warn("mark-line", { line });
    else this.#builder.request(this.#builder.name(key), -1);
  }
}

/** `<first block> <blocks> <ignored> <request>`: each line asks for a range of blocks, one after the other (ARC, FAST 2003). */
export class ArcReader implements CacheLineReader {
  readonly #builder: CacheTraceBuilder;

  constructor(builder: CacheTraceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    const trimmed = text.trim();
    if (trimmed === "") return;
    const [first, blocks] = arcFields(trimmed) ?? [];
    if (first === undefined || blocks === undefined || blocks < 1 || blocks > MOST_RANGE_BLOCKS)
      this.#builder.fail({ line }, '"<first block> <blocks> <ignored> <request>"', quoted(trimmed));
    for (let block = first; block < first + blocks; block++)
      this.#builder.request(this.#builder.number(block % TWO_POW_32, Math.floor(block / TWO_POW_32)), -1);
  }
}

/** The four numbers of an ARC line, or undefined. */
function arcFields(line: string): readonly number[] | undefined {
  const words = line.split(/\s+/);
  if (words.length !== 4 || !words.every((word) => /^\d{1,15}$/.test(word))) return;
  return words.map(Number);
}

/** Three lines or more of four numbers, the last of which counts up by one. */
export function looksLikeArc(lines: readonly string[]): boolean {
  const full = lines.filter((line) => line.trim() !== "");
  let previous = -1;
  for (const line of full) {
    const fields = arcFields(line.trim());
    if (fields === undefined || fields[1]! < 1 || (previous >= 0 && fields[3] !== previous + 1)) return false;
    previous = fields[3]!;
  }
  return full.length >= 3;
}
