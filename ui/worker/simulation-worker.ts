// The worker's own thread: one job at a time, as they come.

import type { WorkerMessage, WorkerRequest } from "./protocol.ts";
import { runJob } from "./run-job.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage(message: WorkerMessage, transfer: Transferable[]): void;
};

scope.onmessage = ({ data: { job, request } }) => {
  const start = performance.now();
  try {
    const { result, decisions } = runJob(request, (chunk) => {
      const transfer = [...chunk.events, ...chunk.ticks, chunk.networks].map(({ buffer }) => buffer as ArrayBuffer);
      scope.postMessage({ job, kind: "chunk", chunk }, transfer);
    });
    scope.postMessage({ job, kind: "done", result, decisions, tookMillis: performance.now() - start }, []);
  } catch (error) {
    scope.postMessage({ job, kind: "error", message: error instanceof Error ? error.message : String(error) }, []);
  }
};
