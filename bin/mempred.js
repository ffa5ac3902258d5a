#!/usr/bin/env node
// The command. `npm ci` and `npm run build` make dist/; without it there is nothing to run.
import { existsSync } from "node:fs";

const entry = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(entry)) {
  process.stderr.write("mempred: not built yet: run `npm run build` once\n");
  process.exit(3);
}
await import(entry.href);
