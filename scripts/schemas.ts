// Writes schemas/*.schema.json from the zod schemas in cli/schemas. With --check it writes nothing and exits 1 when a file
// is not what would be written.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { schemaDocuments } from "../cli/schemas/documents.ts";

const folder = new URL("../schemas/", import.meta.url);
const isCheck = process.argv.includes("--check");

mkdirSync(folder, { recursive: true });
for (const [name, text] of schemaDocuments()) {
  const path = fileURLToPath(new URL(name, folder));
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    process.stderr.write(`${path} is stale: run \`npx tsx scripts/schemas.ts\`\n`);
    process.exitCode = 1;
  }
}
