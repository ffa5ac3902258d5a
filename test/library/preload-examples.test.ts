// The examples of the preloader run as a user would run them, against the built package by its own name, and say what they promise.

import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { numbersIn as numbers, root, runExample as run } from "./run-example.ts";

const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  async "preload-components"() {
    const output = await run("preload-components");
    const [aheadRequests, ahead] = numbers(output, /ahead: (\d+) requests, ([\d.]+) % from memory/);
    const [plainRequests, plain] = numbers(output, /plain: (\d+) requests, ([\d.]+) % from memory/);
    expect(aheadRequests).toBe(plainRequests);
    expect(ahead as number).toBeGreaterThan((plain as number) + 10);
    const [begun, inTime] = numbers(output, /loaded ahead (\d+): (\d+) in time/);
    expect(inTime as number).toBeGreaterThan((begun as number) / 2);
    expect(output).toContain("expected after orders: order (step 1), ");
  },

  async "preload-dependencies"() {
    expect(await run("preload-dependencies")).toBe(
      `${[
        "memory 0.4, LOW; in brackets: loaded ahead",
        "menu: menu; loaded menu (data) (theme) (layout) (page)",
        "page: page[layout[theme] data]; loaded nothing",
        "list: list; loaded list (figures) (report)",
        "memory 0.4, but 0.95 is foreseen: CRITICAL",
        "menu: menu; loaded menu",
        "page: page[layout[theme] data]; loaded data theme layout page",
        "memory 0.98: EMERGENCY; 0 held, of what nobody asked for 0 B",
        "report: report[layout[theme] figures]; loaded figures theme layout report",
        "DEPENDENCY_CYCLE components that need each other: egg → hen → egg",
      ].join("\n")}\n`,
    );
  },
};

describe("examples of the preloader", () => {
  it("each example has a check, and each check an example", () => {
    const files = readdirSync(`${root}/examples`).filter((name) => /^preload-.*\.ts$/.test(name));
    expect(files.map((name) => name.replace(/\.ts$/, "")).sort()).toEqual(Object.keys(CHECKS).sort());
    expect(existsSync(`${root}/dist/live/preload/entry.js`), "`npm run build` comes first").toBe(true);
  });

  it.concurrent.each(Object.keys(CHECKS))("%s", (example) => (CHECKS[example] as () => Promise<void>)());
});
