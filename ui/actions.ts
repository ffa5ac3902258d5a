// What the controls do: another run, or the same one altered.

import { DEFAULT_WORLD, type RunOptions } from "./options.ts";
import { startRuns } from "./runs.ts";
import * as state from "./state.ts";
import type { Source } from "./worker/protocol.ts";

/** What a burst of the page consists of, as the what-if panel has it. */
export const BURST = { blocks: 40, sizeBytes: 256 };

/** Runs with these options changed. @param momentMicros as of `startRuns` */
export function change(changes: Partial<RunOptions>, momentMicros: number | null = null): void {
  state.options.value = { ...state.options.value, ...changes };
  state.opened.value = null;
  state.message.value = null;
  void startRuns(momentMicros);
}

/** The options with another demand: whatever a report had that no control shows goes with the demand that it was of. */
export function withDemand(source: Source): RunOptions {
  return { ...state.options.value, source, bursts: [], world: DEFAULT_WORLD };
}

/** Puts a burst into the demand at the moment that is shown, and runs again up to there and on. */
export function injectBurst(): void {
  if (state.shownFile.value !== null) {
    const text = "a burst needs the demand, which a journal does not hold: choose a scenario first";
    state.message.value = { kind: "error", text };
    return;
  }
  const atMicros = Math.floor(state.moment.value);
  const { bursts } = state.options.value;
  if (atMicros >= state.headMicros.value) {
    state.message.value = { kind: "error", text: "the run ends here: go to an earlier moment to put a burst in" };
    return;
  }
  change({ bursts: [...bursts, { atMicros, ...BURST }] }, atMicros);
  const what = `${BURST.blocks} blocks of ${BURST.sizeBytes} B at ${(atMicros / 1e6).toFixed(1)} s`;
  state.message.value = {
    kind: "info",
    text: `burst put in: ${what}. The run is altered: its digest is no longer the command line's.`,
  };
}
