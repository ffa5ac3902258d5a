// A terminal that is taken over for a while: the other screen, keys as they are pressed, the cursor hidden; and given back as it
// was however the viewer ends. Only lines that changed are written again.

import type { TerminalHost } from "../host.ts";

const ESCAPE = "\u001b";
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l${ESCAPE}[2J`;
const LEAVE = `${ESCAPE}[?25h${ESCAPE}[?1049l`;

/** Sequences that terminals send for keys without a character. */
const KEYS: Readonly<Record<string, string>> = {
  [`${ESCAPE}[C`]: "right",
  [`${ESCAPE}[D`]: "left",
  [`${ESCAPE}[A`]: "up",
  [`${ESCAPE}[B`]: "down",
  [`${ESCAPE}OC`]: "right",
  [`${ESCAPE}OD`]: "left",
  [`${ESCAPE}[H`]: "home",
  [`${ESCAPE}[F`]: "end",
  [`${ESCAPE}[1~`]: "home",
  [`${ESCAPE}[4~`]: "end",
  [ESCAPE]: "escape",
  "\u0003": "ctrl-c",
};

/** The keys of what a terminal sent in one go: sequences as names, everything else character by character. */
export function keysOf(text: string): string[] {
  const keys: string[] = [];
  for (let at = 0; at < text.length; ) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keys are sent as control sequences
    const sequence = /^\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(text.slice(at))?.[0] ?? text[at]!;
    const name = KEYS[sequence];
    if (name !== undefined) keys.push(name);
    else if (sequence.length === 1) keys.push(sequence);
    at += sequence.length;
  }
  return keys;
}

export class FullScreen {
  readonly #terminal: TerminalHost;
  #shown: string[] = [];
  #isOpen = false;

  constructor(terminal: TerminalHost) {
    this.#terminal = terminal;
  }

  open(): void {
    this.#isOpen = true;
    this.#terminal.write(ENTER);
  }

  /** Everything is drawn anew next time: the window has another size. */
  forget(): void {
    this.#shown = [];
    this.#terminal.write(`${ESCAPE}[2J`);
  }

  draw(lines: readonly string[]): void {
    let text = "";
    lines.forEach((line, i) => {
      if (this.#shown[i] !== line) text += `${ESCAPE}[${i + 1};1H${line}${ESCAPE}[0m${ESCAPE}[K`;
    });
    if (lines.length < this.#shown.length) text += `${ESCAPE}[${lines.length + 1};1H${ESCAPE}[J`;
    this.#shown = [...lines];
    if (text !== "") this.#terminal.write(text);
  }

  /** Gives the terminal back. Once; more calls do nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.write(LEAVE);
  }
}
