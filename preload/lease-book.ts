// Memory leases: a load that is under way counts before its bytes exist. Whoever wants to load ahead asks for a lease over what
// the load is expected to need; it is granted against a budget or refused, and every lease that was granted ends exactly once:
//
//   granted ──begin──▶ active ──release──▶ released      the bytes are somebody else's to count now (a cache's), or freed
//      │                 │  ├───rollBack──▶ rolled-back   failed, or given up
//      └─────────────────┴──┴───advance───▶ expired       its deadline passed: a load that hangs holds no budget for ever
//
// A lease that expired may still be ended by its holder, who could not know: that end is told apart ("late") and changes nothing.
// Any other second end is a programmer's mistake. Part of the budget is kept from speculation, so that what somebody waits for
// finds room; a load that must not be dropped may go over the budget altogether, and counts all the same.
//
// Reservation, commit and abort are those of two-phase resource allocation (Gray and Reuter, Transaction Processing, ch. 7);
// the deadline is a lease's (Gray and Cheriton, Leases, SOSP 1989).

import { assert } from "../core/errors.ts";

/** What is asked for. */
export interface LeaseRequest {
  /** What the load is expected to need, a whole number ≥ 0. */
  readonly bytes: number;
  /** In the time of `advance`; after it. Infinity: none. */
  readonly deadlineMillis: number;
  /** It may use the reserve. Default false: speculative. */
  readonly isRequired?: boolean | undefined;
  /** It is granted whatever the budget says, and so is its growth. Default false. Implies isRequired. */
  readonly mayExceed?: boolean | undefined;
}

export type LeaseState = "granted" | "active" | "released" | "rolled-back" | "expired";

/** Bytes that are spoken for. Changed by its book only. */
export interface Lease {
  readonly id: number;
  readonly state: LeaseState;
  readonly bytes: number;
  readonly deadlineMillis: number;
  readonly isRequired: boolean;
  readonly mayExceed: boolean;
}

/** Since the beginning. granted = live + released + rolledBack + expired. */
export interface LeaseCounts {
  granted: number;
  refused: number;
  released: number;
  rolledBack: number;
  expired: number;
  /** Ends of leases that had expired before. */
  lateEnds: number;
  /** Growth that found no room. */
  growthRefused: number;
}

export interface LeaseBookOptions {
  /** ≥ 0; Infinity: no limit. */
  readonly budgetBytes: number;
  /** Share of the budget that speculative leases leave free, 0 ≤ share < 1. Default 0.2. */
  readonly reserveRatio?: number | undefined;
}

interface OpenLease extends Lease {
  state: LeaseState;
  bytes: number;
  deadlineMillis: number;
}

export class LeaseBook {
  readonly reserveRatio: number;
  readonly counts: LeaseCounts = {
    granted: 0,
    refused: 0,
    released: 0,
    rolledBack: 0,
    expired: 0,
    lateEnds: 0,
    growthRefused: 0,
  };
  /** Live leases, the oldest first. */
  readonly #live = new Map<number, OpenLease>();
  /** Expired leases whose holders have not ended them yet; whoever never does leaves nothing behind. */
  readonly #lateOnce = new WeakSet<Lease>();
  #budgetBytes = 0;
  #usedBytes = 0;
  #speculativeBytes = 0;
  #peakBytes = 0;
  #nowMillis = -Infinity;
  /** No live lease ends before this. */
  #nextDeadlineMillis = Infinity;
  #nextId = 1;

  constructor({ budgetBytes, reserveRatio = 0.2 }: LeaseBookOptions) {
    assert(reserveRatio >= 0 && reserveRatio < 1, "lease book: the reserve is a share of 0 to under 1");
    this.reserveRatio = reserveRatio;
    this.setBudget(budgetBytes);
  }

  get budgetBytes(): number {
    return this.#budgetBytes;
  }

