// Four threads that send each other numbered items, by the ring or by ports, and what came of every single item: the stress of the
// ring and its benchmark. The threads stay for several rounds.

import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import { startWorker } from "../../cli/pool.ts";
import { RequestFeed } from "../../live/preload/request-feed.ts";
import type { ComponentRequest } from "../../preload/contract.ts";
import { IntRing } from "../../preload/ring/int-ring.ts";
import { CONTROL_CELLS, GO, INDEX_BITS, READY, steadyMillis, type ThreadJob, type ThreadReport } from "./ring-job.ts";

export interface Round {
  readonly senders: number;
  readonly receivers: number;
  /** Items in all; the same number from each sender. */
  readonly items: number;
  readonly way: "ring" | "ports";
  /** Items in one call or message; 0 (ring only): mixed. */
  readonly batch: number;
  /** Of the ring. Default 16,384. */
  readonly capacity?: number | undefined;
  /** Where the cursors of the ring begin. Default 0. */
  readonly firstPosition?: number | undefined;
  /** The first sender and the last receiver stand still once, in the middle of a push and a pop. Default false. */
  readonly isPaused?: boolean | undefined;
  /** Of mixed sizes. Default 1. */
  readonly seed?: number | undefined;
}

export interface RoundResult {
  readonly items: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
  /** From go to the last thread's end. */
  readonly millis: number;
  readonly receivedEach: readonly number[];
  /** Of the ring afterwards. */
  readonly left: number;
}

export class RingCrew {
  readonly #threads: Worker[];

  constructor(threads = 4) {
    const module = new URL("./ring-thread.ts", import.meta.url);
    this.#threads = Array.from({ length: threads }, () => startWorker(module, null));
  }

  /** One round after the other. Rejects when a thread fails. */
  async run(round: Round): Promise<RoundResult> {
    const { senders, receivers, way, batch, capacity = 16_384, firstPosition = 0, isPaused = false, seed = 1 } = round;
    const countEach = Math.floor(round.items / senders);
    if (countEach >= 1 << INDEX_BITS || senders > 16) throw new RangeError("items have no numbers left");
    const ring = way === "ring" ? IntRing.create(capacity, firstPosition) : undefined;
    const control = new SharedArrayBuffer(4 * CONTROL_CELLS);
    const channels = ring === undefined ? portsBetween(senders, receivers) : undefined;
    const shared = { control, batch, ring: ring?.buffer };
    const pause = isPaused ? Math.floor(countEach / 3) : -1;
    const jobs: ThreadJob[] = [];
    for (let i = 0; i < senders; i++) {
      const ports = channels?.to[i] ?? [];
      const pauseAfter = i === 0 ? pause : -1;
      jobs.push({ ...shared, role: "send", sender: i, count: countEach, ports, pauseAfter, seed });
    }
    for (let i = 0; i < receivers; i++) {
      const ports = channels?.from[i] ?? [];
      const pauseAfter = i === receivers - 1 ? Math.min(pause, 1000) : -1;
      jobs.push({ ...shared, role: "receive", senders, countEach, ports, pauseAfter, seed: seed + i });
    }
    const { reports, millis } = await this.#perform(jobs, control);
    ring?.check();
    return sumUp(reports.slice(senders), { items: senders * countEach, millis, left: ring?.countAbout() ?? 0 });
  }

