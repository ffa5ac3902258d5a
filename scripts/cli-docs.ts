// Writes the help blocks of docs/cli.md from the program itself.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fillHelpBlocks } from "../cli/help-pages.ts";

const path = fileURLToPath(new URL("../docs/cli.md", import.meta.url));
writeFileSync(path, fillHelpBlocks(readFileSync(path, "utf8")));
