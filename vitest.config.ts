import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    coverage: {
      provider: "v8",
      include: ["core/**", "allocator/**", "predictor/**", "scenarios/**", "sim/**", "io/**", "cli/**"],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 91, statements: 91, "allocator/**": { branches: 100 } },
    },
  },
});
