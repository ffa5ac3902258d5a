// The help of each command, as docs/cli.md shows it. Made at a fixed width, so that it is the same on every machine.

import { COMMANDS } from "./catalogue.ts";
import { buildProgram, findCommand } from "./program.ts";

const WIDTH = 110;
const BLOCK = /<!-- help:([a-z -]+) -->[\s\S]*?<!-- \/help -->/g;

/** The text of `mempred NAME --help`, examples included. */
export function helpPage(name: string): string {
  const program = buildProgram(
    () => {},
    () => {},
  );
  const command = findCommand(program, name);
  if (command === undefined || !COMMANDS.some((spec) => spec.name === name)) throw new RangeError(`no command ${name}`);
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}

/** A page with its help blocks filled in anew. */
export function fillHelpBlocks(page: string): string {
  return page.replace(
    BLOCK,
    (_, name: string) => `<!-- help:${name} -->\n\n\`\`\`text\n${helpPage(name)}\n\`\`\`\n\n<!-- /help -->`,
  );
}
