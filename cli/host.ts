// The edge of the process: everything that a command takes from its surroundings, in one object, so that a test can run a
// command in-process and see each byte. Two streams: stdout carries the result and nothing else.

import { EXIT_OK, EXIT_USAGE } from "./exit.ts";

export interface OutputStream {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters in a line; undefined where it is not a terminal. */
  readonly columns: number | undefined;
}

/** Keys and size of a terminal; there only where stdin and stdout both are one. */
export interface TerminalHost {
  size(): { readonly columns: number; readonly rows: number };
  write(text: string): void;
  /** Calls `handler` with what is typed, as it is typed, until the returned function is called. */
  onKeys(handler: (text: string) => void): () => void;
  onResize(handler: () => void): () => void;
  /** Calls `handler` again and again until the returned function is called. */
  every(millis: number, handler: () => void): () => void;
}

export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly currentFolder: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Wall clock in ms, for progress alone: no result depends on it. */
  nowMillis(): number;
  /** Calls `handler` on SIGINT and SIGTERM until the returned function is called. */
  onSignal(handler: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  /** Null where nobody can be shown a screen. */
  readonly terminal: TerminalHost | null;
  /** Processors to use by default. */
  readonly processors: number;
  /** Module that stands in for engine.ts. For tests. */
  readonly engineUrl?: string;
}

/**
 * The host of this process. A reader that closes stdout ends the process quietly: whatever is left to print, nobody wants
 * it, and the exit status stays what it was going to be. Nobody listening on stderr is no reason to stop.
 */
export function processHost(processors: number): Host {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT_OK);
    process.stderr.write(`mempred: stdout cannot be written: ${error.code ?? error.message}\n`);
    process.exit(EXIT_USAGE);
  });
  process.stderr.on("error", () => {});
  return {
    environment: process.env,
    currentFolder: process.cwd(),
    stdout: streamOf(process.stdout),
    stderr: streamOf(process.stderr),
    nowMillis: () => performance.now(),
    onSignal(handler) {
      const onInterrupt = () => handler("SIGINT");
      const onTerminate = () => handler("SIGTERM");
      process.on("SIGINT", onInterrupt);
      process.on("SIGTERM", onTerminate);
      return () => {
        process.off("SIGINT", onInterrupt);
        process.off("SIGTERM", onTerminate);
      };
    },
    terminal: process.stdin.isTTY === true && process.stdout.isTTY === true ? processTerminal() : null,
    processors,
  };
}

function processTerminal(): TerminalHost {
  const { stdin, stdout } = process;
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    write: (text) => void stdout.write(text),
    onKeys(handler) {
      const onData = (data: Buffer) => handler(data.toString("utf8"));
      stdin.setRawMode(true);
      stdin.on("data", onData).resume();
      return () => {
        stdin.off("data", onData).pause();
        stdin.setRawMode(false);
      };
    },
    onResize(handler) {
      stdout.on("resize", handler);
      return () => stdout.off("resize", handler);
    },
    every(millis, handler) {
      const timer = setInterval(handler, millis);
      return () => clearInterval(timer);
    },
  };
}

function streamOf(stream: NodeJS.WriteStream): OutputStream {
  return {
    write: (text) => void stream.write(text),
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.isTTY === true ? stream.columns : undefined;
    },
  };
}
