// What can be wrong about a preload replay: exit 2, one clear sentence with the place, and nothing on disk has changed.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const put = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const GOOD = put("good.txt", "a\nb\nc\na\n");

describe("bad flags", () => {
  test.each([
    [["--mode", "benefits"], /--mode: there is no mode "benefits", did you mean "benefit"\?[\s\S]*expected: all, off/],
    [["--mode", ","], /--mode: the list is empty/],
    [["--components", "0"], /--components: "0" will not do\n {2}expected: a whole number from 1 to 1000000/],
    [["--components", "1.5"], /--components: "1.5" will not do/],
    [["--prefetches", "0"], /--prefetches: "0" loads nothing[\s\S]*or unlimited/],
    [["--prefetches", "-1"], /--prefetches/],
    [["--prefetches", "many"], /--prefetches: "many" will not do/],
    [["--lookahead", "4"], /--lookahead: "4" will not do/],
    [["--load", "100"], /--load: "100" will not do\n {2}expected: a time such as 100ms/],
    [["--load", "2d"], /--load: "2d" will not do/],
    [["--gap", "-1s"], /--gap/],
    [["--waste", "x"], /--waste: "x" will not do/],
    [["--floor", "0.8"], /--floor: "0.8" will not do[\s\S]*from 0 to 0.7/],
    [["--price", "NaN"], /--price: "NaN" will not do/],
    [["--bytes", "9PB"], /--bytes: "9PB" is not a size/],
    [["--model", "sequences"], /--model: unknown model "sequences"/],
    [["--format", "cvs"], /--format: unknown format "cvs", did you mean "csv"\?/],
    [["--format", "csv"], /good\.txt:1: expected a header that names the component/],
    [["--json", "--metrics"], /--json and --metrics both want stdout/],
    [["--json", "/no/such/folder/x.json"], /cannot be written: its folder does not exist/],
    [["--json", GOOD], /good\.txt is an input as well/],
    [["--seed", "1"], /unknown option '--seed'/],
  ])("%j", async (words, message) => {
    const { status, stdout, stderr } = await run(["preload", "replay", GOOD, ...words]);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, ""]);
  });

  test.each([
    [["--requests", "0"], /--requests: "0" will not do/],
    [["--users", "x"], /--users: "x" will not do/],
    [["--noise", "-5"], /--noise/],
    [["--noise", "100"], /--noise/],
  ])("workload %j", async (words, message) => {
    const { status, stdout, stderr } = await run(["preload", "workload", ...words]);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

describe("bad sequences", () => {
  test.each([
    ["empty.txt", "", /empty\.txt:1: expected a sequence, got an empty file/],
    ["columns.csv", "1,2\n3,4\n", /columns\.csv: 2 fields a line and no header that names them/],
    ["back.csv", "time,component\n2,a\n1,b\n", /back\.csv:3: expected a time that is not before 2 ms/],
    ["heap.trep", "# trep v1; bash\n# fields dt op id size\n0 a 1 32\n5 f 1\n", /which `mempred replay` reads/],
  ])("%s", async (name, content, message) => {
    const { status, stdout, stderr } = await run(["preload", "replay", put(name, content)]);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, ""]);
  });

  test("two of one name, one that is not there, none at all", async () => {
    const other = put("good.csv", "component\na\nb\n");
    expect((await run(["preload", "replay", GOOD, other, "--format", "auto"])).stderr).toMatch(
      /two sequences are called "good"/,
    );
    expect((await run(["preload", "replay", join(folder, "absent.txt")])).stderr).toMatch(/there is no such file/);
    expect((await run(["preload", "replay"])).status).toBe(2);
  });

  test("what mempred did not write is left alone", async () => {
    const foreign = put("notes.json", '{"mine":true}\n');
    const { status, stderr } = await run(["preload", "replay", GOOD, "--json", foreign]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("is there and was not written by mempred")]);
    expect(readFileSync(foreign, "utf8")).toBe('{"mine":true}\n');
  });
});
