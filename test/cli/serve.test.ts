// mempred serve: what it prints, what it refuses, and how it ends.

import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { makeToken } from "../../service/http/access-token.ts";
import { type FakeHost, fakeHost, run, temporaryFolder } from "./fake-host.ts";

async function serving(words: readonly string[], host: FakeHost) {
  const ended = run(["serve", ...words], host);
  while (!host.stdout.text.includes("\n")) {
    const early = await Promise.race([ended, new Promise((next) => setTimeout(() => next(null), 10))]);
    if (early !== null) throw new Error(`it ended: ${host.stderr.text}`);
  }
  const url = /^mempred serve: (http:\S+)$/m.exec(host.stdout.text)![1]!;
  return { ended, url, token: /mp_\S+/.exec(host.stdout.text)?.[0] };
}

describe("mempred serve", () => {
  it.each([
    [[], "--port is needed"],
    [["--port", "http"], "--port"],
    [["--port", "65536"], "--port"],
    [["--port", "0", "--rate", "fast"], "is no rate"],
    [["--port", "0", "--redis", "localhost:6379"], "no address of a Redis server"],
    [["--port", "0", "--deadline", "5"], "has no unit"],
    [["--port", "0", "--log", "loud"], 'unknown log "loud"'],
    [["--port", "0", "--admin-token-file", "nowhere"], "is not there"],
    [["--port", "0", "--connections", "0"], "--connections"],
    [["--port", "0", "--prot"], "unknown option"],
    [["--port", "0", "--host", "192.0.2.1", "--db", ":memory:"], "cannot be listened on"],
  ])("%j is refused: exit 2, nothing on stdout", async (words, message) => {
    const { status, stdout, stderr } = await run(["serve", ...words]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("prints its address and, at the first start alone, an admin token; a signal ends it with 130 or 143", async () => {
    const folder = temporaryFolder();
    const first = fakeHost({ folder });
    const one = await serving(["--port", "0"], first);
    expect(first.stdout.text).toBe(`mempred serve: ${one.url}\nadmin token, shown this once: ${one.token}\n`);
    expect(first.stderr.text).toContain(join(folder, ".mempred", "service.db"));
    const headers = { authorization: `Bearer ${one.token}`, "content-type": "application/json" };
    const body = JSON.stringify({ content: "SECRET" });
    expect((await fetch(`${one.url}/memory/items`, { method: "POST", headers, body })).status).toBe(201);
    const taken = await run(["serve", "--port", new URL(one.url).port, "--db", ":memory:"]);
    expect([taken.status, taken.stdout]).toEqual([2, ""]);
    expect(taken.stderr).toContain("something listens there already");
    first.signal("SIGTERM");
    expect((await one.ended).status).toBe(143);
    expect(first.listeners).toBe(0);
    expect(first.stderr.text).not.toMatch(/mp_|SECRET/);

    const second = fakeHost({ folder });
    const two = await serving(["--port", "0", "--log", "debug"], second);
    expect(two.token).toBeUndefined();
    expect(await fetch(`${two.url}/memory/memories`, { headers }).then((answer) => answer.text())).toContain("SECRET");
    second.signal("SIGINT");
    expect((await two.ended).status).toBe(130);
    expect(second.stderr.text).toContain('"route":"/memory/memories","status":200');
    expect(second.stderr.text).not.toMatch(/mp_|SECRET/);
  });

  it("takes the admin's token from a file or the environment; in memory it says what that means; --quiet is quiet", async () => {
    const folder = temporaryFolder();
    const token = makeToken();
    writeFileSync(join(folder, "token"), `${token}\n`);
    for (const [words, environment] of [
      [["--admin-token-file", "token"], {}],
      [[], { MEMPRED_ADMIN_TOKEN: token }],
    ] as const) {
      const host = fakeHost({ folder, environment: { ...environment } });
      const { ended, url } = await serving(["--port", "0", "--db", ":memory:", ...words], host);
      expect(host.stdout.text).toBe(`mempred serve: ${url}\n`);
      expect(host.stderr.text).toContain("kept in memory alone");
      expect(host.stderr.text).not.toContain("is not a setting");
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      expect((await fetch(`${url}/admin/users`, { method: "POST", headers, body: "{}" })).status).toBe(201);
      host.signal("SIGTERM");
      await ended;
    }
    const quiet = fakeHost({ folder });
    const { ended } = await serving(["--port", "0", "--db", ":memory:", "--quiet"], quiet);
    quiet.signal("SIGTERM");
    await ended;
    expect(quiet.stderr.text).toBe("");
    expect(existsSync(join(folder, ".mempred"))).toBe(false);
    writeFileSync(join(folder, "token"), "hunter2");
    const bad = await run(
      ["serve", "--port", "0", "--db", ":memory:", "--admin-token-file", "token"],
      fakeHost({ folder }),
    );
    expect([bad.status, bad.stderr.includes("hunter2")]).toEqual([2, false]);
  });

  it("as a process: a real signal, an exit code, and a lock that is gone", async () => {
    const folder = temporaryFolder();
    const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
    const words = ["--import", "tsx", main, "serve", "--port", "0", "--db", join(folder, "s.db")];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    const listening = new Promise<string>((resolve, reject) => {
      child.stdout.on("data", (data) => {
        stdout += data;
        const url = /http:\S+/.exec(stdout)?.[0];
        if (url !== undefined) resolve(url);
      });
      child.on("exit", () => reject(new Error("it ended")));
    });
    const url = await listening;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const code = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGTERM");
    expect(await code).toBe(143);
    expect(existsSync(join(folder, "s.db.lock"))).toBe(false);
  });
});
