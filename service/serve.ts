// The preload service, put together: the SQLite store (or one in memory), the embedded cache with Redis behind it where an address is
// given, memory pressure of this process, the engine, and HTTP.

import type { AttachedPressure } from "../live/pressure/attach.ts";
import { attachPressure } from "../live/pressure/attach.ts";
import { openPreloadCache } from "./cache/open.ts";
import { Engine } from "./engine/engine.ts";
import type { RunningService, RunOptions } from "./run-service.ts";
import { runService } from "./run-service.ts";
import type { ItemStore } from "./store/item-store.ts";

export interface ServeOptions extends Omit<RunOptions, "store" | "engine" | "closeCache"> {
  /** The file of the store; null: in memory, and gone at the end. */
  readonly databasePath: string | null;
  /** redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]; default: this process alone. */
  readonly redisUrl?: string | undefined;
  /** Most bytes of warm lists in this process. Default 64 MiB. */
  readonly cacheBytes?: number | undefined;
}

/**
 * Starts it. Throws ADDRESS_UNAVAILABLE, INVALID_INPUT, and what the store throws; nothing is left open then. A Redis server that is
 * not there is no error: the service is slower to warm up after a restart, and says so.
 */
export async function startService(options: ServeOptions): Promise<RunningService> {
  const store = await openStore(options.databasePath);
  let pressure: AttachedPressure | undefined;
  let closeCache = async () => {};
  let engine: Engine;
  try {
    const opened = await openPreloadCache({ redisUrl: options.redisUrl, limitBytes: options.cacheBytes });
    closeCache = () => opened.cache.close();
    pressure = attachPressure({ tenants: [opened.tenant] });
    engine = new Engine({ store, cache: opened.cache, governor: pressure.governor, limitBytes: opened.limitBytes });
    pressure.link.add(engine.tenant);
  } catch (error) {
    pressure?.close();
    await closeCache().catch(() => {});
    await store.close().catch(() => {});
    throw error;
  }
  return runService({
    ...options,
    store,
    engine,
    closeCache: async () => {
      pressure.close();
      await closeCache();
    },
  });
}

async function openStore(path: string | null): Promise<ItemStore> {
  if (path === null) {
    const { MemoryItemStore } = await import("./store/memory-store.ts");
    return new MemoryItemStore();
  }
  const { SqliteItemStore } = await import("./store/sqlite-store.ts");
  return SqliteItemStore.open(path);
}
