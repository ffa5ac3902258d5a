import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";

const isCovering = process.argv.some((word) => word.startsWith("--coverage"));

// Whatever the tests and the processes that they start leave among the temporary files is in here, and gone when they are done.
// This file is read once for itself and once for each project. Short, as paths of sockets are.
if (!basename(tmpdir()).startsWith("mempred-run-")) {
  const folder = mkdtempSync(join(tmpdir(), "mempred-run-"));
  process.env["TMPDIR"] = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}

const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => `test/${path}`);
/**
 * What reaches other files in the same process, or is disturbed by them: a clock in place of the process's, listeners of the
 * process, additions to a registry. Files with that have a process each. The others share one a worker, where modules are loaded and
 * compiled once: a process and its modules take two seconds, and there are hundreds of files.
 */
const REACHES_OUT = /useFakeTimers|process\.(?:on|once)\(|register(?:Policy|Signal)\(/;
const alone = files.filter((path) => REACHES_OUT.test(readFileSync(path, "utf8")));

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: "shared", include: files.filter((path) => !alone.includes(path)), isolate: isCovering },
      },
      { extends: true, test: { name: "alone", include: alone } },
    ],
    testTimeout: 120_000 * Number(process.env["MEMPRED_RUNS"] ?? 1), // test/runs.ts
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Node loads the modules itself, through tsx, and not Vite's runner: there each use of an imported constant is a call of a
    // getter, which doubles the time of everything that simulates. Coverage needs the runner's own maps.
    ...(isCovering
      ? {}
      : { execArgv: ["--import", "tsx"], experimental: { viteModuleRunner: false, nodeLoader: false } }),
    coverage: {
      provider: "v8",
      include: [
        "core/**",
        "allocator/**",
        "predictor/**",
        "scenarios/**",
        "cache/**",
        "preload/**",
        "sim/**",
        "live/**",
        "service/**",
        "io/**",
        "cli/**",
      ],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 91, statements: 91, "allocator/**": { branches: 100 } },
    },
  },
});
