// The version of the package, read from its package.json: one place says it.

import { readFileSync } from "node:fs";

/** "0.1.0". */
export function packageVersion(): string {
  const up = import.meta.url.endsWith(".ts") ? "../package.json" : "../../package.json";
  return (JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as { version: string }).version;
}
