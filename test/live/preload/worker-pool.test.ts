// Workers by a clock of the test's own: how many, when they begin, what pressure stops, what happens to loads that fail, hang or
// are no longer wanted (P04, P05, P13).

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WorkerPool, type WorkerPoolOptions } from "../../../live/preload/worker-pool.ts";
import type { QueueName } from "../../../preload/contract.ts";
import { type PreloadEntry, PreloadQueues, type PreloadRequest } from "../../../preload/queue.ts";
import { request } from "../../preload/requests.ts";

/** A pool whose loads end when the test says so. */
function poolOf(options: WorkerPoolOptions = {}) {
  const queues = new PreloadQueues();
  const begun: string[] = [];
  const failed: [string, unknown][] = [];
  const loads = new Map<string, { signal: AbortSignal; resolve(): void; reject(error: unknown): void }>();
  const state = { maySpeculate: true };
  const pool = new WorkerPool(
    {
      queues,
      nowMillis: () => Date.now(),
      mayLoad: (_queue, isRequired) => isRequired || state.maySpeculate,
      load(entry: PreloadEntry, signal) {
        begun.push(entry.component);
        return new Promise((resolve, reject) => loads.set(entry.component, { signal, resolve, reject }));
      },
      failed: (entry, error) => void failed.push([entry.component, error]),
    },
    options,
  );
  const offer = (component: string, queue: QueueName, said: Partial<PreloadRequest> = {}) => {
    queues.offer(request(component, said), queue, Date.now());
  };
  const end = async (component: string) => {
    loads.get(component)!.resolve();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { pool, queues, begun, failed, loads, state, offer, end };
}

describe("worker pool", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("P04: three workers a queue", async () => {
    const { pool, begun, offer, end } = poolOf();
    for (let i = 0; i < 5; i++) offer(`i${i}`, "immediate");
    pool.wake();
    expect(begun).toEqual(["i0", "i1", "i2"]);
    expect(pool.runningOf("immediate")).toBe(3);
    expect(pool.workersOf("background")).toBe(3);
    await end("i1");
    expect(begun).toEqual(["i0", "i1", "i2", "i3"]);
    expect(pool.isLoading("i1")).toBe(false);
  });

  it("P05: a wake returns before anything is loaded, and one inside of a load begins nothing twice", async () => {
    const { pool, queues, offer, end } = poolOf();
    offer("a", "immediate");
    pool.wake();
    pool.wake();
    expect(pool.started).toBe(1);
    expect(queues.count).toBe(0);
    await end("a");
    expect(pool.running).toBe(0);
    await pool.idle();
  });

  it("delayed begins after its delay, or as soon as nothing immediate waits or runs", async () => {
    const { pool, begun, offer, end } = poolOf({ delayMillis: 20 });
    offer("now", "immediate");
    offer("soon", "delayed");
    pool.wake();
    expect(begun).toEqual(["now"]);
    await vi.advanceTimersByTimeAsync(19);
    expect(begun).toEqual(["now"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(["now", "soon"]);
    offer("soon after", "delayed");
    pool.wake();
    await end("now");
    expect(begun).toEqual(["now", "soon", "soon after"]);
  });

  it("background begins only while nothing of the other two waits or runs", async () => {
    const { pool, begun, offer, end } = poolOf();
    offer("some time", "background");
    offer("now", "immediate");
    offer("soon", "delayed");
    pool.wake();
    await end("now");
    expect(begun).toEqual(["now", "soon"]);
    await end("soon");
    expect(begun).toEqual(["now", "soon", "some time"]);
  });

  it("what is required waits for neither delay nor idleness", () => {
    const { pool, begun, offer } = poolOf();
    offer("now", "immediate");
    offer("needed", "delayed", { isRequired: true });
    offer("needed too", "background", { isRequired: true });
    pool.wake();
    expect(begun).toEqual(["now", "needed", "needed too"]);
  });

  it("P13: pressure is looked at before each load", async () => {
    const { pool, begun, state, offer, end } = poolOf({ workers: { immediate: 1, delayed: 1, background: 1 } });
    offer("a", "immediate");
    offer("b", "immediate");
    pool.wake();
    state.maySpeculate = false;
    await end("a");
    expect(begun).toEqual(["a"]);
    offer("needed", "immediate", { isRequired: true, priority: 1 });
    pool.wake();
    expect(begun).toEqual(["a", "needed"]);
    state.maySpeculate = true;
    await end("needed");
    expect(begun).toEqual(["a", "needed", "b"]);
  });

  it("can be resized: more begin at once, fewer when they have ended", async () => {
    const { pool, begun, offer, end } = poolOf({ workers: { immediate: 1, delayed: 0, background: 0 } });
    for (let i = 0; i < 5; i++) offer(`i${i}`, "immediate");
    pool.wake();
    pool.resize("immediate", 3);
    expect(begun).toEqual(["i0", "i1", "i2"]);
    pool.resize("immediate", 1);
    await end("i0");
    await end("i1");
    expect(begun).toHaveLength(3);
    await end("i2");
    expect(begun).toHaveLength(4);
    expect(pool.running).toBe(1);
  });

  it("a load that fails is told of and gives its place back", async () => {
    const { pool, begun, failed, loads, offer } = poolOf({ workers: { immediate: 1, delayed: 0, background: 0 } });
    offer("a", "immediate");
    offer("b", "immediate");
    pool.wake();
    loads.get("a")!.reject(new Error("broken"));
    await vi.advanceTimersByTimeAsync(0);
    expect(failed).toEqual([["a", new Error("broken")]]);
    expect(begun).toEqual(["a", "b"]);
  });

  it("a load that hangs is given up at its time limit, whether it listens or not", async () => {
    const { pool, failed, loads, offer } = poolOf({ loadTimeoutMillis: 1000 });
    offer("a", "immediate");
    pool.wake();
    await vi.advanceTimersByTimeAsync(999);
    expect(pool.running).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(pool.running).toBe(0);
    expect(loads.get("a")!.signal.aborted).toBe(true);
    expect(failed[0]![1]).toMatchObject({ code: "LOAD_FAILED", details: { reason: "timeout", timeoutMillis: 1000 } });
    expect([pool.timedOut, pool.aborted]).toEqual([1, 1]);
    loads.get("a")!.reject(new Error("much later")); // nobody listens, and nobody is hurt
    await vi.advanceTimersByTimeAsync(0);
  });

  it("P43, P45: speculative loads are aborted, required ones and those that became so go on", async () => {
    const { pool, loads, offer } = poolOf();
    offer("guess", "immediate");
    offer("needed", "immediate", { isRequired: true });
    offer("asked for", "immediate");
    pool.wake();
    pool.require("asked for");
    expect(pool.abortSpeculative("pressure")).toBe(1);
    expect(pool.abortSpeculative("pressure")).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect([...loads].map(([name, load]) => [name, load.signal.aborted])).toEqual([
      ["guess", true],
      ["needed", false],
      ["asked for", false],
    ]);
    pool.abortAll("end");
    await pool.idle();
    expect(pool.running).toBe(0);
  });

  it("stopped, it begins nothing any more", async () => {
    const { pool, begun, offer, end } = poolOf();
    offer("a", "immediate");
    pool.wake();
    offer("b", "delayed");
    pool.wake();
    pool.stop();
    await end("a");
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun).toEqual(["a"]);
    await pool.idle();
  });
});
