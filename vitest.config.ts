import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const isCovering = process.argv.some((word) => word.startsWith("--coverage"));

// Whatever the tests and the processes that they start leave among the temporary files is in here, and gone when they are done.
const temporary = mkdtempSync(join(tmpdir(), "mempred-tests-"));
process.env["TMPDIR"] = temporary;
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => `test/${path}`);
/**
 * Files that put their own clock in place of the process's, or listen to the process: what else runs there would disturb them.
 * Each has a process of its own. The others share one a worker, where modules are loaded and compiled once: a process and its
 * modules take two seconds, and there are hundreds of files.
 */
const alone = files.filter((path) => /useFakeTimers|process\.(?:on|once)\(/.test(readFileSync(path, "utf8")));

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: "shared", include: files.filter((path) => !alone.includes(path)), isolate: isCovering },
      },
      { extends: true, test: { name: "alone", include: alone } },
    ],
    testTimeout: 120_000,
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
