// A folder for the files of one test, in memory where the machine has that: a commit waits for the disk there, and most tests are
// not about the disk.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export function makeFolder(name: string): () => string {
  const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(base, `mempred-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;
  return () => join(folder, `store-${files++}.db`);
}
