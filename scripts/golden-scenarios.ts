// Writes test/golden/scenarios.json: the digests that pin what each family generates. To be run only when a family is meant
// to change, with the reason in the commit message.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { goldenScenarios } from "../test/scenarios/golden-scenarios.ts";

const path = fileURLToPath(new URL("../test/golden/scenarios.json", import.meta.url));
writeFileSync(path, `${JSON.stringify(goldenScenarios(), null, 2)}\n`);
console.error(`written: ${path}`);
