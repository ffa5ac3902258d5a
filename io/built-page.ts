// The live page, one HTML file that `npm run build` makes: it is served, and reports are made from it.

import { readFileSync } from "node:fs";
import { MempredError } from "../core/errors.ts";

/** Errors: NOT_FOUND, it is not built. */
export function builtPage(): string {
  const up = import.meta.url.endsWith(".ts") ? "../dist/ui/index.html" : "../ui/index.html";
  const url = new URL(up, import.meta.url);
  try {
    return readFileSync(url, "utf8");
  } catch (error) {
    throw new MempredError(
      "NOT_FOUND",
      "the live page is not built",
      { file: url.pathname, expected: "npm run build" },
      error,
    );
  }
}
