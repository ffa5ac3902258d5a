import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const isCovering = process.argv.some((word) => word.startsWith("--coverage"));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
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
