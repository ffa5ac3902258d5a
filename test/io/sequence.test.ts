// Reading sequences: each format, packed or not, and what the content decides.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../io/find-trace.ts";
import { readSequence, readSequenceText } from "../../io/sequence-reader.ts";
import { SESSION_GAP_MILLIS, type SequenceTrace } from "../../io/sequence-trace.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-sequence-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const shared = join(packageRoot(), "..", "shared", "traces", "sequence");
if (!existsSync(shared)) console.warn("SKIPPED: ../shared/traces/sequence is not there");

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** "user:component", with a bar before each session. */
function told({ components, names, users, userNames, isFirst }: SequenceTrace): string {
  return [...components]
    .map((id, at) => `${isFirst[at] === 1 ? "|" : " "}${userNames[users[at]!]}:${names[id]}`)
    .join("");
}

describe("sequences", () => {
  it("a session a line, with MSNBC's header or without", async () => {
    const text = "% Different categories:\n\nfrontpage news\n\n\n% Sequences:\n\n1 1 \n2 \n\n3 2 2\n";
    const trace = await readSequence(file("msnbc.txt.gz", gzipSync(text)));
    expect(trace).toMatchObject({ name: "msnbc", format: "sessions", sessionCount: 3, atMillis: null });
    expect(told(trace)).toBe("|:1 :1|:2|:3 :2 :2");
    expect(told(readSequenceText("a b\nc\n", "s", "sessions"))).toBe("|:a :b|:c");
  });

  it("one command a line: one session", () => {
    const trace = readSequenceText("# what it is\nls\r\ncd\n\n ls \n# no comment\n", "u.txt");
    expect(trace).toMatchObject({ name: "u", format: "text", sessionCount: 1, names: ["ls", "cd", "# no comment"] });
    expect([...trace.components]).toEqual([0, 1, 0, 2]);
  });

  it("CSV: columns by name in any order, users, times, sessions by silence", () => {
    const late = 1000 + SESSION_GAP_MILLIS;
    const text = `time_ms,Page,userId\n0,home,ann\n500,home,bob\n1000,"cart, full",ann\n${late},home,ann\n${late + 1},cart,bob\n`;
    const trace = readSequenceText(text, "a.csv");
    expect(told(trace)).toBe("|ann:home|bob:home ann:cart, full ann:home|bob:cart");
    expect([...trace.atMillis!]).toEqual([0, 500, 1000, late, late + 1]);
    expect(trace).toMatchObject({ format: "csv", sessionCount: 3 });
    const dated = readSequenceText("when;x;date;component\na;b;2026-01-31T00:00:01Z;c\n", "b.csv");
    expect([...dated.atMillis!]).toEqual([Date.UTC(2026, 0, 31, 0, 0, 1)]);
    expect([...readSequenceText("seconds\tcomponent\n1.5\tc\n", "t").atMillis!]).toEqual([1500]);
  });

  it("CSV: sessions by name where there is such a column; nothing but the component is needed", () => {
    const trace = readSequenceText("session,component\ns1,a\ns1,b\ns2,a\n", "a.csv");
    expect(told(trace)).toBe("|:a :b|:a");
    expect(told(readSequenceText("component\na\nb\n", "a.csv", "csv"))).toBe("|:a :b");
  });

  it("JSON Lines: objects or names", () => {
    const text = '{"component":"a","user":7,"time":5}\n\n{"user":"8","time":6,"component":12}\n';
    const trace = readSequenceText(text, "a.jsonl");
    expect(told(trace)).toBe("|7:a|8:12");
    expect([...trace.atMillis!]).toEqual([5, 6]);
    expect(told(readSequenceText('"a"\n"b"\n', "x"))).toBe("|:a :b");
  });

  it("reads what is longer than its first buffers the same as in one piece", async () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `component-${(i * i) % 997}`);
    const trace = await readSequence(file("long.txt", names.join("\n")));
    expect(trace.components.length).toBe(30_000);
    expect([...trace.components].map((id) => trace.names[id])).toEqual(names);
  });

  it.skipIf(!existsSync(shared))("the recordings", async () => {
    const user = await readSequence(join(shared, "unix-user1.txt.gz"));
    expect(user).toMatchObject({ name: "unix-user1", format: "text", sessionCount: 1 });
    // 10,807 lines, one of which is empty.
    expect(user.components.length).toBe(10_806);
    const msnbc = await readSequence(join(shared, "msnbc-120k.txt.gz"));
    expect(msnbc).toMatchObject({ name: "msnbc-120k", format: "sessions", sessionCount: 120_000 });
    expect(msnbc.names.length).toBe(17);
  });
});
