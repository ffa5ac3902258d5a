// What a store counts: every request by how it ended, every entry by why it left. Plain fields, so that counting on the hot path
// is one addition.

/** Why an entry left. */
export type RemovalReason =
  | "policy" // the entry limit was reached and the policy named it
  | "size" // the byte limit was reached and the policy named it
  | "pressure" // memory is short: shed, or over a lowered budget
  | "ttl" // past its time, its stale window included
  | "deleted" // by key or by tag
  | "cleared"
  | "replaced"; // another value for the same key

/** Why a value was not stored. */
export type RefusalReason =
  | "oversize" // larger than what one entry may be
  | "policy" // the policy would rather keep what is there, or all room is pinned
  | "pressure" // the budget is lowered
  | "speculative"; // no room for what nobody has asked for yet

/** Counts since the store was made. Demand only: prefetching, `peek` and `has` count nowhere here but in what they insert. */
export class StoreStatistics {
  hits = 0;
  /** Requests answered with a value past its time. */
  staleHits = 0;
  /** Requests for what is not there. */
  absentMisses = 0;
  /** Requests for what was there but past its time. */
  expiredMisses = 0;
  insertions = 0;
  /** Values put in the place of another. */
  replacements = 0;
  readonly removed: Record<RemovalReason, number> = {
    policy: 0,
    size: 0,
    pressure: 0,
    ttl: 0,
    deleted: 0,
    cleared: 0,
    replaced: 0,
  };
  readonly refused: Record<RefusalReason, number> = { oversize: 0, policy: 0, pressure: 0, speculative: 0 };
  /** Entries put in on speculation; those asked for later; those that left without. */
  speculativeInsertions = 0;
  speculativeUsed = 0;
  speculativeWasted = 0;

  get misses(): number {
    return this.absentMisses + this.expiredMisses;
  }

  get requests(): number {
    return this.hits + this.staleHits + this.absentMisses + this.expiredMisses;
  }

  /** (hits + stale hits) / requests, 0 without requests. */
  get hitRatio(): number {
    const requests = this.requests;
    return requests === 0 ? 0 : (this.hits + this.staleHits) / requests;
  }
}
