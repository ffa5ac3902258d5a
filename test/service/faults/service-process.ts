// The service in a process of its own, so that it can be killed and what makes the load does not slow it: starts service-child.ts and
// talks to it in lines.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ChildOptions, ChildReport } from "./service-child.ts";

const CHILD = fileURLToPath(new URL("./service-child.ts", import.meta.url));

export class ServiceProcess {
  readonly process: ChildProcess;
  url = "";
  #report: ((report: ChildReport) => void) | undefined;
  readonly #gone: Promise<number | null>;

  private constructor(options: ChildOptions) {
    this.process = spawn(process.execPath, ["--import", "tsx", CHILD, JSON.stringify(options)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#gone = new Promise((resolve) => this.process.once("exit", (code) => resolve(code)));
  }

  /** Resolves when it listens; rejects with the code of why it cannot. */
  static async start(options: ChildOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: service.process.stdout! }).on("line", (line) => {
        const message = JSON.parse(line) as { url?: string; failure?: string; report?: ChildReport };
        if (message.failure !== undefined) reject(new Error(message.failure));
        if (message.url !== undefined) {
          service.url = message.url;
          resolve();
        }
        if (message.report !== undefined) service.#report?.(message.report);
      });
      void service.#gone.then((code) => reject(new Error(`the service ended with ${code} before it listened`)));
    });
    return service;
  }

  /** What it has seen of itself. */
  async report(): Promise<ChildReport> {
    return new Promise((resolve) => {
      this.#report = resolve;
      this.process.stdin!.write("report\n");
    });
  }

  /** As an operator would. @returns its exit status */
  async stop(): Promise<number | null> {
    this.process.kill("SIGTERM");
    return this.#gone;
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#gone;
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.process.kill(name);
  }
}
