import type { CommandContext, CommandOutcome } from "../command.ts";
export async function compare(_context: CommandContext): Promise<CommandOutcome> {
  return { status: 3, text: "" };
}
