// The page about formats names every format, column, word and warning that the readers know.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { COLUMN_NAMES, OPERATION_WORDS } from "../../../scenarios/trace/generic-events.ts";
import { TRACE_FORMAT_IDS } from "../../../scenarios/trace/registry.ts";

const page = readFileSync(fileURLToPath(new URL("../../../docs/trace-formats.md", import.meta.url)), "utf8");
const source = readFileSync(fileURLToPath(new URL("../../../scenarios/trace/raw-trace.ts", import.meta.url)), "utf8");

it("docs/trace-formats.md names every format and has a section on it", () => {
  for (const id of TRACE_FORMAT_IDS) {
    expect(page).toContain(`| \`${id}\` |`);
    expect(page).toMatch(new RegExp(`^## .*\\b${id}\\b`, "m"));
  }
});

it("docs/trace-formats.md names every column and every word for an operation", () => {
  for (const name of [...Object.values(COLUMN_NAMES).flat(), ...Object.keys(OPERATION_WORDS)]) {
    expect(page, name).toContain(`\`${name}\``);
  }
});

it("docs/trace-formats.md names every warning", () => {
  const codes = [...source.matchAll(/^ {2}\| "([a-z-]+)"/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThanOrEqual(11);
  for (const code of codes) expect(page, code).toContain(`| \`${code}\` |`);
});
