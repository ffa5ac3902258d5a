// Bytes to lines, whatever their ends; a byte order mark is dropped. Memory: one chunk and one line.

/** Longer lines are nothing that is read here; the limit bounds memory. */
const MOST_LINE_CHARACTERS = 1_048_576;

/** Takes in lines without their ends. */
export interface LineReader {
  /** @param line its number, from 1 */
  line(text: string, line: number): void;
  /** @param lines how many there were */
  end?(lines: number): void;
}

/** Throws what is wrong with a line. */
export interface LineFailure {
  fail(place: { readonly line: number }, expected: string, got: string): never;
}

export class LineFeed {
  readonly #reader: LineReader;
  readonly #failure: LineFailure;
  readonly #decoder = new TextDecoder("utf-8");
  #rest = "";
  #lines = 0;

  constructor(reader: LineReader, failure: LineFailure) {
    this.#reader = reader;
    this.#failure = failure;
  }

  push(chunk: Uint8Array): void {
    const data = this.#rest + this.#decoder.decode(chunk, { stream: true });
    let start = 0;
    for (;;) {
      const end = data.indexOf("\n", start);
      if (end < 0) break;
      this.#line(data.slice(start, end));
      start = end + 1;
    }
    this.#rest = data.slice(start);
    if (this.#rest.length > MOST_LINE_CHARACTERS)
      this.#failure.fail(
        { line: this.#lines + 1 },
        `a line of at most ${MOST_LINE_CHARACTERS} characters`,
        "a longer one",
      );
  }

  end(): void {
    this.#rest += this.#decoder.decode();
    if (this.#rest !== "") this.#line(this.#rest);
    this.#reader.end?.(this.#lines);
  }

  #line(text: string): void {
    this.#reader.line(text.endsWith("\r") ? text.slice(0, -1) : text, ++this.#lines);
  }
}
