// Writes test/golden/predictor.json: the loss curves and final weights of two trainings, online and offline, to the last bit.
// Run it only when the arithmetic is meant to change, and say why in the commit: npx tsx scripts/golden-predictor.ts

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { goldenPredictor } from "../test/predictor/golden-predictor.ts";

const path = fileURLToPath(new URL("../test/golden/predictor.json", import.meta.url));
writeFileSync(path, `${JSON.stringify(goldenPredictor(), null, 2)}\n`);
process.stdout.write(`${path}\n`);
