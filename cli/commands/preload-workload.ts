// mempred preload workload: the planned workload as CSV, which `mempred preload replay` reads.

import { plannedWorkload, plannedWorkloadCsv } from "../../preload/planned-workload.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { formatCount, formatPercent } from "../render/format.ts";
import { parseCount, parsePressureRatio } from "../units.ts";

const MOST_REQUESTS = 10_000_000;
const MOST_USERS = 10_000;

export async function preloadWorkload({ settings, note }: CommandContext): Promise<CommandOutcome> {
  const workload = plannedWorkload({
    seed: settings.get("seed", (text) => parseCount(text, 0, Number.MAX_SAFE_INTEGER), 1),
    requestCount: settings.get("requests", (text) => parseCount(text, 1, MOST_REQUESTS), undefined),
    userCount: settings.get("users", (text) => parseCount(text, 1, MOST_USERS), undefined),
    noiseShare: settings.get("noise", parseShare, undefined),
  });
  const { components, names, userNames, sessionCount, foreseeableShare } = workload;
  note(
    `mempred: ${formatCount(components.length)} requests for ${names.length} components by ${userNames.length} users in ${formatCount(sessionCount)} sessions; ${formatPercent(foreseeableShare, 1)} are foreseeable by whoever knows the plans`,
  );
  return { status: EXIT_OK, text: plannedWorkloadCsv(workload), isDocument: true };
}

/** A percentage, 0 allowed. */
function parseShare(text: string): number {
  return /^0+(?:\.0*)?\s*%?$/.test(text.trim()) ? 0 : parsePressureRatio(text);
}
