// A backend by its address. SQLite and Redis are loaded when they are asked for.

import { MempredError } from "../../core/errors.ts";
import type { CacheBackend } from "./backend.ts";
import { MemoryBackend, type MemoryBackendOptions } from "./memory.ts";
import type { RedisBackendOptions } from "./redis.ts";
import type { SqliteBackendOptions } from "./sqlite.ts";

/** Each backend takes from it what it knows. */
export interface OpenBackendOptions extends MemoryBackendOptions, SqliteBackendOptions, RedisBackendOptions {}

const EXPECTED = "memory:, sqlite:FILE or redis://HOST[:PORT][/DATABASE]";

/**
 * Opens `memory:`, `sqlite:FILE` (relative, or `sqlite:///absolute`), `redis://…` or `rediss://…`. Throws INVALID_INPUT for any
 * other address, and what `SqliteBackend.open` and `RedisBackend.open` throw.
 */
export async function openBackend(url: string, options: OpenBackendOptions = {}): Promise<CacheBackend> {
  const scheme = /^([a-z]+):/.exec(url)?.[1];
  if (scheme === "memory" && url === "memory:") return new MemoryBackend(options);
  if (scheme === "sqlite") {
    const file = url.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
    if (file === "" || file.startsWith("//")) throw unknownAddress("sqlite:");
    return (await import("./sqlite.ts")).SqliteBackend.open(file, options);
  }
  if (scheme === "redis" || scheme === "rediss") return (await import("./redis.ts")).RedisBackend.open(url, options);
  throw unknownAddress(scheme === undefined ? "this one" : `${scheme}:`);
}

/** Says no more than the scheme: the rest may hold a password. */
function unknownAddress(what: string): MempredError {
  return new MempredError("INVALID_INPUT", `an address of a backend is ${EXPECTED}, not ${what}`, {
    expected: EXPECTED,
  });
}
