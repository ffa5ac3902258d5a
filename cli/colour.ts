// Colour and characters. Chalk on a terminal ignores NO_COLOR, so the level is resolved here and handed to it, for stdout
// and stderr apart: --no-color › FORCE_COLOR › NO_COLOR › TERM=dumb › is it a terminal. Colour never stands alone: every
// coloured word is a word or a mark too. Characters fall back to ASCII when the locale is not UTF-8.

import { Chalk, type ChalkInstance, type ColorSupportLevel } from "chalk";

export type Environment = Readonly<Record<string, string | undefined>>;

/** 0 none, 1 16 colours, 2 256, 3 true colour. `isColourOff` is --no-color. */
export function colourLevel(environment: Environment, isTerminal: boolean, isColourOff: boolean): ColorSupportLevel {
  if (isColourOff) return 0;
  const force = environment["FORCE_COLOR"];
  if (force !== undefined) {
    if (force === "" || force === "true") return 1;
    if (force === "false") return 0;
    const level = Number(force);
    return level === 0 || level === 1 || level === 2 || level === 3 ? level : 1;
  }
  if (environment["NO_COLOR"] !== undefined && environment["NO_COLOR"] !== "") return 0;
  if (environment["TERM"] === "dumb" || !isTerminal) return 0;
  if (environment["COLORTERM"] === "truecolor" || environment["COLORTERM"] === "24bit") return 3;
  return /-256(color)?$/i.test(environment["TERM"] ?? "") ? 2 : 1;
}

/** Whether text may hold characters outside ASCII: LC_ALL › LC_CTYPE › LANG says UTF-8. */
export function isUnicodeLocale(environment: Environment): boolean {
  const locale = [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find((name) => name);
  return locale !== undefined && /utf-?8/i.test(locale);
}

const ASCII: Readonly<Record<string, string>> = {
  "·": "|",
  "−": "-",
  "±": "+/-",
  "×": "x",
  "→": "->",
  "›": ">",
  "…": "...",
  µ: "u",
  "≥": ">=",
  "≤": "<=",
  "–": "-",
  "—": "-",
  "─": "-",
  "█": "#",
  "░": ".",
  "✓": "+",
  "✗": "x",
  "∞": "inf",
};

/** The text with every character outside ASCII replaced by something readable. */
export function toAscii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is what is left alone
  return text.replace(/[^\x00-\x7f]/gu, (character) => ASCII[character] ?? "?");
}

/** Roles of colour in the output, so that commands name meanings and not colours. Okabe-Ito, safe for colour-blind eyes. */
export interface Palette {
  readonly baseline: (text: string) => string;
  readonly predictive: (text: string) => string;
  readonly oom: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** The palette at a level. */
export function paletteOf(level: ColorSupportLevel): Palette {
  const chalk: ChalkInstance = new Chalk({ level });
  return {
    baseline: chalk.hex("#E69F00"),
    predictive: chalk.hex("#0072B2"),
    oom: chalk.hex("#D55E00"),
    good: chalk.hex("#009E73"),
    bad: chalk.hex("#D55E00"),
    strong: chalk.bold,
    dim: chalk.dim,
  };
}
