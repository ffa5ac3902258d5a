// mempred scenarios: what there is to run.

import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { formatPercent } from "../render/format.ts";
import { wrapText } from "../render/wrap.ts";

export async function scenarios({ settings, palette, host }: CommandContext): Promise<CommandOutcome> {
  const { getScenario, SCENARIO_IDS } = await import("../../scenarios/registry.ts");
  const { shippedTraces } = await import("../../io/find-trace.ts");
  const all = SCENARIO_IDS.map((id) => getScenario(id));
  const traces = shippedTraces();
  if (settings.isOn("json", false)) {
    const list = all.map(({ id, title, description, mix }) => ({ id, title, description, mix }));
    return { status: EXIT_OK, text: `${JSON.stringify({ scenarios: list, traces }, null, 2)}\n`, isDocument: true };
  }
  const width = Math.min(100, host.stdout.columns ?? 100);
  const column = Math.max(...SCENARIO_IDS.map((id) => id.length)) + 4;
  const lines: string[] = [];
  for (const { id, title, description, mix } of all) {
    const shares = [mix.atomic, mix.deadline, mix.wait].map((share) => Math.round(share * 100)).join("/");
    lines.push(`  ${palette.strong(id.padEnd(column - 2))}${title}`);
    for (const line of wrapText(description, width - column)) lines.push(`${" ".repeat(column)}${palette.dim(line)}`);
    lines.push(`${" ".repeat(column)}${palette.dim(`mix ${shares} %, ${formatPercent(mix.pinned)} pinned`)}`);
  }
  const closing = [
    "",
    ...wrapText(`recordings for \`mempred replay\`: ${traces.join(", ")}`, width),
    palette.dim("mix: atomic/deadline/wait. A file of your own runs as well: mempred stress --scenario my.yaml"),
  ];
  return { status: EXIT_OK, text: `${[...lines, ...closing].join("\n")}\n` };
}
