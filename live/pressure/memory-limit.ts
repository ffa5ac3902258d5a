// What a Node process can run out of, each as a pair of used and limit. Which of them binds is found out at each reading:
// the one with the largest ratio (process-source.ts).
//
// - V8's heap: `used_heap_size` against `heap_size_limit`, at which the process dies. Never against `total_heap_size`: that
//   is what V8 has asked for so far, it grows with use, and the ratio is near 1 in any healthy process.
// - The control group: what the kernel charges to it against its limit, beyond which its processes are killed. File pages
//   that the kernel would drop first (`inactive_file`) are not counted, as the kubelet's working set does not.
// - The machine: resident bytes of this process against all of memory.

import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import v8 from "node:v8";

/** One thing to run out of. `read` throws when it cannot be known at the moment. */
export interface MemoryLimit {
  readonly id: string;
  read(): { readonly usedBytes: number; readonly limitBytes: number };
}

/** The text of a small file, null when there is none. Throws when it is there and cannot be read. */
export type ReadText = (path: string) => string | null;

/** V8's heap of this isolate. */
export function v8HeapLimit(statistics: () => V8HeapFigures = v8.getHeapStatistics): MemoryLimit {
  return {
    id: "v8-heap",
    read() {
      const { used_heap_size, heap_size_limit } = statistics();
      return { usedBytes: used_heap_size, limitBytes: heap_size_limit };
    },
  };
}

export interface V8HeapFigures {
  readonly used_heap_size: number;
  readonly heap_size_limit: number;
}

/** Resident bytes of this process against the machine's memory. */
export function residentLimit(
  residentBytes: () => number = process.memoryUsage.rss,
  totalBytes: () => number = totalmem,
): MemoryLimit {
  return { id: "resident", read: () => ({ usedBytes: residentBytes(), limitBytes: totalBytes() }) };
}

/** What all of the machine uses: memory less what the kernel says could be had without swapping (`MemAvailable`). Linux. */
export function machineLimit(readText: ReadText = readSmallFile): MemoryLimit {
  return {
    id: "machine",
    read() {
      const text = readText("/proc/meminfo") ?? "";
      const bytesOf = (name: string) => {
        const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
        if (kibibytes === undefined) throw new RangeError(`/proc/meminfo has no ${name}`);
        return Number(kibibytes) * 1024;
      };
      const limitBytes = bytesOf("MemTotal");
      return { usedBytes: limitBytes - bytesOf("MemAvailable"), limitBytes };
    },
  };
}

const CGROUP_ROOT = "/sys/fs/cgroup";
/** v1 says "no limit" by the largest multiple of a page in 63 bits; no machine has a quarter of that. */
const NO_LIMIT_BYTES = 2 ** 60;

/**
 * The tightest memory limit of this process's control group and the groups above it, version 2 or 1; null where there is
 * none. The limit is read anew each time: it may be changed while the process runs. Cost: a few small files a reading.
 */
export function cgroupLimit(readText: ReadText = readSmallFile): MemoryLimit | null {
  const files = groupFiles(readText);
  const isLimited = files.some((group) => limitOf(readText(group.limit)) !== null);
  if (!isLimited) return null;
  return {
    id: "cgroup",
    read() {
      let tightest: { usedBytes: number; limitBytes: number } | null = null;
      for (const group of files) {
        const limitBytes = limitOf(readText(group.limit));
        if (limitBytes === null) continue;
        const charged = numberOf(readText(group.usage));
        const usedBytes = Math.max(0, charged - inactiveFileBytes(readText(group.statistics)));
        if (tightest === null || usedBytes * tightest.limitBytes > tightest.usedBytes * limitBytes) {
          tightest = { usedBytes, limitBytes };
        }
      }
      // The limit was taken away since.
      return tightest ?? { usedBytes: 0, limitBytes: NO_LIMIT_BYTES };
    },
  };
}

interface GroupFiles {
  readonly limit: string;
  readonly usage: string;
  readonly statistics: string;
}

/** The files of the group and of each group above it, the group first. In a container the root is the container's own. */
function groupFiles(readText: ReadText): GroupFiles[] {
  const lines = (readText("/proc/self/cgroup") ?? "").split("\n");
  const v1 = lines.find((line) => line.split(":")[1]?.split(",").includes("memory"));
  const v2 = lines.find((line) => line.startsWith("0::"));
  const path = (line: string) => line.slice(line.indexOf(":", line.indexOf(":") + 1) + 1).trim();
  if (v1 !== undefined) {
    return foldersAbove(path(v1)).map((folder) => ({
      limit: `${CGROUP_ROOT}/memory${folder}/memory.limit_in_bytes`,
      usage: `${CGROUP_ROOT}/memory${folder}/memory.usage_in_bytes`,
      statistics: `${CGROUP_ROOT}/memory${folder}/memory.stat`,
    }));
  }
  return foldersAbove(v2 === undefined ? "/" : path(v2)).map((folder) => ({
    limit: `${CGROUP_ROOT}${folder}/memory.max`,
    usage: `${CGROUP_ROOT}${folder}/memory.current`,
    statistics: `${CGROUP_ROOT}${folder}/memory.stat`,
  }));
}

/** "/a/b" → "/a/b", "/a", "". A path outside the namespace ("/../x") counts as the root. */
function foldersAbove(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.includes("..")) return [""];
  const folders: string[] = [];
  for (let n = parts.length; n >= 0; n--)
    folders.push(
      parts
        .slice(0, n)
        .map((part) => `/${part}`)
        .join(""),
    );
  return folders;
}

/** Null for "max", for v1's largest number, and where there is no such file. Throws for anything else that is no number. */
function limitOf(text: string | null): number | null {
  if (text === null || text.trim() === "max") return null;
  const bytes = numberOf(text);
  return bytes >= NO_LIMIT_BYTES ? null : bytes;
}

function numberOf(text: string | null): number {
  const trimmed = text?.trim() ?? "";
  if (!/^\d+$/.test(trimmed)) throw new RangeError(`not a number of bytes: "${trimmed.slice(0, 40)}"`);
  return Number(trimmed);
}

/** v1 counts the group's own pages under `inactive_file` and those of its children too under `total_inactive_file`. */
function inactiveFileBytes(text: string | null): number {
  const found = /^total_inactive_file (\d+)$/m.exec(text ?? "") ?? /^inactive_file (\d+)$/m.exec(text ?? "");
  return found === null ? 0 : Number(found[1]);
}

function readSmallFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return null;
    throw error;
  }
}
