// Lines that are sessions: a session a line, what was asked for in order with blanks between. Lines that start with % are comments;
// where one of the first says "% Sequences:", all before it is a header (MSNBC names its categories there).

import type { LineReader } from "./line-feed.ts";

/** A line "% Sequences:" comes within the first lines, if it comes at all. */
const MOST_HEADER_LINES = 64;

export class SessionLines implements LineReader {
  readonly #onSession: (words: readonly string[]) => void;
  /** Lines that may turn out to be a header; null when that is settled. */
  #held: string[] | null = [];

  /** @param onSession is told the words of each session that has any */
  constructor(onSession: (words: readonly string[]) => void) {
    this.#onSession = onSession;
  }

  line(text: string, line: number): void {
    if (/^%\s*sequences:?\s*$/i.test(text)) this.#held = null;
    else if (text.startsWith("%")) return;
    else if (this.#held === null) this.#session(text);
    else {
      this.#held.push(text);
      if (line >= MOST_HEADER_LINES) this.#release();
    }
  }

  end(): void {
    this.#release();
  }

  #release(): void {
    for (const text of this.#held ?? []) this.#session(text);
    this.#held = null;
  }

  #session(text: string): void {
    const words = text.split(/\s+/).filter((word) => word !== "");
    if (words.length > 0) this.#onSession(words);
  }
}

/** True when the first line is a comment of that kind. */
export function looksLikeSessions(lines: readonly string[]): boolean {
  return lines[0]?.startsWith("%") === true;
}
