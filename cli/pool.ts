// A pool of worker threads for a list of jobs. Jobs go out in batches (one message for several small jobs), results come
// back one by one with the index of their job, so what is made of them does not depend on how many workers there were or
// who was faster. The first failure ends the pool: a suite with a hole in it is no result.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/** What travels to a worker and back. Both directions are structured clones. */
export interface JobBatch<Job> {
  readonly jobs: readonly { readonly index: number; readonly job: Job }[];
}
export type JobReply<Result> =
  | { readonly index: number; readonly result: Result }
  | { readonly index: number; readonly error: unknown }
  | { readonly ready: true };

export interface PoolOptions<Job, Result> {
  /** The module that a worker runs; it answers a JobBatch with one JobReply a job, then { ready: true }. */
  readonly module: URL;
  readonly workerData: unknown;
  readonly workers: number;
  readonly jobs: readonly Job[];
  /** Jobs in one message; 1 when left out. */
  readonly batchSize?: number;
  /** Called once per finished job, in order of completion. */
  readonly onResult: (index: number, result: Result) => void;
  /** Ends the pool early; the promise then resolves with false. */
  readonly signal?: AbortSignal;
}

/** A worker failed at a job, or died. `jobIndex` is −1 where it is not known at which. */
export class PoolError extends Error {
  override readonly name = "PoolError";
  readonly jobIndex: number;
  constructor(jobIndex: number, cause: unknown) {
    super("a worker failed", { cause });
    this.jobIndex = jobIndex;
  }
}

/**
 * Runs all jobs. Resolves with true when each has its result, with false when `signal` ended it before; rejects with a
 * PoolError. All threads have ended by then.
 */
export async function runPool<Job, Result>(options: PoolOptions<Job, Result>): Promise<boolean> {
  const { jobs, batchSize = 1, signal } = options;
  let next = 0;
  let done = 0;
  const crew: Worker[] = [];
  const open = new Map<Worker, Set<number>>();
  try {
    return await new Promise<boolean>((resolve, reject) => {
      if (jobs.length === 0 || signal?.aborted === true) return resolve(jobs.length === 0);
      signal?.addEventListener("abort", () => resolve(false), { once: true });
      const feed = (worker: Worker) => {
        if (next === jobs.length) return;
        const size = Math.min(batchSize, Math.max(1, Math.ceil((jobs.length - next) / (2 * crew.length))));
        const batch = jobs.slice(next, next + size).map((job, i) => ({ index: next + i, job }));
        next += batch.length;
        for (const { index } of batch) open.get(worker)!.add(index);
        worker.postMessage({ jobs: batch } satisfies JobBatch<Job>);
      };
      for (let i = 0; i < Math.min(options.workers, jobs.length); i++) {
        const worker = startWorker(options.module, options.workerData);
        crew.push(worker);
        open.set(worker, new Set());
        const lost = (cause: unknown) => reject(new PoolError([...open.get(worker)!][0] ?? -1, cause));
        worker.on("error", lost);
        worker.on("exit", (status) => lost(new Error(`a worker thread ended by itself with status ${status}`)));
        worker.on("message", (reply: JobReply<Result>) => {
          if ("ready" in reply) return feed(worker);
          if ("error" in reply) return reject(new PoolError(reply.index, reply.error));
          open.get(worker)!.delete(reply.index);
          try {
            options.onResult(reply.index, reply.result);
          } catch (error) {
            return reject(error);
          }
          if (++done === jobs.length) resolve(true);
        });
      }
      for (const worker of crew) feed(worker);
    });
  } finally {
    await Promise.all(crew.map(endWorker));
  }
}

/** The address of a neighbouring module, as .js in the built package and as .ts in the source tree. */
export function neighbourModule(name: string, here: string): URL {
  return new URL(`./${name}${here.endsWith(".ts") ? ".ts" : ".js"}`, here);
}

/** Ends a thread; what it still has to say is of no interest. */
function endWorker(worker: Worker): Promise<number> {
  worker.removeAllListeners();
  worker.on("error", () => {});
  return worker.terminate();
}

/** A thread that runs `module`; TypeScript sources go through tsx, which is there wherever sources are run. */
export function startWorker(module: URL, workerData: unknown): Worker {
  if (!module.pathname.endsWith(".ts")) return new Worker(module, { workerData });
  const loader = pathToFileURL(
    createRequire(import.meta.url)
      .resolve("tsx/esm/api")
      .replace(/\.cjs$/, ".mjs"),
  ).href;
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(module.href)}); });`;
  return new Worker(start, { eval: true, workerData, execArgv: [] });
}
