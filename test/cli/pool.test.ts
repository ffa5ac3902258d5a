import { describe, expect, test } from "vitest";
import { neighbourModule, PoolError, runPool } from "../../cli/pool.ts";

const module = new URL("./fixtures/double-worker.mjs", import.meta.url);

async function double(jobs: readonly number[], workers: number, batchSize = 1) {
  const results: number[] = new Array(jobs.length).fill(Number.NaN);
  const order: number[] = [];
  const isComplete = await runPool<number, number>({
    module,
    workerData: null,
    workers,
    jobs,
    batchSize,
    onResult(index, result) {
      expect(results[index]).toBeNaN(); // once only
      results[index] = result;
      order.push(index);
    },
  });
  return { results, order, isComplete };
}

describe("the pool", () => {
  const jobs = Array.from({ length: 24 }, (_, i) => i);
  const doubled = jobs.map((job) => job * 2);

  test.each([
    [1, 1],
    [2, 1],
    [3, 4],
    [8, 64],
    [100, 1],
  ])("every job once, keyed by its index, with %d workers in batches of %d", async (workers, batchSize) => {
    const { results, order, isComplete } = await double(jobs, workers, batchSize);
    expect(isComplete).toBe(true);
    expect(results).toEqual(doubled);
    expect([...order].sort((a, b) => a - b)).toEqual(jobs);
  });

  test("no jobs: done at once", async () => {
    expect((await double([], 4)).isComplete).toBe(true);
  });

  test.each([
    [-1, "uncaught in the worker"],
    [-2, "ended by itself with status 5"],
    [-3, "told"],
  ])("a failure ends it and names the job (%d)", async (bad, message) => {
    const failing = [1, 2, 3, bad, 5];
    const error = await double(failing, 1).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PoolError);
    expect((error as PoolError).jobIndex).toBe(3);
    expect(((error as PoolError).cause as Error).message).toContain(message);
  });

  test("a signal ends it with what was done; one given before starts nothing", async () => {
    const abort = new AbortController();
    let done = 0;
    const isComplete = await runPool<number, number>({
      module,
      workerData: null,
      workers: 2,
      jobs,
      signal: abort.signal,
      onResult() {
        if (++done === 5) abort.abort();
      },
    });
    expect(isComplete).toBe(false);
    expect(done).toBeGreaterThanOrEqual(5);
    expect(done).toBeLessThan(50);
    expect(
      await runPool({ module, workerData: null, workers: 2, jobs, signal: abort.signal, onResult: () => {} }),
    ).toBe(false);
  });

  test("an error of the listener is passed on", async () => {
    const fails = runPool({
      module,
      workerData: null,
      workers: 1,
      jobs,
      onResult: () => {
        throw new RangeError("mine");
      },
    });
    await expect(fails).rejects.toThrow("mine");
  });

  test("neighbours are .ts beside sources and .js beside what was built", () => {
    expect(neighbourModule("worker", "file:///p/cli/a.ts").href).toBe("file:///p/cli/worker.ts");
    expect(neighbourModule("worker", "file:///p/dist/cli/a.js").href).toBe("file:///p/dist/cli/worker.js");
  });
});
