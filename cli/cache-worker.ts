// The thread of a cache replay: takes batches of cells, answers each with its counts or with what went wrong.

import { parentPort, workerData } from "node:worker_threads";
import { type CacheColumns, type CacheJob, type CacheOutcome, runCacheCell } from "./cache-cell.ts";
import { packError } from "./packed-error.ts";
import type { JobBatch, JobReply } from "./pool.ts";

/** What a worker is born with. */
export interface CacheWorkerSetup {
  readonly traces: readonly CacheColumns[];
}

const { traces } = workerData as CacheWorkerSetup;
const port = parentPort!;

port.on("message", (batch: JobBatch<CacheJob>) => {
  for (const { index, job } of batch.jobs) {
    try {
      const result = runCacheCell(job, traces[job.trace]!);
      port.postMessage({ index, result } satisfies JobReply<CacheOutcome>);
    } catch (error) {
      port.postMessage({ index, error: packError(error) } satisfies JobReply<CacheOutcome>);
    }
  }
  port.postMessage({ ready: true } satisfies JobReply<CacheOutcome>);
});
