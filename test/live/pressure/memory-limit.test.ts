// What a process can run out of, read from made-up files and figures.

import v8 from "node:v8";
import { describe, expect, it } from "vitest";
import { cgroupLimit, type ReadText, residentLimit, v8HeapLimit } from "../../../live/pressure/memory-limit.ts";

const files =
  (texts: Record<string, string>): ReadText =>
  (path) =>
    texts[path] ?? null;

describe("V8's heap", () => {
  it("is held against its limit and not against what was asked of the system so far", () => {
    const figures = { used_heap_size: 60, total_heap_size: 64, heap_size_limit: 2000 };
    expect(v8HeapLimit(() => figures).read()).toEqual({ usedBytes: 60, limitBytes: 2000 });
    const { usedBytes, limitBytes } = v8HeapLimit().read();
    expect(limitBytes).toBe(v8.getHeapStatistics().heap_size_limit);
    expect(usedBytes).toBeGreaterThan(0);
    expect(usedBytes / limitBytes).toBeLessThan(1);
  });
});

it("resident bytes are held against the machine's", () => {
  expect(
    residentLimit(
      () => 3,
      () => 12,
    ).read(),
  ).toEqual({ usedBytes: 3, limitBytes: 12 });
  const { usedBytes, limitBytes } = residentLimit().read();
  expect(usedBytes).toBeGreaterThan(1e6);
  expect(limitBytes).toBeGreaterThan(usedBytes);
});

describe("control groups", () => {
  const v2 = "0::/a/b\n";

  it("version 2: the limit of the group, less the file pages that would go first", () => {
    const limit = cgroupLimit(
      files({
        "/proc/self/cgroup": v2,
        "/sys/fs/cgroup/a/b/memory.max": "1000\n",
        "/sys/fs/cgroup/a/b/memory.current": "700\n",
        "/sys/fs/cgroup/a/b/memory.stat": "anon 500\ninactive_file 150\nactive_file 50\n",
      }),
    );
    expect(limit!.read()).toEqual({ usedBytes: 550, limitBytes: 1000 });
  });

  it("version 2: a tighter group above binds; `max` is none", () => {
    const texts: Record<string, string> = {
      "/proc/self/cgroup": v2,
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/memory.max": "2000\n",
      "/sys/fs/cgroup/a/memory.current": "1500\n",
    };
    const limit = cgroupLimit(files(texts))!;
    expect(limit.read()).toEqual({ usedBytes: 1500, limitBytes: 2000 });
    texts["/sys/fs/cgroup/a/b/memory.max"] = "100\n";
    texts["/sys/fs/cgroup/a/b/memory.current"] = "20\n";
    expect(limit.read().limitBytes).toBe(2000); // the larger ratio binds, not the smaller limit
    texts["/sys/fs/cgroup/a/b/memory.current"] = "90\n";
    expect(limit.read().limitBytes).toBe(100);
    texts["/sys/fs/cgroup/a/memory.max"] = "max\n";
    texts["/sys/fs/cgroup/a/b/memory.max"] = "max\n";
    expect(limit.read().usedBytes).toBe(0); // the limit was taken away
  });

  it("in a container the group is the root; without a limit or without files there is none", () => {
    const root = { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.current": "5\n" };
    expect(cgroupLimit(files({ ...root, "/sys/fs/cgroup/memory.max": "10\n" }))!.read()).toEqual({
      usedBytes: 5,
      limitBytes: 10,
    });
    expect(cgroupLimit(files({ ...root, "/sys/fs/cgroup/memory.max": "max\n" }))).toBeNull();
    expect(cgroupLimit(files(root))).toBeNull();
    expect(cgroupLimit(files({}))).toBeNull();
    const outside = { "/proc/self/cgroup": "0::/../../host\n", "/sys/fs/cgroup/memory.max": "10\n" };
    expect(cgroupLimit(files({ ...outside, "/sys/fs/cgroup/memory.current": "4\n" }))!.read().usedBytes).toBe(4);
  });

  it("version 1: its own files, and no limit by a number that no machine has", () => {
    const texts: Record<string, string> = {
      "/proc/self/cgroup": "12:cpu,cpuacct:/x\n7:memory:/docker/f00:d\n0::/y\n",
      "/sys/fs/cgroup/memory/docker/f00:d/memory.limit_in_bytes": "4000\n",
      "/sys/fs/cgroup/memory/docker/f00:d/memory.usage_in_bytes": "3000\n",
      "/sys/fs/cgroup/memory/docker/f00:d/memory.stat": "inactive_file 1\ntotal_inactive_file 500\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "9000\n",
    };
    expect(cgroupLimit(files(texts))!.read()).toEqual({ usedBytes: 2500, limitBytes: 4000 });
    texts["/sys/fs/cgroup/memory/docker/f00:d/memory.limit_in_bytes"] = "9223372036854771712\n";
    expect(cgroupLimit(files(texts))).toBeNull();
  });

  it("files with something else in them are an error of that reading", () => {
    const texts: Record<string, string> = {
      "/proc/self/cgroup": v2,
      "/sys/fs/cgroup/a/b/memory.max": "1000\n",
      "/sys/fs/cgroup/a/b/memory.current": "lots\n",
    };
    const limit = cgroupLimit(files(texts))!;
    expect(() => limit.read()).toThrow("not a number of bytes");
    delete texts["/sys/fs/cgroup/a/b/memory.current"];
    expect(() => limit.read()).toThrow("not a number of bytes");
    texts["/sys/fs/cgroup/a/b/memory.current"] = "10\n";
    expect(limit.read().usedBytes).toBe(10);
  });

  it("of this very process, where it has one, are read without error", () => {
    const limit = cgroupLimit();
    if (limit === null) return; // no limit on this machine: nothing to read
    expect(limit.read().limitBytes).toBeGreaterThan(0);
  });
});
