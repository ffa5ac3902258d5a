// Addresses of backends.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openBackend } from "../../../live/backends/open-backend.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("opens memory and files", async () => {
  const memory = await openBackend("memory:");
  expect(memory.id).toBe("memory");
  await memory.close();
  for (const prefix of ["sqlite:", "sqlite://"]) {
    const path = join(folder, `${prefix.length}.db`);
    const backend = await openBackend(prefix + path);
    expect(backend.id).toBe("sqlite");
    expect(existsSync(path)).toBe(true);
    await backend.close();
  }
});

it.each(["", "memory", "memory:x", "sqlite:", "sqlite://host/file", "/a/file.db", "mysql://u:secret@h/", "MEMORY:"])(
  "refuses %j, saying what is expected and no password",
  async (address) => {
    const error = await openBackend(address).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("sqlite:FILE") });
    expect((error as Error).message).not.toContain("secret");
  },
);
