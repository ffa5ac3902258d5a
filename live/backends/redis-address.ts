// The address of a Redis server, as it is written and taken apart.

import { MempredError } from "../../core/errors.ts";

/** What an address says. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly isEncrypted: boolean;
  readonly namespace: string | undefined;
}

/**
 * redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?namespace=NAME]; rediss:// for an encrypted connection. Throws INVALID_INPUT.
 */
export function parseRedisAddress(text: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw invalidAddress("it is no URL", error);
  }
  const database = url.pathname === "" || url.pathname === "/" ? "0" : url.pathname.slice(1);
  if (!/^rediss?:$/.test(url.protocol) || url.hostname === "" || !/^\d{1,5}$/.test(database))
    throw invalidAddress("expected redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?namespace=NAME]");
  for (const name of url.searchParams.keys())
    if (name !== "namespace") throw invalidAddress(`it has an unknown option ${name}`);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database: Number(database),
    isEncrypted: url.protocol === "rediss:",
    namespace: url.searchParams.get("namespace") ?? undefined,
  };
}

/** The address itself is not repeated: it may hold a password. */
export function invalidAddress(why: string, cause?: unknown): MempredError {
  return new MempredError(
    "INVALID_INPUT",
    `this address or option of a Redis server cannot be used: ${why}`,
    {},
    cause,
  );
}
