// What a cache tells to whoever subscribes, on channels of node:diagnostics_channel. Nobody listening costs one look at a flag.
// Messages are plain objects; each has `cache`, the cache's name.

import { type Channel, channel } from "node:diagnostics_channel";

/** Requests: { cache, context, key, outcome: "hit" | "stale" | "miss" }. */
export const GET_CHANNEL = "mempred:cache:get";
/** Values put in: { cache, context, key, isHeld }. */
export const SET_CHANNEL = "mempred:cache:set";
/** Entries that left: { cache, context, key, reason }. */
export const REMOVE_CHANNEL = "mempred:cache:remove";
/** Loads that ended: { cache, context, key, kind, millis, error? }. */
export const LOAD_CHANNEL = "mempred:cache:load";
/** Trouble that the cache got over: { cache, what, error }. */
export const TROUBLE_CHANNEL = "mempred:cache:trouble";
/** Memory given back or limits changed: { cache, what, bytes?, ratio?, price? }. */
export const PRESSURE_CHANNEL = "mempred:cache:pressure";

export class CacheEvents {
  readonly get: Channel = channel(GET_CHANNEL);
  readonly set: Channel = channel(SET_CHANNEL);
  readonly remove: Channel = channel(REMOVE_CHANNEL);
  readonly load: Channel = channel(LOAD_CHANNEL);
  readonly trouble: Channel = channel(TROUBLE_CHANNEL);
  readonly pressure: Channel = channel(PRESSURE_CHANNEL);
}