  /** One item there and back, so many times, between two threads that sleep meanwhile. */
  async runRoundTrips(count: number, way: "ring" | "ports"): Promise<{ millis: number; disordered: number }> {
    const control = new SharedArrayBuffer(4 * CONTROL_CELLS);
    const rings = way === "ring" ? ([IntRing.create(16).buffer, IntRing.create(16).buffer] as const) : undefined;
    const { port1, port2 } = new MessageChannel();
    const shared = { control, batch: 1, seed: 1, pauseAfter: -1, count, rings };
    const { reports, millis } = await this.#perform(
      [
        { ...shared, role: "ping", ports: way === "ports" ? [port1] : [] },
        { ...shared, role: "pong", ports: way === "ports" ? [port2] : [] },
      ],
      control,
    );
    return { millis, disordered: reports.reduce((sum, { disordered }) => sum + disordered, 0) };
  }

  /**
   * Three threads tell requests to this one. @returns how long its event loop was busy with one of them, in µs, and a sum over what
   * was received
   */
  async runTelling(countEach: number, way: "feed" | "ports"): Promise<{ busyMicros: number; sum: number }> {
    const control = new SharedArrayBuffer(4 * CONTROL_CELLS);
    const senders = 3;
    const channels = Array.from({ length: senders }, () => new MessageChannel());
    let received = 0;
    let sum = 0;
    let end: () => void = () => {};
    const isEnded = new Promise<void>((resolve) => {
      end = resolve;
    });
    const receive = ({ user = "", component }: ComponentRequest) => {
      sum += user.length + component.length;
      if (++received === senders * countEach) end();
    };
    const feed = way === "feed" ? new RequestFeed({ receive, everyMillis: 5 }) : undefined;
    for (const { port1 } of channels) port1.on("message", receive);
    const shared = { control, batch: 1, pauseAfter: -1, count: countEach, role: "tell", feed: feed?.buffer } as const;
    const jobs = channels.map(({ port2 }, i): ThreadJob => {
      return { ...shared, seed: i + 1, ports: feed === undefined ? [port2] : [] };
    });
    feed?.start();
    const before = performance.eventLoopUtilization();
    await this.#perform(jobs, control);
    await isEnded;
    const { active } = performance.eventLoopUtilization(before);
    feed?.stop();
    for (const { port1 } of channels) port1.close();
    return { busyMicros: (1000 * active) / received, sum };
  }

  /** Gives each thread its job, and lets them begin together. */
  async #perform(
    jobs: readonly ThreadJob[],
    control: SharedArrayBuffer,
  ): Promise<{ reports: ThreadReport[]; millis: number }> {
    const asked = jobs.map((job, i) => this.#ask(this.#threads[i] as Worker, job));
    const cells = new Int32Array(control);
    while (Atomics.load(cells, READY) < jobs.length) {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 1)), ...asked]);
    }
    const startedAt = steadyMillis();
    Atomics.store(cells, GO, 1);
    Atomics.notify(cells, GO);
    const reports = await Promise.all(asked);
    return { reports, millis: Math.max(...reports.map(({ endedAtMillis }) => endedAtMillis)) - startedAt };
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #ask(thread: Worker, job: ThreadJob): Promise<ThreadReport> {
    return new Promise((resolve, reject) => {
      thread.once("message", (report: ThreadReport) => {
        thread.off("error", reject);
        resolve(report);
      });
      thread.once("error", reject);
      thread.postMessage(job, [...job.ports]);
    });
  }
}

/** A channel for each pair. */
function portsBetween(senders: number, receivers: number): { to: MessagePort[][]; from: MessagePort[][] } {
  const to: MessagePort[][] = Array.from({ length: senders }, () => []);
  const from: MessagePort[][] = Array.from({ length: receivers }, () => []);
  for (const ends of to) {
    for (const starts of from) {
      const { port1, port2 } = new MessageChannel();
      ends.push(port1);
      starts.push(port2);
    }
  }
  return { to, from };
}

function sumUp(
  reports: readonly ThreadReport[],
  { items, millis, left }: { items: number; millis: number; left: number },
): RoundResult {
  const taken = reports.map((report) => new Uint8Array(report.taken as SharedArrayBuffer));
  let lost = 0;
  let doubled = 0;
  for (let place = 0; place < items; place++) {
    let count = 0;
    for (const bits of taken) count += (bits[place >> 3]! >> (place & 7)) & 1;
    if (count === 0) lost++;
    else doubled += count - 1;
  }
  for (const report of reports) doubled += report.doubled;
  const disordered = reports.reduce((sum, report) => sum + report.disordered, 0);
  return { items, lost, doubled, disordered, millis, receivedEach: reports.map(({ received }) => received), left };
}
