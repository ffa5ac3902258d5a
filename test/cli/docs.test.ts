// docs/cli.md and the workflow say what the program does.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { COMMANDS } from "../../cli/catalogue.ts";
import { fillHelpBlocks, helpPage } from "../../cli/help-pages.ts";

const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

describe("docs/cli.md", () => {
  test("its help blocks are the program's (npx tsx scripts/cli-docs.ts)", () => {
    expect(fillHelpBlocks(page)).toBe(page);
    expect(() => helpPage("nonsense")).toThrow(RangeError);
  });

  test("every command has its place, every exit code too", () => {
    for (const { name } of COMMANDS) expect(page).toMatch(new RegExp(`^### .*\\b${name}\\b|mempred ${name}`, "m"));
    for (const code of ["0", "1", "2", "3", "4", "130, 143"]) expect(page).toContain(`| ${code} |`);
  });

  test("every option of every command with a block is shown", () => {
    for (const { name, options } of COMMANDS) {
      if (!page.includes(`<!-- help:${name} -->`)) continue;
      for (const option of options.filter((one) => one.aliasOf === undefined))
        expect(helpPage(name)).toContain(`--${option.name}`);
    }
  });
});

describe("the workflow to copy", () => {
  const text = readFileSync(new URL("../../.github/workflows/mempred.yml", import.meta.url), "utf8");

  test("is YAML, has least rights and a time limit, and calls commands with options that exist", () => {
    const workflow = parse(text) as {
      permissions: unknown;
      jobs: { stress: { "timeout-minutes": number; steps: { run?: string }[] } };
    };
    expect(workflow.permissions).toEqual({ contents: "read" });
    expect(workflow.jobs.stress["timeout-minutes"]).toBeLessThanOrEqual(20);
    const lines = workflow.jobs.stress.steps.flatMap((step) => (step.run?.startsWith("$MEMPRED") ? [step.run] : []));
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) {
      const command = COMMANDS.find((spec) => spec.name === line.split(" ")[1])!;
      for (const [, flag] of line.matchAll(/ --([a-z-]+)/g))
        expect([...command.options.map((option) => option.name), "quiet"], line).toContain(flag);
    }
  });
});
