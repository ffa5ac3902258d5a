// Starting the two runs, each in a worker, and taking in what comes back.

import { batch } from "@preact/signals";
import { Recording } from "../sim/recording/recording.ts";
import { requestOf } from "./options.ts";
import * as state from "./state.ts";
import { appendChunk } from "./worker/append-chunk.ts";
import type { Chunk } from "./worker/protocol.ts";
import { CANCELLED, WorkerLine } from "./worker/worker-line.ts";

const lines = { A: new WorkerLine(), B: new WorkerLine() };
let generation = 0;

/**
 * Runs both policies of the options anew and gives up what was running.
 * @param momentMicros what to show; null: the head of the runs, which ends at their end
 */
export async function startRuns(momentMicros: number | null): Promise<void> {
  const mine = ++generation;
  const options = state.options.value;
  const start = performance.now();
  batch(() => {
    state.shownFile.value = null;
    state.isFollowing.value = momentMicros === null;
    state.moment.value = momentMicros ?? 0;
    state.isRunning.value = true;
    state.tookMillis.value = null;
    for (const side of state.bothSides) side.reset(options.policies[side.key === "A" ? 0 : 1]);
  });
  const outcomes = await Promise.allSettled(state.bothSides.map((side) => runSide(side, mine)));
  if (mine !== generation) return;
  const failed = outcomes.find((one) => one.status === "rejected");
  batch(() => {
    state.isRunning.value = false;
    if (failed !== undefined) state.message.value = { kind: "error", text: (failed.reason as Error).message };
    else state.tookMillis.value = performance.now() - start;
  });
}

/** Gives up what runs: something else is to be shown. */
export function stopRuns(): void {
  generation++;
  for (const line of Object.values(lines)) line.cancel();
  state.isRunning.value = false;
}

async function runSide(side: state.Side, mine: number): Promise<void> {
  const line = lines[side.key];
  line.cancel();
  const request = requestOf(state.options.value, side.policy.value, true);
  try {
    const { result, decisions } = await line.run(request, (chunk) => {
      if (mine === generation) takeChunk(side, chunk);
    });
    if (mine !== generation) return;
    side.decisions.value = decisions;
    side.scores.value = result.forecast;
    side.result.value = result;
  } catch (error) {
    if ((error as Error).message !== CANCELLED) throw error;
  }
}

function takeChunk(side: state.Side, chunk: Chunk): void {
  batch(() => {
    if (chunk.header !== null) side.show(new Recording(chunk.header));
    appendChunk(side.recording!, chunk);
    side.version.value++;
    if (state.isFollowing.value) state.moment.value = state.headMicros.value;
  });
  // Both go on when both can be seen.
  if (chunk.header !== null && state.bothSides.every(({ recording }) => recording !== null))
    requestAnimationFrame(() =>
      setTimeout(() => {
        for (const line of Object.values(lines)) line.saySeen();
      }),
    );
}
