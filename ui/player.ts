// The clock of the page: moves the moment on while it plays, and no further than the runs have come.

import { effect } from "@preact/signals";
import { TICK_MICROS } from "../core/units.ts";
import { EVENT_DENY } from "../sim/recording/columns.ts";
import { CAUSE_FRAGMENTATION, CAUSE_LIMIT } from "../sim/result.ts";
import * as state from "./state.ts";

export function togglePlay(): void {
  const isAtEnd = state.moment.value >= state.headMicros.value && !state.isRunning.value;
  if (!state.isPlaying.value && isAtEnd) state.moment.value = 0;
  state.isFollowing.value = false;
  state.isPlaying.value = !state.isPlaying.value;
}

export function seek(micros: number): void {
  state.isFollowing.value = false;
  state.moment.value = Math.max(0, Math.min(micros, state.headMicros.value));
}

/** To the next multiple of 500 ms, or the one before. */
export function step(direction: 1 | -1): void {
  state.isPlaying.value = false;
  const ticks = state.moment.value / TICK_MICROS;
  seek((direction > 0 ? Math.floor(ticks) + 1 : Math.ceil(ticks) - 1) * TICK_MICROS);
}

/** To the next avoidable OOM of either run after the moment, or to the one before it. False: there is none. */
export function seekOom(direction: 1 | -1): boolean {
  state.isPlaying.value = false;
  let found = direction > 0 ? Infinity : -1;
  for (const { recording } of state.bothSides) {
    if (recording === null) continue;
    const { events } = recording;
    const from = recording.eventsUntil(direction > 0 ? state.moment.value : state.moment.value - 1);
    for (let row = direction > 0 ? from : from - 1; row >= 0 && row < events.count; row += direction) {
      const isAvoidable = events.to[row] === CAUSE_LIMIT || events.to[row] === CAUSE_FRAGMENTATION;
      if (events.kind[row] !== EVENT_DENY || !isAvoidable) continue;
      const micros = events.micros[row]!;
      found = direction > 0 ? Math.min(found, micros) : Math.max(found, micros);
      break;
    }
  }
  if (found < 0 || found > state.headMicros.value) return false;
  seek(found);
  return true;
}

/** Wall-clock ms between two changes of words, lists or the network while it plays. */
const CALM_MILLIS = 50;

/** Runs the clock while it plays. */
export function startPlayer(): void {
  const calm = Object.values(state.calmMoments);
  let [calmAt, turn] = [0, 0];
  effect(() => {
    const micros = state.moment.value;
    if (!state.isPlaying.value) {
      for (const one of calm) one.value = micros;
      return;
    }
    const now = performance.now();
    if (now - calmAt < CALM_MILLIS) return;
    calmAt = now;
    calm[turn++ % calm.length]!.value = micros;
  });
  let last = 0;
  const frame = (now: number): void => {
    if (!state.isPlaying.value) return;
    const passedMicros = Math.min(100, now - last) * 1000 * state.speed.value;
    last = now;
    const head = state.headMicros.value;
    state.moment.value = Math.min(head, state.moment.value + passedMicros);
    if (state.moment.value >= head && !state.isRunning.value) state.isPlaying.value = false;
    else requestAnimationFrame(frame);
  };
  effect(() => {
    if (!state.isPlaying.value) return;
    last = performance.now();
    requestAnimationFrame(frame);
  });
}
