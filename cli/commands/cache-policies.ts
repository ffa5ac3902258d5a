// mempred cache policies: what decides who leaves a cache, and where it comes from.

import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { renderTable } from "../render/table.ts";

export async function cachePolicies({ settings, palette }: CommandContext): Promise<CommandOutcome> {
  const { CACHE_BOUNDS, CACHE_POLICIES, DEFAULT_POLICY_ID } = await import("../../cache/policies/registry.ts");
  const list = [
    ...CACHE_POLICIES.map((one) => ({ ...describe(one), isBound: false, isDefault: one.id === DEFAULT_POLICY_ID })),
    ...CACHE_BOUNDS.map((one) => ({ ...describe(one), isBound: true, isDefault: false })),
  ];
  if (settings.isOn("json", false))
    return { status: EXIT_OK, text: `${JSON.stringify({ policies: list }, null, 2)}\n`, isDocument: true };
  const rows = list.map(({ id, title, source, isBound, isDefault }) => [
    id,
    isBound ? "bound" : isDefault ? "default" : "",
    title,
    source,
  ]);
  const table = renderTable([["policy", "", "", "source"], ...rows], { leftColumns: [0, 1, 2, 3] });
  const note = "A bound knows the future: a yardstick that does not compete. --policies all runs them all.";
  return {
    status: EXIT_OK,
    text: `${[palette.strong(table[0]!), ...table.slice(1), "", palette.dim(note)].join("\n")}\n`,
  };
}

function describe({ id, title, source }: { id: string; title: string; source: string }) {
  return { id, title, source };
}
