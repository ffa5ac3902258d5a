// What a preloader tells to whoever subscribes, on channels of node:diagnostics_channel, as a cache does (live/cache-events.ts).
// Nobody listening costs one look at a flag. Messages are plain objects; each has `preloader`, its name.

import { type Channel, channel } from "node:diagnostics_channel";

/** Requests: { preloader, component, user, outcome: "hit" | "preloaded" | "late" | "miss" }. */
export const PRELOAD_REQUEST_CHANNEL = "mempred:preload:request";
/** Places in queues: { preloader, component, queue, how: "added" | "promoted" | "merged" | "full" | "dropped", reason? }. */
export const PRELOAD_QUEUE_CHANNEL = "mempred:preload:queue";
/** Loads that ended: { preloader, component, isSpeculative, millis, bytes?, error? }. */
export const PRELOAD_LOAD_CHANNEL = "mempred:preload:load";
/** What came of preloads: { preloader, component, source, step, outcome, heldSeconds }. */
export const PRELOAD_OUTCOME_CHANNEL = "mempred:preload:outcome";
/** Changes of level, and memory given back: { preloader, level?, queueRatio?, shedBytes? }. */
export const PRELOAD_PRESSURE_CHANNEL = "mempred:preload:pressure";
/** Trouble that it got over: { preloader, what, error }. */
export const PRELOAD_TROUBLE_CHANNEL = "mempred:preload:trouble";

export class PreloadEvents {
  readonly request: Channel = channel(PRELOAD_REQUEST_CHANNEL);
  readonly queue: Channel = channel(PRELOAD_QUEUE_CHANNEL);
  readonly load: Channel = channel(PRELOAD_LOAD_CHANNEL);
  readonly outcome: Channel = channel(PRELOAD_OUTCOME_CHANNEL);
  readonly pressure: Channel = channel(PRELOAD_PRESSURE_CHANNEL);
  readonly trouble: Channel = channel(PRELOAD_TROUBLE_CHANNEL);
}
