// One load for any number of askers, over a backend that works, is slow to give leases, or fails.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import type { CacheBackend } from "../../../live/backends/backend.ts";
import { loadOnce } from "../../../live/backends/load-once.ts";
import { MemoryBackend } from "../../../live/backends/memory.ts";
import { entryOf, textOf } from "./entries.ts";

/** A second view of the same backend, as another process has it: loads under way are not shared, leases and entries are. */
function anotherProcess(backend: CacheBackend): CacheBackend {
  return new Proxy(backend, {
    get: (target, name) => {
      const member = (target as unknown as Record<string | symbol, unknown>)[name];
      return typeof member === "function" ? (member as () => unknown).bind(target) : member;
    },
  });
}

it("100 concurrent misses make one load, over four processes as over one", async () => {
  const backend = new MemoryBackend();
  const processes = [backend, ...[1, 2, 3].map(() => anotherProcess(backend))];
  let loads = 0;
  const load = async () => {
    loads++;
    await sleep(20);
    return entryOf("loaded");
  };
  const all = await Promise.all(Array.from({ length: 100 }, (_, i) => loadOnce(processes[i % 4]!, "a", load)));
  expect(loads).toBe(1);
  expect(all.map(({ entry }) => textOf(entry))).toEqual(all.map(() => "loaded"));
  expect(all.filter(({ isLoaded }) => isLoaded).length).toBe(1);
  expect(await loadOnce(backend, "a", load)).toMatchObject({ isLoaded: false });
  expect(loads).toBe(1);
});

it("loads again what is stale, and what the caller does not take for fresh", async () => {
  const backend = new MemoryBackend({ now: () => 100 });
  const stale = entryOf("old", { expiresAtMillis: 50, keepUntilMillis: 1_000 });
  await backend.set("a", stale);
  const load = async () => entryOf("new");
  expect(textOf((await loadOnce(backend, "a", load, { now: () => 40 })).entry)).toBe("old");
  expect(textOf((await loadOnce(backend, "a", load, { now: () => 50 })).entry)).toBe("new");
  expect((await loadOnce(backend, "a", load, { isFresh: () => false })).isLoaded).toBe(true);
});

it("a loader that throws: every asker of the process hears it, the lease is given back, the next may try", async () => {
  const backend = new MemoryBackend();
  const failure = new Error("no luck");
  let loads = 0;
  const load = async () => {
    if (++loads === 1) throw failure;
    return entryOf("second");
  };
  const outcomes = await Promise.allSettled([loadOnce(backend, "a", load), loadOnce(backend, "a", load)]);
  expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual([failure, failure]);
  expect(textOf((await loadOnce(backend, "a", load)).entry)).toBe("second");
  expect(loads).toBe(2);
});

it("another's load that never ends is waited for as long as stated, then done oneself", async () => {
  const backend = new MemoryBackend();
  await backend.lease("a", 60_000); // whoever has it does nothing
  const loaded = await loadOnce(backend, "a", async () => entryOf("own"), { waitMillis: 30 });
  expect(loaded.isLoaded).toBe(true);
  const other = new MemoryBackend();
  await other.lease("a", 30); // it runs out
  expect((await loadOnce(other, "a", async () => entryOf("own"), { waitMillis: 60_000 })).isLoaded).toBe(true);
});

it("a backend that fails in any of its calls costs the entry's keeping, not the entry", async () => {
  for (const name of ["get", "lease", "set"] as const)
    for (const code of ["BACKEND_UNAVAILABLE", "BACKEND_FULL", "BACKEND_DAMAGED"] as const) {
      const backend = new MemoryBackend();
      const error = new MempredError(code, "in trouble");
      const failing = new Proxy(anotherProcess(backend), {
        get: (target, key) => (key === name ? async () => Promise.reject(error) : target[key as "get"]),
      });
      const problems: MempredError[] = [];
      const loaded = await loadOnce(failing, "a", async () => entryOf("loaded"), {
        onProblem: (problem) => problems.push(problem),
      });
      expect(textOf(loaded.entry)).toBe("loaded");
      expect(problems).toEqual([error]);
      expect(await backend.lease("a", 10), "the lease was given back").not.toBeNull();
    }
});

it("an entry that no backend can hold is the caller's mistake, and is told", async () => {
  const backend = new MemoryBackend();
  const load = async () => entryOf("", { keepUntilMillis: Number.NaN });
  await expect(loadOnce(backend, "a", load)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
  await expect(loadOnce(backend, "", load)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
  expect(await backend.lease("a", 10)).not.toBeNull();
});
