// The thread of an evaluation: takes batches of cells, answers each with its figures or with what went wrong.

import { parentPort, workerData } from "node:worker_threads";
import type { DemandSource, Engine } from "./engine.ts";
import { type EvaluationJob, type EvaluationRunOutcome, runEvaluationCell } from "./evaluation-cell.ts";
import { packError } from "./packed-error.ts";
import type { JobBatch, JobReply } from "./pool.ts";

/** What a worker is born with. */
export interface EvaluationWorkerSetup {
  /** Address of a module that exports loadEngine. */
  readonly engineUrl: string;
  /** By the name under which results appear. */
  readonly sources: Readonly<Record<string, DemandSource>>;
}

const setup = workerData as EvaluationWorkerSetup;
const port = parentPort!;
const engine: Promise<Engine> = (import(setup.engineUrl) as Promise<typeof import("./engine.ts")>).then((module) =>
  module.loadEngine(),
);
engine.catch(() => {}); // told with the first job

let queue: Promise<void> = Promise.resolve();
port.on("message", (batch: JobBatch<EvaluationJob>) => {
  queue = queue.then(async () => {
    for (const { index, job } of batch.jobs) {
      try {
        const result = await runEvaluationCell(job, setup.sources[job.scenario]!, await engine);
        port.postMessage({ index, result } satisfies JobReply<EvaluationRunOutcome[]>);
      } catch (error) {
        port.postMessage({ index, error: packError(error) } satisfies JobReply<EvaluationRunOutcome[]>);
      }
    }
    port.postMessage({ ready: true } satisfies JobReply<EvaluationRunOutcome[]>);
  });
});
