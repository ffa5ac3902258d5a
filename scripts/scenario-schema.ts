// Writes schemas/scenario.schema.json from the schema that files are checked with. `--check` only compares.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { scenarioJsonSchema } from "../scenarios/scenario-json-schema.ts";

const path = fileURLToPath(new URL("../schemas/scenario.schema.json", import.meta.url));
const text = scenarioJsonSchema();
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} is not current: npx tsx scripts/scenario-schema.ts`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(fileURLToPath(new URL("../schemas", import.meta.url)), { recursive: true });
  writeFileSync(path, text);
  console.error(`written: ${path}`);
}
