// The page as one HTML file: script, styles and the simulation worker are inside it, so that it opens from disk.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { getScenario, SCENARIO_IDS } from "../scenarios/registry.ts";
import { allPolicies } from "../sim/policies/registry.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Forecasters of some thousand weights: a sixth of the page for policies that only watch. The page does not offer them. */
const LARGE = /predictor\/(?:forecasters|gru|gru-cell|wide|ensemble|tick-features|shipped-gru|shipped-wide)\.ts$/;

function withoutLargeForecasters(): Plugin {
  return {
    name: "mempred:without-large-forecasters",
    enforce: "pre",
    load: (id) =>
      LARGE.test(id)
        ? `const absent = () => { throw new Error("this forecaster is not part of the page"); };
           export { absent as createForecaster, absent as wideParameters };
           export const GRU_PARAMETERS = 0;`
        : null,
  };
}

const policies = allPolicies()
  .filter(({ signal }) => !["wide", "gru", "ensemble"].includes(signal ?? ""))
  .map(({ id, title, description, isBound, parameters = {} }) => ({ id, title, description, isBound, parameters }));
const scenarios = SCENARIO_IDS.map((id) => ({ id, title: getScenario(id).title }));

export default defineConfig({
  root,
  base: "./",
  define: {
    __VERSION__: JSON.stringify(version),
    __POLICIES__: JSON.stringify(policies),
    __SCENARIOS__: JSON.stringify(scenarios),
  },
  plugins: [withoutLargeForecasters(), viteSingleFile({ removeViteModuleLoader: true })],
  worker: { format: "iife", plugins: () => [withoutLargeForecasters()] },
  build: {
    outDir: "../dist/ui",
    emptyOutDir: true,
    target: "es2022",
    reportCompressedSize: false,
    modulePreload: false,
  },
  logLevel: "warn",
});