  /** Up to where speculative leases may fill the book. */
  get speculativeBudgetBytes(): number {
    return Math.floor(this.#budgetBytes * (1 - this.reserveRatio));
  }

  /** Of all live leases. May be over the budget, after the budget fell or for a lease that may exceed it. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get speculativeBytes(): number {
    return this.#speculativeBytes;
  }

  /** The most that was ever used. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Live leases stay as they are, even if they no longer fit; `excess` names those to roll back. */
  setBudget(bytes: number): void {
    assert(bytes >= 0, "lease book: a budget is a number of bytes of 0 or more");
    this.#budgetBytes = bytes;
  }

  /** Bytes that a lease could get now. */
  freeBytes(isRequired: boolean): number {
    return Math.max(0, (isRequired ? this.#budgetBytes : this.speculativeBudgetBytes) - this.#usedBytes);
  }

  /** undefined: no room. O(1). */
  grant(request: LeaseRequest): Lease | undefined {
    const { bytes, deadlineMillis, mayExceed = false } = request;
    const isRequired = mayExceed || request.isRequired === true;
    checkBytes(bytes);
    assert(deadlineMillis > this.#nowMillis, "lease book: a deadline lies ahead");
    if (!mayExceed && !this.#fits(bytes, isRequired)) {
      this.counts.refused++;
      return undefined;
    }
    const lease: OpenLease = { id: this.#nextId++, state: "granted", bytes, deadlineMillis, isRequired, mayExceed };
    this.#live.set(lease.id, lease);
    this.#add(lease, bytes);
    this.#nextDeadlineMillis = Math.min(this.#nextDeadlineMillis, deadlineMillis);
    this.counts.granted++;
    return lease;
  }

  /**
   * The load begins. @returns false when the lease has expired: nothing may be loaded on it
   * @param deadlineMillis a new deadline, of the load itself
   */
  begin(lease: Lease, deadlineMillis: number = lease.deadlineMillis): boolean {
    if (lease.state === "expired") return false;
    const own = this.#own(lease);
    assert(own.state === "granted", "lease book: a lease begins once");
    assert(deadlineMillis > this.#nowMillis, "lease book: a deadline lies ahead");
    own.state = "active";
    own.deadlineMillis = deadlineMillis;
    this.#nextDeadlineMillis = Math.min(this.#nextDeadlineMillis, deadlineMillis);
    return true;
  }

  /**
   * Corrects what a live lease needs. Less is always right; more is granted like a new lease of the difference.
   * @returns false when there was no room and nothing changed, or when the lease has expired
   */
  resize(lease: Lease, bytes: number): boolean {
    checkBytes(bytes);
    if (lease.state === "expired") return false;
    const own = this.#own(lease);
    const growth = bytes - own.bytes;
    if (growth > 0 && !own.mayExceed && !this.#fits(growth, own.isRequired)) {
      this.counts.growthRefused++;
      return false;
    }
    own.bytes = bytes;
    this.#add(own, growth);
    return true;
  }

  /** The bytes exist and are counted elsewhere from now on, or are free again. @returns false: it had expired, nothing changed */
  release(lease: Lease): boolean {
    assert(lease.state !== "granted", "lease book: what never began is rolled back");
    return this.#end(lease, "released");
  }

  /** The load failed or was given up. @returns false: it had expired, nothing changed */
  rollBack(lease: Lease): boolean {
    return this.#end(lease, "rolled-back");
  }

  /**
   * Time passes; a time earlier than the last is taken for the last. Leases whose deadline is reached expire, the oldest first.
   * O(1) when none does. @returns those that did, so that their loads can be stopped
   */
  advance(nowMillis: number): Lease[] {
    assert(!Number.isNaN(nowMillis), "lease book: time is a number");
    if (nowMillis > this.#nowMillis) this.#nowMillis = nowMillis;
    const expired: Lease[] = [];
    if (this.#nowMillis < this.#nextDeadlineMillis) return expired;
    this.#nextDeadlineMillis = Infinity;
    for (const lease of this.#live.values()) {
      if (lease.deadlineMillis <= this.#nowMillis) {
        this.#close(lease, "expired");
        expired.push(lease);
      } else this.#nextDeadlineMillis = Math.min(this.#nextDeadlineMillis, lease.deadlineMillis);
    }
    return expired;
  }

  /**
   * The speculative leases to roll back, the youngest first, until the book is within its budget; all of them if that is not
   * enough. Changes nothing: the holder stops the load, then rolls back. O(live).
   */
  excess(): Lease[] {
    let over = this.#usedBytes - this.#budgetBytes;
    const found: Lease[] = [];
    for (const lease of [...this.#live.values()].reverse()) {
      if (over <= 0) break;
      if (lease.isRequired || lease.bytes === 0) continue;
      found.push(lease);
      over -= lease.bytes;
    }
    return found;
  }

  /** Recounts everything. Throws AssertionError. */
  check(): void {
    let [used, speculative] = [0, 0];
    for (const lease of this.#live.values()) {
      assert(lease.state === "granted" || lease.state === "active", "lease book: an ended lease is live");
      assert(lease.deadlineMillis > this.#nowMillis, "lease book: a live lease is over its deadline");
      assert(lease.deadlineMillis >= this.#nextDeadlineMillis, "lease book: a deadline was forgotten");
      used += lease.bytes;
      if (!lease.isRequired) speculative += lease.bytes;
    }
    assert(used === this.#usedBytes, "lease book: the sum of the leases is not what is used");
    assert(speculative === this.#speculativeBytes, "lease book: the sum of the speculative leases is wrong");
    assert(this.#peakBytes >= used, "lease book: more is used than ever was");
    const { granted, released, rolledBack, expired, lateEnds } = this.counts;
    assert(granted === this.#live.size + released + rolledBack + expired, "lease book: a lease ended twice or never");
    assert(lateEnds <= expired, "lease book: more late ends than leases expired");
  }

  #fits(bytes: number, isRequired: boolean): boolean {
    return this.#usedBytes + bytes <= (isRequired ? this.#budgetBytes : this.speculativeBudgetBytes);
  }

  #add(lease: OpenLease, bytes: number): void {
    this.#usedBytes += bytes;
    if (!lease.isRequired) this.#speculativeBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
  }

  #end(lease: Lease, state: "released" | "rolled-back"): boolean {
    if (lease.state === "expired") {
      assert(this.#lateOnce.has(lease), "lease book: a lease ends once");
      this.#lateOnce.delete(lease);
      this.counts.lateEnds++;
      return false;
    }
    this.#close(this.#own(lease), state);
    return true;
  }

  #close(lease: OpenLease, state: "released" | "rolled-back" | "expired"): void {
    lease.state = state;
    this.#live.delete(lease.id);
    this.#add(lease, -lease.bytes);
    if (state === "released") this.counts.released++;
    else if (state === "rolled-back") this.counts.rolledBack++;
    else {
      this.counts.expired++;
      this.#lateOnce.add(lease);
    }
  }

  #own(lease: Lease): OpenLease {
    const own = this.#live.get(lease.id);
    assert(own !== undefined && own === lease, "lease book: the lease has ended, or is another book's");
    return own;
  }
}

function checkBytes(bytes: number): void {
  assert(Number.isSafeInteger(bytes) && bytes >= 0, "lease book: bytes are a whole number of 0 or more");
}
