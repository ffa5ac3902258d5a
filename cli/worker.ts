// The thread of a suite: takes batches of cells, answers each with its runs or with what went wrong.

import { parentPort, workerData } from "node:worker_threads";
import { type CellJob, type CellRun, type CellSettings, runCell } from "./cell.ts";
import type { DemandSource, Engine } from "./engine.ts";
import { packError } from "./packed-error.ts";
import type { JobBatch, JobReply } from "./pool.ts";

/** What a worker is born with. */
export interface WorkerSetup {
  /** Address of a module that exports loadEngine. */
  readonly engineUrl: string;
  readonly settings: CellSettings;
  /** By the name under which results appear. */
  readonly sources: Readonly<Record<string, DemandSource>>;
}

const setup = workerData as WorkerSetup;
const port = parentPort!;
const engine: Promise<Engine> = (import(setup.engineUrl) as Promise<typeof import("./engine.ts")>).then((module) =>
  module.loadEngine(),
);
engine.catch(() => {}); // told with the first job

let queue: Promise<void> = Promise.resolve();
port.on("message", (batch: JobBatch<CellJob>) => {
  queue = queue.then(async () => {
    for (const { index, job } of batch.jobs) {
      try {
        const result = await runCell(job, setup.sources[job.scenario]!, setup.settings, await engine);
        port.postMessage({ index, result } satisfies JobReply<CellRun[]>);
      } catch (error) {
        port.postMessage({ index, error: packError(error) } satisfies JobReply<CellRun[]>);
      }
    }
    port.postMessage({ ready: true } satisfies JobReply<CellRun[]>);
  });
});
