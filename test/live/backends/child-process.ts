// Starts child.ts and reads its lines.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

export class Child {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly #ended: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(...words: string[]) {
    this.process = spawn(process.execPath, ["--import", "tsx", CHILD, ...words], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const reader = createInterface({ input: this.process.stdout! });
    reader.on("line", (line) => {
      this.lines.push(line);
      this.#wake();
    });
    this.#ended = new Promise((resolve) => this.process.once("exit", () => resolve()));
    void this.#ended.then(() => this.#wake());
  }

  /** The first line that the test accepts; rejects when the process ends without one. */
  async line(test: (line: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.lines.find(test);
      if (found !== undefined) return found;
      if (this.process.exitCode !== null) throw new Error(`the child ended; it said: ${this.lines.join(" / ")}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  send(line: string): void {
    this.process.stdin!.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#ended;
  }

  async end(): Promise<void> {
    await this.#ended;
  }
}
