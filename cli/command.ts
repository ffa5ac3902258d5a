// What a command is to the program: a function from settings and a host to a status and what stdout shall say. Text is
// returned and printed at the end, so that the exit status is known before the first byte goes into a pipe that may close.

import type { Palette } from "./colour.ts";
import type { Host } from "./host.ts";
import type { Settings } from "./settings.ts";

export interface CommandContext {
  readonly host: Host;
  readonly settings: Settings;
  /** Positional arguments, variadic ones spread out. */
  readonly arguments: readonly string[];
  /** Colours of stdout. */
  readonly palette: Palette;
  /** Colours of stderr. */
  readonly errorPalette: Palette;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  /** Writes a line to stderr, unless --quiet. */
  note(line: string): void;
}

export interface CommandOutcome {
  readonly status: number;
  /** All of stdout. Characters outside ASCII are replaced on the way out where the locale asks for it. */
  readonly text: string;
  /** A document (JSON, XML) is written as it is: its encoding is not the locale's business. */
  readonly isDocument?: boolean;
}

export type Command = (context: CommandContext) => Promise<CommandOutcome>;
