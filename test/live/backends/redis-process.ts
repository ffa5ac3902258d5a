// A Redis server of one's own: on a free port, in a folder of its own, without persistence unless asked for. For tests and for
// scripts that measure.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

export function isRedisInstalled(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

export class TestRedis {
  readonly port: number;
  readonly folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.folder = folder;
    this.#options = options;
  }

  /** @param options as on the command line, e.g. "--maxmemory", "5mb" */
  static async start(...options: string[]): Promise<TestRedis> {
    const server = new TestRedis(await freePort(), mkdtempSync(join(tmpdir(), "mempred-redis-")), options);
    await server.launch();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Starts it, again after `kill`; resolves when it answers. */
  async launch(): Promise<void> {
    const words = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.folder, "--save", ""];
    this.#process = spawn("redis-server", [...words, "--appendonly", "no", ...this.#options], { stdio: "ignore" });
    for (let attempt = 0; attempt < 400; attempt++) {
      if ((await this.command(["PING"]).catch(() => "")) === "PONG") return;
      await sleep(25);
    }
    throw new Error("redis-server did not start");
  }

  /** One command over a connection of its own. */
  async command(words: readonly [string, ...(string | Buffer)[]]): Promise<unknown> {
    const client = new Redis({ port: this.port, host: "127.0.0.1", lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await client.call(...words);
    } finally {
      client.disconnect();
    }
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(name);
  }

  /** SIGKILL, and until it is gone. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGKILL");
    await gone;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
