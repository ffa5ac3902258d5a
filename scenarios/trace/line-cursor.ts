// Reads the blank-separated words of one line by character codes, without a regular expression and without pieces of text:
// a trace has a million lines. Unlike a tokenizer it knows what is wanted: the caller asks for a number or a letter.

const TAB = 9;
const SPACE = 32;
const MINUS = 45;
const ZERO = 48;
const LOWER_X = 120;
const TWO_POW_48 = 281474976710656;

/** A position in a line. One cursor serves a whole file: `set` it on each line. */
export class LineCursor {
  text = "";
  at = 0;

  set(text: string, at = 0): void {
    this.text = text;
    this.at = at;
  }

  /** True when nothing but blanks is left. */
  atEnd(): boolean {
    this.#skipBlanks();
    return this.at >= this.text.length;
  }

  /** The next word as a decimal integer; NaN when it is none, ±Infinity beyond 2^53, where it would not be exact. */
  integer(): number {
    this.#skipBlanks();
    const text = this.text;
    let at = this.at;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    const first = at;
    let value = 0;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === first || !this.#endsWord(at)) return NaN;
    this.at = at;
    if (value > Number.MAX_SAFE_INTEGER) value = Infinity;
    return isNegative ? -value : value;
  }

  /** The next word as a hexadecimal integer, with or without 0x; NaN when it is none, Infinity beyond 2^53. */
  hex(): number {
    return this.#hexWord(false);
  }

  /**
   * The next word as an address: hexadecimal, with or without 0x. `(nil)`, `(null)`, `0x0` and `0` are 0. Above 2^52 only
   * the low 52 bits are kept: what lies above them is sign extension or a tag, the same whenever the block is named.
   */
  address(): number {
    this.#skipBlanks();
    if (this.text.startsWith("(nil)", this.at) || this.text.startsWith("(null)", this.at)) {
      this.word();
      return 0;
    }
    return this.#hexWord(true);
  }

  /** The next word, "" at the end. */
  word(): string {
    this.#skipBlanks();
    const first = this.at;
    while (!this.#endsWord(this.at)) this.at++;
    return this.text.slice(first, this.at);
  }

  /** The code of the next word if it is a single character, else −1 (and the word is left). */
  letter(): number {
    this.#skipBlanks();
    if (this.at >= this.text.length || !this.#endsWord(this.at + 1)) return -1;
    return this.text.charCodeAt(this.at++);
  }

  #hexWord(isAddress: boolean): number {
    this.#skipBlanks();
    const text = this.text;
    let at = this.at;
    if (text.charCodeAt(at) === ZERO && (text.charCodeAt(at + 1) | 32) === LOWER_X) at += 2;
    const first = at;
    let value = 0;
    for (; at < text.length; at++) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      // 2^48 − 1 shifted by one digit stays under 2^52, so the sum is exact and the digits above drop out.
      value = (isAddress && value >= TWO_POW_48 ? value % TWO_POW_48 : value) * 16 + digit;
    }
    if (at === first || !this.#endsWord(at)) return NaN;
    this.at = at;
    return value > Number.MAX_SAFE_INTEGER ? Infinity : value;
  }

  #skipBlanks(): void {
    const text = this.text;
    let at = this.at;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c !== SPACE && c !== TAB) break;
    }
    this.at = at;
  }

  #endsWord(at: number): boolean {
    if (at >= this.text.length) return true;
    const c = this.text.charCodeAt(at);
    return c === SPACE || c === TAB;
  }
}

/** The value of a hexadecimal digit's code, −1 for anything else. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
