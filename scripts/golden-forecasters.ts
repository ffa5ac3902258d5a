// Writes test/golden/forecasters.json: what the forecasters other than `neural` say over the golden run, to the last bit. Run it only when
// parameters or arithmetic are meant to change, and say why in the commit: npx tsx scripts/golden-forecasters.ts

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { goldenForecasters } from "../test/predictor/golden-forecasters.ts";

const path = fileURLToPath(new URL("../test/golden/forecasters.json", import.meta.url));
writeFileSync(path, `${JSON.stringify(goldenForecasters(), null, 2)}\n`);
process.stdout.write(`${path}\n`);
