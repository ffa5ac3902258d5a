// The cells of a cache replay to the pool and back: the longest first, so that the last worker is not left alone with one, and
// the rows in the order of the plan. Where all of them take less time than threads take to start, they run right here. What
// comes out depends on neither.

import { AssertionError, MempredError } from "../core/errors.ts";
import { Digest } from "../core/hash.ts";
import { type CacheJob, type CacheOutcome, runCacheCell } from "./cache-cell.ts";
import { CACHE_SCHEMA, type CacheCurve, type CacheDocument, type CacheRow } from "./cache-document.ts";
import type { CachePlan } from "./cache-plan.ts";
import type { CacheWorkerSetup } from "./cache-worker.ts";
import { RunFailure } from "./exit.ts";
import type { Host } from "./host.ts";
import { type PackedError, unpackError } from "./packed-error.ts";
import { neighbourModule, PoolError, runPool } from "./pool.ts";
import { packageVersion } from "./version.ts";

export interface CacheReplayOutcome {
  readonly document: CacheDocument;
  /** The signal that ended it early, or null. */
  readonly signal: "SIGINT" | "SIGTERM" | null;
}

/** Requests over all cells that are not worth a thread: some tenths of a second. */
const MOST_REQUESTS_INLINE = 2_000_000;

/**
 * Runs all cells. Errors: those of a cell as RunFailure; operating errors as they are.
 * @param workers threads; null: as many as `host.processors`, or none where it is not worth one
 */
export async function runCacheReplay(
  plan: CachePlan,
  host: Host,
  workers: number | null,
  onProgress: (done: number, all: number) => void,
): Promise<CacheReplayOutcome> {
  const cost = (job: CacheJob) => plan.columns[job.trace]!.keys.length;
  const order = plan.jobs.map((job, index) => ({ job, index })).sort((a, b) => cost(b.job) - cost(a.job));
  const jobs = order.map(({ job }) => job);
  const outcomes: (CacheOutcome | undefined)[] = new Array(jobs.length).fill(undefined);
  let done = 0;
  let signal: CacheReplayOutcome["signal"] = null;
  const abort = new AbortController();
  const stopListening = host.onSignal((received) => {
    signal = received;
    abort.abort();
  });
  const onResult = (index: number, outcome: CacheOutcome) => {
    outcomes[order[index]!.index] = outcome;
    onProgress(++done, jobs.length);
  };
  try {
    if (workers === null && jobs.reduce((sum, job) => sum + cost(job), 0) <= MOST_REQUESTS_INLINE)
      for (const [index, job] of jobs.entries()) onResult(index, runInline(job, index, plan));
    else
      await runPool<CacheJob, CacheOutcome>({
        module: neighbourModule("cache-worker", import.meta.url),
        workerData: { traces: plan.columns } satisfies CacheWorkerSetup,
        workers: workers ?? Math.max(1, host.processors),
        jobs,
        signal: abort.signal,
        onResult,
      });
  } catch (error) {
    if (!(error instanceof PoolError)) throw error;
    throw explain(error, jobs, plan);
  } finally {
    stopListening();
  }
  return { document: documentOf(plan, outcomes), signal: done === jobs.length ? null : signal };
}

function runInline(job: CacheJob, index: number, plan: CachePlan): CacheOutcome {
  try {
    return runCacheCell(job, plan.columns[job.trace]!);
  } catch (error) {
    throw new PoolError(index, error);
  }
}

function documentOf(plan: CachePlan, outcomes: readonly (CacheOutcome | undefined)[]): CacheDocument {
  const rows: CacheRow[] = [];
  const curves: CacheCurve[] = [];
  const digest = new Digest();
  plan.jobs.forEach((job, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) return;
    if (job.kind === "curve") curves.push(curveOf(plan, job, outcome));
    else {
      const row = rowOf(plan, job, outcome);
      rows.push(row);
      digest.addText(`${row.hits} ${row.misses} ${row.evictions} ${row.hitBytes ?? 0}\n`);
    }
  });
  checkCurves(rows, curves);
  return {
    schema: CACHE_SCHEMA,
    version: packageVersion(),
    seed: plan.seed,
    traces: plan.traces.map(({ name, file, format, keys, keyCount, sizesBytes }, index) => ({
      name,
      file,
      format,
      requests: keys.length,
      keys: keyCount,
      footprintBytes: sizesBytes === null ? null : plan.columns[index]!.footprintBytes,
    })),
    policies: plan.policies,
    rows,
    ...(plan.withCurve ? { curves } : {}),
    digest: digest.hex(),
    ...(outcomes.includes(undefined) ? { isPartial: true as const } : {}),
  };
}

function rowOf(plan: CachePlan, job: CacheJob & { kind: "replay" }, outcome: CacheOutcome): CacheRow {
  if (outcome.kind !== "replay") throw new AssertionError("a replay came back as something else");
  const { requests, hits, misses, hitRatio, evictions, requestedUnits, hitUnits } = outcome.result;
  const isByBytes = job.unit === "bytes";
  return {
    trace: plan.traces[job.trace]!.name,
    policy: job.policy,
    entries: isByBytes ? null : job.capacity,
    requests,
    hits,
    misses,
    hitRatio,
    evictions,
    ...(isByBytes
      ? {
          bytes: job.capacity,
          requestedBytes: requestedUnits,
          hitBytes: hitUnits,
          byteHitRatio: hitUnits / requestedUnits,
        }
      : {}),
  };
}

function curveOf(plan: CachePlan, job: CacheJob & { kind: "curve" }, outcome: CacheOutcome): CacheCurve {
  if (outcome.kind !== "curve") throw new AssertionError("a curve came back as something else");
  const trace = plan.traces[job.trace]!;
  const requests = trace.keys.length;
  const points = job.entries.map((entries, i) => {
    const misses = requests - outcome.hits[i]!;
    return { entries, misses, missRatio: misses / requests };
  });
  return { trace: trace.name, policy: "lru", points };
}

/** LRU was counted twice, in ways that have nothing in common: the counts must agree to the hit. */
function checkCurves(rows: readonly CacheRow[], curves: readonly CacheCurve[]): void {
  for (const { trace, points } of curves) {
    const misses = new Map(points.map((point) => [point.entries, point.misses]));
    for (const row of rows) {
      if (row.trace !== trace || row.policy !== "lru" || row.entries === null) continue;
      if (misses.get(row.entries) !== row.misses)
        throw new AssertionError(
          `LRU of ${row.entries} entries on ${trace}: the replay and the stack distances differ`,
        );
    }
  }
}

/** What a failed worker means: an operating error as it is, anything else with the cell in which it broke. */
function explain(error: PoolError, jobs: readonly CacheJob[], plan: CachePlan): Error {
  const packed = error.cause as Partial<PackedError>;
  const isPacked = packed.kind !== undefined && !(error.cause instanceof Error);
  const cause = isPacked ? unpackError(packed as PackedError) : error.cause;
  if (cause instanceof MempredError && cause.code !== "INTERNAL") return cause;
  const job = jobs[error.jobIndex];
  const message = cause instanceof Error ? cause.message : String(cause);
  if (job === undefined) return new RunFailure(message, {}, cause);
  const { name, file } = plan.traces[job.trace]!;
  const words =
    job.kind === "curve" ? ["--curve"] : ["--policies", job.policy, `--${job.unit}`, job.capacity, "--seed", job.seed];
  const reproduce = ["mempred cache replay", file, ...words].join(" ");
  return new RunFailure(
    message,
    { scenario: name, ...(job.kind === "replay" ? { policy: job.policy } : {}), reproduce },
    cause,
  );
}
