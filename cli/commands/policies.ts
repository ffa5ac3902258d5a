// mempred policies: who can compete.

import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { renderTable } from "../render/table.ts";

export async function policies({ settings, palette }: CommandContext): Promise<CommandOutcome> {
  const { allPolicies } = await import("../../sim/policies/registry.ts");
  const list = allPolicies().map((definition) => ({
    id: definition.id,
    title: definition.title,
    description: definition.description,
    isProactive: definition.isProactive,
    compactsOnDemand: definition.compactsOnDemand,
    signal: definition.signal,
    isBound: definition.isBound,
    pairedWith: definition.pairedWith,
    compactor: definition.compactor,
    proactiveCompactor: definition.proactiveCompactor,
  }));
  if (settings.isOn("json", false))
    return { status: EXIT_OK, text: `${JSON.stringify({ policies: list }, null, 2)}\n`, isDocument: true };
  const yes = (is: boolean) => (is ? "yes" : "");
  const rows = list.map((policy) => [
    policy.id,
    yes(policy.isProactive),
    yes(policy.compactsOnDemand),
    policy.signal ?? "",
    policy.isBound ? "bound" : "",
    policy.description,
  ]);
  const header = ["policy", "ahead", "on demand", "signal", "", ""];
  const table = renderTable([header, ...rows], { leftColumns: [0, 1, 2, 3, 4, 5] });
  const note =
    "A compactor can be named: reactive:window, predictive:slide (slide, window, evacuate, gather, pack, or quick, which takes what the request has time for). placebo@ID copies the runs of ID. A bound knows or may what no policy can: a yardstick that does not compete. --policy all runs them all.";
  return {
    status: EXIT_OK,
    text: `${[palette.strong(table[0]!), ...table.slice(1), "", palette.dim(note)].join("\n")}\n`,
  };
}
