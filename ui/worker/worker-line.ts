// One worker and what it is doing. A run cannot be interrupted from outside: giving it up ends its worker.

import type { ForecastColumns, RecordedForecast } from "../../sim/recording/recorded-forecast.ts";
import type { Decision, RunResult } from "../../sim/result.ts";
import type { Chunk, RunRequest, WorkerMessage, WorkerRequest } from "./protocol.ts";
import SimulationWorker from "./simulation-worker.ts?worker&inline";

export interface FinishedRun {
  readonly result: RunResult;
  readonly decisions: readonly Decision[];
  readonly tookMillis: number;
}

export class WorkerLine {
  #worker: Worker | null = null;
  #job = 0;
  #reject: ((reason: Error) => void) | null = null;

  /** Runs one job; the line is free again when it is settled. Rejects with the message of the error, or "cancelled". */
  run(request: RunRequest, onChunk: (chunk: Chunk) => void = () => {}): Promise<FinishedRun> {
    return this.#ask<"done">((job) => ({ kind: "run", job, request }), onChunk);
  }

  /** Scores the forecasts of a journal, by what only the worker has. Null: there are none. */
  async score({ header, ticks }: ForecastColumns): Promise<RecordedForecast | null> {
    return (await this.#ask<"scored">((job) => ({ kind: "score", job, recording: { header, ticks } }))).scores;
  }

  #ask<K extends WorkerMessage["kind"]>(
    request: (job: number) => WorkerRequest,
    onChunk: (chunk: Chunk) => void = () => {},
  ): Promise<Extract<WorkerMessage, { kind: K }>> {
    this.#worker ??= new SimulationWorker();
    const worker = this.#worker;
    const job = ++this.#job;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
        if (data.job !== job) return;
        if (data.kind === "chunk") onChunk(data.chunk);
        else if (data.kind === "error") reject(new Error(data.message));
        else resolve(data as Extract<WorkerMessage, { kind: K }>);
        if (data.kind !== "chunk") this.#reject = null;
      };
      worker.onerror = (event) => {
        this.#reject = null;
        reject(new Error(event.message));
      };
      this.#say(request(job));
    });
  }

  /** The first part has been drawn: the run may have the cores. */
  saySeen(): void {
    this.#say({ kind: "seen" });
  }

  #say(message: WorkerRequest): void {
    this.#worker?.postMessage(message);
  }

  /** Gives up what is running, if anything is; an idle worker stays. */
  cancel(): void {
    if (this.#reject !== null) this.close();
  }

  /** Ends the worker, whatever it does. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#reject?.(new Error(CANCELLED));
    this.#reject = null;
  }
}

export const CANCELLED = "cancelled";
