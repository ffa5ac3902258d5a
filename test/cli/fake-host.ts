// A host for commands run in-process: what they write is kept, the clock is a counter, signals are sent by hand.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host, OutputStream, TerminalHost } from "../../cli/host.ts";
import { runCli } from "../../cli/program.ts";

export interface CapturedStream extends OutputStream {
  text: string;
}

export interface FakeHost extends Host {
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
  /** Sends a signal to whoever listens. */
  signal(name: "SIGINT" | "SIGTERM"): void;
  readonly listeners: number;
}

export interface FakeHostOptions {
  readonly environment?: Record<string, string>;
  readonly folder?: string;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly engineUrl?: string;
  readonly processors?: number;
  readonly terminal?: TerminalHost;
}

export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const { environment = {}, folder = temporaryFolder(), isTerminal = false } = options;
  const handlers = new Set<(signal: "SIGINT" | "SIGTERM") => void>();
  let now = 0;
  const stream = (): CapturedStream => ({
    text: "",
    isTerminal,
    columns: isTerminal ? (options.columns ?? 100) : undefined,
    write(text) {
      this.text += text;
    },
  });
  return {
    environment: { LANG: "C.UTF-8", ...environment },
    currentFolder: folder,
    stdout: stream(),
    stderr: stream(),
    nowMillis: () => (now += 50),
    onSignal(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    signal(name) {
      for (const handler of handlers) handler(name);
    },
    get listeners() {
      return handlers.size;
    },
    terminal: options.terminal ?? null,
    processors: options.processors ?? 1,
    ...(options.engineUrl === undefined ? {} : { engineUrl: options.engineUrl }),
  };
}

export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly host: FakeHost;
}

/** Runs a command line in-process. */
export async function run(words: readonly string[], options: FakeHostOptions | FakeHost = {}): Promise<Finished> {
  const host = "stdout" in options ? options : fakeHost(options);
  const status = await runCli(words, host);
  return { status, stdout: host.stdout.text, stderr: host.stderr.text, host };
}

/** A folder that is gone when the tests are done. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "mempred-test-"));
}
