// What is up and what is down, in one form for the status, the readiness check and the metrics.

export interface PartHealth {
  /** "store", "redis", "embedded", … */
  readonly part: string;
  /** "degraded": it answers, but something is missing or slow; `reason` says what. */
  readonly state: "up" | "degraded" | "down";
  /** In words; "" when up. Names no secret. */
  readonly reason: string;
  /** Since when it has been in this state, ms since the epoch. */
  readonly sinceMillis: number;
}
