// Trains the weights that ship with the package and writes predictor/shipped-weights.ts, shipped-compact.ts, shipped-wide.ts and
// shipped-gru.ts, from the records of the forecast lab (scripts/forecast/record.ts), which are made on first use. The training
// seeds are far from those of any test or report. The loss and the error on other seeds go into each file's header.
//
//   npx tsx scripts/ship-weights.ts [neural] [compact] [wide] [gru]     all four when none is named

import { shipGru, shipWide } from "./forecast/ship.ts";
import { shipCompact, shipNeural } from "./forecast/ship-network.ts";

const models: Readonly<Record<string, () => void>> = {
  neural: shipNeural,
  compact: shipCompact,
  wide: shipWide,
  gru: shipGru,
};
const asked = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(models);
const unknown = asked.find((name) => models[name] === undefined);
if (unknown !== undefined) throw new Error(`unknown model "${unknown}", expected ${Object.keys(models).join(", ")}`);
for (const name of asked) models[name]!();
