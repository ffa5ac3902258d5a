// Runs an example as a user would, and reads numbers off what it prints.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** stdout of examples/NAME.ts; rejects with `code` when it does not end well. */
export async function runExample(example: string, ...words: string[]): Promise<string> {
  const path = `examples/${example}.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", path, ...words], { cwd: root });
  return stdout;
}

/** The numbers that the pattern's groups find. */
export function numbersIn(text: string, pattern: RegExp): number[] {
  const match = pattern.exec(text);
  expect(match, `${pattern} in\n${text}`).not.toBeNull();
  return (match as RegExpExecArray).slice(1).map(Number);
}
