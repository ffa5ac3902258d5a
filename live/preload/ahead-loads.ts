// Loads ahead of demand from their lease to their outcome. A lease on memory is taken before each, so that what is under way counts
// before its bytes exist, and ends with the load, however that does; the outcome is settled once: when the component is asked for,
// when it leaves, when its load fails or is given up.

import { MempredError } from "../../core/errors.ts";
import { PreloadAccounting, type SettledPreload } from "../../preload/accounting.ts";
import type { ExpectedComponent } from "../../preload/contract.ts";
import { type Lease, LeaseBook } from "../../preload/lease-book.ts";
import type { PreloadEntry } from "../../preload/queue.ts";

export const DEFAULT_IN_FLIGHT_BYTES = 33_554_432;
/** A lease outlives the time limit of its load by this. */
const LEASE_SLACK_MILLIS = 1000;

/** What it needs of others. */
export interface AheadLoadsHost {
  nowMillis(): number;
  has(component: string): boolean;
  /** Takes out what is there, past its time or not. */
  forget(component: string): void;
  /** Loads it and what it needs; what lands is told to `landed`. */
  load(component: string, isRequired: boolean, signal: AbortSignal): Promise<unknown>;
  /** Bytes that it is expected to take. */
  bytesOf(component: string): number;
  /** Ends the load of an entry: its lease ran out or is not granted any more. */
  giveUp(entry: PreloadEntry, why: string): void;
  settled(preload: SettledPreload): void;
  failed(component: string, isRequired: boolean, error: unknown): void;
}

interface Ahead {
  readonly entry: PreloadEntry;
  readonly lease: Lease;
  /** It is in the cache, or has been. */
  hasLanded: boolean;
  isLate: boolean;
}

export class AheadLoads {
  readonly leases: LeaseBook;
  readonly accounting = new PreloadAccounting();
  readonly #host: AheadLoadsHost;
  readonly #inFlightBytes: number;
  readonly #timeoutMillis: number;
  readonly #ahead = new Map<string, Ahead>();

  constructor(host: AheadLoadsHost, inFlightBytes: number, timeoutMillis: number) {
    this.#host = host;
    this.#inFlightBytes = inFlightBytes;
    this.#timeoutMillis = timeoutMillis;
    this.leases = new LeaseBook({ budgetBytes: inFlightBytes });
  }

  isUnderWay(component: string): boolean {
    return this.#ahead.has(component);
  }

  /** Loads an entry. @returns why it was not begun, where it was not */
  async load(entry: PreloadEntry, signal: AbortSignal): Promise<"present" | "memory" | undefined> {
    const { component, isRequired } = entry;
    if (this.#host.has(component)) return "present";
    const lease = this.#grant(component, isRequired);
    if (lease === undefined) return "memory";
    this.#host.forget(component); // what is past its time and has no outcome yet
    const ahead: Ahead = { entry, lease, hasLanded: false, isLate: false };
    this.#ahead.set(component, ahead);
    if (!isRequired) this.accounting.begin(expectedOf(entry));
    await this.#host.load(component, isRequired, signal);
    const wasAwaited = this.#end(ahead, true);
    if (wasAwaited && !ahead.hasLanded) this.left(component); // loaded, and not kept: nothing is there for whoever asks
    return undefined;
  }

  /** The load of an entry failed, or was given up. */
  failed(entry: PreloadEntry, error: unknown): void {
    const { component } = entry;
    const ahead = this.#ahead.get(component);
    if (ahead === undefined || ahead.entry !== entry) return;
    this.#end(ahead, ahead.hasLanded);
    if (ahead.hasLanded) return;
    const now = this.#host.nowMillis();
    const isGivenUp = error instanceof MempredError && error.code === "CANCELLED";
    if (this.accounting.isOpen(component)) {
      this.#settle(isGivenUp ? this.accounting.leave(component, now) : this.accounting.fail(component, now));
    }
    this.#host.failed(component, entry.isRequired, error);
  }

  /** Somebody asks for a component. Hot where it is there. @returns whether that decides a preload: in time or late */
  demanded(component: string, isHit: boolean): boolean {
    const { accounting } = this;
    const settled = accounting.request(component, isHit, accounting.isOpen(component) ? this.#host.nowMillis() : 0);
    if (settled === undefined) return false;
    const ahead = this.#ahead.get(component);
    if (ahead !== undefined && !isHit) ahead.isLate = true;
    this.#settle(settled);
    return true;
  }

  /** A component was loaded, by whomever. @param isHeld whether it is in the cache now */
  landed(component: string, bytes: number, isHeld: boolean): void {
    const now = this.#host.nowMillis();
    const ahead = this.#ahead.get(component);
    if (ahead !== undefined) ahead.hasLanded = true;
    if (this.accounting.isOpen(component)) {
      this.accounting.arrive(component, bytes, now);
      if (!isHeld) this.#settle(this.accounting.leave(component, now));
    } else if (ahead?.isLate) this.accounting.arrive(component, bytes, now, ahead.entry.source);
  }

  /** A component left the cache. */
  left(component: string): void {
    if (this.accounting.isOpen(component)) this.#settle(this.accounting.leave(component, this.#host.nowMillis()));
  }

  /** Loads under way may take this share of their limit; those over it are given up, the youngest first. */
  setBudgetRatio(ratio: number): void {
    this.leases.setBudget(Math.floor(this.#inFlightBytes * ratio));
    this.#giveUp(this.leases.excess(), "memory is short");
  }

  /** Room for a load that somebody waits for, whatever the budget says. */
  leaseRequired(component: string): Lease {
    return this.#grant(component, true) as Lease;
  }

  endLease(lease: Lease, isLoaded: boolean): void {
    if (isLoaded) this.leases.release(lease);
    else this.leases.rollBack(lease);
  }

  check(): void {
    this.leases.check();
    this.accounting.check();
  }

  /** @returns false: it had been given up, and has ended */
  #end(ahead: Ahead, isLoaded: boolean): boolean {
    const { component } = ahead.entry;
    if (this.#ahead.get(component) !== ahead) return false;
    this.#ahead.delete(component);
    this.endLease(ahead.lease, isLoaded);
    return true;
  }

  #grant(component: string, isRequired: boolean): Lease | undefined {
    const now = this.#host.nowMillis();
    this.#giveUp(this.leases.advance(now), "its lease on memory ran out");
    const deadlineMillis = now + this.#timeoutMillis + LEASE_SLACK_MILLIS;
    const bytes = this.#host.bytesOf(component);
    const lease = this.leases.grant({ bytes, deadlineMillis, mayExceed: isRequired });
    if (lease !== undefined) this.leases.begin(lease);
    return lease;
  }

  #giveUp(leases: readonly Lease[], why: string): void {
    if (leases.length === 0) return;
    const given = new Set(leases);
    for (const { entry, lease } of [...this.#ahead.values()]) if (given.has(lease)) this.#host.giveUp(entry, why);
  }

  #settle(settled: SettledPreload | undefined): void {
    if (settled !== undefined) this.#host.settled(settled);
  }
}

export function expectedOf(entry: PreloadEntry): ExpectedComponent {
  const { component, confidence, source } = entry;
  return { component, step: entry.step as 1 | 2 | 3, confidence, source };
}
