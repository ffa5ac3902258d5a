// The worker's own thread: one job at a time, as they come.

import { recordedForecast } from "../../sim/recording/recorded-forecast.ts";
import type { Chunk, RunRequest, WorkerMessage, WorkerRequest } from "./protocol.ts";
import { runJob } from "./run-job.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage(message: WorkerMessage, transfer: Transferable[]): void;
};

/** A page that is not drawn says nothing: then the run goes on after so many ms. */
const MOST_WAIT_MILLIS = 400;
let goOn = (): void => {};
const seen = () =>
  new Promise<void>((resolve) => {
    goOn = resolve;
    setTimeout(resolve, MOST_WAIT_MILLIS);
  });

scope.onmessage = ({ data }) => {
  if (data.kind === "seen") goOn();
  else if (data.kind === "score")
    scope.postMessage({ job: data.job, kind: "scored", scores: recordedForecast(data.recording) }, []);
  else void run(data.job, data.request);
};

async function run(job: number, request: RunRequest): Promise<void> {
  const start = performance.now();
  const send = (chunk: Chunk) => {
    const transfer = [...chunk.events, ...chunk.ticks, chunk.networks].map(({ buffer }) => buffer as ArrayBuffer);
    scope.postMessage({ job, kind: "chunk", chunk }, transfer);
  };
  try {
    const { result, decisions } = await runJob(request, send, seen);
    scope.postMessage({ job, kind: "done", result, decisions, tookMillis: performance.now() - start }, []);
  } catch (error) {
    scope.postMessage({ job, kind: "error", message: error instanceof Error ? error.message : String(error) }, []);
  }
}
