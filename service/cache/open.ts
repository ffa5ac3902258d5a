// The cache of preloaded lists as the service's options ask for it: this process, and Redis behind it where an address is given.

import type { PressureTenant } from "../../core/pressure.ts";
import { type EmbeddedCacheOptions, EmbeddedPreloadCache } from "./embedded.ts";
import type { PreloadCache } from "./preload-cache.ts";
import type { RedisCacheOptions } from "./redis.ts";

export interface OpenCacheOptions extends EmbeddedCacheOptions, RedisCacheOptions {
  /** redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss://; undefined: this process alone. */
  readonly redisUrl?: string | undefined;
}

export interface OpenedCache {
  readonly cache: PreloadCache;
  /** What of it lies in this process, for attachPressure. */
  readonly tenant: PressureTenant;
  /** Most bytes of that. */
  readonly limitBytes: number;
}

/** Throws INVALID_INPUT, UNKNOWN_POLICY. A Redis server that is not there does not keep it from opening. */
export async function openPreloadCache(options: OpenCacheOptions = {}): Promise<OpenedCache> {
  const near = new EmbeddedPreloadCache(options);
  const opened = { tenant: near, limitBytes: near.limitBytes };
  if (options.redisUrl === undefined) return { cache: near, ...opened };
  const { RedisPreloadCache } = await import("./redis.ts");
  const { TieredPreloadCache } = await import("./tiered.ts");
  return { cache: new TieredPreloadCache(near, await RedisPreloadCache.open(options.redisUrl, options)), ...opened };
}
