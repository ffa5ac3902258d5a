// Limits of the service. Node's own are lax: a connection may dawdle for five minutes.

import type { RateLimit } from "./rate-limiter.ts";

export interface HttpOptions {
  /** Requests a second for each token, and at once. Default 200 and 400. */
  readonly tokenRate?: RateLimit | undefined;
  /** The same for each address, IPv6 by /64; behind a proxy all have its address. Default 2,000 and 4,000. */
  readonly addressRate?: RateLimit | undefined;
  /** A request that is complete is answered within it, if need be by 503. Default 2,000. */
  readonly deadlineMillis?: number | undefined;
  /** A body arrives within it. Default 10,000. */
  readonly bodyMillis?: number | undefined;
  /** Default 409,600: an item of 64 KiB, each byte of it written as an escape. */
  readonly maxBodyBytes?: number | undefined;
  /** Path with query, characters. Default 4,096. */
  readonly maxPathLength?: number | undefined;
  /** Whether /metrics needs the token of an admin. Default false. */
  readonly isMetricsProtected?: boolean | undefined;
  /** How long a token is taken without asking the store again. Default 5,000. */
  readonly rememberTokensMillis?: number | undefined;
  /** ms since the epoch; for tests. */
  readonly nowMillis?: (() => number) | undefined;
}

export interface ServerLimits {
  /** Connections at once; more are closed as they come. Default 1,024. */
  readonly maxConnections?: number | undefined;
  /** All headers of a request, with its first line. Default 16,384. */
  readonly maxHeaderBytes?: number | undefined;
  /** Default 5,000. */
  readonly headersMillis?: number | undefined;
  /** Of a whole request, its body included. Default 10,000. */
  readonly requestMillis?: number | undefined;
  /** How long a connection waits for its next request. Default 5,000. */
  readonly keepAliveMillis?: number | undefined;
  /** How long requests under way have at the end. Default 5,000. */
  readonly drainMillis?: number | undefined;
}

export const HTTP_DEFAULTS = {
  tokenRate: { perSecond: 200, burst: 400 },
  addressRate: { perSecond: 2_000, burst: 4_000 },
  deadlineMillis: 2_000,
  bodyMillis: 10_000,
  maxBodyBytes: 409_600,
  maxPathLength: 4_096,
  rememberTokensMillis: 5_000,
} as const;

export const SERVER_DEFAULTS = {
  maxConnections: 1_024,
  maxHeaderBytes: 16_384,
  headersMillis: 5_000,
  requestMillis: 10_000,
  keepAliveMillis: 5_000,
  drainMillis: 5_000,
} as const;
