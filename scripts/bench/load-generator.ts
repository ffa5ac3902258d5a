// So many connections that each ask again as soon as they have their answer (a closed loop), over raw sockets, so that the generator
// costs less than what it measures. A process of its own: it reads its task from the arguments and prints one line of JSON.
//
//   tsx scripts/bench/load-generator.ts '{"port":8080,"connections":50,"seconds":5,"warmSeconds":1,"requests":["GET / HTTP/1.1\r\n..."]}'

import { connect, type Socket } from "node:net";
import { pathToFileURL } from "node:url";

export interface LoadTask {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Each with its empty line; connection i begins with the i-th and goes round. */
  readonly requests: readonly string[];
}

export interface LoadResult {
  readonly requests: number;
  /** Answers that were not 200, and connections that broke. */
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly maxMillis: number;
}

const HEADER_END = Buffer.from("\r\n\r\n");

export async function generateLoad(task: LoadTask): Promise<LoadResult> {
  const requests = task.requests.map((text) => Buffer.from(text, "latin1"));
  const begun = performance.now();
  const measureFrom = begun + task.warmSeconds * 1000;
  const end = measureFrom + task.seconds * 1000;
  const micros: number[] = [];
  let errors = 0;
  const one = (index: number) =>
    new Promise<void>((resolve) => {
      const socket: Socket = connect({ port: task.port, host: "127.0.0.1", noDelay: true });
      let turn = index;
      let sent = 0;
      let held: Buffer | null = null;
      const send = () => {
        sent = performance.now();
        if (sent >= end) {
          socket.destroy();
          resolve();
          return;
        }
        socket.write(requests[turn++ % requests.length]!);
      };
      const fail = () => {
        if (performance.now() < end) errors++;
        resolve();
      };
      socket.on("connect", send).on("error", fail).on("close", fail);
      socket.on("data", (chunk) => {
        held = held === null ? chunk : Buffer.concat([held, chunk]);
        const length = answerLength(held);
        if (length === 0 || held.length < length) return;
        const now = performance.now();
        if (now >= measureFrom) {
          micros.push(Math.round((now - sent) * 1000));
          if (held.toString("latin1", 9, 12) !== "200") errors++;
        }
        held = null;
        send();
      });
    });
  await Promise.all(Array.from({ length: task.connections }, (_, index) => one(index)));
  micros.sort((a, b) => a - b);
  const at = (share: number) => (micros[Math.min(micros.length - 1, Math.floor(micros.length * share))] ?? 0) / 1000;
  const perSecond = micros.length / task.seconds;
  return { requests: micros.length, errors, perSecond, p50Millis: at(0.5), p99Millis: at(0.99), maxMillis: at(1) };
}

/** Bytes of the answer that `bytes` begins with; 0: its head is not whole yet. */
function answerLength(bytes: Buffer): number {
  const end = bytes.indexOf(HEADER_END);
  if (end < 0) return 0;
  const match = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end));
  return end + 4 + Number(match?.[1] ?? 0);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(`${JSON.stringify(await generateLoad(JSON.parse(process.argv[2] ?? "{}") as LoadTask))}\n`);
